"""List the orders of an account in order of creation, so that none is missed and none comes twice.

A reader can stop and go on at any time, while orders are created. An order that appears behind the
reader, because its writer was slow, comes with the next page.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from orders.application.list_orders import MAX_EXAMINED, MAX_FOUND_CHARACTERS
from orders.application.ports import Clock, Deadline, OrderIndex, OrderSlice
from orders.application.read_changes import SETTLED_AFTER
from orders.domain.changes import StoredOrder
from orders.domain.creation_times import ids_taken_before
from orders.domain.order_numbers import MAX_ORDER_ID
from orders.domain.ranges import Range
from orders.domain.reading_progress import NOTHING_PASSED, Passed

# What a reader has passed of the last minute, as runs of consecutive ids. With more of them, a
# reader waits until the first ones are settled.
MAX_RUNS = 1000
# Orders that are read at once if not all of them are listed.
_CHUNK = 200
# With less time left, no further chunk is read.
_SECONDS_OF_A_CHUNK = 5.0


@dataclass(frozen=True, slots=True)
class FollowQuery:
    """At most `limit` orders of an account after those that were passed.

    With an `endpoint`, only its orders are listed.
    """

    account: str
    limit: int
    endpoint: str | None = None
    after: Passed = NOTHING_PASSED


@dataclass(frozen=True, slots=True)
class FollowedOrders:
    """One page of orders. It is empty only at the end of the list, or if `is_cut_short`.

    `is_cut_short` is true if the time was over before an order was found. `examined` are the ids
    that were passed, and `counts` how many of them were passed with each order. All orders below
    `read_to` were passed, and below `settled` no other one appears.
    """

    orders: tuple[StoredOrder, ...]
    is_cut_short: bool
    after: Passed
    examined: tuple[int, ...]
    counts: tuple[int, ...]
    read_to: int
    settled: int

    def passed_with(self, count: int) -> Passed:
        """Return the progress of a reader that takes only so many orders of the page."""
        if count >= len(self.orders):
            return self.after.further(self.examined, min(self.read_to, self.settled))
        ids = self.examined[: self.counts[count - 1]] if count else ()
        read_to = ids[-1] + 1 if ids else self.after.start
        return self.after.further(ids, min(read_to, self.settled))


@dataclass(frozen=True, slots=True)
class FollowOrders:
    """Lists the orders of an account."""

    index: OrderIndex
    clock: Clock

    def __call__(self, query: FollowQuery, deadline: Deadline) -> FollowedOrders:
        """Return the next orders. Raises StorageUnavailableError and StorageRefusedError."""
        # The time is taken first: what is settled then is settled when it is read.
        settled = ids_taken_before(self.clock() - SETTLED_AFTER).end or 0
        page = _Page(query, settled, deadline)
        ends = False
        while not (ends or page.is_full):
            wanted = OrderSlice(
                0, page.next_chunk, ids=Range(page.read_to, None), but_for=query.after
            )
            ends = page.add(self.index.slice(query.account, wanted, deadline), wanted.limit)
        return page.listed(ends=ends)


class _Page:
    """The orders of one page, and the ids that were passed to find them."""

    def __init__(self, query: FollowQuery, settled: int, deadline: Deadline) -> None:
        self.read_to = query.after.start
        self._query = query
        self._settled = settled
        self._deadline = deadline
        self._found: list[StoredOrder] = []
        self._examined: list[int] = []
        self._counts: list[int] = []
        self._characters = 0
        self._runs = sum(run.stop > settled for run in query.after.runs)

    @property
    def next_chunk(self) -> int:
        """How many orders to read next."""
        missing = self._query.limit - len(self._found)
        return missing if self._query.endpoint is None else max(missing, _CHUNK)

    @property
    def is_full(self) -> bool:
        """Whether no further order may be added. A page without an order takes all the time."""
        return (
            len(self._found) >= self._query.limit
            or self._characters > MAX_FOUND_CHARACTERS
            or self._has_most_runs
            or (bool(self._found) and len(self._examined) >= MAX_EXAMINED)
            or (bool(self._examined) and self._deadline.remaining() < _SECONDS_OF_A_CHUNK)
        )

    def add(self, orders: Iterator[StoredOrder], asked: int) -> bool:
        """Add orders until the page is full. Return whether there were fewer than `asked`."""
        for stored in orders:
            self._add(stored)
            asked -= 1
            if self.is_full:
                return False
        return asked > 0

    def listed(self, *, ends: bool) -> FollowedOrders:
        return FollowedOrders(
            tuple(self._found),
            not (ends or self._found or self._has_most_runs),
            self._query.after,
            tuple(self._examined),
            tuple(self._counts),
            MAX_ORDER_ID + 1 if ends else self.read_to,
            self._settled,
        )

    @property
    def _has_most_runs(self) -> bool:
        return self._runs >= MAX_RUNS

    def _add(self, stored: StoredOrder) -> None:
        order = stored.order
        follows = bool(self._examined) and order.order_id == self._examined[-1] + 1
        self._runs += order.order_id >= self._settled and not follows
        self._examined.append(order.order_id)
        self.read_to = order.order_id + 1
        if self._query.endpoint in {None, order.endpoint}:
            self._found.append(stored)
            self._counts.append(len(self._examined))
            self._characters += len(order.document)
