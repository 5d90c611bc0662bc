"""Summaries of commercetools orders, for other protocols to show."""

from decimal import Decimal
from typing import Any

from orders.domain.order import Order
from orders.domain.order_summary import LineSummary, OrderSummary
from orders.protocols.commercetools.money import read_money
from orders.protocols.commercetools.representation import read_document


def summarise(order: Order) -> OrderSummary:
    """Return the summary of a stored order.

    A line's article is its SKU, else its product id; a custom line's article is its slug. `price`
    is the discounted price of one item, `base_price` the price before the discount. Because of
    rounding, the lines may add up to a little more or less than the order's total.
    """
    tree = read_document(order)
    total = read_money(tree["totalPrice"])
    shipping = tree.get("shippingInfo")
    lines = [_line(str(n), line) for n, line in enumerate(tree["lineItems"], start=1)]
    customs = [_custom_line(f"custom-{n}", line) for n, line in _numbered(tree["customLineItems"])]
    return OrderSummary(
        currency=total.currency,
        total_price=total.amount,
        delivery_cost=read_money(shipping["price"]).amount if shipping else Decimal(0),
        lines=(*lines, *customs),
        created_at=order.created_at,
        updated_at=order.updated_at,
        email=tree.get("customerEmail"),
    )


def _numbered(lines: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    return list(enumerate(lines, start=1))


def _line(name: str, line: dict[str, Any]) -> LineSummary:
    price = line["price"]
    value = read_money(price["value"]).amount
    discounted = price.get("discounted")
    return LineSummary(
        external_id=line.get("key", name),
        article=line["variant"].get("sku") or line["productId"],
        count=line["quantity"],
        price=read_money(discounted["value"]).amount if discounted else value,
        base_price=value,
    )


def _custom_line(name: str, line: dict[str, Any]) -> LineSummary:
    return LineSummary(
        external_id=line.get("key", name),
        article=line["slug"],
        count=line["quantity"],
        price=read_money(line["money"]).amount,
    )
