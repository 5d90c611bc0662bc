"""Update the fulfilment state of an order; the imported document stays as it is."""

from dataclasses import dataclass

from orders.application.change_order import ChangeOrder, ChangeReport
from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Clock, Deadline
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.fulfilment import MoveRefusal
from orders.domain.status_updates import Move, plan_status_update


@dataclass(frozen=True, slots=True)
class UpdateOrderStatusCommand:
    """One request. `request_id` is unique to this invocation, also among repeats."""

    address: OrderAddress
    move: Move
    request_id: str


@dataclass(frozen=True, slots=True)
class UpdateOrderStatus:
    """The use case, put together with its ports."""

    change_order: ChangeOrder
    clock: Clock

    def __call__(
        self, command: UpdateOrderStatusCommand, deadline: Deadline
    ) -> ChangeReport[MoveRefusal]:
        """Move the order on; a state that it is in already changes nothing.

        Raises StorageUnavailableError if nothing was changed, and StorageRefusedError.
        """
        # Once: a repeated transaction must be the same to the letter.
        now = self.clock()

        def decide(stored: StoredOrder) -> OrderChange | MoveRefusal | None:
            return plan_status_update(stored, command.move, command.request_id, now)

        return self.change_order(command.address, decide, command.request_id, deadline)
