"""Change the fulfilment state of an order at the request of its seller."""

from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True)
class MoveResult:
    """The state of the order after a move, and why the move was refused, if it was."""

    state: Fulfilment
    refusal: MoveRefusal | None = None


@dataclass(frozen=True, slots=True)
class MovesPlan:
    """The results of the moves of one order, and the one change that they make together.

    `change` is None if the order keeps its state.
    """

    results: tuple[MoveResult, ...]
    change: OrderChange | None

    @property
    def has_refusals(self) -> bool:
        """Return whether a move was refused."""
        return any(result.refusal for result in self.results)


def plan_status_update(
    stored: StoredOrder, move: Move, cause: Cause
) -> OrderChange | MoveRefusal | None:
    """Plan a move. Returns None if the order already has that state. The document never changes."""
    plan = plan_status_updates(stored, (move,), cause)
    [result] = plan.results
    return result.refusal or plan.change


def plan_status_updates(stored: StoredOrder, moves: Sequence[Move], cause: Cause) -> MovesPlan:
    """Plan the moves one after the other, as one new version. A refused move stops no other."""
    order = stored.order
    state = order.fulfilment
    results = []
    for move in moves:
        decision = _decided(state, move)
        if isinstance(decision, Fulfilment):
            state = decision
            results.append(MoveResult(state))
        else:
            results.append(MoveResult(state, decision))
    if state is order.fulfilment:
        return MovesPlan(tuple(results), None)
    after = replace(order.next_version(cause), fulfilment=state)
    change = OrderChange(stored, replace(stored, order=after), trigger_of(order, after))
    return MovesPlan(tuple(results), change)


def _decided(state: Fulfilment, move: Move) -> Fulfilment | MoveRefusal:
    if isinstance(move.wanted, MoveRefusal):
        return move.wanted
    return decide_move(state, move.wanted, move.sales_model)
