"""How far an order has come: derived once, only ever forward, moved by documented transitions."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.fulfilment import (
    Fulfilment,
    MoveRefusal,
    decide_move,
    requestable,
    substatuses_of,
)
from orders.domain.settings import ORDER_STATUSES, SalesModel

F = Fulfilment
FBS, DBS, EXPRESS = SalesModel.FBS, SalesModel.DBS, SalesModel.EXPRESS

# Every transition that the protocol documents for a shop; all others are refused.
DOCUMENTED = {
    (FBS, F.STARTED, F.READY_TO_SHIP),
    (FBS, F.STARTED, F.SHOP_FAILED),
    (FBS, F.READY_TO_SHIP, F.SHIPPED),
    (FBS, F.READY_TO_SHIP, F.SHOP_FAILED),
    (EXPRESS, F.STARTED, F.READY_TO_SHIP),
    (EXPRESS, F.STARTED, F.SHOP_FAILED),
    (EXPRESS, F.READY_TO_SHIP, F.SHOP_FAILED),
    (DBS, F.STARTED, F.DELIVERY),
    (DBS, F.STARTED, F.SHOP_FAILED),
    (DBS, F.DELIVERY, F.PICKUP),
    (DBS, F.DELIVERY, F.DELIVERED),
    (DBS, F.PICKUP, F.DELIVERED),
}
ASKED_FOR = [F.STARTED, F.READY_TO_SHIP, F.SHIPPED, F.DELIVERY, F.PICKUP, F.DELIVERED]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("new", F.STARTED),
        ("paid", F.STARTED),
        ("delivered", F.DELIVERED),
        ("part_refunded", F.PARTIALLY_RETURNED),
        ("canceled", F.CANCELLED),
        ("Open", F.STARTED),
        ("Confirmed", F.STARTED),
        ("Complete", F.DELIVERED),
        ("Cancelled", F.CANCELLED),
        ("something of another protocol", F.STARTED),
    ],
)
def test_an_imported_status_says_where_an_order_begins(status: str, state: Fulfilment) -> None:
    assert F.of_import(status) is state


@pytest.mark.parametrize(
    ("current", "status", "after"),
    [
        (F.STARTED, "delivered", F.DELIVERED),
        (F.READY_TO_SHIP, "new", F.READY_TO_SHIP),
        (F.SHIPPED, "paid", F.SHIPPED),
        (F.DELIVERY, "canceled", F.CANCELLED),
        (F.DELIVERED, "new", F.DELIVERED),
        (F.DELIVERED, "part_refunded", F.PARTIALLY_RETURNED),
        (F.DELIVERED, "canceled", F.CANCELLED),
        (F.CANCELLED, "delivered", F.CANCELLED),
        (F.SHOP_FAILED, "canceled", F.SHOP_FAILED),
    ],
)
def test_a_later_import_only_moves_forward(
    current: Fulfilment, status: str, after: Fulfilment
) -> None:
    assert current.after_import(status) is after


@given(st.sampled_from(F), st.lists(st.sampled_from(ORDER_STATUSES)))
def test_no_imports_ever_move_back(start: Fulfilment, statuses: list[str]) -> None:
    order = list(F)
    state = start
    for status in statuses:
        after = state.after_import(status)
        assert order.index(after) >= order.index(state)
        state = after


@pytest.mark.parametrize("state", F)
def test_the_external_id_may_be_set_until_ready_to_ship(state: Fulfilment) -> None:
    assert state.takes_external_id is (state is F.STARTED)


@pytest.mark.parametrize("model", [FBS, DBS, EXPRESS, SalesModel.FBY, SalesModel.LAAS])
def test_the_documented_transitions_are_all_there_are(model: SalesModel) -> None:
    for current, wanted in product(F, [*ASKED_FOR, F.SHOP_FAILED]):
        decision = decide_move(current, wanted.status, wanted.substatus, model)
        if wanted is current:
            assert decision is current
        elif (model, current, wanted) in DOCUMENTED:
            assert decision is wanted
        elif current in {F.DELIVERED, F.PARTIALLY_RETURNED, F.CANCELLED, F.SHOP_FAILED}:
            assert decision is MoveRefusal.FINAL
        else:
            assert decision is MoveRefusal.NO_TRANSITION


@pytest.mark.parametrize("status", ["", "processing", "UNPAID", "RETURNED", "PARTIALLY_RETURNED"])
def test_a_status_that_no_shop_may_ask_for(status: str) -> None:
    assert decide_move(F.STARTED, status, None, FBS) is MoveRefusal.STATUS_UNKNOWN


@pytest.mark.parametrize(
    ("status", "substatus"),
    [
        ("PROCESSING", None),
        ("PROCESSING", "PACKAGING"),
        ("CANCELLED", None),
        ("CANCELLED", "UNKNOWN"),
        ("DELIVERY", "STARTED"),
    ],
)
def test_a_substatus_that_does_not_fit(status: str, substatus: str | None) -> None:
    assert decide_move(F.STARTED, status, substatus, DBS) is MoveRefusal.SUBSTATUS_UNKNOWN


def test_the_only_substatus_of_a_status_may_be_left_out() -> None:
    assert decide_move(F.STARTED, "DELIVERY", None, DBS) is F.DELIVERY
    assert decide_move(F.DELIVERY, "DELIVERED", None, DBS) is F.DELIVERED


def test_what_may_be_asked_for_is_told() -> None:
    assert requestable() == ["PROCESSING", "CANCELLED", "DELIVERY", "PICKUP", "DELIVERED"]
    assert substatuses_of("PROCESSING") == ["STARTED", "READY_TO_SHIP", "SHIPPED"]
    assert substatuses_of("CANCELLED") == ["SHOP_FAILED"]
