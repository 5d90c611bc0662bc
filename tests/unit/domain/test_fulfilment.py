"""The fulfilment state only moves forward, by imports and documented transitions."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.fulfilment import (
    Fulfilment,
    MoveRefusal,
    SalesModel,
    decide_move,
)

F = Fulfilment
FBS, DBS, EXPRESS = SalesModel.FBS, SalesModel.DBS, SalesModel.EXPRESS

# All transitions that the protocol documents for a shop. All others are refused.
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
    ("current", "imported", "after"),
    [
        (F.STARTED, F.DELIVERED, F.DELIVERED),
        (F.READY_TO_SHIP, F.STARTED, F.READY_TO_SHIP),
        (F.SHIPPED, F.STARTED, F.SHIPPED),
        (F.DELIVERY, F.CANCELLED, F.CANCELLED),
        (F.DELIVERED, F.STARTED, F.DELIVERED),
        (F.DELIVERED, F.PARTIALLY_RETURNED, F.PARTIALLY_RETURNED),
        (F.DELIVERED, F.CANCELLED, F.CANCELLED),
        (F.CANCELLED, F.DELIVERED, F.CANCELLED),
        (F.SHOP_FAILED, F.CANCELLED, F.SHOP_FAILED),
    ],
)
def test_a_later_import_never_moves_the_state_backwards(
    current: Fulfilment, imported: Fulfilment, after: Fulfilment
) -> None:
    assert current.after_import(imported) is after


@given(st.sampled_from(F), st.lists(st.sampled_from(F)))
def test_no_series_of_imports_moves_the_state_backwards(
    start: Fulfilment, imports: list[Fulfilment]
) -> None:
    order = list(F)
    state = start
    for imported in imports:
        after = state.after_import(imported)
        assert order.index(after) >= order.index(state)
        state = after


@pytest.mark.parametrize("state", F)
def test_the_external_id_may_change_only_before_ready_to_ship(state: Fulfilment) -> None:
    assert state.takes_external_id is (state is F.STARTED)


@pytest.mark.parametrize("model", [FBS, DBS, EXPRESS, SalesModel.FBY, SalesModel.LAAS])
def test_only_the_documented_transitions_are_allowed(model: SalesModel) -> None:
    for current, wanted in product(F, [*ASKED_FOR, F.SHOP_FAILED]):
        decision = decide_move(current, wanted, model)
        if wanted is current:
            assert decision is current
        elif (model, current, wanted) in DOCUMENTED:
            assert decision is wanted
        elif current in {F.DELIVERED, F.PARTIALLY_RETURNED, F.CANCELLED, F.SHOP_FAILED}:
            assert decision is MoveRefusal.FINAL
        else:
            assert decision is MoveRefusal.NO_TRANSITION
