"""Counting the orders of an account: how many calls it makes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orders.adapters.dynamodb_order_index import DynamoOrderIndex
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
