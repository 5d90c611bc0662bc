"""Change the fulfilment state of an order at the request of its seller."""

from dataclasses import dataclass, replace

from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.fulfilment import Fulfilment, MoveRefusal, SalesModel, decide_move
from orders.domain.order import Cause
from orders.domain.triggers import trigger_of


@dataclass(frozen=True, slots=True)
class Move:
    """The requested state, and the sales model that defines the allowed transitions.

    `wanted` is a refusal if the requested state does not exist. It is reported only after the order
    was found, because an unknown order is the more important error.
    """

    wanted: Fulfilment | MoveRefusal
    sales_model: SalesModel


def plan_status_update(
    stored: StoredOrder, move: Move, cause: Cause
) -> OrderChange | MoveRefusal | None:
    """Plan a move. Returns None if the order already has that state. The document never changes."""
    order = stored.order
    if isinstance(move.wanted, MoveRefusal):
        return move.wanted
    decision = decide_move(order.fulfilment, move.wanted, move.sales_model)
    if not isinstance(decision, Fulfilment):
        return decision
    if decision is order.fulfilment:
        return None
    after = replace(order.next_version(cause), fulfilment=decision)
    return OrderChange(stored, replace(stored, order=after), trigger_of(order, after))
