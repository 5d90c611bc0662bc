"""The order store, by order id.

The index item of an order contains its current external id and its aliases. It changes in the same
transaction as the order. A reader that reads the index item and then the order can therefore detect
a change between the two reads.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from orders.adapters.aws_faults import call_patiently
from orders.adapters.batches import Batches
from orders.adapters.order_items import Item, is_order, read_aliases, read_order
from orders.adapters.table_keys import (
    INDEX_SHARDS,
    AttributeValue,
    Key,
    index_key,
    index_shards,
    index_sort_key,
    order_key,
)
from orders.application.errors import StorageUnavailableError
from orders.application.ports import ALL_IDS, Deadline, OrderPage, OrderSlice, Pause
from orders.application.retries import attempts, pause_with_jitter
from orders.domain.changes import StoredOrder
from orders.domain.ranges import Range

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# Each shard is asked for more entries than its share, so that one page is usually enough.
_MORE_THAN_ITS_SHARE = 20
_KEEPS_MOVING = "other requests kept changing the external id of the order"
type EntryPage = tuple[list[Item], Key | None]


@dataclass(slots=True)
class DynamoOrderIndex:
    """Implements OrderIndex with the single table."""

    client: DynamoDBClient
    table: str
    pause: Pause = pause_with_jitter
    _batches: Batches = field(init=False)

    def __post_init__(self) -> None:
        """Create the batched calls with the same client and pause."""
        self._batches = Batches(self.client, self.table, self.pause)

    def find_by_order_id(
        self, account: str, order_id: int, deadline: Deadline
    ) -> StoredOrder | None:
        """Read an order consistently through its index item."""
        entry = self._get(index_key(account, order_id), deadline)
        if entry is None:
            return None
        stored = self._order_of(account, entry, deadline)
        if stored is not None:
            return stored
        for _ in attempts(deadline, self.pause):
            seen, entry = entry, self._get(index_key(account, order_id), deadline)
            # The index item did not change, so its order was never written.
            if entry is None or entry == seen:
                return None
            stored = self._order_of(account, entry, deadline)
            if stored is not None:
                return stored
        raise StorageUnavailableError(_KEEPS_MOVING)

    def find_by_order_ids(
        self, account: str, order_ids: Collection[int], deadline: Deadline
    ) -> Sequence[StoredOrder]:
        """Read the index items together, then their orders."""
        keys = [index_key(account, number) for number in dict.fromkeys(order_ids)]
        return self._orders_of(account, self._read(keys, deadline), deadline)

    def list_orders(
        self, account: str, before: int | None, limit: int, deadline: Deadline
    ) -> OrderPage:
        """Read the newest entries of each shard, then their orders."""
        shards = self._batches.in_parallel(
            lambda shard: self._newest(shard, before, limit, deadline),
            index_shards(account),
        )
        cut_off = [_order_id(entries[-1]) for entries, is_cut_off in shards if is_cut_off]
        # A shard that was cut off may have more entries below its last id. So entries of other
        # shards below the highest such id are left for the next page.
        horizon = max(cut_off, default=0)
        entries = [each for shard, _ in shards for each in shard if _order_id(each) >= horizon]
        newest = sorted(entries, key=_order_id, reverse=True)
        page = newest[:limit]
        has_more = bool(cut_off) or len(newest) > limit
        return OrderPage(
            self._orders_of(account, page, deadline),
            _order_id(page[-1]) if page and has_more else None,
        )

    def slice(self, account: str, wanted: OrderSlice, deadline: Deadline) -> Sequence[StoredOrder]:
        """Merge the entries of all shards, and read the orders of the wanted ones."""
        if wanted.ids.is_empty:
            return []
        end = wanted.offset + wanted.limit
        # Order ids are spread evenly over the shards.
        page_size = end // INDEX_SHARDS + _MORE_THAN_ITS_SHARE
        shards = index_shards(account)
        first = self._batches.in_parallel(
            lambda shard: self._entries(shard, wanted, page_size, None, deadline), shards
        )

        def entries_of(shard: str, page: EntryPage) -> Iterator[Item]:
            yield from page[0]
            while page[1] is not None:
                page = self._entries(shard, wanted, page_size, page[1], deadline)
                yield from page[0]

        merged = heapq.merge(
            *(entries_of(shard, page) for shard, page in zip(shards, first, strict=True)),
            key=_order_id,
            reverse=wanted.newest_first,
        )
        return self._orders_of(account, islice(merged, wanted.offset, end), deadline)

    def count(
        self, account: str, limit: int, deadline: Deadline, ids: Range[int] = ALL_IDS
    ) -> int | None:
        """Count the entries of all shards."""
        if ids.is_empty:
            return 0
        counts = self._batches.in_parallel(
            lambda shard: self._count(shard, ids, limit, deadline), index_shards(account)
        )
        return sum(counts) if sum(counts) <= limit else None

    def _order_of(self, account: str, entry: Item, deadline: Deadline) -> StoredOrder | None:
        """Read the order of an index item. Return None if it is not under this external id."""
        item = self._get(order_key(account, entry["external_id"]["S"]), deadline)
        if item is None or not _belongs(item, _order_id(entry)):
            return None
        return StoredOrder(read_order(account, item), read_aliases(entry))

    def _get(self, key: Key, deadline: Deadline) -> Item | None:
        answer = call_patiently(
            lambda: self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True),
            deadline,
            self.pause,
        )
        return answer.get("Item")

    def _newest(
        self, shard: str, before: int | None, limit: int, deadline: Deadline
    ) -> tuple[list[Item], bool]:
        """Return the newest entries of a shard, and whether the shard has more entries."""
        values = {":shard": {"S": shard}}
        below = ""
        if before is not None:
            below = " AND sk < :before"
            values[":before"] = {"S": index_sort_key(before)}
        answer = call_patiently(
            lambda: self.client.query(
                TableName=self.table,
                KeyConditionExpression=f"pk = :shard{below}",
                ExpressionAttributeValues=values,
                ScanIndexForward=False,
                Limit=limit,
                ConsistentRead=True,
            ),
            deadline,
            self.pause,
        )
        return list(answer["Items"]), "LastEvaluatedKey" in answer

    def _entries(
        self,
        shard: str,
        wanted: OrderSlice,
        limit: int,
        start: Key | None,
        deadline: Deadline,
    ) -> EntryPage:
        start_key: Any = {} if start is None else {"ExclusiveStartKey": start}
        answer = call_patiently(
            lambda: self.client.query(
                TableName=self.table,
                KeyConditionExpression=_IN_RANGE,
                ExpressionAttributeValues=_range_of(shard, wanted.ids),
                ScanIndexForward=not wanted.newest_first,
                Limit=limit,
                ConsistentRead=True,
                **start_key,
            ),
            deadline,
            self.pause,
        )
        following: Any = answer.get("LastEvaluatedKey")
        return list(answer["Items"]), following

    def _count(self, shard: str, ids: Range[int], limit: int, deadline: Deadline) -> int:
        """Count the entries of a shard. Counting stops when there are more than `limit`."""
        count = 0
        start_key: Any = {}
        while count <= limit:
            answer = call_patiently(
                lambda start_key=start_key: self.client.query(  # type: ignore[misc]
                    TableName=self.table,
                    KeyConditionExpression=_IN_RANGE,
                    ExpressionAttributeValues=_range_of(shard, ids),
                    Select="COUNT",
                    ConsistentRead=True,
                    **start_key,
                ),
                deadline,
                self.pause,
            )
            count += answer["Count"]
            if "LastEvaluatedKey" not in answer:
                break
            start_key = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        return count

    def _orders_of(
        self, account: str, page: Iterable[Item], deadline: Deadline
    ) -> list[StoredOrder]:
        """Read the orders of index entries. Orders that were renamed meanwhile are read again."""
        entries = {_order_id(entry): entry for entry in page}
        orders = self._read_orders(account, entries.values(), deadline)
        missing = {number: entry for number, entry in entries.items() if number not in orders}
        if missing:
            orders |= self._renamed_meanwhile(account, missing, deadline)
        return [orders[number] for number in entries if number in orders]

    def _renamed_meanwhile(
        self, account: str, missing: Mapping[int, Item], deadline: Deadline
    ) -> dict[int, StoredOrder]:
        """Read the orders again whose index entries had an old external id."""
        orders: dict[int, StoredOrder] = {}
        for _ in attempts(deadline, self.pause):
            keys = [index_key(account, number) for number in missing]
            again = {_order_id(entry): entry for entry in self._read(keys, deadline)}
            # Drop unchanged index items: their orders were never written.
            missing = {n: entry for n, entry in again.items() if entry != missing[n]}
            orders |= self._read_orders(account, missing.values(), deadline)
            missing = {n: entry for n, entry in missing.items() if n not in orders}
            if not missing:
                return orders
        raise StorageUnavailableError(_KEEPS_MOVING)

    def _read_orders(
        self, account: str, entries: Iterable[Item], deadline: Deadline
    ) -> dict[int, StoredOrder]:
        # Two index items have the same external id if two requests created it at the same time.
        by_name: dict[str, list[Item]] = {}
        for entry in entries:
            by_name.setdefault(entry["external_id"]["S"], []).append(entry)
        found = {}
        for item in self._read([order_key(account, name) for name in by_name], deadline):
            if is_order(item):
                order = read_order(account, item)
                for entry in by_name[order.external_id]:
                    if _belongs(item, _order_id(entry)):
                        found[order.order_id] = StoredOrder(order, read_aliases(entry))
        return found

    def _read(self, keys: list[Key], deadline: Deadline) -> list[Item]:
        items, unread = self._batches.read(keys, deadline)
        if unread:
            raise StorageUnavailableError("the orders could not be read in time")
        return items


_IN_RANGE = "pk = :shard AND sk BETWEEN :first AND :last"
_LAST_SORT_KEY = 10**16 - 1


def _range_of(shard: str, ids: Range[int]) -> dict[str, AttributeValue]:
    """Return the values of _IN_RANGE."""
    first = min(max(ids.start or 0, 0), _LAST_SORT_KEY)
    last = _LAST_SORT_KEY if ids.end is None else min(max(ids.end - 1, first), _LAST_SORT_KEY)
    return {
        ":shard": {"S": shard},
        ":first": {"S": index_sort_key(first)},
        ":last": {"S": index_sort_key(last)},
    }


def _belongs(item: Item, order_id: int) -> bool:
    return is_order(item) and item["order_id"]["N"] == str(order_id)


def _order_id(entry: Item) -> int:
    return int(entry["sk"]["S"])
