"""Read the orders of an account one after the other, by creation or by time of change."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orders.application.ports import (
    ChangeIndex,
    ChangePosition,
    ChangeRange,
    Deadline,
    OrderIndex,
    OrderSlice,
)
from orders.application.read_sizes import FIRST_ORDERS, characters_of, orders_to_read
from orders.domain.changes import StoredOrder
from orders.domain.creation_times import SLACK, ids_created_in
from orders.domain.order_numbers import time_of
from orders.domain.ranges import Range

_CHUNK = 100
# With less time left, no further chunk is read: a page that ends early is better than a timeout.
_SECONDS_OF_A_CHUNK = 5.0
# First versions that wait for their turn in a list by change.
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

    def next_chunk(self) -> int:
        """Return how many orders may be read next, 0 if none."""
        is_late = self._has_begun and self._deadline.remaining() < _SECONDS_OF_A_CHUNK
        self._has_begun = True
        if self._left <= 0 or self._characters <= 0 or is_late:
            self.is_over = True
            return 0
        return min(_CHUNK, self._left, self._size)

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

    def by_change(self, times: Range[datetime], *, newest_first: bool) -> Iterator[Step]:
        """Return the orders whose last change, or creation, was in these times, sorted by it.

        An order that changes meanwhile may come twice. If more than _MAX_WAITING orders were
        created within SLACK, those that never changed may come in the order of their ids.
        """
        created = ids_created_in(times)
        merged = heapq.merge(
            _by_time(
                self._first_versions(created, times, newest_first=newest_first),
                newest_first=newest_first,
            ),
            self._later_versions(times, newest_first=newest_first, after=None),
            key=_position,
            reverse=newest_first,
        )
        for step in merged:
            if self.examination.is_over:
                return
            yield step

    def from_oldest_change(self, times: Range[datetime], resume: Resume) -> Iterator[Step]:
        """Return the orders whose last change, or creation, was in these times, oldest first.

        They are sorted by it up to SLACK. The list begins where `resume` says: with that of the
        last step of the previous page, no order is lost.
        """
        begun = None if resume.order_id is None else resume.order_id + 1
        created = ids_created_in(times) & Range(begun, None)
        merged = heapq.merge(
            self._first_versions(created, times, newest_first=False),
            self._later_versions(times, newest_first=False, after=resume.change),
            key=_position,
        )
        for step in merged:
            if self.examination.is_over:
                return
            yield step

    def _first_versions(
        self, ids: Range[int], times: Range[datetime], *, newest_first: bool
    ) -> Iterator[Step]:
        """Return the orders that have not changed since their creation in these times."""
        for step in self.by_creation(ids, newest_first=newest_first):
            stored = step.stored
            if stored and _is_first_version(stored) and stored.order.created_at in times:
                yield step
            else:
                yield Step(_turn_of(step.position.order_id), None)

    def _later_versions(
        self, times: Range[datetime], *, newest_first: bool, after: ChangePosition | None
    ) -> Iterator[Step]:
        end = None if times.end is None else times.end - _TICK
        while not times.is_empty and (size := self.examination.next_chunk()):
            wanted = ChangeRange(times.start, end, newest_first, after)
            page = self.changes.changed(self.account, wanted, size, self.deadline)
            read = [change.stored for change in page.changes if change.stored is not None]
            self.examination.count(read, len(page.changes) - len(read))
            for change in page.changes:
                is_first = change.stored is not None and _is_first_version(change.stored)
                yield Step(change.at, None if is_first else change.stored, by_creation=False)
            if page.next_after is None:
                return
            after = page.next_after


def _by_time(steps: Iterator[Step], *, newest_first: bool) -> Iterator[Step]:
    """Sort steps by time that are sorted by id, which is the same up to SLACK."""
    waiting: list[tuple[float, int, Step]] = []
    sign = -1 if newest_first else 1
    for step in steps:
        order_id = step.position.order_id
        horizon = sign * time_of(order_id).timestamp() - SLACK.total_seconds()
        while waiting and (waiting[0][0] < horizon or len(waiting) >= _MAX_WAITING):
            yield heapq.heappop(waiting)[-1]
        turn = (sign * step.position.changed_at.timestamp(), sign * order_id, step)
        heapq.heappush(waiting, turn)
    while waiting:
        yield heapq.heappop(waiting)[-1]


def _position(step: Step) -> ChangePosition:
    return step.position


def _turn_of(order_id: int) -> ChangePosition:
    """Return the position at which an order that is not listed is passed over."""
    return ChangePosition(time_of(order_id), order_id)


def _is_first_version(stored: StoredOrder) -> bool:
    return stored.order.updated_at == stored.order.created_at
