"""Read the orders of an account one after the other, by creation or by time of change."""

import heapq
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from orders.application.ports import (
    Change,
    ChangeEntry,
    ChangeIndex,
    ChangePosition,
    ChangeRange,
    Deadline,
    IndexEntry,
    OrderIndex,
    OrderSlice,
)
from orders.application.read_sizes import FIRST_ORDERS, characters_of, orders_to_read
from orders.domain.changes import StoredOrder
from orders.domain.creation_times import ids_created_in, latest_creation
from orders.domain.order_numbers import time_of
from orders.domain.ranges import Range

_CHUNK = 100
# The least number of orders that are read to fill up a page.
_LEAST = 10
# With less time left, no further chunk is read: a page that ends early is better than a timeout.
_SECONDS_OF_A_CHUNK = 5.0
# Orders that wait for their turn in a list by change.
_MAX_WAITING = 1000
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Resume:
    """How far a list was read: the last order id, and the last change in a list by change."""

    order_id: int | None = None
    change: ChangePosition | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One position that was read. `stored` is None if no order of the list is there.

    `by_creation` tells which of the two indexes the order was read through.
    """

    position: ChangePosition
    stored: StoredOrder | None
    by_creation: bool = True

    def resume(self, before: Resume) -> Resume:
        """Return how far the list was read after this step."""
        if self.by_creation:
            return Resume(self.position.order_id, before.change)
        return Resume(before.order_id, self.position)


def position_of(stored: StoredOrder) -> ChangePosition:
    """Return the position of an order in a list by change."""
    return ChangePosition(stored.order.updated_at, stored.order.order_id)


@dataclass(frozen=True, slots=True)
class MergedEntry:
    """An index entry, and the first position in the list at which its order may be."""

    at: ChangePosition
    entry: IndexEntry | ChangeEntry


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """An entry of the index by creation with its order, or one of the index by change.

    There is neither if the order does not exist, changed later, or comes with its change.
    """

    at: ChangePosition
    by_creation: bool
    created: StoredOrder | None = None
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Entries that were read together, and the position of the entry behind them, if any."""

    entries: Sequence[ReadEntry]
    following: ChangePosition | None


class Examination:
    """Limits how many orders a request reads. `is_over` tells whether a limit or the time is.

    The first chunk is always read, so that each request gets further. Large orders are read few at
    a time.
    """

    def __init__(self, limit: int, characters: int, deadline: Deadline) -> None:
        """Allow `limit` orders, and hardly more than `characters` of their documents."""
        self.is_over = False
        self._left = limit
        self._characters = characters
        self._size = FIRST_ORDERS
        self._deadline = deadline
        self._has_begun = False

    def next_chunk(self, most: int = _CHUNK) -> int:
        """Return how many orders may be read next, 0 if none."""
        is_late = self._has_begun and self._is_late
        self._has_begun = True
        if is_late or self._is_full:
            self.is_over = True
            return 0
        return min(most, _CHUNK, self._left, self._size)

    def next_slice(self, enough: int | None) -> int:
        """Return how many orders to ask the index for next, 0 if none may be read.

        The index reads few orders at a time itself, so `enough` may be many of them.
        """
        size = self.next_chunk()
        return min(max(enough, _LEAST), self._left) if size and enough is not None else size

    @property
    def has_room(self) -> bool:
        """Return whether another order may be read."""
        return not (self._is_full or self._is_late)

    @property
    def _is_full(self) -> bool:
        return self._left <= 0 or self._characters <= 0

    @property
    def _is_late(self) -> bool:
        return self._deadline.remaining() < _SECONDS_OF_A_CHUNK

    def count(self, read: Sequence[StoredOrder], others: int = 0) -> None:
        """Count orders that were read, and others without a document."""
        self._left -= len(read) + others
        self._characters -= characters_of(read)
        self._size = orders_to_read(read)


@dataclass(frozen=True, slots=True)
class OrdersInSequence:
    """Reads orders in chunks, as far as the examination allows."""

    index: OrderIndex
    changes: ChangeIndex
    account: str
    examination: Examination
    deadline: Deadline

    def by_creation(
        self, ids: Range[int], *, newest_first: bool, enough: int | None = None
    ) -> Iterator[Step]:
        """Return the orders with these ids, sorted by id.

        `enough` is the number of orders that are probably needed: the entries of so many are read
        together.
        """
        while not ids.is_empty and (size := self.examination.next_slice(enough)):
            wanted = OrderSlice(0, size, newest_first, ids)
            last, left = 0, size
            for stored in self.index.slice(self.account, wanted, self.deadline):
                self.examination.count([stored])
                yield Step(position_of(stored), stored)
                last, left = stored.order.order_id, left - 1
                if not self.examination.has_room:
                    break
            else:
                if left:
                    return
            enough = None if enough is None else enough - size
            ids = ids & (Range(None, last) if newest_first else Range(last + 1, None))

    def by_change(
        self, times: Range[datetime], *, newest_first: bool, enough: int | None = None
    ) -> Iterator[Step]:
        """Return the orders whose last change, or creation, was in these times, sorted by it.

        An order that changes meanwhile may come twice. If more than _MAX_WAITING orders were
        created within a second, they may come in the order of their ids. `enough` is the number of
        orders that are probably needed.
        """
        sign = -1 if newest_first else 1
        waiting: list[tuple[float, int, Step]] = []
        entries = self._entries(times, Resume(), newest_first=newest_first)
        for chunk in self.chunks(entries, enough):
            for each in chunk.entries:
                step = _step(each, times)
                heapq.heappush(waiting, (*_turn(step.position, sign), step))
            behind = None if chunk.following is None else _turn(chunk.following, sign)
            while waiting and (
                behind is None or waiting[0][:2] < behind or len(waiting) > _MAX_WAITING
            ):
                yield heapq.heappop(waiting)[-1]

    def from_oldest_change(
        self, times: Range[datetime], resume: Resume, *, enough: int | None = None
    ) -> Iterator[Step]:
        """Return the orders whose last change, or creation, was in these times, oldest first.

        They are sorted by it up to a second. The list begins where `resume` says: with that of the
        last step of the previous page, no order is lost.
        """
        entries = self._entries(times, resume, newest_first=False)
        for chunk in self.chunks(entries, enough):
            yield from (_step(each, times) for each in chunk.entries)

    def _entries(
        self, times: Range[datetime], resume: Resume, *, newest_first: bool
    ) -> Iterator[MergedEntry]:
        if times.is_empty:
            return iter(())
        begun = None if resume.order_id is None else resume.order_id + 1
        ids = ids_created_in(times) & Range(begun, None)
        end = None if times.end is None else times.end - _TICK
        changed = ChangeRange(times.start, end, newest_first, resume.change)
        return self.merged(ids, changed)

    def merged(self, ids: Range[int], changed: ChangeRange) -> Iterator[MergedEntry]:
        """Merge the entries of both indexes, in the direction of the range of changes.

        An order that changed may have an entry in each of them.
        """
        newest_first = changed.newest_first
        nearest = latest_creation if newest_first else time_of
        created = self.index.entries(self.account, ids, self.deadline, newest_first=newest_first)
        return heapq.merge(
            (
                MergedEntry(ChangePosition(nearest(each.order_id), each.order_id), each)
                for each in created
            ),
            (
                MergedEntry(each.at, each)
                for each in self.changes.entries(self.account, changed, self.deadline)
            ),
            key=lambda entry: entry.at,
            reverse=newest_first,
        )

    def chunks(self, entries: Iterator[MergedEntry], enough: int | None = None) -> Iterator[Chunk]:
        """Read the orders of the entries, until there are no more or the examination is over."""
        changed: set[int] = set()
        following = next(entries, None)
        while following and (size := self.examination.next_chunk(_most(enough))):
            part = [following, *islice(entries, size - 1)]
            following = next(entries, None)
            changed |= {each.at.order_id for each in part if isinstance(each.entry, ChangeEntry)}
            read = self._read(part, changed)
            if enough is not None:
                enough -= sum(_has_order(each) for each in read)
            yield Chunk(read, None if following is None else following.at)

    def _read(self, part: Sequence[MergedEntry], changed: Collection[int]) -> Sequence[ReadEntry]:
        """Read the orders of entries. An order in `changed` comes with its change only."""
        by_creation = [
            each.entry
            for each in part
            if isinstance(each.entry, IndexEntry) and each.at.order_id not in changed
        ]
        by_change = [each.entry for each in part if isinstance(each.entry, ChangeEntry)]
        found = self.index.read(self.account, by_creation, self.deadline)
        created = {each.order.order_id: each for each in found if each.order.version == 1}
        changes = {
            change.at: change
            for change in self.changes.read(self.account, by_change, self.deadline)
        }
        read = [*found, *(each.stored for each in changes.values() if each.stored)]
        self.examination.count(read, len(part) - len(read))
        return [
            ReadEntry(each.at, by_creation=False, change=changes.get(each.at))
            if isinstance(each.entry, ChangeEntry)
            else ReadEntry(each.at, by_creation=True, created=created.get(each.at.order_id))
            for each in part
        ]


def _step(read: ReadEntry, times: Range[datetime]) -> Step:
    """Return the step of an entry: its order if it is listed at this position."""
    if read.change is not None:
        return Step(read.at, read.change.stored, by_creation=False)
    if read.created and read.created.order.created_at in times:
        return Step(position_of(read.created), read.created)
    return Step(read.at, None, by_creation=read.by_creation)


def _has_order(read: ReadEntry) -> bool:
    return bool(read.created or (read.change and read.change.stored))


def _most(enough: int | None) -> int:
    """Return how many orders to read at once if so many are needed."""
    return _CHUNK if enough is None or enough <= 0 else max(enough, _LEAST)


def _turn(position: ChangePosition, sign: int) -> tuple[float, int]:
    return sign * position.changed_at.timestamp(), sign * position.order_id
