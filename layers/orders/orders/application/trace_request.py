"""Find what a request did to the orders of an account.

No index has the ids of requests. A request's id carries its time, and so do the ids of the orders
that it created and the changes of others. So two indexes are read: by creation around the time of
the request, and by change from then on, because an order is listed at its last change. The history
says whether the request was among the earlier ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from orders.application.get_order_by_id import find_all_with_hidden
from orders.application.ports import (
    ChangeEntry,
    ChangeIndex,
    ChangePosition,
    ChangeRange,
    Deadline,
    HistoryRepository,
    IndexEntry,
    OrderIndex,
    RequestKey,
)
from orders.application.read_changes import SETTLED_AFTER
from orders.domain.changes import StoredOrder
from orders.domain.creation_times import ids_created_in
from orders.domain.deletions import Deletion
from orders.domain.history import OrderKey, VersionMark
from orders.domain.identifiers import time_of_request
from orders.domain.ranges import Range
from orders.domain.undoing import HISTORY_WRITTEN_WITHIN, TracedChange

# Clocks differ by less, and the shared lane of order ids is at most that far ahead.
_SLACK = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class TraceProgress:
    """How far a request was traced. Changes after `until` are not traced.

    `order_id` is the last entry of the index by creation, None before the first one. If that index
    is done, `creations_done` is true and `change` the last entry of the other one.
    """

    until: datetime
    order_id: int | None = None
    creations_done: bool = False
    change: ChangePosition | None = None


@dataclass(frozen=True, slots=True)
class TracedPart:
    """What the next entries of the indexes show.

    `deletions` are permanent deletions by the request. `is_pending` is true if the history of an
    order is not written yet, so that the request may be missing in it.
    """

    changes: tuple[TracedChange, ...]
    deletions: tuple[Deletion, ...]
    is_pending: bool
    progress: TraceProgress


class TraceRequest:
    """The tracing of one request, a part of the indexes at a time."""

    def __init__(
        self,
        stores: "TracedStores",
        request: RequestKey,
        progress: TraceProgress,
        deadline: Deadline,
    ) -> None:
        self._stores = stores
        self._request = request
        self._deadline = deadline
        self._progress = progress
        began = time_of_request(request.request_id)
        self._times = Range(began - _SLACK, began + stores.writer + _SLACK)
        self._creations = self._entries_of_creations()
        self._changes = self._entries_of_changes()

    @property
    def progress(self) -> TraceProgress:
        """Return how far the request was traced."""
        return self._progress

    def next_part(self, size: int) -> TracedPart | None:
        """Trace the next `size` entries. Return None if there are no more.

        Raises StorageUnavailableError and StorageRefusedError; the progress is then as before.
        """
        if not self._progress.creations_done:
            entries = list(islice(self._creations, size))
            if entries:
                return self._part_of_creations(entries)
            self._progress = TraceProgress(self._progress.until, creations_done=True)
        changes = list(islice(self._changes, size))
        return self._part_of_changes(changes) if changes else None

    def find(self, order_ids: Sequence[int]) -> Mapping[int, StoredOrder]:
        """Read orders consistently, also those that are softly deleted."""
        return find_all_with_hidden(
            self._stores.index, self._request.account, order_ids, self._deadline
        )

    def _entries_of_creations(self) -> Iterator[IndexEntry]:
        after = self._progress.order_id
        ids = ids_created_in(self._times) & Range(None if after is None else after + 1, None)
        return self._stores.index.entries(
            self._request.account, ids, self._deadline, newest_first=False
        )

    def _entries_of_changes(self) -> Iterator[ChangeEntry]:
        progress, start = self._progress, self._times.start
        # A request that is later than the undo has changed nothing.
        if start is not None and start > progress.until:
            return iter(())
        wanted = ChangeRange(start, progress.until, after=progress.change)
        return self._stores.changes.entries(self._request.account, wanted, self._deadline)

    def _part_of_creations(self, entries: Sequence[IndexEntry]) -> TracedPart:
        """Return the orders that are as the request created them. Others are traced by change."""
        found = self._stores.index.read(self._request.account, entries, self._deadline)
        changes = [
            TracedChange(stored, 1, None)
            for stored in found
            if stored.order.version == 1 and self._is_by_request(stored)
        ]
        self._progress = TraceProgress(self._progress.until, entries[-1].order_id)
        return TracedPart(tuple(changes), (), is_pending=False, progress=self._progress)

    def _part_of_changes(self, entries: Sequence[ChangeEntry]) -> TracedPart:
        # The request cannot have changed an order that was created after it.
        latest = ids_created_in(Range(None, self._times.end))
        ids = list(dict.fromkeys(e.at.order_id for e in entries if e.at.order_id in latest))
        found = self.find(ids)
        versions, is_pending = self._versions_of(found)
        wanted = [(self._key_of(number), n - 1) for number, n in versions.items() if n > 1]
        before = self._stores.history.find_versions(wanted, self._deadline) if wanted else {}
        changes = []
        for number, version in versions.items():
            replaced = before.get((self._key_of(number), version - 1))
            changes.append(
                TracedChange(found[number], version, None if replaced is None else replaced.order)
            )
        deletions = self._deletions([number for number in ids if number not in found])
        self._progress = TraceProgress(
            self._progress.until, creations_done=True, change=entries[-1].at
        )
        return TracedPart(tuple(changes), deletions, is_pending, self._progress)

    def _versions_of(self, found: Mapping[int, StoredOrder]) -> tuple[dict[int, int], bool]:
        """Return the version that the request wrote of each order, if any.

        The second value says whether a history is not complete yet.
        """
        by_request = {
            number: stored.order.version
            for number, stored in found.items()
            if self._is_by_request(stored)
        }
        others = [self._key_of(number) for number in found if number not in by_request]
        marks = self._stores.history.marks_of(others, self._deadline) if others else {}
        versions, is_pending = {}, False
        for key in others:
            order = found[key.order_id].order
            kept = marks.get(key, ())
            written = [each.version for each in kept if each.request_id == self._request.request_id]
            if written:
                versions[key.order_id] = max(written)
            elif _lacks_versions(order.version, kept):
                ends = order.updated_at + HISTORY_WRITTEN_WITHIN
                is_pending = is_pending or self._progress.until < ends
        return {n: (by_request | versions)[n] for n in found if n in by_request | versions}, (
            is_pending
        )

    def _deletions(self, order_ids: Sequence[int]) -> tuple[Deletion, ...]:
        if not order_ids:
            return ()
        keys = [self._key_of(number) for number in order_ids]
        found = self._stores.history.deletions_among(keys, self._deadline)
        return tuple(
            found[key]
            for key in keys
            if key in found and found[key].request_id == self._request.request_id
        )

    def _is_by_request(self, stored: StoredOrder) -> bool:
        return stored.order.request_id == self._request.request_id

    def _key_of(self, order_id: int) -> OrderKey:
        return OrderKey(self._request.account, order_id)


@dataclass(frozen=True, slots=True)
class TracedStores:
    """The stores in which requests are traced. `writer` is the longest time that a request runs."""

    index: OrderIndex
    changes: ChangeIndex
    history: HistoryRepository
    writer: timedelta

    def is_settled(self, request_id: str, now: datetime) -> bool:
        """Return whether all changes of a request are visible."""
        return now >= time_of_request(request_id) + self.writer + SETTLED_AFTER


def _lacks_versions(version: int, kept: Sequence[VersionMark]) -> bool:
    """Return whether the newest versions below `version` are not kept, or one between others."""
    numbers = {each.version for each in kept}
    return not numbers.issuperset(range(min(numbers, default=version - 1), version))
