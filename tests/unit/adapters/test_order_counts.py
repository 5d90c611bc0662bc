"""Counting the orders of an account: how many calls it makes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from orders.adapters.dynamodb_change_index import DynamoChangeIndex
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.table_keys import change_sort_key
from orders.application.ports import ALL_IDS, ChangeRange, CountedChanges
from orders.domain.ranges import Range
from tests.support.deadlines import DEADLINE


@dataclass
class Shards:
    """A client of a table whose shards have so many entries."""

    sizes: list[int]
    calls: list[int] = field(default_factory=list)

    def query(self, **wanted: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as boto3 has it
        shard = wanted["ExpressionAttributeValues"][":shard"]["S"].rpartition("#")[2]
        size, start = self.sizes[int(shard)], wanted.get("ExclusiveStartKey", 0)
        end = min(start + wanted["Limit"], size)
        self.calls.append(end - start)
        return {"Count": end - start, **({"LastEvaluatedKey": end} if end < size else {})}


def test_a_count_of_shards_of_about_the_same_size_makes_one_call_each() -> None:
    sizes = [600, 650] * 8
    client: Any = Shards(sizes)
    assert DynamoOrderIndex(client, "table").count("demo", 10_000, DEADLINE) == 10_000
    assert sorted(client.calls) == sorted(sizes)


def test_a_count_of_many_orders_reads_hardly_more_than_the_limit() -> None:
    client: Any = Shards([50_000] * 16)
    assert DynamoOrderIndex(client, "table").count("demo", 10_000, DEADLINE) is None
    assert len(client.calls) == 16
    assert sum(client.calls) < 1.1 * 10_000


def test_an_uneven_shard_is_counted_to_its_end() -> None:
    client: Any = Shards([2000, *[10] * 15])
    assert DynamoOrderIndex(client, "table").count("demo", 10_000, DEADLINE) == 2150


@dataclass
class Changes:
    """A client of a table whose index by change has so many orders and deleted ones in a shard."""

    orders: int
    deleted: int
    examined: int = 0

    def query(self, **wanted: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as boto3 has it
        start = wanted.get("ExclusiveStartKey", 0)
        end = min(start + wanted["Limit"], self.orders + self.deleted)
        self.examined += end - start
        # The deleted ones come first.
        found = max(0, end - self.deleted) - max(0, start - self.deleted)
        last = {} if end == self.orders + self.deleted else {"LastEvaluatedKey": end}
        scanned = {"ScannedCount": end - start, "Count": found, **last}
        if "Select" in wanted:
            return scanned
        markers = end - start - found
        return scanned | {"Items": [_entry("D")] * markers + [_entry("O")] * found}


def _entry(place: str) -> Mapping[str, Any]:
    at = change_sort_key(datetime(2026, 1, 2, tzinfo=UTC), 7)
    return {"pk": {"S": "A#demo#O#A"}, "sk": {"S": place}, "changed_at": {"S": at}}


@pytest.mark.parametrize("ids", [ALL_IDS, Range(1, 9)])
@pytest.mark.parametrize(
    ("orders", "deleted", "counted"),
    [(600, 600, 9600), (625, 625, 10_000), (626, 0, None), (50_000, 0, None)],
)
def test_a_count_of_changes_reads_hardly_more_than_it_may_count(
    orders: int, deleted: int, counted: int | None, ids: Range[int]
) -> None:
    client: Any = Changes(orders, deleted)
    wanted = CountedChanges(ChangeRange(), 10_000, ids)
    assert DynamoChangeIndex(client, "table").count("demo", wanted, DEADLINE) == counted
    assert client.examined < 1.1 * 20_000


@pytest.mark.parametrize("ids", [ALL_IDS, Range(1, 9)])
def test_a_count_ends_among_deleted_orders(ids: Range[int]) -> None:
    client: Any = Changes(10, 100_000)
    wanted = CountedChanges(ChangeRange(), 10_000, ids)
    assert DynamoChangeIndex(client, "table").count("demo", wanted, DEADLINE) is None
    assert client.examined < 1.1 * 20_000
