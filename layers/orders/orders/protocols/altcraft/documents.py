"""The stored form of an Altcraft order: orders of equal content have equal JSON text."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson

from orders.domain.applied_defaults import written
from orders.domain.custom_fields import FieldValue
from orders.domain.money import format_amount
from orders.domain.order import LineMembers
from orders.domain.times import format_time
from orders.protocols.altcraft.checks import Checked
from orders.protocols.altcraft.drafts import LineDraft, OrderDraft

LINES = LineMembers("lines", identity="external_id", status="status")


def document_of(draft: OrderDraft, checked: Checked) -> str:
    """Return the document of an order: sorted members, without absent ones and without defaults.

    Amounts are decimal strings in major units without trailing zeros. Times are RFC 3339 in UTC.
    The document does not hold the external id, which may change: the order's key holds it.
    """
    members = {
        **draft.matching,
        "endpoint": draft.endpoint,
        "tags": list(draft.tags) or None,
        "status": draft.status,
        "delivery_cost": _amount(draft.delivery_cost),
        "total_price": format_amount(draft.total_price),
        "currency": draft.currency,
        "create_time": format_time(draft.create_time) if draft.create_time else None,
        "update_time": format_time(draft.update_time) if draft.update_time else None,
        "custom_fields": checked.order_fields or None,
        "region": draft.region,
        "lines": [
            _line(line, fields)
            for line, fields in zip(draft.lines, checked.line_fields, strict=True)
        ],
    }
    return orjson.dumps(_present(members), option=orjson.OPT_SORT_KEYS).decode()


def defaults_of(checked: Checked) -> str:
    """Return the defaults of absent custom fields, as they are kept beside the document."""
    lines = {
        str(position): {LINES.fields: values}
        for position, values in enumerate(checked.line_defaults)
        if values
    }
    order = {LINES.fields: checked.order_defaults} if checked.order_defaults else {}
    return written({**order, **({LINES.lines: lines} if lines else {})})


def _line(line: LineDraft, fields: Mapping[str, FieldValue]) -> dict[str, Any]:
    return _present(
        {
            "external_id": line.external_id,
            "status": line.status,
            "product": line.product,
            "sku": line.sku,
            "base_price_per_item": _amount(line.base_price_per_item),
            "min_price_per_item": _amount(line.min_price_per_item),
            "final_price_per_item": format_amount(line.final_price_per_item),
            "count": line.count,
            "custom_fields": fields or None,
        }
    )


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else format_amount(amount)


def _present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
