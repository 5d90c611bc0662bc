"""What reads examine in DynamoDB Local does not grow with the account, with small limits."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import batched
from typing import Any

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters import dynamodb_change_index, dynamodb_order_index
from orders.adapters.order_items import index_item, order_item
from orders.application import list_orders
from orders.application.list_orders import ListOrders, OrdersQuery, PageWanted
from orders.domain.order import Order
from orders.domain.order_numbers import EPOCH
from orders.domain.ranges import Range
from tests.support.aws_faults import Parsed
from tests.support.deadlines import DEADLINE
from tests.support.order_changes import new_order
from tests.support.order_stores import store_in

START = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LIMIT = 32
MANY = 200


def _order(number: int) -> Order:
    """Return an order that was created `number` seconds after START."""
    created = START + number * SECOND
    order = new_order(f"order {number}", ((created - EPOCH) // SECOND << 22) + number)
    return replace(order, created_at=created, updated_at=created)


def _store(client: DynamoDBClient, table: str, numbers: range, change_at: datetime) -> None:
    """Store the items of orders, of which every second one was changed."""
    items = []
    for number in numbers:
        order = _order(number)
        if number % 2 == 0:
            order = replace(order, version=2, status="paid", updated_at=change_at)
        items += [index_item("demo", order), order_item(order, None)]
    for part in batched(items, 25, strict=False):
        client.batch_write_item(
            RequestItems={table: [{"PutRequest": {"Item": item}} for item in part]}
        )


def _examined(client: DynamoDBClient, read: Callable[[], object]) -> int:
    """Return how many items a read examines in all its calls."""
    examined = 0

    def see(parsed: Parsed, **_rest: object) -> None:
        nonlocal examined
        found: Mapping[str, Any] = parsed.get("Responses", {})
        examined += parsed.get("ScannedCount", 0) + sum(map(len, found.values()))

    client.meta.events.register("after-call.dynamodb", see)
    read()
    client.meta.events.unregister("after-call.dynamodb", see)
    return examined


def test_a_page_with_its_total_examines_as_much_in_a_larger_account(
    dynamodb: DynamoDBClient, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_orders, "MAX_COUNTED", LIMIT)
    monkeypatch.setattr(list_orders, "MAX_EXAMINED", LIMIT)
    # What one call reads of a shard, so that a shard of the smaller account has more.
    monkeypatch.setattr(dynamodb_order_index, "_MORE_THAN_ITS_SHARE", 2)
    monkeypatch.setattr(dynamodb_change_index, "_MORE_THAN_ITS_SHARE", 2)
    monkeypatch.setattr(dynamodb_change_index, "_SHARE", 4)
    store = store_in(dynamodb, table)
    lists = ListOrders(store.index, store.changed, store.orders)
    year = timedelta(days=365)
    queries = {
        "newest": OrdersQuery("demo", newest_first=True),
        "oldest": OrdersQuery("demo"),
        "by change": OrdersQuery("demo", by_change=True, newest_first=True),
        "created": OrdersQuery("demo", created=Range(START + SECOND / 2)),
        "created, few": OrdersQuery("demo", created=Range(START, START + 30 * SECOND)),
        "changed": OrdersQuery("demo", changed=Range(START + SECOND)),
        "changed, few": OrdersQuery("demo", changed=Range(START + 3 * year)),
        "changed, by change": OrdersQuery("demo", changed=Range(START + SECOND), by_change=True),
        "matching": OrdersQuery("demo", matches=lambda stored: stored.order.status == "paid"),
    }

    def measure() -> dict[str, int]:
        page = PageWanted(5, with_total=True)
        reads = {name: partial(lists, query, page, DEADLINE) for name, query in queries.items()}
        return {name: _examined(dynamodb, read) for name, read in reads.items()}

    _store(dynamodb, table, range(MANY), START + year)
    before = measure()
    _store(dynamodb, table, range(MANY, 2 * MANY), START + 2 * year)
    after = measure()
    # A few shards of the smaller account may have fewer entries than one call reads.
    grown = {name: each - before[name] for name, each in after.items()}
    assert {name: each for name, each in grown.items() if each > LIMIT / 2} == {}
    assert max(after.values()) < 12 * LIMIT
