"""Several moves of one order at once equal single moves, one after the other."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.fulfilment import Fulfilment, MoveRefusal, SalesModel, decide_move
from orders.domain.order import Cause
from orders.domain.status_updates import Move, plan_status_update, plan_status_updates
from tests.support.order_changes import NOW, new_order

CAUSE = Cause("request", "shop", NOW + timedelta(seconds=1), "yandex_market")
WANTED = st.one_of(
    st.sampled_from(Fulfilment),
    st.sampled_from([MoveRefusal.STATUS_UNKNOWN, MoveRefusal.SUBSTATUS_UNKNOWN]),
)


def test_a_single_move_is_a_change_a_refusal_or_nothing() -> None:
    stored = StoredOrder(new_order())
    ready, shipped, same = (
        plan_status_update(stored, Move(each, SalesModel.FBS), CAUSE)
        for each in (Fulfilment.READY_TO_SHIP, Fulfilment.SHIPPED, Fulfilment.STARTED)
    )
    assert isinstance(ready, OrderChange)
    assert (shipped, same) == (MoveRefusal.NO_TRANSITION, None)


@given(
    st.sampled_from(Fulfilment),
    st.sampled_from([SalesModel.FBS, SalesModel.DBS, SalesModel.EXPRESS]),
    st.lists(WANTED, max_size=6),
)
def test_several_moves_equal_single_moves(
    state: Fulfilment, model: SalesModel, wanted: list[Fulfilment | MoveRefusal]
) -> None:
    stored = StoredOrder(replace(new_order(), fulfilment=state))
    plan = plan_status_updates(stored, [Move(each, model) for each in wanted], CAUSE)
    current = state
    for each, result in zip(wanted, plan.results, strict=True):
        decided = each if isinstance(each, MoveRefusal) else decide_move(current, each, model)
        current = decided if isinstance(decided, Fulfilment) else current
        refusal = decided if isinstance(decided, MoveRefusal) else None
        assert (result.state, result.refusal) == (current, refusal)
    assert plan.has_refusals == any(result.refusal for result in plan.results)
    if current is state:
        assert plan.change is None
        return
    assert plan.change is not None
    after = plan.change.after.order
    assert (after.fulfilment, after.version) == (current, 2)
    assert plan.change.trigger is not None
    assert plan.change.trigger.order == after
