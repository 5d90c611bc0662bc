"""How far an order has come that is imported with a status."""

import pytest

from orders.domain.fulfilment import Fulfilment
from orders.protocols.altcraft.states import ORDER_STATUSES, fulfilment_of

STATES = {
    "new": Fulfilment.STARTED,
    "delivered": Fulfilment.DELIVERED,
    "paid": Fulfilment.STARTED,
    "canceled": Fulfilment.CANCELLED,
    "part_refunded": Fulfilment.PARTIALLY_RETURNED,
}


@pytest.mark.parametrize(("status", "state"), STATES.items())
def test_an_imported_status_says_where_an_order_begins(status: str, state: Fulfilment) -> None:
    assert fulfilment_of(status) is state


def test_every_status_has_its_place_in_the_message_about_unknown_ones() -> None:
    assert tuple(STATES) == ORDER_STATUSES
