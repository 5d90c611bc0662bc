"""The list of orders: filtered, sorted, in pages, with fakes."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.application import list_orders
from orders.application.list_orders import (
    MAX_FOUND_CHARACTERS,
    MAX_READ_CHARACTERS,
    ListedOrders,
    ListOrders,
    OrdersQuery,
    PageWanted,
)
from orders.application.orders_in_sequence import Resume
from orders.application.ports import (
    ChangeEntry,
    ChangePosition,
    ChangeRange,
    Deadline,
    OrderSlice,
)
from orders.application.read_sizes import FIRST_ORDERS, orders_to_read
from orders.domain.changes import StoredOrder
from orders.domain.creation_times import ids_created_in
from orders.domain.order import Order
from orders.domain.order_numbers import EPOCH
from orders.domain.ranges import Range
from tests.support.deadlines import DEADLINE, FixedDeadline
from tests.support.fakes import FakeChangeIndex, FakeOrderIndex, FakeOrders
from tests.support.yandex_market import stored_order

START = datetime.fromisoformat("2026-03-01T00:00:00Z")
SECOND = timedelta(seconds=1)


def spread(number: float, most: int) -> int:
    """Return a number from -most to most that looks random."""
    return int(number * 7919 % 2003 / 2003 * 2 * most) - most


def order_at(seconds: float, *, changed_after: float = 0) -> Order:
    """Return an order created `seconds` after START. Its id is any of that second."""
    created = START + seconds * SECOND
    number = (created - EPOCH) // SECOND << 22
    order = replace(
        stored_order(str(number), number + spread(seconds, 1 << 20) + (1 << 20)),
        created_at=created,
        updated_at=created,
    )
    order = replace(order, external_id=f"order {order.order_id}")
    if not changed_after:
        return order
    return replace(order, version=2, updated_at=created + changed_after * SECOND)


class Hub:
    """A store with these orders."""

    def __init__(self, orders: Iterable[Order]) -> None:
        self.store = FakeOrders({(each.account, each.external_id): each for each in orders})
        self.index = FakeOrderIndex(self.store)
        self.changes = FakeChangeIndex(self.store)
        self.list = ListOrders(self.index, self.changes, self.store)

    def page(self, page: PageWanted, **query: object) -> ListedOrders:
        return self.list(OrdersQuery("demo", **query), page, DEADLINE)  # type: ignore[arg-type]

    def all(self, **query: object) -> list[Order]:
        listed = self.page(PageWanted(limit=10**6, with_total=True), **query)
        assert not listed.is_cut_short
        assert listed.total == len(listed.orders)
        return [stored.order for stored in listed.orders]


def every_tenth_second(count: int = 30) -> list[Order]:
    return [order_at(10 * n, changed_after=1000 - 7 * n if n % 3 else 0) for n in range(count)]


def is_even(stored: StoredOrder) -> bool:
    return stored.order.order_id % 2 == 0


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("by_change", [False, True])
def test_orders_are_sorted_by_creation_or_change(*, by_change: bool, newest_first: bool) -> None:
    orders = every_tenth_second()

    def position(order: Order) -> tuple[datetime, int]:
        return (order.updated_at if by_change else order.created_at, order.order_id)

    hub = Hub(orders)
    expected = sorted(orders, key=position, reverse=newest_first)
    assert hub.all(by_change=by_change, newest_first=newest_first) == expected
    page = hub.page(PageWanted(4, offset=7), by_change=by_change, newest_first=newest_first)
    assert [stored.order for stored in page.orders] == expected[7:11]


@given(
    bounds=st.fixed_dictionaries(
        {
            name: st.builds(
                lambda low, high: Range(
                    None if low is None else START + low * SECOND,
                    None if high is None else START + high * SECOND,
                ),
                st.none() | st.integers(-10, 1500),
                st.none() | st.integers(-10, 1500),
            )
            for name in ("created", "changed")
        }
    ),
    by_change=st.booleans(),
    newest_first=st.booleans(),
    offset=st.integers(0, 30),
    limit=st.integers(0, 30),
    is_filtered=st.booleans(),
)
def test_a_page_has_the_orders_of_the_ranges(
    bounds: dict[str, Range[datetime]],
    *,
    by_change: bool,
    newest_first: bool,
    offset: int,
    limit: int,
    is_filtered: bool,
) -> None:
    orders = every_tenth_second()
    expected = [
        order
        for order in sorted(
            orders,
            key=lambda each: (each.updated_at if by_change else each.created_at, each.order_id),
            reverse=newest_first,
        )
        if order.created_at in bounds["created"]
        and order.updated_at in bounds["changed"]
        and not (is_filtered and order.order_id % 2)
    ]
    page = Hub(orders).page(
        PageWanted(limit, offset, with_total=True),
        **bounds,
        by_change=by_change,
        newest_first=newest_first,
        matches=is_even if is_filtered else None,
    )
    assert [stored.order for stored in page.orders] == expected[offset : offset + limit]
    assert page.total == len(expected)
    assert not page.is_cut_short


def test_orders_of_one_second_are_sorted_by_time_in_a_list_by_change() -> None:
    orders = [order_at(n / 10) for n in range(200)]
    assert sorted(orders, key=lambda order: order.order_id) != orders
    hub = Hub(orders)
    assert hub.all(by_change=True) == orders
    assert hub.all(by_change=True, newest_first=True) == orders[::-1]
    for first, last in ((50, 60), (53, 58), (57, 131)):
        times = Range(START + first / 10 * SECOND, START + last / 10 * SECOND)
        ids = {each.order_id for each in orders[first:last]}
        assert {each.order_id for each in hub.all(created=times)} == ids
        assert {each.order_id for each in hub.all(changed=times, by_change=True)} == ids


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_page_by_change_reads_few_orders_more_than_it_has(*, newest_first: bool) -> None:
    hub = Hub([order_at(n, changed_after=0 if n % 8 else 500) for n in range(300)])
    page = hub.page(PageWanted(100), by_change=True, newest_first=newest_first)
    assert len(page.orders) == 100
    assert hub.index.orders_read + hub.changes.changes_read <= (111 if newest_first else 125)


def test_an_order_that_changed_at_once_is_read_once() -> None:
    hub = Hub([order_at(n, changed_after=0.1) for n in range(300)])
    assert len(hub.page(PageWanted(39), by_change=True).orders) == 39
    assert hub.index.orders_read + hub.changes.changes_read <= 42


def test_named_orders_are_read_by_their_names() -> None:
    orders = every_tenth_second()
    hub = Hub(orders)
    ids = frozenset({orders[3].order_id, orders[1].order_id, 5})
    assert hub.all(only_ids=ids) == [orders[1], orders[3]]
    names = frozenset({orders[3].external_id, orders[1].external_id, "none"})
    assert hub.all(only_external_ids=names, newest_first=True) == [orders[3], orders[1]]
    assert hub.all(only_external_ids=names, only_ids=frozenset({orders[1].order_id})) == [orders[1]]
    assert hub.all(only_ids=frozenset()) == []
    assert hub.index.orders_read == hub.changes.changes_read == 0
    hub.store.aliases["demo", "former"] = orders[2].order_id
    assert hub.all(only_external_ids=frozenset({"former"})) == []


@pytest.fixture
def at_most_twenty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_orders, "MAX_EXAMINED", 20)
    monkeypatch.setattr(list_orders, "MAX_COUNTED", 20)


@pytest.mark.usefixtures("at_most_twenty")
def test_a_filter_examines_a_limited_number_of_orders() -> None:
    orders = every_tenth_second(30)
    hub = Hub(orders)
    last = orders[-1].order_id

    def is_last(stored: StoredOrder) -> bool:
        return stored.order.order_id == last

    short = hub.page(PageWanted(1, with_total=True), matches=is_last)
    assert (short.orders, short.total, short.is_cut_short) == ((), None, True)
    assert hub.index.orders_read == 20
    rest = hub.page(PageWanted(1), matches=is_last, ids=Range(short.resume.order_id + 1))  # type: ignore[union-attr, operator]
    assert [stored.order for stored in rest.orders] == [orders[-1]]
    full = hub.page(PageWanted(1, with_total=True), matches=is_last, newest_first=True)
    assert (len(full.orders), full.total, full.is_cut_short) == (1, None, False)


@pytest.mark.usefixtures("at_most_twenty")
def test_a_page_reads_no_more_than_it_needs() -> None:
    hub = Hub(every_tenth_second(30))
    page = hub.page(PageWanted(3, offset=4, with_total=True))
    assert (len(page.orders), page.total, hub.index.orders_read) == (3, None, 3)


# Of the characters that a page has: about as large as an order can be.
A_TWENTIETH = MAX_FOUND_CHARACTERS // 20


def large(count: int, characters: int) -> Hub:
    document = "x" * characters
    return Hub(replace(order, document=document) for order in every_tenth_second(count))


class Watched(FakeOrderIndex):
    """An index that keeps the sizes of the slices that it was asked for."""

    def __init__(self, store: FakeOrders) -> None:
        super().__init__(store)
        self.sizes: list[int] = []

    def slice(self, account: str, wanted: OrderSlice, deadline: Deadline) -> Iterator[StoredOrder]:
        self.sizes.append(wanted.limit)
        return super().slice(account, wanted, deadline)


@pytest.mark.parametrize("query", [{}, {"matches": lambda _stored: True}, {"by_change": True}])
def test_a_page_of_large_orders_ends_early_and_continues(query: dict[str, object]) -> None:
    page = large(100, A_TWENTIETH).page(PageWanted(50), **query)
    assert (len(page.orders), page.is_too_large, page.is_cut_short) == (21, True, False)
    assert page.resume == page.resumes[-1]


def test_a_total_counts_the_orders_behind_a_page_of_large_ones() -> None:
    hub = large(30, A_TWENTIETH)
    page = hub.page(PageWanted(30, with_total=True), matches=lambda _stored: True)
    assert (len(page.orders), page.total, page.is_too_large) == (21, 30, True)


def test_a_full_page_of_large_orders_is_not_too_large() -> None:
    queries: tuple[dict[str, object], ...] = ({}, {"matches": lambda _stored: True})
    for query in queries:
        page = large(30, A_TWENTIETH).page(PageWanted(21), **query)
        assert (len(page.orders), page.is_too_large) == (21, False)


def test_a_page_of_large_orders_is_too_large_also_when_no_more_may_be_examined(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(list_orders, "MAX_EXAMINED", 21)
    page = large(30, A_TWENTIETH).page(PageWanted(25), matches=lambda _stored: True)
    assert (len(page.orders), page.is_too_large, page.is_cut_short) == (21, True, False)
    assert page.resume == page.resumes[-1]


def test_a_list_ends_after_reading_many_characters_of_other_orders() -> None:
    hub = large(1000, MAX_READ_CHARACTERS // 100)
    page = hub.page(PageWanted(50), matches=lambda _stored: False)
    assert (page.orders, page.is_cut_short) == ((), True)
    assert 95 < hub.index.orders_read < 200


def test_named_orders_are_examined_up_to_a_number_of_characters() -> None:
    hub = large(200, MAX_READ_CHARACTERS // 50)
    ids = frozenset(order.order_id for order in hub.store.orders.values())
    page = hub.page(PageWanted(50, with_total=True), only_ids=ids)
    assert (page.orders, page.total, page.is_cut_short) == ((), None, True)


def test_large_orders_are_read_few_at_a_time() -> None:
    hub = large(200, 400_000)
    index = Watched(hub.store)
    lists = ListOrders(index, hub.changes, hub.store)
    query = OrdersQuery("demo", matches=lambda _stored: False)
    lists(query, PageWanted(50), DEADLINE)
    assert index.sizes[0] == FIRST_ORDERS
    assert max(index.sizes[1:]) <= 20


@pytest.mark.parametrize(
    ("limit", "offset", "sizes"), [(100, 0, [101]), (2, 150, [153]), (1, 0, [10])]
)
def test_the_index_is_asked_once_for_the_orders_of_a_page(
    limit: int, offset: int, sizes: list[int]
) -> None:
    """One more order tells whether there is a next page."""
    hub = Hub(every_tenth_second(300))
    index = Watched(hub.store)
    lists = ListOrders(index, hub.changes, hub.store)
    query = OrdersQuery("demo", created=Range(START))
    page = lists(query, PageWanted(limit, offset), DEADLINE)
    assert (len(page.orders), index.sizes) == (limit, sizes)
    assert page.resume is not None
    assert index.orders_read == limit + offset + 1


@pytest.mark.parametrize(("characters", "count"), [(400_000, 20), (1, 500), (9 * 2**20, 1)])
def test_the_next_orders_are_read_by_the_size_of_the_last(characters: int, count: int) -> None:
    read = list(large(3, characters).index.slice("demo", OrderSlice(0, 3), DEADLINE))
    assert orders_to_read(read) == count
    assert orders_to_read([]) == FIRST_ORDERS


def test_a_page_counts_the_same_entries_once(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub(every_tenth_second())
    counted: list[object] = []
    count = hub.index.count

    def counting(
        account: str, limit: int, deadline: Deadline, ids: Range[int], *, consistent: bool
    ) -> int | None:
        counted.append(ids)
        return count(account, limit, deadline, ids, consistent=consistent)

    monkeypatch.setattr(hub.index, "count", counting)
    page = hub.page(PageWanted(5, with_total=True), changed=Range(START), matches=is_even)
    assert page.total is not None
    assert len(counted) == len(set(counted)) > 1


def test_the_total_of_changes_is_counted_by_the_indexes() -> None:
    orders = [order_at(n, changed_after=5000 if n % 7 == 0 else 0) for n in range(0, 3000, 10)]
    hub = Hub(orders)
    since = START + 2000 * SECOND
    page = hub.page(PageWanted(5, with_total=True), changed=Range(since), by_change=True)
    assert page.total == sum(order.updated_at >= since for order in orders)
    assert hub.index.orders_read + hub.changes.changes_read <= 10


@pytest.mark.parametrize("by_change", [False, True])
@pytest.mark.parametrize(
    ("start", "end"), [(500.5, 2000.5), (500.5, None), (None, 2000.5), (1000.2, 1000.6)]
)
def test_the_total_of_times_of_creation_is_counted_by_the_index(
    start: float | None, end: float | None, *, by_change: bool
) -> None:
    """Only the orders of the first and of the last second are read for it."""
    orders = [order_at(n / 4, changed_after=9 if n % 7 == 0 else 0) for n in range(12_000)]
    hub = Hub(orders)
    created = Range(
        None if start is None else START + start * SECOND,
        None if end is None else START + end * SECOND,
    )
    page = PageWanted(0, with_total=True)
    total = hub.page(page, created=created, by_change=by_change).total
    assert total == sum(order.created_at in created for order in orders)
    assert hub.index.orders_read + hub.changes.changes_read <= 8
    ids = Range(orders[3000].order_id, orders[7000].order_id)
    assert hub.page(page, created=created, ids=ids).total == sum(
        order.created_at in created and order.order_id in ids for order in orders
    )


@pytest.mark.usefixtures("at_most_twenty")
def test_the_total_of_times_of_creation_is_not_known_above_the_limit() -> None:
    hub = Hub(order_at(10 * n) for n in range(100))
    page = PageWanted(5, with_total=True)
    for end, total in ((200, 20), (201, None), (900, None)):
        listed = hub.page(page, created=Range(START, START + end * SECOND))
        assert (len(listed.orders), listed.total) == (5, total)
    assert hub.index.orders_read <= 60


@pytest.mark.parametrize(("changed", "most"), [(8, 20), (60, 100)])
def test_the_lower_of_two_numbers_is_counted_with_a_low_limit(
    changed: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which of the two indexes has fewer orders is found without counting the other one."""
    monkeypatch.setattr(list_orders, "_FEW", 20)
    monkeypatch.setattr(list_orders, "MAX_COUNTED", 100)
    hub = Hub(order_at(n, changed_after=9999 if n < changed else 0) for n in range(500))
    limits = []
    count = hub.index.count

    def counting(account: str, limit: int, *rest: object, **options: object) -> int | None:
        limits.append(limit)
        return count(account, limit, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(hub.index, "count", counting)
    page = hub.page(PageWanted(500), changed=Range(START + 5000 * SECOND))
    assert (len(page.orders), hub.index.orders_read) == (changed, 0)
    assert max(limits) == most


def test_counting_ends_with_the_first_count_that_is_too_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(list_orders, "MAX_COUNTED", 20)
    hub = Hub(order_at(10 * n) for n in range(100))

    def count(*_arguments: object) -> int:
        raise AssertionError("the changes need not be counted too")

    monkeypatch.setattr(hub.changes, "count", count)
    page = hub.page(PageWanted(5, with_total=True), changed=Range(START), by_change=True)
    assert (len(page.orders), page.total) == (5, None)


def test_a_list_ends_in_time() -> None:
    hub = Hub(every_tenth_second(300))
    query = OrdersQuery("demo", matches=lambda stored: stored.order.order_id < 0)
    page = hub.list(query, PageWanted(1), FixedDeadline(6, per_look=0.4))
    assert page.is_cut_short
    assert hub.index.orders_read < 300


@pytest.mark.parametrize("limit", [1, 3, 50])
def test_pages_of_changes_lose_no_order_while_orders_change(limit: int) -> None:
    orders = [order_at(n / 3) for n in range(120)]
    hub = Hub(orders)
    seen: dict[int, int] = {}
    resume: Resume | None = Resume()
    turn = 0
    while resume is not None:
        page = hub.page(
            PageWanted(limit), changed=Range(START, None), by_change=True, resume=resume
        )
        seen |= {stored.order.order_id: stored.order.version for stored in page.orders}
        resume = page.resume
        turn += 1
        if turn <= 20 and resume is not None:
            order = orders[turn * 37 % len(orders)]
            current = hub.store.orders["demo", order.external_id]
            hub.store.orders["demo", order.external_id] = replace(
                current, version=current.version + 1, updated_at=START + (1000 + turn) * SECOND
            )
    assert seen == {order.order_id: order.version for order in hub.store.orders.values()}


@pytest.mark.usefixtures("at_most_twenty")
def test_pages_of_changes_get_further_with_each_request() -> None:
    hub = Hub([order_at(0, changed_after=0 if n % 5 else 9) for n in range(100)])
    seen: list[int] = []
    resume: Resume | None = Resume()
    for _ in range(60):
        if resume is None:
            break
        page = hub.page(PageWanted(50), by_change=True, resume=resume)
        seen += [stored.order.order_id for stored in page.orders]
        resume = page.resume
    assert resume is None
    assert sorted(seen) == sorted(order.order_id for order in hub.store.orders.values())


@given(st.integers(0, 2**31 * 2), st.integers(-(2**33), 2**33))
def test_the_ids_of_a_time_contain_all_that_may_be_created_then(second: int, offset: int) -> None:
    moment = START + timedelta(seconds=offset / 100)
    number = int((moment - EPOCH) / SECOND) << 22
    times = Range(moment, moment + SECOND)
    assert (number in ids_created_in(times)) or moment < EPOCH
    extreme = datetime.fromisoformat("9999-12-31T23:59:59.999999Z")
    assert ids_created_in(Range(extreme)).start == 2**31 << 22
    assert ids_created_in(Range(extreme.replace(year=1))).start == 0
    del second


def test_an_order_that_changes_while_it_is_listed_comes_once() -> None:
    orders = [order_at(n, changed_after=40 if n == 10 else 0) for n in range(45)]
    hub = Hub(orders)
    first = orders[0]

    class Changing(FakeChangeIndex):
        def entries(
            self, account: str, wanted: ChangeRange, deadline: Deadline
        ) -> Iterator[ChangeEntry]:
            """Change the first order after it was read in its first version."""
            yield from super().entries(account, wanted, deadline)
            assert hub.index.orders_read > 1
            later = replace(first, version=2, updated_at=START + 99 * SECOND)
            self.store.orders["demo", first.external_id] = later
            after = ChangePosition(START + 98 * SECOND, 0)
            yield from super().entries(account, replace(wanted, after=after), deadline)

    listing = ListOrders(hub.index, Changing(hub.store), hub.store)
    page = listing(
        OrdersQuery("demo", by_change=True, matches=lambda _stored: True),
        PageWanted(60, with_total=True),
        DEADLINE,
    )
    expected = sorted(hub.store.orders.values(), key=lambda order: order.updated_at)
    assert [stored.order for stored in page.orders] == expected
    assert page.orders[-1].order.order_id == first.order_id
    assert page.total == 45


@pytest.mark.usefixtures("at_most_twenty")
def test_a_list_by_change_never_skips_what_it_could_not_examine() -> None:
    orders = [order_at(n) for n in range(20)]
    early = order_at(-9, changed_after=1)
    hub = Hub([*orders, early])
    page = hub.page(PageWanted(30), by_change=True, matches=lambda _stored: True)
    assert page.is_cut_short
    listed = [stored.order for stored in page.orders]
    assert listed == [early, *orders][: len(listed)]
    assert len(listed) >= 15
