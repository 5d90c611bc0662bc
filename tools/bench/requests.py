"""The requests of the benchmark: orders with three lines, as shops send them."""

from typing import Any

from tests.support.samples import api_event, to_xml

type Tree = dict[str, Any]
TOKEN = "bench-token"  # noqa: S105 - valid in a temporary table only
SETTINGS: Tree = {"currencies": ["USD"], "endpoints": [{"external_id": "website"}]}


def order(number: int, **changes: object) -> Tree:
    """Return an order with three lines, whose item is at most 1 KB."""
    return {
        "external_id": f"order-{number:07}",
        "email": "johndoe@example.com",
        "endpoint": "website",
        "status": "new",
        "total_price": "59.85",
        "currency": "USD",
        "lines": [
            {
                "external_id": f"{line}",
                "sku": f"mug-{line}",
                "final_price_per_item": "9.95",
                "count": "2",
            }
            for line in range(1, 4)
        ],
    } | changes


def orders(count: int, first: int = 0, **changes: object) -> list[Tree]:
    """Return `count` orders with consecutive numbers."""
    return [order(first + number, **changes) for number in range(count)]


def event(sent: list[Tree], kind: str = "json", **root: object) -> Tree:
    """Return the API Gateway event of an import in JSON or XML."""
    tree = {"token": TOKEN, **root, "data": sent}
    return api_event(tree if kind == "json" else to_xml(tree), f"application/{kind}")
