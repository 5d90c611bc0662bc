"""Moving an order's fulfilment state on, as its seller asks for it."""

from dataclasses import dataclass, replace
from datetime import datetime

from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.fulfilment import Fulfilment, MoveRefusal, SalesModel, decide_move
from orders.domain.triggers import trigger_of


@dataclass(frozen=True, slots=True)
class Move:
    """The state that is asked for, and the sales model that says which transitions there are.

    `wanted` is a refusal where what was asked for names no state. It is carried this far because
    an order that does not exist is the more important answer.
    """

    wanted: Fulfilment | MoveRefusal
    sales_model: SalesModel


def plan_status_update(
    stored: StoredOrder, move: Move, request_id: str, now: datetime
) -> OrderChange | MoveRefusal | None:
    """Decide a move; None if the order is in that state already. The document stays as it is."""
    order = stored.order
    if isinstance(move.wanted, MoveRefusal):
        return move.wanted
    decision = decide_move(order.fulfilment, move.wanted, move.sales_model)
    if not isinstance(decision, Fulfilment):
        return decision
    if decision is order.fulfilment:
        return None
    after = replace(
        order,
        fulfilment=decision,
        version=order.version + 1,
        updated_at=now,
        request_id=request_id,
    )
    return OrderChange(stored, replace(stored, order=after), trigger_of(order, after))
