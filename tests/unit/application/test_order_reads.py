"""The use case that finds an order by its external id, with fakes."""

import pytest

from orders.application.errors import StorageUnavailableError
from orders.application.find_order_by_external_id import FindOrderByExternalId
from tests.support.deadlines import DEADLINE
from tests.support.fakes import FakeOrders
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
