"""The order store, by order id.

The index item of an order contains its current external id and its aliases. It changes in the same
transaction as the order. A reader that reads the index item and then the order can therefore detect
a change between the two reads. An index item is written before its order, so for a moment, or if
its writer was interrupted, there is none: pages leave these entries out, and are filled up.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import isqrt
from typing import Any

from orders.adapters.aws_faults import call_patiently
from orders.adapters.batches import BatchedTable, identity_of
from orders.adapters.dynamodb_orphan_entries import OrphanEntries
from orders.adapters.order_items import (
    Item,
    indexed_name,
    is_hidden,
    is_order,
    read_aliases,
    read_index_entry,
    read_order,
    read_stored,
)
from orders.adapters.table_keys import (
    INDEX_SHARDS,
    AttributeValue,
    Key,
    hidden_key,
    index_key,
    index_shards,
    index_sort_key,
    order_key,
)
from orders.application.errors import StorageUnavailableError
from orders.application.ports import ALL_IDS, Deadline, IndexEntry, OrderPage, OrderSlice
from orders.application.read_sizes import FIRST_ORDERS, orders_to_read
from orders.application.retries import attempts
from orders.domain.changes import StoredOrder
from orders.domain.ranges import Range

# Each shard is asked for more entries than its share, so that one call is usually enough.
_MORE_THAN_ITS_SHARE = 20
# The least number of entries that are read to replace those without an order.
_REFILL = 25
_IN_RANGE = "pk = :shard AND sk BETWEEN :first AND :last"
_LAST_SORT_KEY = 10**16 - 1
_KEEPS_MOVING = "other requests kept changing the external id of the order"
# So many entries are probably needed of those that are yielded one by one.
_ENTRIES = 100
type EntryPage = tuple[list[IndexEntry], Key | None]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The entries of these order ids, in one direction. `share` is for one call."""

    share: int
    newest_first: bool
    ids: Range[int]


@dataclass(frozen=True, slots=True)
class _Counted:
    """The entries of these order ids, counted with or without the writes of the last seconds."""

    ids: Range[int]
    consistent: bool


@dataclass(slots=True)
class _Found:
    """The orders of entries, and the entries without an order."""

    orders: list[StoredOrder] = field(default_factory=list)
    orphans: list[IndexEntry] = field(default_factory=list)


@dataclass(slots=True)
class DynamoOrderIndex(BatchedTable):
    """Implements OrderIndex with the single table. With `orphans`, lists repair the index."""

    orphans: OrphanEntries | None = None

    def find_by_order_id(
        self, account: str, order_id: int, deadline: Deadline
    ) -> StoredOrder | None:
        """Read an order consistently through its index item."""
        entry = self._entry(account, order_id, deadline)
        if entry is None:
            return None
        stored = self._order_of(account, entry, deadline)
        if stored is not None:
            return stored
        for _ in attempts(deadline, self.pause):
            seen, entry = entry, self._entry(account, order_id, deadline)
            # The index item did not change, so its order was never written.
            if entry is None or entry == seen:
                return None
            stored = self._order_of(account, entry, deadline)
            if stored is not None:
                return stored
        raise StorageUnavailableError(_KEEPS_MOVING)

    def find_hidden(self, account: str, order_id: int, deadline: Deadline) -> StoredOrder | None:
        """Read a softly deleted order consistently through its entry."""
        found = self._get(hidden_key(account, order_id), deadline)
        if found is None:
            return None
        item = self._get(order_key(account, indexed_name(found)), deadline)
        # An order that was revived between the reads is not hidden any more.
        if item is None or not is_hidden(item) or item["order_id"]["N"] != str(order_id):
            return None
        return read_stored(account, item, read_aliases(found))

    def find_hidden_among(
        self, account: str, order_ids: Collection[int], deadline: Deadline
    ) -> Sequence[StoredOrder]:
        """Read the entries of softly deleted orders together, then the orders."""
        keys = [hidden_key(account, number) for number in dict.fromkeys(order_ids)]
        entries = self._batches.read_all(keys, deadline)
        names = {indexed_name(entry) for entry in entries}
        items = self._batches.read_all([order_key(account, name) for name in names], deadline)
        # Orders that were revived between the reads are not hidden any more.
        orders = {identity_of(item): item for item in items if is_hidden(item)}
        found = []
        for entry in entries:
            item = orders.get(identity_of(order_key(account, indexed_name(entry))))
            if item and identity_of(entry) == identity_of(
                hidden_key(account, int(item["order_id"]["N"]))
            ):
                found.append(read_stored(account, item, read_aliases(entry)))
        return found

    def find_by_order_ids(
        self, account: str, order_ids: Collection[int], deadline: Deadline
    ) -> Sequence[StoredOrder]:
        """Read the index items together, then their orders."""
        keys = [index_key(account, number) for number in dict.fromkeys(order_ids)]
        entries = [read_index_entry(item) for item in self._batches.read_all(keys, deadline)]
        return self.read(account, entries, deadline)

    def list_orders(
        self, account: str, before: int | None, limit: int, deadline: Deadline
    ) -> OrderPage:
        """Read the newest entries of each shard, then their orders."""
        wanted = _Wanted(_share(limit), newest_first=True, ids=Range(None, before))
        entries = self._entries(account, wanted, deadline)
        orders = self._orders_of(account, entries, limit, deadline)
        page = orders[:limit]
        has_more = len(orders) > limit or (len(page) == limit and any(True for _ in entries))
        return OrderPage(page, page[-1].order.order_id if page and has_more else None)

    def slice(self, account: str, wanted: OrderSlice, deadline: Deadline) -> Iterator[StoredOrder]:
        """Merge the entries of all shards, and read the orders of the wanted ones."""
        if wanted.ids.is_empty:
            return
        share = _share(wanted.offset + wanted.limit)
        entries = self._entries(account, _Wanted(share, wanted.newest_first, wanted.ids), deadline)
        counted = (entry for entry in entries if entry.order_id not in wanted.but_for)
        following = islice(counted, wanted.offset, None)
        left, count = wanted.limit, FIRST_ORDERS
        while left > 0:
            size = min(left, count)
            orders = self._orders_of(account, following, size, deadline)
            yield from orders[:left]
            if len(orders) < size:
                return
            left, count = left - len(orders), orders_to_read(orders)

    def entries(
        self, account: str, ids: Range[int], deadline: Deadline, *, newest_first: bool
    ) -> Iterator[IndexEntry]:
        """Merge the entries of all shards."""
        if not ids.is_empty:
            wanted = _Wanted(_share(_ENTRIES), newest_first, ids)
            yield from self._entries(account, wanted, deadline)

    def read(
        self, account: str, entries: Sequence[IndexEntry], deadline: Deadline
    ) -> Sequence[StoredOrder]:
        """Read the orders together. Entries without an order are removed if that is due."""
        return self._orders_of(account, iter(entries), len(entries), deadline)

    def count(
        self,
        account: str,
        limit: int,
        deadline: Deadline,
        ids: Range[int] = ALL_IDS,
        *,
        consistent: bool = True,
    ) -> int | None:
        """Count the entries of all shards. It reads hardly more than `limit` of them."""
        if ids.is_empty:
            return 0
        total = 0
        counted = _Counted(ids, consistent)
        left: list[tuple[str, Key | None]] = [(shard, None) for shard in index_shards(account)]
        while left and total <= limit:
            share = _share_of_count((limit - total) // len(left) + 1)
            answers = self._batches.in_parallel(
                lambda each, share=share: self._count(each, counted, share, deadline),  # type: ignore[misc]
                left,
            )
            total += sum(count for count, _ in answers)
            left = [
                (shard, following)
                for (shard, _), (_, following) in zip(left, answers, strict=True)
                if following is not None
            ]
        return total if total <= limit else None

    def _entry(self, account: str, order_id: int, deadline: Deadline) -> IndexEntry | None:
        item = self._get(index_key(account, order_id), deadline)
        return None if item is None else read_index_entry(item)

    def _order_of(self, account: str, entry: IndexEntry, deadline: Deadline) -> StoredOrder | None:
        """Read the order of an index item. Return None if it is not under this external id."""
        item = self._get(order_key(account, entry.external_id), deadline)
        if item is None or not _belongs(item, entry.order_id):
            return None
        return read_stored(account, item, entry.aliases)

    def _get(self, key: Key, deadline: Deadline) -> Item | None:
        answer = call_patiently(
            lambda: self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True),
            deadline,
            self.pause,
        )
        return answer.get("Item")

    def _entries(self, account: str, wanted: _Wanted, deadline: Deadline) -> Iterator[IndexEntry]:
        """Yield the entries of all shards in the order of their order ids."""
        shards = index_shards(account)
        first = self._batches.in_parallel(
            lambda shard: self._page(shard, wanted, None, deadline), shards
        )

        def entries_of(shard: str, page: EntryPage) -> Iterator[IndexEntry]:
            yield from page[0]
            while page[1] is not None:
                page = self._page(shard, wanted, page[1], deadline)
                yield from page[0]

        return heapq.merge(
            *(entries_of(shard, page) for shard, page in zip(shards, first, strict=True)),
            key=lambda entry: entry.order_id,
            reverse=wanted.newest_first,
        )

    def _page(
        self, shard: str, wanted: _Wanted, start: Key | None, deadline: Deadline
    ) -> EntryPage:
        start_key: Any = {} if start is None else {"ExclusiveStartKey": start}
        answer = call_patiently(
            lambda: self.client.query(
                TableName=self.table,
                KeyConditionExpression=_IN_RANGE,
                ExpressionAttributeValues=_range_of(shard, wanted.ids),
                ScanIndexForward=not wanted.newest_first,
                Limit=wanted.share,
                ConsistentRead=True,
                **start_key,
            ),
            deadline,
            self.pause,
        )
        following: Any = answer.get("LastEvaluatedKey")
        return [read_index_entry(item) for item in answer["Items"]], following

    def _count(
        self, place: tuple[str, Key | None], counted: _Counted, limit: int, deadline: Deadline
    ) -> tuple[int, Key | None]:
        """Count at most `limit` entries of a shard. Return where the next call continues."""
        shard, start = place
        start_key: Any = {} if start is None else {"ExclusiveStartKey": start}
        answer = call_patiently(
            lambda: self.client.query(
                TableName=self.table,
                KeyConditionExpression=_IN_RANGE,
                ExpressionAttributeValues=_range_of(shard, counted.ids),
                Select="COUNT",
                Limit=limit,
                ConsistentRead=counted.consistent,
                **start_key,
            ),
            deadline,
            self.pause,
        )
        following: Any = answer.get("LastEvaluatedKey")
        return answer["Count"], following

    def _orders_of(
        self, account: str, entries: Iterator[IndexEntry], limit: int, deadline: Deadline
    ) -> list[StoredOrder]:
        """Return the orders of the first entries, at least `limit` if there are as many.

        Entries without an order are left out, and removed afterwards if that is due.
        """
        found = _Found()
        size = limit
        while len(found.orders) < limit:
            part = list(islice(entries, size))
            if not part:
                break
            self._collect(account, part, found, deadline)
            size = max(_REFILL, limit - len(found.orders))
        if found.orphans and self.orphans:
            self.orphans.remove(account, found.orphans, self._batches, deadline)
        return found.orders

    def _collect(
        self, account: str, part: Sequence[IndexEntry], found: _Found, deadline: Deadline
    ) -> None:
        """Read the orders of index entries. Orders that were renamed meanwhile are read again."""
        entries = {entry.order_id: entry for entry in part}
        orders = self._read_orders(account, entries.values(), deadline)
        missing = {number: entry for number, entry in entries.items() if number not in orders}
        if missing:
            orders |= self._renamed_meanwhile(account, missing, found, deadline)
        found.orders.extend(orders[number] for number in entries if number in orders)

    def _renamed_meanwhile(
        self, account: str, missing: Mapping[int, IndexEntry], found: _Found, deadline: Deadline
    ) -> dict[int, StoredOrder]:
        """Read the orders again whose index entries had an old external id."""
        orders: dict[int, StoredOrder] = {}
        for _ in attempts(deadline, self.pause):
            keys = [index_key(account, number) for number in missing]
            items = self._batches.read_all(keys, deadline)
            again = {entry.order_id: entry for entry in map(read_index_entry, items)}
            # The orders of unchanged index items were never written.
            found.orphans += [entry for n, entry in again.items() if entry == missing[n]]
            missing = {n: entry for n, entry in again.items() if entry != missing[n]}
            orders |= self._read_orders(account, missing.values(), deadline)
            missing = {n: entry for n, entry in missing.items() if n not in orders}
            if not missing:
                return orders
        raise StorageUnavailableError(_KEEPS_MOVING)

    def _read_orders(
        self, account: str, entries: Iterable[IndexEntry], deadline: Deadline
    ) -> dict[int, StoredOrder]:
        # Two index items have the same external id if two requests created it at the same time.
        by_name: dict[str, list[IndexEntry]] = {}
        for entry in entries:
            by_name.setdefault(entry.external_id, []).append(entry)
        found = {}
        for item in self._batches.read_all(
            [order_key(account, name) for name in by_name], deadline
        ):
            if is_order(item):
                order = read_order(account, item)
                for entry in by_name[order.external_id]:
                    if _belongs(item, entry.order_id):
                        found[order.order_id] = read_stored(account, item, entry.aliases)
        return found


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


def _share_of_count(fair: int) -> int:
    """Return how many entries of a shard to count in one call.

    A random shard has fewer than 1.5 standard deviations above the mean in 14 of 15 cases, so few
    of them need a second call.
    """
    return fair + isqrt(fair) * 3 // 2


def _share(limit: int) -> int:
    """Return how many entries of each shard a page needs. Order ids are spread evenly."""
    return limit // INDEX_SHARDS + _MORE_THAN_ITS_SHARE
