"""Check that the index by change, the markers and the history of a table match its orders."""

from collections import defaultdict
from typing import Any

from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.order_items import read_order
from orders.adapters.table_keys import CHANGE_INDEX, change_sort_key
from orders.domain.order import Order

type Item = dict[str, Any]


def _all(client: DynamoDBClient, table: str, **more: Any) -> list[Item]:  # noqa: ANN401
    pages = client.get_paginator("scan").paginate(TableName=table, **more)
    return [item for page in pages for item in page["Items"]]


def _typed(client: DynamoDBClient, table: str) -> list[Item]:
    """Return the items of orders. Those of accounts and tokens have no type."""
    return [item for item in _all(client, table, ConsistentRead=True) if "type" in item]


def _orders(items: list[Item]) -> list[Order]:
    return [
        read_order(item["pk"]["S"].split("#")[1], item)
        for item in items
        if item["type"]["S"] == "order"
    ]


def check_changes(client: DynamoDBClient, table: str) -> None:
    """Assert that exactly the changed and the deleted orders are in the index by change."""
    items = _typed(client, table)
    changed = {
        change_sort_key(order.updated_at, order.order_id)
        for order in _orders(items)
        if order.version > 1
    }
    deleted = {
        int(item["order_id"]["N"]): item["changed_at"]["S"]
        for item in items
        if item["type"]["S"] == "deletion"
    }
    tombstones = {int(e["order_id"]["N"]) for e in items if e["type"]["S"] == "tombstone"}
    assert set(deleted) == tombstones
    listed = [entry["changed_at"]["S"] for entry in _all(client, table, IndexName=CHANGE_INDEX)]
    assert sorted(listed) == sorted(changed | set(deleted.values()))


def check_history(client: DynamoDBClient, table: str) -> None:
    """Assert that the history has exactly the replaced versions of the orders that exist."""
    items = _typed(client, table)
    kept: dict[int, list[int]] = defaultdict(list)
    for item in items:
        if item["type"]["S"] == "version":
            kept[int(item["order_id"]["N"])].append(int(item["version"]["N"]))
    replaced = {
        order.order_id: list(range(1, order.version))
        for order in _orders(items)
        if order.version > 1
    }
    assert {number: sorted(versions) for number, versions in kept.items()} == replaced
