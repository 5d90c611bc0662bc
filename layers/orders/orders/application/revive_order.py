"""Revive a softly deleted order: it exists again as it was, in its next version."""

from dataclasses import dataclass

from orders.application.change_order import ChangeOrder, ChangeReport
from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Clock, Deadline
from orders.domain.deletions import DeletionRefusal, plan_revival
from orders.domain.order import Cause


@dataclass(frozen=True, slots=True)
class ReviveOrderCommand:
    """One request. A repeated request has another `request_id`."""

    address: OrderAddress
    request_id: str
    client: str
    protocol: str


@dataclass(frozen=True, slots=True)
class ReviveOrder:
    """Ends the soft deletion of one order."""

    change_order: ChangeOrder
    clock: Clock

    def __call__(
        self, command: ReviveOrderCommand, deadline: Deadline
    ) -> ChangeReport[DeletionRefusal]:
        """Revive the order. If it is not deleted, nothing changes.

        The report never has a refusal. Raises StorageUnavailableError if nothing was changed, and
        StorageRefusedError.
        """
        # Read the clock once: DynamoDB requires a repeated transaction to be identical.
        cause = Cause(command.request_id, command.client, self.clock(), command.protocol)
        return self.change_order(
            command.address,
            lambda stored: plan_revival(stored, cause),
            command.request_id,
            deadline,
            self.change_order.get_order_by_id.with_hidden,
        )
