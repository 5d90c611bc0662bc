"""Fulfilment states of Altcraft's order statuses."""

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
def test_each_order_status_has_its_fulfilment_state(status: str, state: Fulfilment) -> None:
    assert fulfilment_of(status) is state


def test_every_order_status_has_a_fulfilment_state() -> None:
    assert tuple(STATES) == ORDER_STATUSES
