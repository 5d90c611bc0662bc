"""Index entries without orders, in DynamoDB Local: pages stay full, and readers remove them."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil, sqrt
from threading import Barrier
from typing import Any

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.dynamodb_orphan_entries import MOST_AT_ONCE, OrphanEntries
from orders.adapters.order_items import alias_item, index_item, order_item
from orders.adapters.table_keys import index_key
from orders.application.ports import OrderSlice, WriteOutcome
from orders.domain.importing import Write
from orders.domain.order_numbers import PLACES_PER_SECOND, numbers_of, time_of
from orders.domain.relaying import WriterLifetime
from tests.support.aws_faults import Parsed, answering, error_answer, failing
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.order_changes import new_order

LIFETIME = WriterLifetime(timedelta(seconds=27))
# From the time of an order id until its entry may be removed.
PATIENCE = timedelta(seconds=27 + 1 + 5 + 60)


def _number(second: int) -> int:
    return numbers_of(0, range(second * PLACES_PER_SECOND, second * PLACES_PER_SECOND + 1))[0]


@dataclass
class Reader:
    """An order index that repairs itself, with a clock of its own."""

    client: DynamoDBClient
    table: str
    now: datetime = field(default_factory=lambda: time_of(_number(10**6)))

    def __post_init__(self) -> None:
        orphans = OrphanEntries(self.client, self.table, LIFETIME, lambda: self.now)
        self.index = DynamoOrderIndex(self.client, self.table, CountingPause(), orphans)

    def put(self, *items: Mapping[str, Any]) -> None:
        for item in items:
            self.client.put_item(TableName=self.table, Item=item)

    def entries(self, numbers: list[int]) -> list[int]:
        """Return the order ids that have an entry."""
        keys = {number: index_key("demo", number) for number in numbers}
        found = {
            number: self.client.get_item(TableName=self.table, Key=key)
            for number, key in keys.items()
        }
        return [number for number, answer in found.items() if "Item" in answer]

    def page(self, limit: int = 100) -> list[int]:
        page = self.index.list_orders("demo", None, limit, DEADLINE)
        return [stored.order.order_id for stored in page.orders]


@pytest.fixture
def reader(dynamodb: DynamoDBClient, table: str) -> Reader:
    return Reader(dynamodb, table)


def _orphan(number: int) -> dict[str, Any]:
    return index_item("demo", new_order(f"never written {number}", number))


def _write(reader: Reader, *numbers: int) -> None:
    writes = [Write(new_order(f"order {n}", n), None, None) for n in numbers]
    outcomes = DynamoOrders(reader.client, reader.table).save("demo", writes, DEADLINE)
    assert set(outcomes) == {WriteOutcome.COMMITTED}


def test_pages_are_full_and_counts_exact_after_interrupted_writers(reader: Reader) -> None:
    orders = [_number(second) for second in range(0, 120, 4)]
    orphans = [_number(second) for second in range(120) if second % 4]
    _write(reader, *orders)
    reader.put(*map(_orphan, orphans))
    listed: list[int] = []
    before, sizes = None, []
    while True:
        page = reader.index.list_orders("demo", before, 7, DEADLINE)
        listed += [stored.order.order_id for stored in page.orders]
        sizes.append(len(page.orders))
        before = page.next_before
        if before is None:
            break
    assert listed == orders[::-1]
    assert sizes == [7, 7, 7, 7, 2]
    for newest_first in (False, True):
        wanted = OrderSlice(0, 30, newest_first)
        slice_ = reader.index.slice("demo", wanted, DEADLINE)
        assert [stored.order.order_id for stored in slice_] == (listed if newest_first else orders)
    while reader.entries(orphans):
        reader.page()
    assert reader.index.count("demo", 10_000, DEADLINE) == len(orders)
    assert reader.entries(orders) == orders


def test_one_request_removes_a_limited_number_of_entries(reader: Reader) -> None:
    orphans = [_number(second) for second in range(MOST_AT_ONCE + 3)]
    reader.put(*map(_orphan, orphans))
    assert reader.page() == []
    assert len(reader.entries(orphans)) == 3


def test_an_entry_stays_as_long_as_its_writer_may_live(reader: Reader) -> None:
    number = _number(500)
    reader.put(_orphan(number))
    reader.now = time_of(number) + PATIENCE - timedelta(seconds=1)
    assert (reader.page(), reader.entries([number])) == ([], [number])
    reader.now += timedelta(seconds=1)
    assert (reader.page(), reader.entries([number])) == ([], [])


def test_an_entry_that_was_moved_is_never_removed(reader: Reader) -> None:
    number = _number(500)
    reader.put({**_orphan(number), "moved_in": {"N": "2"}})
    assert (reader.page(), reader.entries([number])) == ([], [number])


def test_an_entry_without_its_order_under_the_name_of_another_is_removed(reader: Reader) -> None:
    """Six equal imports at once left five such entries."""
    lost, kept = _number(500), _number(501)
    _write(reader, kept)
    reader.put(index_item("demo", new_order(f"order {kept}", lost)))
    assert reader.page() == [kept]
    assert reader.entries([lost, kept]) == [kept]


@pytest.mark.parametrize("written", ["order", "alias"])
def test_an_order_that_is_written_before_the_removal_keeps_its_entry(
    reader: Reader, written: str
) -> None:
    number = _number(500)
    order = new_order("late", number)
    reader.put(index_item("demo", order))
    item = order_item(order, None) if written == "order" else alias_item("demo", "late", number)

    def write_late(_call: int) -> None:
        reader.put(item)

    with failing(reader.client, "TransactWriteItems", write_late) as calls:
        assert reader.page() == []
    assert len(calls) == 1
    assert reader.entries([number]) == [number]
    assert reader.page() == ([number] if written == "order" else [])


def test_an_entry_that_is_moved_before_the_removal_stays(reader: Reader) -> None:
    number = _number(500)
    reader.put(_orphan(number))

    def move(_call: int) -> None:
        reader.put({**_orphan(number), "moved_in": {"N": "2"}})

    with failing(reader.client, "TransactWriteItems", move):
        reader.page()
    assert reader.entries([number]) == [number]


def test_a_removal_that_fails_changes_no_answer(reader: Reader) -> None:
    orphan, order = _number(500), _number(501)
    _write(reader, order)
    reader.put(_orphan(orphan))
    denied = error_answer("AccessDeniedException")
    with failing(reader.client, "TransactWriteItems", lambda _: denied):
        assert reader.page() == [order]
    assert reader.entries([orphan]) == [orphan]


def test_pages_and_counts_are_exact_under_sixteen_racers(reader: Reader) -> None:
    together = Barrier(16)

    def race(racer: int) -> None:
        numbers = [_number(1000 + 20 * n) + racer for n in range(10)]
        writes = [
            Write(new_order(f"order {n}", number), None, None) for n, number in enumerate(numbers)
        ]
        together.wait(10)
        DynamoOrders(reader.client, reader.table).save("demo", writes, DEADLINE)
        page = reader.index.list_orders("demo", None, 5, DEADLINE)
        assert (len(page.orders) == 5) or page.next_before is None

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(race, range(16)))
    assert reader.index.count("demo", 10_000, DEADLINE) == len(reader.page()) == 10


def _counted(reader: Reader, limit: int) -> tuple[int | None, int]:
    """Return a count, and how many entries were read for it."""
    read: list[int] = []

    def see(_number: int, parsed: Parsed) -> None:
        read.append(parsed["ScannedCount"])

    with answering(reader.client, "Query", see):
        return reader.index.count("demo", limit, DEADLINE), sum(read)


def test_counting_reads_no_more_than_it_needs(reader: Reader) -> None:
    numbers = [_number(second) for second in range(300)]
    reader.put(*map(_orphan, numbers))
    assert _counted(reader, 1000) == (300, 300)
    assert _counted(reader, 300) == (300, 300)
    for limit in (299, 100, 20, 1):
        count, read = _counted(reader, limit)
        assert count is None
        # Each of the 16 shards is asked for a little more than its share.
        assert read <= limit + 16 * (1 + ceil(1.5 * sqrt(limit / 16 + 1)))
