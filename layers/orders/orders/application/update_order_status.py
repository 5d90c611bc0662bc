"""Update the fulfilment state of an order. The imported document does not change."""

from dataclasses import dataclass

from orders.application.change_order import ChangeOrder, ChangeReport
from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Clock, Deadline
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.fulfilment import MoveRefusal
from orders.domain.order import Cause
from orders.domain.status_updates import Move, plan_status_update


@dataclass(frozen=True, slots=True)
class UpdateOrderStatusCommand:
    """One request. A repeated request has another `request_id`."""

    address: OrderAddress
    move: Move
    request_id: str
    client: str
    protocol: str


@dataclass(frozen=True, slots=True)
class UpdateOrderStatus:
    """Moves one order to another fulfilment state."""

    change_order: ChangeOrder
    clock: Clock

    def __call__(
        self, command: UpdateOrderStatusCommand, deadline: Deadline
    ) -> ChangeReport[MoveRefusal]:
        """Move the order to the wanted state. If it already has this state, nothing changes.

        Raises StorageUnavailableError if nothing was changed, and StorageRefusedError.
        """
        # Read the clock once: DynamoDB requires a repeated transaction to be identical.
        cause = Cause(command.request_id, command.client, self.clock(), command.protocol)

        def decide(stored: StoredOrder) -> OrderChange | MoveRefusal | None:
            return plan_status_update(stored, command.move, cause)

        return self.change_order(command.address, decide, command.request_id, deadline)
