"""Delete an order permanently."""

from dataclasses import dataclass

from orders.application.change_order import ChangeOrder, ChangeReport
from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Clock, Deadline
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.deletions import DeletionRefusal, plan_deletion
from orders.domain.order import Cause


@dataclass(frozen=True, slots=True)
class DeleteOrderCommand:
    """One request. If `version` is given, it must be the current version of the order.

    A repeated request has another `request_id`.
    """

    address: OrderAddress
    version: int | None
    request_id: str
    client: str
    protocol: str


@dataclass(frozen=True, slots=True)
class DeleteOrder:
    """Deletes one order with its aliases."""

    change_order: ChangeOrder
    clock: Clock

    def __call__(
        self, command: DeleteOrderCommand, deadline: Deadline
    ) -> ChangeReport[DeletionRefusal]:
        """Delete the order and its aliases. The report contains the deleted order.

        Raises StorageUnavailableError if nothing was deleted, and StorageRefusedError.
        """
        # Read the clock once: DynamoDB requires a repeated transaction to be identical.
        cause = Cause(command.request_id, command.client, self.clock(), command.protocol)

        def decide(stored: StoredOrder) -> OrderChange | DeletionRefusal:
            return plan_deletion(stored, command.version, cause)

        return self.change_order(command.address, decide, command.request_id, deadline)
