"""The use cases that find, page and list orders, with fakes."""

from dataclasses import replace
from typing import ClassVar

import pytest

from orders.application.errors import StorageUnavailableError
from orders.application.find_order_by_external_id import FindOrderByExternalId
from orders.application.list_orders import (
    MAX_FOUND_CHARACTERS,
    MAX_READ_CHARACTERS,
    ListOrders,
    OrdersQuery,
)
from orders.application.page_orders import MAX_COUNTED, PageOrders
from orders.application.ports import Deadline, OrderPage, OrderSlice
from orders.application.read_sizes import FIRST_ORDERS, orders_to_read
from orders.domain.changes import StoredOrder
from tests.support.deadlines import DEADLINE
from tests.support.fakes import FakeOrderIndex, FakeOrders
from tests.support.yandex_market import stored_order


def store(count: int = 5) -> FakeOrders:
    """Return a store with orders of two accounts, and an alias of the first order."""
    orders = [stored_order(f"O{number}", number) for number in range(1, count + 1)]
    fake = FakeOrders({(each.account, each.external_id): each for each in orders})
    fake.aliases["demo", "former"] = 1
    return fake


@pytest.mark.parametrize("external_id", ["O1", "former"])
def test_an_order_is_found_under_each_of_its_ids(external_id: str) -> None:
    found = FindOrderByExternalId(store())("demo", external_id, DEADLINE)
    assert found is not None
    assert found.order.external_id == "O1"


@pytest.mark.parametrize(("account", "external_id"), [("demo", "none"), ("other", "O1")])
def test_an_order_that_does_not_exist_is_not_returned(account: str, external_id: str) -> None:
    assert FindOrderByExternalId(store())(account, external_id, DEADLINE) is None


def test_an_order_that_could_not_be_read_raises_an_error() -> None:
    orders = store()
    orders.unread = {"O1"}
    with pytest.raises(StorageUnavailableError):
        FindOrderByExternalId(orders)("demo", "O1", DEADLINE)


def ids(orders: tuple[object, ...]) -> list[int]:
    return [each.order.order_id for each in orders]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (OrderSlice(offset=0, limit=2, newest_first=False), [1, 2]),
        (OrderSlice(offset=1, limit=2, newest_first=True), [4, 3]),
        (OrderSlice(offset=9, limit=2, newest_first=False), []),
        (OrderSlice(offset=0, limit=0, newest_first=False), []),
    ],
)
def test_a_page_has_the_wanted_orders(wanted: OrderSlice, expected: list[int]) -> None:
    page = PageOrders(FakeOrderIndex(store()))("demo", wanted, DEADLINE)
    assert (ids(tuple(page.orders)), page.total) == (expected, 5)


def test_a_total_is_returned_on_request_up_to_a_limit() -> None:
    limits: list[int] = []

    class Counting(FakeOrderIndex):
        def count(self, account: str, limit: int, deadline: object) -> int | None:
            del account, deadline
            limits.append(limit)
            return None

    index = Counting(store())
    page = PageOrders(index)
    none = OrderSlice(offset=0, limit=0, newest_first=False)
    assert page("demo", none, DEADLINE, with_total=False).total is None
    assert not limits
    assert page("demo", none, DEADLINE).total is None
    assert limits == [MAX_COUNTED]


def listed(query: OrdersQuery, count: int = 5) -> tuple[list[int], int | None]:
    page = ListOrders(FakeOrderIndex(store(count)))(query, DEADLINE)
    return ids(tuple(page.orders)), page.next_before


def _all(_named: StoredOrder) -> bool:
    return True


def test_a_list_starts_with_the_newest_order_and_has_pages() -> None:
    first = OrdersQuery("demo", None, limit=2, matches=_all)
    assert listed(first) == ([5, 4], 4)
    assert listed(OrdersQuery("demo", None, limit=2, before=4, matches=_all)) == ([3, 2], 2)
    assert listed(OrdersQuery("demo", None, limit=2, before=2, matches=_all)) == ([1], None)
    assert listed(OrdersQuery("other", None, limit=2, matches=_all)) == ([], None)


def test_a_list_has_the_matching_orders_of_its_endpoint() -> None:
    def is_odd(stored: StoredOrder) -> bool:
        return stored.order.order_id % 2 == 1

    assert listed(OrdersQuery("demo", "website", limit=9, matches=is_odd)) == ([5, 3, 1], None)
    assert listed(OrdersQuery("demo", "elsewhere", limit=9, matches=is_odd)) == ([], None)


def large(count: int, characters: int) -> FakeOrderIndex:
    orders = [
        replace(stored_order(f"O{n}", n), document="x" * characters) for n in range(1, count + 1)
    ]
    return FakeOrderIndex(FakeOrders({(each.account, each.external_id): each for each in orders}))


class Watched(FakeOrderIndex):
    """An index that keeps the sizes of the pages that it was asked for."""

    sizes: ClassVar[list[int]] = []

    def list_orders(
        self, account: str, before: int | None, limit: int, deadline: Deadline
    ) -> OrderPage:
        self.sizes.append(limit)
        return super().list_orders(account, before, limit, deadline)


def test_a_page_of_large_orders_ends_early_and_continues() -> None:
    index = large(100, MAX_FOUND_CHARACTERS // 4)
    page = ListOrders(index)(OrdersQuery("demo", None, 50), DEADLINE)
    assert ids(page.orders) == [100, 99, 98, 97, 96]
    assert page.next_before == 96


def test_a_page_ends_after_reading_many_characters_of_other_orders() -> None:
    index = large(1000, MAX_READ_CHARACTERS // 100)
    query = OrdersQuery("demo", None, 50, matches=lambda _stored: False)
    page = ListOrders(index)(query, DEADLINE)
    assert page.orders == ()
    assert page.next_before is not None
    assert 800 < page.next_before < 905


def test_large_orders_are_read_few_at_a_time() -> None:
    store_of_large = large(200, 400_000).store
    index = Watched(store_of_large)
    index.sizes.clear()
    ListOrders(index)(OrdersQuery("demo", None, 50, matches=lambda _stored: False), DEADLINE)
    assert index.sizes[0] == FIRST_ORDERS
    assert max(index.sizes[1:]) <= 20


def test_the_newest_orders_can_be_skipped() -> None:
    page = ListOrders(FakeOrderIndex(store()))(OrdersQuery("demo", None, 2, skip=2), DEADLINE)
    assert (ids(page.orders), page.next_before) == ([3, 2], 2)


@pytest.mark.parametrize(("characters", "count"), [(400_000, 20), (1, 500), (9 * 2**20, 1)])
def test_the_next_orders_are_read_by_the_size_of_the_last(characters: int, count: int) -> None:
    read = list(large(3, characters).slice("demo", OrderSlice(0, 3), DEADLINE))
    assert orders_to_read(read) == count
    assert orders_to_read([]) == FIRST_ORDERS
