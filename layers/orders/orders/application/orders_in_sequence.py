"""Read the orders of an account one after the other, by creation or by time of change."""

import heapq
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from orders.application.ports import (
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
class _Entry:
    """An index entry, and the first position in the list at which its order may be."""

    at: ChangePosition
    entry: IndexEntry | ChangeEntry


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Steps that were read together, and the position of the entry behind them, if any."""

    steps: Sequence[Step]
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
        is_late = self._has_begun and self._deadline.remaining() < _SECONDS_OF_A_CHUNK
        self._has_begun = True
        if self._left <= 0 or self._characters <= 0 or is_late:
            self.is_over = True
            return 0
        return min(most, _CHUNK, self._left, self._size)

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

    def by_creation(self, ids: Range[int], *, newest_first: bool) -> Iterator[Step]:
        """Return the orders with these ids, sorted by id."""
        while not ids.is_empty and (size := self.examination.next_chunk()):
            wanted = OrderSlice(0, size, newest_first, ids)
            chunk = list(self.index.slice(self.account, wanted, self.deadline))
            self.examination.count(chunk)
            yield from (Step(position_of(stored), stored) for stored in chunk)
            if len(chunk) < size:
                return
            last = chunk[-1].order.order_id
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
        for chunk in self._chunks(entries, times, enough):
            for step in chunk.steps:
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
        for chunk in self._chunks(entries, times, enough):
            yield from chunk.steps

    def _entries(
        self, times: Range[datetime], resume: Resume, *, newest_first: bool
    ) -> Iterator[_Entry]:
        """Merge the entries of both indexes. An order that changed may have one in each of them."""
        if times.is_empty:
            return iter(())
        begun = None if resume.order_id is None else resume.order_id + 1
        ids = ids_created_in(times) & Range(begun, None)
        end = None if times.end is None else times.end - _TICK
        changed = ChangeRange(times.start, end, newest_first, resume.change)
        nearest = latest_creation if newest_first else time_of
        created = self.index.entries(self.account, ids, self.deadline, newest_first=newest_first)
        return heapq.merge(
            (
                _Entry(ChangePosition(nearest(each.order_id), each.order_id), each)
                for each in created
            ),
            (
                _Entry(each.at, each)
                for each in self.changes.entries(self.account, changed, self.deadline)
            ),
            key=lambda entry: entry.at,
            reverse=newest_first,
        )

    def _chunks(
        self, entries: Iterator[_Entry], times: Range[datetime], enough: int | None
    ) -> Iterator[_Chunk]:
        """Read the orders of the entries, until there are no more or the examination is over."""
        changed: set[int] = set()
        following = next(entries, None)
        while following and (size := self.examination.next_chunk(_most(enough))):
            part = [following, *islice(entries, size - 1)]
            following = next(entries, None)
            changed |= {each.at.order_id for each in part if isinstance(each.entry, ChangeEntry)}
            steps = self._read(part, times, changed)
            if enough is not None:
                enough -= sum(step.stored is not None for step in steps)
            yield _Chunk(steps, None if following is None else following.at)

    def _read(
        self, part: Sequence[_Entry], times: Range[datetime], changed: Collection[int]
    ) -> Sequence[Step]:
        """Read the orders of entries. An order in `changed` comes with its change only."""
        by_creation = [
            each.entry
            for each in part
            if isinstance(each.entry, IndexEntry) and each.at.order_id not in changed
        ]
        by_change = [each.entry for each in part if isinstance(each.entry, ChangeEntry)]
        first = {
            stored.order.order_id: stored
            for stored in self.index.read(self.account, by_creation, self.deadline)
        }
        later = {
            change.at: change.stored
            for change in self.changes.read(self.account, by_change, self.deadline)
        }
        read = [*first.values(), *(stored for stored in later.values() if stored is not None)]
        self.examination.count(read, len(part) - len(read))
        return [_step(each, first, later, times) for each in part]


def _step(
    each: _Entry,
    first: Mapping[int, StoredOrder],
    later: Mapping[ChangePosition, StoredOrder | None],
    times: Range[datetime],
) -> Step:
    """Return the step of an entry: its order if it is listed at this position."""
    if isinstance(each.entry, ChangeEntry):
        stored = later.get(each.at)
        is_later = stored is not None and not _is_first_version(stored)
        return Step(each.at, stored if is_later else None, by_creation=False)
    created = first.get(each.at.order_id)
    if created and _is_first_version(created) and created.order.created_at in times:
        return Step(position_of(created), created)
    return Step(each.at, None)


def _most(enough: int | None) -> int:
    """Return how many orders to read at once if so many are needed."""
    return _CHUNK if enough is None or enough <= 0 else max(enough, _LEAST)


def _turn(position: ChangePosition, sign: int) -> tuple[float, int]:
    return sign * position.changed_at.timestamp(), sign * position.order_id


def _is_first_version(stored: StoredOrder) -> bool:
    return stored.order.updated_at == stored.order.created_at
