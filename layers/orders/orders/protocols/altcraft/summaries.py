"""Summaries of Altcraft orders, for other protocols to show."""

from decimal import Decimal
from typing import Any

from orders.domain.order import Order
from orders.domain.order_summary import LineSummary, OrderSummary
from orders.domain.times import parse_time


def summarise(order: Order) -> OrderSummary:
    """Return the summary of a stored order. A line's article is its `sku`, else its `product`."""
    tree = order.tree()
    return OrderSummary(
        currency=tree["currency"],
        total_price=Decimal(tree["total_price"]),
        delivery_cost=Decimal(tree.get("delivery_cost", 0)),
        lines=tuple(_line(line) for line in tree["lines"]),
        created_at=parse_time(tree["create_time"]) if "create_time" in tree else order.created_at,
        updated_at=order.updated_at,
        email=tree.get("email"),
    )


def _line(line: dict[str, Any]) -> LineSummary:
    base = line.get("base_price_per_item")
    return LineSummary(
        external_id=line["external_id"],
        article=line.get("sku") or line["product"],
        count=line["count"],
        price=Decimal(line["final_price_per_item"]),
        base_price=None if base is None else Decimal(base),
    )
