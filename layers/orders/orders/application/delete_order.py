"""Delete an order for good."""

from dataclasses import dataclass

from orders.application.change_order import ChangeOrder, ChangeReport
from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Clock, Deadline
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.deletions import DeletionRefusal, plan_deletion


@dataclass(frozen=True, slots=True)
class DeleteOrderCommand:
    """One request; `version` is the one that the caller has read, None for whichever.

    `request_id` is unique to this invocation, also among repeats.
    """

    address: OrderAddress
    version: int | None
    request_id: str


@dataclass(frozen=True, slots=True)
class DeleteOrder:
    """The use case, put together with its ports."""

    change_order: ChangeOrder
    clock: Clock

    def __call__(
        self, command: DeleteOrderCommand, deadline: Deadline
    ) -> ChangeReport[DeletionRefusal]:
        """Delete the order with its aliases; the report holds it as it was.

        Raises StorageUnavailableError if nothing was deleted, and StorageRefusedError.
        """
        # Once: a repeated transaction must be the same to the letter.
        now = self.clock()

        def decide(stored: StoredOrder) -> OrderChange | DeletionRefusal:
            return plan_deletion(stored, command.version, command.request_id, now)

        return self.change_order(command.address, decide, command.request_id, deadline)
