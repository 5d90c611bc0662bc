"""Orders as triggers hold them (Altcraft v74, orders import), and as lists return them."""

from collections.abc import Mapping
from decimal import Decimal, localcontext
from typing import Any

import orjson

from orders.domain.currencies import digits_of
from orders.domain.money import EXACT_DIGITS, format_amount
from orders.domain.order import Order
from orders.domain.order_summary import LineSummary, OrderSummary, Summarise
from orders.domain.settings import ListAmounts
from orders.domain.times import format_time
from orders.protocols.altcraft import PROTOCOL
from orders.protocols.altcraft.profile_matching import FIELDS
from orders.protocols.altcraft.states import status_of

type Tree = dict[str, Any]

_LINE_PRICES = ("base_price_per_item", "min_price_per_item", "final_price_per_item")
# The ids of articles, and the number of pieces, which lists return as they were imported.
_LINE_MEMBERS = ("status", "product", "sku", "count")


class _Amounts:
    """Writes amounts of one currency as decimal texts."""

    def __init__(self, amounts: ListAmounts, currency: str) -> None:
        self.currency = currency
        self._shift = digits_of(currency) if amounts is ListAmounts.MINOR else 0

    def __call__(self, amount: Decimal | str) -> str:
        with localcontext(prec=EXACT_DIGITS):
            return format_amount(Decimal(amount).scaleb(self._shift))


def present(order: Order) -> bytes:
    """Return an Altcraft order as JSON: its external id and its sorted members.

    Defaults and statuses that lines got after the import are among them.
    """
    head = b'{"external_id":' + orjson.dumps(order.external_id)
    if order.defaults or order.overrides:
        content = orjson.dumps(order.content(), option=orjson.OPT_SORT_KEYS)
    else:
        content = order.document.encode()
    return head + b"," + content[1:]


def listed_order(order: Order, summarise: Summarise, amounts: ListAmounts) -> Tree:
    """Return an order of any protocol as a list has it (Altcraft v74, list of orders).

    Amounts are decimal texts. Members that the order does not have are left out.
    """
    is_own = order.protocol == PROTOCOL
    return _own(order, amounts) if is_own else _foreign(order, summarise(order), amounts)


def endpoint_of(order: Order) -> str:
    """Return the order's endpoint, "" if it has none."""
    return order.endpoint or ""


def _own(order: Order, amounts: ListAmounts) -> Tree:
    content = order.content()
    show = _Amounts(amounts, content["currency"])
    profile = {name: content[name] for name in ("profile_id",) if name in content}
    return {
        "id": order.order_id,
        "profile": profile,
        **_header(order),
        **{name: content[name] for name in ("matching", *FIELDS, "tags") if name in content},
        "delivery_cost": show(content.get("delivery_cost", "0")),
        "total_price": show(content["total_price"]),
        "currency": content["currency"],
        "custom_fields": content.get("custom_fields", {}),
        **({"region": content["region"]} if "region" in content else {}),
        "lines": [_own_line(line, show) for line in content["lines"]],
        "create_time": content.get("create_time", format_time(order.created_at)),
        "update_time": content.get("update_time", format_time(order.updated_at)),
    }


def _own_line(line: Mapping[str, Any], show: _Amounts) -> Tree:
    return {
        "external_id": line["external_id"],
        **{name: line[name] for name in _LINE_MEMBERS if name in line},
        **{name: show(line[name]) for name in _LINE_PRICES if name in line},
        "custom_fields": line.get("custom_fields", {}),
        "currency": show.currency,
    }


def _foreign(order: Order, summary: OrderSummary, amounts: ListAmounts) -> Tree:
    show = _Amounts(amounts, summary.currency)
    return {
        "id": order.order_id,
        "profile": {},
        **_header(order),
        **({"email": summary.email} if summary.email else {}),
        "delivery_cost": show(summary.delivery_cost),
        "total_price": show(summary.total_price),
        "currency": summary.currency,
        "custom_fields": {},
        "lines": [_foreign_line(line, show) for line in summary.lines],
        "create_time": format_time(summary.created_at),
        "update_time": format_time(summary.updated_at),
    }


def _foreign_line(line: LineSummary, show: _Amounts) -> Tree:
    base = line.base_price
    return {
        "external_id": line.external_id,
        "product": line.article,
        "count": line.count,
        **({} if base is None else {"base_price_per_item": show(base)}),
        "final_price_per_item": show(line.price),
        "custom_fields": {},
        "currency": show.currency,
    }


def _header(order: Order) -> Tree:
    return {
        "external_id": order.external_id,
        "endpoint": endpoint_of(order),
        "status": status_of(order),
    }
