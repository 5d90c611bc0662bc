"""The external id of an order is either set by the shop or generated."""

from datetime import UTC, datetime

import pytest

from orders.domain.changes import StoredOrder
from orders.domain.identifiers import uuid_of
from orders.domain.order import Order

NOW = datetime(2026, 1, 2, tzinfo=UTC)
MADE = uuid_of("demo", 7)


def _named(external_id: str, *aliases: str) -> StoredOrder:
    order = Order("demo", external_id, 7, 1, "new", "altcraft", "{}", NOW, NOW, "request")
    return StoredOrder(order, aliases)


@pytest.mark.parametrize(
    ("external_id", "is_own"),
    [("A", True), (MADE, False), (uuid_of("demo", 8), True), (uuid_of("other", 7), True)],
)
def test_a_generated_external_id_is_not_the_shops(external_id: str, *, is_own: bool) -> None:
    assert _named(external_id).order.has_own_external_id is is_own
    assert _named(external_id).shop_external_id == (external_id if is_own else None)


def test_the_external_id_of_a_renamed_order_is_the_shops() -> None:
    assert _named("A", MADE).shop_external_id == "A"
    assert _named("B", "A", MADE).shop_external_id == "B"


def test_an_order_whose_first_external_id_was_taken_back_has_a_generated_one() -> None:
    assert _named(MADE, "A").shop_external_id is None
