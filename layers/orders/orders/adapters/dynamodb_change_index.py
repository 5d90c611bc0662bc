"""The order store, by time of change: the secondary index `changes`.

The index contains keys only, and may lag behind the table. So each entry is checked against the
order, which is read consistently: an entry counts only if it is that of the order's present
version.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orders.adapters.aws_faults import call_patiently, expect_time
from orders.adapters.batches import BatchedTable, identity_of
from orders.adapters.order_items import (
    Item,
    indexed_name,
    is_marker,
    is_order,
    is_renamed,
    read_aliases,
    read_order,
    read_stored,
)
from orders.adapters.table_keys import (
    CHANGE_INDEX,
    CHANGE_SHARDS,
    Key,
    change_bounds,
    change_shards,
    change_sort_key,
    external_id_of,
    index_key,
    marker_key,
    order_key,
    read_change,
)
from orders.application.ports import (
    Change,
    ChangeEntry,
    ChangePosition,
    ChangeRange,
    CountedChanges,
    Deadline,
)
from orders.domain.ranges import Range

# Each shard is asked for more entries than its share, so that one call is usually enough.
_MORE_THAN_ITS_SHARE = 20
# About 100 entries are needed of those that are yielded one by one.
_SHARE = 100 // CHANGE_SHARDS + _MORE_THAN_ITS_SHARE
# A count examines no more entries for each that it may count: the rest are deleted orders.
_ENTRIES_FOR_EACH = 2
_IN_RANGE = "changed_shard = :shard AND changed_at BETWEEN :low AND :high"


@dataclass(frozen=True, slots=True)
class _Place:
    """A shard, and the key after which its next page begins."""

    shard: str
    start: Key | None = None


@dataclass(slots=True)
class DynamoChangeIndex(BatchedTable):
    """Implements ChangeIndex with the single table."""

    def entries(
        self, account: str, wanted: ChangeRange, deadline: Deadline
    ) -> Iterator[ChangeEntry]:
        """Merge the entries of all shards."""
        shards = change_shards(account)
        first = self._batches.in_parallel(
            lambda shard: self._query(_Place(shard), wanted, _SHARE, deadline), shards
        )

        def entries_of(shard: str, page: Mapping[str, Any]) -> Iterator[ChangeEntry]:
            yield from map(_entry_of, page["Items"])
            while "LastEvaluatedKey" in page:
                place = _Place(shard, page["LastEvaluatedKey"])
                page = self._query(place, wanted, _SHARE, deadline)
                yield from map(_entry_of, page["Items"])

        return heapq.merge(
            *(entries_of(shard, page) for shard, page in zip(shards, first, strict=True)),
            key=lambda entry: entry.at,
            reverse=wanted.newest_first,
        )

    def read(
        self, account: str, entries: Sequence[ChangeEntry], deadline: Deadline
    ) -> Sequence[Change]:
        """Read the orders and markers together. Entries of former versions are left out."""
        keys = [_key_of(account, entry) for entry in entries]
        items = self._batches.read_all(keys, deadline)
        found = {identity_of(item): item for item in items}
        # Only these have aliases. Their index items are read later, so they are never older.
        renamed = {
            int(item["order_id"]["N"]) for item in items if is_order(item) and is_renamed(item)
        }
        index_items = self._batches.read_all(
            [index_key(account, number) for number in renamed], deadline
        )
        found |= {identity_of(item): item for item in index_items}
        changes = []
        for entry, key in zip(entries, keys, strict=True):
            item = found.get(identity_of(key))
            if item is None or not _is_of(item, entry):
                continue
            index_item = found.get(identity_of(index_key(account, entry.at.order_id)))
            change = _change(account, item, index_item)
            if change is not None:
                changes.append(change)
        return changes

    def count(self, account: str, counted: CountedChanges, deadline: Deadline) -> int | None:
        """Count the entries of all shards. It reads hardly more than twice `limit` of them.

        Return None if there are more than `limit`, or more than twice as many with the deleted
        orders.
        """
        wanted, limit = counted.wanted, counted.limit
        # The index cannot filter by order id, a part of its sort key, so these entries are read.
        counts = not counted.ids.is_bounded
        count = examined = 0
        places = [_Place(shard) for shard in change_shards(account)]
        most = limit * _ENTRIES_FOR_EACH
        while places and count <= limit and examined <= most:
            left = min(limit - count, most - examined) + 1
            size = left // len(places) + _MORE_THAN_ITS_SHARE
            answers = self._batches.in_parallel(
                lambda place, size=size: self._query(place, wanted, size, deadline, counts=counts),  # type: ignore[misc]
                places,
            )
            count += sum(
                answer["Count"] if counts else _count_of_orders(answer["Items"], counted.ids)
                for answer in answers
            )
            examined += sum(answer["ScannedCount"] for answer in answers)
            places = [
                _Place(place.shard, answer["LastEvaluatedKey"])
                for place, answer in zip(places, answers, strict=True)
                if "LastEvaluatedKey" in answer
            ]
        return count if count <= limit and not places else None

    def _query(
        self,
        place: _Place,
        wanted: ChangeRange,
        limit: int,
        deadline: Deadline,
        *,
        counts: bool = False,
    ) -> Mapping[str, Any]:
        lowest, highest = _bounds(wanted)
        if lowest > highest:
            expect_time(deadline)
            return {"Items": [], "Count": 0, "ScannedCount": 0}
        values = {
            ":shard": {"S": place.shard},
            ":low": {"S": lowest},
            ":high": {"S": highest},
        }
        more: Any = {} if place.start is None else {"ExclusiveStartKey": place.start}
        if counts:
            # The markers of deleted orders are not counted.
            more |= {"Select": "COUNT", "FilterExpression": "sk = :order"}
            values[":order"] = order_key("", "")["sk"]
        return call_patiently(
            lambda: self.client.query(
                TableName=self.table,
                IndexName=CHANGE_INDEX,
                KeyConditionExpression=_IN_RANGE,
                ExpressionAttributeValues=values,
                ScanIndexForward=not wanted.newest_first,
                Limit=limit,
                **more,
            ),
            deadline,
            self.pause,
        )


def _entry_of(item: Item) -> ChangeEntry:
    is_of_order = item["sk"] == order_key("", "")["sk"]
    return ChangeEntry(_position(item), external_id_of(item["pk"]["S"]) if is_of_order else None)


def _key_of(account: str, entry: ChangeEntry) -> Key:
    if entry.external_id is None:
        return marker_key(account, entry.at.order_id)
    return order_key(account, entry.external_id)


def _is_of(item: Item, entry: ChangeEntry) -> bool:
    """Return whether an item has the version of an entry."""
    at = entry.at
    return bool(item.get("changed_at") == {"S": change_sort_key(at.changed_at, at.order_id)})


def _change(account: str, item: Item, index_item: Item | None) -> Change | None:
    """Return the change that an item shows, None if a newer change is just being written."""
    at, version = _position(item), int(item["version"]["N"])
    if is_marker(item):
        return Change(at, version, item["external_id"]["S"], None)
    if not is_order(item):
        return None
    order = read_order(account, item)
    if not is_renamed(item):
        return Change(at, version, order.external_id, read_stored(account, item))
    if index_item is None or indexed_name(index_item) != order.external_id:
        return None
    return Change(
        at, version, order.external_id, read_stored(account, item, read_aliases(index_item))
    )


def _count_of_orders(entries: Iterable[Item], ids: Range[int]) -> int:
    """Count the entries of orders with these ids, without the markers of deleted orders."""
    place = order_key("", "")["sk"]
    return sum(entry["sk"] == place and _position(entry).order_id in ids for entry in entries)


def _position(entry: Item) -> ChangePosition:
    return ChangePosition(*read_change(entry["changed_at"]["S"]))


def _bounds(wanted: ChangeRange) -> tuple[str, str]:
    """Return the lowest and the highest sort key of a range, both inclusive."""
    lowest, highest = change_bounds(wanted.start, wanted.end)
    if wanted.after is None:
        return lowest, highest
    after = wanted.after
    if wanted.newest_first:
        return lowest, min(highest, change_sort_key(after.changed_at, after.order_id - 1))
    return max(lowest, change_sort_key(after.changed_at, after.order_id + 1)), highest
