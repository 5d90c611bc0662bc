"""Summaries of commercetools orders, for other protocols to show."""

from decimal import Decimal
from typing import Any

from orders.domain.order import Order
from orders.domain.order_summary import LineSummary, OrderSummary
from orders.domain.times import parse_time
from orders.protocols.commercetools.line_costs import charged_price, charged_shipping
from orders.protocols.commercetools.money import RoundingMode, line_rounding, read_money
from orders.protocols.commercetools.representation import read_document


def summarise(order: Order) -> OrderSummary:
    """Return the summary of a stored order.

    A line's article is its SKU, else its product id; a custom line's article is its slug. `price`
    is the discounted price of one item, `base_price` the price before the discount. The order's
    total is what the shop sent, so the lines may add up to another amount. Its time is
    `completedAt`: the only time of the shop that an import can have.
    """
    tree = read_document(order)
    total = read_money(tree["totalPrice"])
    shipping, completed = tree.get("shippingInfo"), tree.get("completedAt")
    lines = [_line(str(n), line) for n, line in enumerate(tree["lineItems"], start=1)]
    customs = [_custom_line(f"custom-{n}", line) for n, line in _numbered(tree["customLineItems"])]
    return OrderSummary(
        currency=total.currency,
        total_price=total.amount,
        delivery_cost=(read_money(charged_shipping(shipping)).amount if shipping else Decimal(0)),
        lines=(*lines, *customs),
        created_at=parse_time(completed) if completed else order.created_at,
        updated_at=order.updated_at,
        email=tree.get("customerEmail"),
        rounding=line_rounding(total.currency, RoundingMode(tree["priceRoundingMode"])),
    )


def _numbered(lines: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    return list(enumerate(lines, start=1))


def _line(name: str, line: dict[str, Any]) -> LineSummary:
    price = line["price"]
    return LineSummary(
        external_id=line.get("key", name),
        article=line["variant"].get("sku") or line["productId"],
        count=line["quantity"],
        price=read_money(charged_price(price)).amount,
        base_price=read_money(price["value"]).amount,
    )


def _custom_line(name: str, line: dict[str, Any]) -> LineSummary:
    return LineSummary(
        external_id=line.get("key", name),
        article=line["slug"],
        count=line["quantity"],
        price=read_money(line["money"]).amount,
    )
