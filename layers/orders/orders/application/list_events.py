"""List what has happened to the orders of an account, in the sequence of its time or by order.

Events are derived from the versions of each order, so there is no index of them. An event is not
older than the creation of its order, and not newer than the order's last change.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from orders.application.list_orders import (
    ALL_TIMES,
    MAX_EXAMINED,
    MAX_FOUND_CHARACTERS,
    MAX_READ_CHARACTERS,
    PageWanted,
)
from orders.application.orders_in_sequence import Examination, OrdersInSequence
from orders.application.ports import ALL_IDS, ChangeIndex, ChangeRange, Deadline, OrderIndex
from orders.application.read_sizes import FIRST_ORDERS
from orders.application.read_versions import ReadVersions, versions_to_read
from orders.domain.changes import StoredOrder
from orders.domain.creation_times import ids_created_in
from orders.domain.order import Order
from orders.domain.ranges import Range

# So many histories are read for the total alone.
MAX_HISTORIES_FOR_TOTAL = 100
# The histories of so many orders are read together, if their versions are not many.
MAX_ORDERS_AHEAD = 16


class Event(Protocol):
    """Something that happened to an order."""

    @property
    def order(self) -> Order:
        """Return the version of the order that the event made."""

    @property
    def position(self) -> int:
        """Return the position among the events of this version."""

    @property
    def at(self) -> datetime:
        """Return its time in UTC."""

    @property
    def size(self) -> int:
        """Return about how many characters it has."""


@dataclass(frozen=True, slots=True)
class EventsQuery[E: Event]:
    """Which events to list, by time or else by the id of the order.

    `ids` and `only_ids` are those of the orders. `accepts` is checked on each event. Unless
    `of_changes` is true, only events that the present version of an order shows are wanted.
    """

    account: str
    accepts: Callable[[E], bool]
    ids: Range[int] = ALL_IDS
    only_ids: frozenset[int] | None = None
    times: Range[datetime] = ALL_TIMES
    by_time: bool = True
    newest_first: bool = False
    of_changes: bool = True


@dataclass(frozen=True, slots=True)
class ListedEvents[E: Event]:
    """One page of events, with the meanings of ListedOrders."""

    events: tuple[E, ...] = ()
    total: int | None = None
    is_cut_short: bool = False
    is_too_large: bool = False


@dataclass(frozen=True, slots=True)
class ListEvents[E: Event]:
    """Lists the events that `events_of` derives from the versions of an order, oldest first."""

    index: OrderIndex
    changes: ChangeIndex
    read_versions: ReadVersions
    events_of: Callable[[Sequence[Order]], Iterable[E]]

    def __call__(
        self, queries: Sequence[EventsQuery[E]], page: PageWanted, deadline: Deadline
    ) -> ListedEvents[E]:
        """Return one page of the events of these queries, one after the other.

        Raises StorageUnavailableError and StorageRefusedError.
        """
        return _Listing(self, queries, page, deadline).page_of_events()

    def of_order(self, stored: StoredOrder, deadline: Deadline) -> Sequence[E]:
        """Return all events of one order, the oldest first."""
        return self.of_versions(self.read_versions(stored, deadline))

    def of_versions(self, versions: Sequence[Order]) -> Sequence[E]:
        """Return the events of these versions of an order, the oldest first."""
        return tuple(self.events_of(versions))


@dataclass(slots=True)
class _Listing[E: Event]:
    stores: ListEvents[E]
    queries: Sequence[EventsQuery[E]]
    page: PageWanted
    deadline: Deadline
    examination: Examination = field(init=False)
    _histories: int = 0
    # So many more events are probably needed.
    _missing: int = MAX_ORDERS_AHEAD

    def __post_init__(self) -> None:
        self.examination = Examination(MAX_EXAMINED, MAX_READ_CHARACTERS, self.deadline)

    def page_of_events(self) -> ListedEvents[E]:
        page = self.page
        end = page.offset + page.limit
        found: list[E] = []
        accepted = characters = histories_of_page = 0
        is_counted = page.with_total and self._may_count()
        self._missing = MAX_ORDERS_AHEAD if is_counted else end
        for event in self._events() if end or is_counted else ():
            if accepted < end:
                histories_of_page = self._histories
            elif not is_counted:
                break
            elif self._histories - histories_of_page > MAX_HISTORIES_FOR_TOTAL:
                is_counted = False
                break
            accepted += 1
            self._missing = MAX_ORDERS_AHEAD if is_counted else end - accepted
            if page.offset < accepted <= end and characters <= MAX_FOUND_CHARACTERS:
                found.append(event)
                characters += event.size
        is_over = self.examination.is_over
        is_full = characters > MAX_FOUND_CHARACTERS
        return ListedEvents(
            tuple(found),
            accepted if is_counted and not is_over else None,
            is_cut_short=is_over and accepted < end and not is_full,
            is_too_large=is_full and len(found) < min(page.limit, accepted - page.offset),
        )

    def _may_count(self) -> bool:
        """Return whether the total can be found by examining all orders that may have events."""
        return all(
            self.stores.index.count(
                query.account, MAX_EXAMINED, self.deadline, self._created(query), consistent=False
            )
            is not None
            for query in self.queries
            if query.only_ids is None
        )

    def _created(self, query: EventsQuery[E]) -> Range[int]:
        """Return the ids of the orders that may have wanted events."""
        start = None if query.of_changes else query.times.start
        return query.ids & ids_created_in(Range(start, query.times.end))

    def _events(self) -> Iterator[E]:
        for query in self.queries:
            yield from self._events_of_query(query)

    def _events_of_query(self, query: EventsQuery[E]) -> Iterator[E]:
        if query.ids.is_empty or query.times.is_empty:
            return iter(())
        if query.only_ids is not None:
            return self._of_named(query, query.only_ids)
        if not query.by_time:
            ids, newest_first = self._created(query), query.newest_first
            steps = self._sequence(query).by_creation(ids, newest_first=newest_first)
            orders = (step.stored for step in steps if step.stored)
            return (each for _, events in self._expanded(query, orders) for each in events)
        return self._newest_first(query) if query.newest_first else self._oldest_first(query)

    def _of_named(self, query: EventsQuery[E], order_ids: Iterable[int]) -> Iterator[E]:
        ids = sorted(each for each in order_ids if each in query.ids)
        orders = [
            stored
            for chunk in _chunks(ids, self.examination)
            for stored in self._read(query.account, chunk)
        ]
        if self.examination.is_over:
            # Some of the first events of the list may be missing, so it has no beginning.
            return
        orders.sort(key=lambda each: each.order.order_id, reverse=query.newest_first)
        self._missing = MAX_ORDERS_AHEAD
        events = [each for _, part in self._expanded(query, orders) for each in part]
        if query.by_time:
            events.sort(key=_turn, reverse=query.newest_first)
        yield from events

    def _read(self, account: str, order_ids: Sequence[int]) -> Sequence[StoredOrder]:
        orders = self.stores.index.find_by_order_ids(account, order_ids, self.deadline)
        self.examination.count(orders)
        return orders

    def _oldest_first(self, query: EventsQuery[E]) -> Iterator[E]:
        """Merge the events of orders by their creation.

        Of orders that were created before the wanted times, those with later changes come first.
        """
        waiting: list[tuple[tuple[datetime, int, int, int], E]] = []
        start = query.times.start
        recent = ids_created_in(query.times)
        older = iter(()) if start is None else self._changed_since(query, start, recent)
        for _, events in self._expanded(query, older):
            for event in events:
                heapq.heappush(waiting, (_turn(event), event))
        if self.examination.is_over:
            return
        steps = self._sequence(query).by_creation(recent & query.ids, newest_first=False)
        for stored, events in self._expanded(query, (each.stored for each in steps if each.stored)):
            created = stored.order.created_at
            # Numbers of one second are not sorted by time.
            while waiting and waiting[0][0][0] < created.replace(microsecond=0):
                yield heapq.heappop(waiting)[1]
            for event in events:
                heapq.heappush(waiting, (_turn(event), event))
        while waiting and not self.examination.is_over:
            yield heapq.heappop(waiting)[1]

    def _changed_since(
        self, query: EventsQuery[E], start: datetime, recent: Range[int]
    ) -> Iterator[StoredOrder]:
        """Yield the orders that changed since a time, but are not among the recent ones."""
        entries = self.stores.changes.entries(query.account, ChangeRange(start), self.deadline)
        ids = (each.at.order_id for each in entries)
        older = sorted({each for each in ids if each not in recent and each in query.ids})
        for chunk in _chunks(older, self.examination):
            yield from self._read(query.account, chunk)

    def _newest_first(self, query: EventsQuery[E]) -> Iterator[E]:
        """Merge the events of orders by their last change."""
        waiting: list[tuple[_Reversed, E]] = []
        for stored, events in self._expanded(query, self._last_changed(query)):
            while waiting and waiting[0][0].turn[0] > stored.order.updated_at:
                yield heapq.heappop(waiting)[1]
            for event in events:
                heapq.heappush(waiting, (_Reversed(_turn(event)), event))
        while waiting and not self.examination.is_over:
            yield heapq.heappop(waiting)[1]

    def _last_changed(self, query: EventsQuery[E]) -> Iterator[StoredOrder]:
        """Yield the orders by their last change, the newest first, each once."""
        seen: set[int] = set()
        changed = Range(query.times.start, None)
        for step in self._sequence(query).by_change(changed, newest_first=True):
            if step.stored is not None and step.stored.order.order_id not in seen:
                seen.add(step.stored.order.order_id)
                if step.stored.order.order_id in query.ids:
                    yield step.stored

    def _expanded(
        self, query: EventsQuery[E], orders: Iterable[StoredOrder]
    ) -> Iterator[tuple[StoredOrder, Sequence[E]]]:
        """Yield orders with their wanted events, in the sequence of the query."""
        for part in self._parts(query, orders):
            if not query.of_changes:
                yield from ((each, self._wanted(query, (each.order,))) for each in part)
                continue
            found = self.stores.read_versions.of_each(part, self.deadline)
            for stored, versions in zip(part, found, strict=True):
                if stored.order.version > 1:
                    self.examination.count([StoredOrder(each) for each in versions[:-1]])
                yield stored, self._wanted(query, versions)
                self._histories += stored.order.version > 1

    def _parts(
        self, query: EventsQuery[E], orders: Iterable[StoredOrder]
    ) -> Iterator[Sequence[StoredOrder]]:
        """Split orders into parts whose histories are read together.

        Most orders have none to read. The versions of a part may all be of the largest size.
        """
        part: list[StoredOrder] = []
        total = 0
        for stored in orders:
            versions = versions_to_read(stored.order) if query.of_changes else 0
            if part and total + versions > FIRST_ORDERS:
                yield part
                part, total = [], 0
            part.append(stored)
            total += versions
            if total == 0 or len(part) >= min(self._missing, MAX_ORDERS_AHEAD):
                yield part
                part, total = [], 0
        if part:
            yield part

    def _wanted(self, query: EventsQuery[E], versions: Sequence[Order]) -> Sequence[E]:
        """Return the wanted events of the versions of an order."""
        events = [
            event
            for event in self.stores.of_versions(versions)
            if event.at in query.times and query.accepts(event)
        ]
        return events[::-1] if query.newest_first else events

    def _sequence(self, query: EventsQuery[E]) -> OrdersInSequence:
        stores = self.stores
        return OrdersInSequence(
            stores.index, stores.changes, query.account, self.examination, self.deadline
        )


@dataclass(frozen=True, slots=True)
class _Reversed:
    """A turn in a list that begins with the newest."""

    turn: tuple[datetime, int, int, int]

    def __lt__(self, other: "_Reversed") -> bool:
        return self.turn > other.turn


def _turn(event: Event) -> tuple[datetime, int, int, int]:
    order = event.order
    return event.at, order.order_id, order.version, event.position


def _chunks(ids: Sequence[int], examination: Examination) -> Iterator[Sequence[int]]:
    left = list(ids)
    while left and (size := examination.next_chunk()):
        yield left[:size]
        left = left[size:]
