"""The use cases that find, page and list orders, with fakes."""

import pytest

from orders.application.errors import StorageUnavailableError
from orders.application.find_order_by_external_id import FindOrderByExternalId
from orders.application.list_orders import ListOrders, OrdersQuery
from orders.application.page_orders import MAX_COUNTED, PageOrders
from orders.application.ports import OrderSlice
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
    assert (ids(page.orders), page.total) == (expected, 5)


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
