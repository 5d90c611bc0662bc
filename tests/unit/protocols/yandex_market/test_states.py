"""The statuses and substatuses that a shop may set."""

from itertools import product

import pytest

from orders.domain.fulfilment import Fulfilment, MoveRefusal
from orders.protocols.yandex_market.states import requestable, substatuses_of, wanted_state

ASKED_FOR = set(Fulfilment) - {Fulfilment.CANCELLED, Fulfilment.PARTIALLY_RETURNED}


@pytest.mark.parametrize("status", ["", "processing", "UNPAID", "RETURNED", "PARTIALLY_RETURNED"])
def test_an_unsupported_status_is_rejected(status: str) -> None:
    assert wanted_state(status, None) is MoveRefusal.STATUS_UNKNOWN


@pytest.mark.parametrize(
    ("status", "substatus"),
    [
        ("PROCESSING", None),
        ("PROCESSING", "PACKAGING"),
        ("PROCESSING", ""),
        ("CANCELLED", None),
        ("CANCELLED", "UNKNOWN"),
        ("DELIVERY", "STARTED"),
    ],
)
def test_a_substatus_of_another_status_is_rejected(status: str, substatus: str | None) -> None:
    assert wanted_state(status, substatus) is MoveRefusal.SUBSTATUS_UNKNOWN


def test_the_only_substatus_of_a_status_is_optional() -> None:
    assert wanted_state("DELIVERY", None) is Fulfilment.DELIVERY
    assert wanted_state("DELIVERED", None) is Fulfilment.DELIVERED


def test_a_state_is_found_by_its_status_and_substatus() -> None:
    named = {
        wanted_state(status, substatus)
        for status, substatus in product(
            (state.status for state in Fulfilment), (state.substatus for state in Fulfilment)
        )
    }
    assert named - set(MoveRefusal) == ASKED_FOR
    for state in ASKED_FOR:
        assert wanted_state(state.status, state.substatus) is state


def test_the_supported_statuses_and_substatuses_are_listed() -> None:
    assert requestable() == ["PROCESSING", "CANCELLED", "DELIVERY", "PICKUP", "DELIVERED"]
    assert substatuses_of("PROCESSING") == ["STARTED", "READY_TO_SHIP", "SHIPPED"]
    assert substatuses_of("CANCELLED") == ["SHOP_FAILED"]
