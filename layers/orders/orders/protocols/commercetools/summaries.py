"""What every protocol can show of an order that came through commercetools."""

from decimal import Decimal
from typing import Any

from orders.domain.order import Order
from orders.domain.order_summary import LineSummary, OrderSummary
from orders.protocols.commercetools.money import read_money
from orders.protocols.commercetools.representation import read_document


def summarise(order: Order) -> OrderSummary:
    """Read the summary from the stored document.

    An article is a line's SKU, or its product's id where it has none; of a custom line, its slug.
    Its price is that of one piece, discounted if the draft says so; without the discount it is the
    base price. Where a line of quantity Q costs other than Q times that, which rounding may do, the
    order's own total says so.
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
