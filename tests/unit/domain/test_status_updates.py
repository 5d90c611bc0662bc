"""Several moves of one order at once equal single moves, one after the other."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.fulfilment import Fulfilment, MoveRefusal, SalesModel
from orders.domain.order import Cause
from orders.domain.status_updates import Move, plan_status_update, plan_status_updates
from tests.support.order_changes import NOW, new_order

CAUSE = Cause("request", "shop", NOW + timedelta(seconds=1), "yandex_market")
WANTED = st.one_of(
    st.sampled_from(Fulfilment),
    st.sampled_from([MoveRefusal.STATUS_UNKNOWN, MoveRefusal.SUBSTATUS_UNKNOWN]),
)


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
    current = stored
    for each, result in zip(wanted, plan.results, strict=True):
        single = plan_status_update(current, Move(each, model), CAUSE)
        if isinstance(single, OrderChange):
            current = single.after
        refusal = single if isinstance(single, MoveRefusal) else None
        assert (result.state, result.refusal) == (current.order.fulfilment, refusal)
    assert plan.has_refusals == any(result.refusal for result in plan.results)
    if current == stored:
        assert plan.change is None
        return
    assert plan.change is not None
    after = plan.change.after.order
    assert (after.fulfilment, after.version) == (current.order.fulfilment, 2)
    assert plan.change.trigger is not None
    assert plan.change.trigger.order == after
