"""List the orders of an account: filtered, sorted, in pages. All protocols list through this.

An index finds orders by id, which is their order of creation, and by time of change. Whatever else
a query asks of an order is checked on the order itself, on at most MAX_EXAMINED orders a request.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from orders.application.errors import StorageUnavailableError
from orders.application.orders_in_sequence import (
    Examination,
    OrdersInSequence,
    Resume,
    Step,
    position_of,
)
from orders.application.ports import (
    ALL_IDS,
    ChangeIndex,
    ChangeRange,
    CountedChanges,
    Deadline,
    OrderIndex,
    OrderRepository,
    OrderSlice,
)
from orders.domain.changes import StoredOrder
from orders.domain.creation_times import ids_created_in, ids_surely_created_in
from orders.domain.order import Order
from orders.domain.ranges import Range

MAX_EXAMINED = 10_000
MAX_COUNTED = 10_000
# What is compared is first counted up to this number, which is cheaper and mostly enough.
_FEW = 1000
# A request examines no more characters of documents, and a page has hardly more.
MAX_READ_CHARACTERS = 48 * 1024 * 1024
MAX_FOUND_CHARACTERS = 8 * 1024 * 1024
ALL_TIMES: Range[datetime] = Range()


@dataclass(frozen=True, slots=True)
class OrdersQuery:
    """Which orders to list, and in which sequence: by creation, or by the time of the last change.

    `ids`, `created` and `changed` are the hub's id and times. `only_ids` and `only_external_ids`
    name the orders, if they are not None. `matches` is checked on each order; without it, no order
    is left out. With `resume`, a list by change goes from the oldest change on, sorted only up to
    a second, but so that its pages together have every order.
    """

    account: str
    ids: Range[int] = ALL_IDS
    created: Range[datetime] = ALL_TIMES
    changed: Range[datetime] = ALL_TIMES
    only_ids: frozenset[int] | None = None
    only_external_ids: frozenset[str] | None = None
    matches: Callable[[StoredOrder], bool] | None = None
    by_change: bool = False
    newest_first: bool = False
    resume: Resume | None = None

    def accepts(self, stored: StoredOrder) -> bool:
        """Return whether an order is one of those to list."""
        order = stored.order
        return (
            order.order_id in self.ids
            and order.created_at in self.created
            and order.updated_at in self.changed
            and (self.only_ids is None or order.order_id in self.only_ids)
            and (self.only_external_ids is None or order.external_id in self.only_external_ids)
            and (self.matches is None or self.matches(stored))
        )

    @property
    def is_contradictory(self) -> bool:
        """Return whether no order can be one of those to list."""
        names = (self.only_ids, self.only_external_ids)
        ranges = (self.ids.is_empty, self.created.is_empty, self.changed.is_empty)
        return any(ranges) or frozenset() in names

    @property
    def candidate_ids(self) -> Range[int]:
        """Return the ids of the orders to list, and of few others."""
        return self.ids & ids_created_in(self.created)

    @property
    def filters(self) -> bool:
        """Return whether anything but the id decides which orders to list."""
        return self.matches is not None or self.created.is_bounded or self.changed.is_bounded


@dataclass(frozen=True, slots=True)
class PageWanted:
    """At most `limit` orders, after the first `offset` ones."""

    limit: int
    offset: int = 0
    with_total: bool = False


@dataclass(frozen=True, slots=True)
class ListedOrders:
    """One page of orders.

    `total` is None if it was not requested, or if it cannot be found with MAX_EXAMINED orders. The
    page has fewer than `limit` orders only at the end of the list, if `is_too_large`, because its
    orders are, or if `is_cut_short`: then MAX_EXAMINED orders or MAX_READ_CHARACTERS of them were
    examined, or the time was over. `resume` tells how far the list was read, None at its end.
    `resumes` has the same for each order of the page.
    """

    orders: tuple[StoredOrder, ...] = ()
    total: int | None = None
    is_cut_short: bool = False
    is_too_large: bool = False
    resume: Resume | None = None
    resumes: tuple[Resume, ...] = ()


@dataclass(frozen=True, slots=True)
class ListOrders:
    """Lists the orders of an account."""

    index: OrderIndex
    changes: ChangeIndex
    orders: OrderRepository

    def __call__(self, query: OrdersQuery, page: PageWanted, deadline: Deadline) -> ListedOrders:
        """Return one page. It ends early when one answer could not hold more of its orders.

        Raises StorageUnavailableError and StorageRefusedError.
        """
        return _Listing(self, query, page, deadline).page_of_orders()


@dataclass(frozen=True, slots=True)
class _Listing:
    """The listing of one page."""

    stores: ListOrders
    query: OrdersQuery
    page: PageWanted
    deadline: Deadline
    examination: Examination = field(init=False)
    # Up to which number the entries of some ids were counted, and their count unless it is above.
    _counts: dict[Range[int], tuple[int, int | None]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "examination", Examination(MAX_EXAMINED, MAX_READ_CHARACTERS, self.deadline)
        )

    def page_of_orders(self) -> ListedOrders:
        if self.query.is_contradictory:
            return ListedOrders(total=0 if self.page.with_total else None)
        if self.query.only_ids is not None or self.query.only_external_ids is not None:
            return self._page_of(map(_named_step, self._named()), counts_on=True)
        if not self.query.filters and not self.query.by_change:
            return self._slice()
        total = self._counted() if self.page.with_total else None
        counts_on = self.page.with_total and total is None and self._may_examine_all()
        listed = self._page_of(self._in_sequence(counts_on=counts_on), counts_on=counts_on)
        return listed if total is None else replace(listed, total=total)

    def _slice(self) -> ListedOrders:
        """Return a page of a list that only ids restrict: the index skips and counts the orders."""
        query, page = self.query, self.page
        wanted = OrderSlice(page.offset, page.limit, query.newest_first, query.ids)
        orders: list[StoredOrder] = []
        characters = 0
        found = self.stores.index.slice(query.account, wanted, self.deadline) if page.limit else ()
        for stored in found:
            orders.append(stored)
            characters += len(stored.order.document)
            if characters > MAX_FOUND_CHARACTERS:
                break
        total = self._count(query.ids) if page.with_total else None
        resumes = tuple(Resume(_id_of(stored)) for stored in orders)
        is_too_large = characters > MAX_FOUND_CHARACTERS and len(orders) < page.limit
        has_more = is_too_large or (page.limit > 0 and len(orders) == page.limit)
        return ListedOrders(
            tuple(orders),
            total,
            is_too_large=is_too_large,
            resume=resumes[-1] if has_more else None,
            resumes=resumes,
        )

    def _page_of(self, steps: Iterator[Step], *, counts_on: bool) -> ListedOrders:
        """Return the page of the orders at these steps that the query accepts.

        With `counts_on`, the orders behind the page are examined too, for the total.
        """
        end = self.page.offset + self.page.limit
        found: dict[int, tuple[StoredOrder, Resume]] = {}
        accepted = characters = 0
        resume = self.query.resume or Resume()
        has_more = is_too_large = False
        for step in steps if end or counts_on else ():
            if accepted >= end or is_too_large:
                has_more = True
                if not counts_on:
                    break
            else:
                resume = step.resume(resume)
            stored = step.stored
            if stored is None or not self.query.accepts(stored):
                continue
            # An order that changes meanwhile comes twice: its present version is the later one.
            is_new = found.pop(stored.order.order_id, None) is None
            accepted += is_new
            if self.page.offset < accepted <= end and not (is_new and is_too_large):
                found[stored.order.order_id] = (stored, resume)
                characters += len(stored.order.document)
                is_too_large = characters > MAX_FOUND_CHARACTERS
        is_over = self.examination.is_over
        return ListedOrders(
            tuple(stored for stored, _ in found.values()),
            accepted if counts_on and not is_over else None,
            is_cut_short=is_over and accepted < end and not is_too_large,
            is_too_large=is_too_large and (has_more or is_over) and len(found) < self.page.limit,
            resume=resume if has_more or is_over else None,
            resumes=tuple(each for _, each in found.values()),
        )

    def _named(self) -> Iterable[StoredOrder]:
        """Return the orders that the query names, sorted."""
        ids = self.query.only_ids
        found: dict[int, StoredOrder] = {}
        names: list[int | str] = (
            [*sorted(self.query.only_external_ids or ())] if ids is None else [*sorted(ids)]
        )
        while names and (size := self.examination.next_chunk()):
            part, names = names[:size], names[size:]
            orders = self._find(part)
            self.examination.count(orders)
            found |= {_id_of(stored): stored for stored in orders}
        if self.examination.is_over:
            # Some of the first orders of the list may be missing, so it has no beginning.
            return ()
        key = position_of if self.query.by_change else _id_of
        return sorted(found.values(), key=key, reverse=self.query.newest_first)

    def _find(self, names: Sequence[int | str]) -> Sequence[StoredOrder]:
        account = self.query.account
        ids = [name for name in names if isinstance(name, int)]
        if ids:
            return self.stores.index.find_by_order_ids(account, ids, self.deadline)
        external_ids = [name for name in names if isinstance(name, str)]
        lookup = self.stores.orders.find_by_external_ids(account, external_ids, self.deadline)
        if lookup.unread:
            raise StorageUnavailableError("the orders could not be read in time")
        return [StoredOrder(order) for order in set(lookup.orders.values())]

    def _in_sequence(self, *, counts_on: bool = False) -> Iterator[Step]:
        """Return the orders that may be listed, in the sequence of the query."""
        query, page = self.query, self.page
        sequence = self._sequence(self.examination)
        # One more order tells whether there is a next page.
        enough = None if counts_on or query.matches else page.offset + page.limit + 1
        if query.by_change and query.resume is not None:
            return sequence.from_oldest_change(self._changed(), query.resume, enough=enough)
        if query.by_change:
            newest_first = query.newest_first
            return sequence.by_change(self._changed(), newest_first=newest_first, enough=enough)
        if query.changed.is_bounded and self._has_fewer_changes():
            steps = sequence.by_change(self._changed(), newest_first=False)
            changed = {step.position.order_id: step for step in steps if step.stored is not None}
            # Some of the first orders of the list may be missing, so it has no beginning.
            ids = () if self.examination.is_over else sorted(changed, reverse=query.newest_first)
            return (changed[order_id] for order_id in ids)
        return sequence.by_creation(
            query.candidate_ids, newest_first=query.newest_first, enough=enough
        )

    def _sequence(self, examination: Examination) -> OrdersInSequence:
        stores, account = self.stores, self.query.account
        return OrdersInSequence(stores.index, stores.changes, account, examination, self.deadline)

    def _changed(self) -> Range[datetime]:
        """Return the times of change: an order does not change before it is created."""
        return self.query.changed & Range(self.query.created.start, None)

    def _may_examine_all(self) -> bool:
        """Return whether the total can be found by examining all orders that may be listed."""
        if self._creations_know_the_total:
            return False
        if self._changes_know_the_total and self.query.changed.end is None:
            return False
        if self.query.by_change:
            return self._count_of_changed(MAX_COUNTED) is not None
        return self._count(self.query.candidate_ids) is not None

    def _has_fewer_changes(self) -> bool:
        """Return whether fewer orders changed in the wanted times than may have been created.

        Counting ends with the lower number, so that the other one may be that of a large account.
        """
        for limit in (min(_FEW, MAX_COUNTED), MAX_COUNTED):
            by_change = self._count_of_changed(limit)
            by_creation = self._count(self.query.candidate_ids, limit)
            if by_change is not None:
                return by_creation is None or by_change < by_creation
            if by_creation is not None:
                return False
        return False

    @property
    def _creations_know_the_total(self) -> bool:
        return self.query.matches is None and not self.query.changed.is_bounded

    @property
    def _changes_know_the_total(self) -> bool:
        query = self.query
        return query.matches is None and not query.ids.is_bounded and not query.created.is_bounded

    def _counted(self) -> int | None:
        """Return the total if the indexes know it, and it is at most MAX_COUNTED."""
        if self._creations_know_the_total:
            return _sum(self._counts_of_created())
        if not self._changes_know_the_total:
            return None
        since, until = self.query.changed.start, self.query.changed.end
        counted = self._count(ALL_IDS) if since is None else self._count_changed_since(since)
        if until is None or counted is None:
            return counted
        later = self._count_changed_since(until)
        return None if later is None else counted - later

    def _counts_of_created(self) -> Iterator[int | None]:
        """Return the parts of the number of orders with these ids and times of creation.

        Of the orders of the first and of the last second, the index by id cannot tell whether they
        were created in these times, so they are read.
        """
        ids, created = self.query.ids, self.query.created
        possible, sure = ids_created_in(created), ids_surely_created_in(created)
        if sure.is_empty:
            yield self._count_created_among(possible & ids)
            return
        yield self._count(sure & ids)
        if created.start is not None:
            yield self._count_created_among(Range(possible.start, sure.start) & ids)
        if created.end is not None:
            yield self._count_created_among(Range(sure.end, possible.end) & ids)

    def _count_changed_since(self, start: datetime) -> int | None:
        """Count the orders created or changed since a time."""
        return _sum(self._counts_of_changed_since(start))

    def _counts_of_changed_since(self, start: datetime) -> Iterator[int | None]:
        """Return the parts of this number. Each is counted when its turn comes.

        Of the orders created at about this time, the index by id cannot tell on which side they
        are, so they are read.
        """
        since = Range(start, None)
        near = Range(ids_created_in(since).start, ids_surely_created_in(since).start)
        yield self._count(Range(near.end, None))
        older = CountedChanges(ChangeRange(start), MAX_COUNTED, Range(None, near.start))
        yield self.stores.changes.count(self.query.account, older, self.deadline)
        yield self._count_among(near, lambda order: order.updated_at in since)

    def _count_created_among(self, ids: Range[int]) -> int | None:
        created = self.query.created
        return self._count_among(ids, lambda order: order.created_at in created)

    def _count_among(self, ids: Range[int], is_counted: Callable[[Order], bool]) -> int | None:
        examination = Examination(MAX_EXAMINED, MAX_READ_CHARACTERS, self.deadline)
        steps = self._sequence(examination).by_creation(ids, newest_first=True)
        count = sum(bool(step.stored and is_counted(step.stored.order)) for step in steps)
        return None if examination.is_over else count

    def _count_of_changed(self, limit: int) -> int | None:
        """Return the number of orders created or changed in the wanted times, or a little more.

        Return None if it is above the limit.
        """
        changed = self._changed()
        if changed.start is None:
            return self._count(ALL_IDS, limit)
        created = self._count(ids_created_in(changed), limit)
        if created is None:
            return None
        counted = CountedChanges(ChangeRange(changed.start), limit)
        later = self.stores.changes.count(self.query.account, counted, self.deadline)
        return None if later is None or created + later > limit else created + later

    def _count(self, ids: Range[int], limit: int | None = None) -> int | None:
        """Count the index entries of these ids, once for a page. The limit is MAX_COUNTED or less.

        A list by change is not consistent anyway.
        """
        limit = MAX_COUNTED if limit is None else limit
        counted_to, count = self._counts.get(ids, (-1, None))
        if count is None and counted_to < limit:
            account, index = self.query.account, self.stores.index
            count = index.count(
                account, limit, self.deadline, ids, consistent=not self.query.by_change
            )
            self._counts[ids] = limit, count
        return count if count is not None and count <= limit else None


def _sum(counts: Iterable[int | None]) -> int | None:
    """Return the sum, None if a count is not known or the sum is above MAX_COUNTED."""
    total = 0
    for counted in counts:
        if counted is None or total + counted > MAX_COUNTED:
            return None
        total += counted
    return total


def _named_step(stored: StoredOrder) -> Step:
    return Step(position_of(stored), stored)


def _id_of(stored: StoredOrder) -> int:
    return stored.order.order_id
