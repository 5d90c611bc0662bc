"""Reads of changes in DynamoDB Local: what a page costs, and renames during a read."""

from datetime import timedelta

from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.table_keys import CHANGE_SHARDS, INDEX_SHARDS
from orders.application.list_orders import ListOrders, OrdersQuery, PageWanted
from orders.application.ports import ChangeRange, WriteOutcome
from tests.support.aws_faults import Parsed, answering
from tests.support.deadlines import DEADLINE
from tests.support.order_changes import NOW, new_order, renaming, shipping
from tests.support.order_stores import OrderStore, store_in
from tools.bench.capacity import consumption

COMMITTED = WriteOutcome.COMMITTED


def _rename(store: OrderStore, external_id: str, minutes: int) -> None:
    change = renaming(store.found(1), external_id, NOW + timedelta(minutes=minutes))
    assert store.changes.save(change, DEADLINE) is COMMITTED


def test_a_page_reads_the_index_items_of_renamed_orders_only(
    dynamodb: DynamoDBClient, table: str
) -> None:
    store = store_in(dynamodb, table)
    store.create(*(new_order(f"order {number}", number) for number in range(1, 6)))
    for number in range(2, 6):
        assert store.changes.save(shipping(store.found(number)), DEADLINE) is COMMITTED
    with consumption(dynamodb) as consumed:
        store.changes_in(ChangeRange())
    assert consumed.of_calls[CHANGE_SHARDS:] == [4]
    _rename(store, "B", 1)
    with consumption(dynamodb) as consumed:
        store.changes_in(ChangeRange())
    assert consumed.of_calls[CHANGE_SHARDS:] == [5, 1]


def test_a_list_by_change_reads_the_entries_and_then_the_orders_of_its_page(
    dynamodb: DynamoDBClient, table: str
) -> None:
    """Entries by creation cost 1 unit a shard, those by change half; a count is not consistent."""
    store = store_in(dynamodb, table)
    store.create(*(new_order(f"order {number}", number) for number in range(1, 81)))
    for number in range(1, 9):
        assert store.changes.save(shipping(store.found(number)), DEADLINE) is COMMITTED
    lists = ListOrders(store.index, store.changed, store.orders)
    query = OrdersQuery("demo", by_change=True, newest_first=True)
    queries = INDEX_SHARDS + CHANGE_SHARDS
    with consumption(dynamodb) as consumed:
        assert len(lists(query, PageWanted(30), DEADLINE).orders) == 30
    assert sum(consumed.of_calls[queries:]) == 31
    assert consumed.units <= INDEX_SHARDS + CHANGE_SHARDS / 2 + 31
    page = consumed.units
    with consumption(dynamodb) as consumed:
        assert lists(query, PageWanted(30, with_total=True), DEADLINE).total == 80
    assert consumed.units == page + INDEX_SHARDS / 2


def test_an_order_that_is_renamed_while_it_is_read_is_left_out(
    dynamodb: DynamoDBClient, table: str
) -> None:
    """Its new position is behind those of the page."""
    store = store_in(dynamodb, table)
    store.create(new_order())
    _rename(store, "B", 1)

    def rename(number: int, _parsed: Parsed) -> None:
        if number == 1:
            _rename(store, "C", 2)

    with answering(dynamodb, "BatchGetItem", rename):
        assert store.changes_in(ChangeRange()) == []
    [change] = store.changes_in(ChangeRange())
    assert (change.external_id, change.stored) == ("C", store.found(1))
