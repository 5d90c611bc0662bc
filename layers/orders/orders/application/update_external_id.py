"""Update the external id of an order. The old id becomes an alias."""

from dataclasses import dataclass, replace

from orders.application.change_order import ChangeOrder, ChangeReport
from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Clock, Deadline
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.external_ids import ExternalIdRefusal, plan_external_id_update
from orders.domain.order import Cause
from orders.domain.settings import ExternalIdPolicy


@dataclass(frozen=True, slots=True)
class UpdateExternalIdCommand:
    """One request. A repeated request has another `request_id`."""

    address: OrderAddress
    external_id: str
    policy: ExternalIdPolicy
    request_id: str
    client: str
    protocol: str


@dataclass(frozen=True, slots=True)
class UpdateExternalId:
    """Sets or changes the external id of one order."""

    change_order: ChangeOrder
    clock: Clock

    def __call__(
        self, command: UpdateExternalIdCommand, deadline: Deadline
    ) -> ChangeReport[ExternalIdRefusal]:
        """Set or change the external id. If the order already has this id, nothing changes.

        Raises StorageUnavailableError if nothing was changed, and StorageRefusedError.
        """
        # Read the clock once: DynamoDB requires a repeated transaction to be identical.
        cause = Cause(command.request_id, command.client, self.clock(), command.protocol)

        def decide(stored: StoredOrder) -> OrderChange | ExternalIdRefusal | None:
            return plan_external_id_update(stored, command.external_id, command.policy, cause)

        report = self.change_order(command.address, decide, command.request_id, deadline)
        return replace(report, refusal=ExternalIdRefusal.TAKEN) if report.taken else report
