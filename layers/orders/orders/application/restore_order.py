"""Restore an earlier version of an order, as its next version."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from orders.application.change_order import ChangeOrder, ChangeReport
from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Clock, Deadline, HistoryRepository
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.history import OrderKey
from orders.domain.order import Cause, Order
from orders.domain.triggers import TriggerForm
from orders.domain.undoing import RestoreRefusal, plan_restoration


@dataclass(frozen=True, slots=True)
class RestoreOrderCommand:
    """One request for a `version` of an order. A repeated request has another `request_id`."""

    address: OrderAddress
    version: int
    request_id: str
    client: str
    protocol: str
    skip_triggers: bool = False


@dataclass(frozen=True, slots=True)
class RestoreOrder:
    """Brings one order's earlier version back. `form_of` says how triggers show an order."""

    change_order: ChangeOrder
    history: HistoryRepository
    form_of: Callable[[Order], TriggerForm]
    clock: Clock

    def __call__(
        self, command: RestoreOrderCommand, deadline: Deadline
    ) -> ChangeReport[RestoreRefusal]:
        """Restore the version. If the order has its content already, nothing changes.

        Raises StorageUnavailableError if nothing was changed, and StorageRefusedError.
        """
        # Read the clock once: DynamoDB requires a repeated transaction to be identical.
        cause = Cause(command.request_id, command.client, self.clock(), command.protocol)
        key = OrderKey(command.address.account, command.address.order_id), command.version
        replaced = self.history.find_versions([key], deadline).get(key)
        earlier = None if replaced is None else replaced.order

        def decide(stored: StoredOrder) -> OrderChange | RestoreRefusal | None:
            form = self.form_of(stored.order)
            planned = plan_restoration(stored, command.version, earlier, cause, form)
            if isinstance(planned, OrderChange) and command.skip_triggers:
                return replace(planned, trigger=None)
            return planned

        return self.change_order(
            command.address,
            decide,
            command.request_id,
            deadline,
            self.change_order.get_order_by_id.with_hidden,
        )
