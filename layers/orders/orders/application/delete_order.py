"""Delete an order, permanently or softly."""

from dataclasses import dataclass, replace

from orders.application.change_order import ChangeOrder, ChangeReport
from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Clock, Deadline
from orders.application.repeat_requests import Run
from orders.domain.changes import StoredOrder
from orders.domain.deletions import (
    DeletionMode,
    DeletionRefusal,
    plan_deletion,
    plan_soft_deletion,
)
from orders.domain.order import Cause


@dataclass(frozen=True, slots=True)
class DeleteOrderCommand:
    """One request. If `version` is given, it must be the current version of the order.

    A repeated request has another `request_id`, unless it has a `run`. With `of_hidden`, an order
    that is softly deleted is deleted permanently too; else it counts as not found. With
    `skip_trigger`, the deletion has no trigger.
    """

    address: OrderAddress
    version: int | None
    request_id: str
    client: str
    protocol: str
    mode: DeletionMode = DeletionMode.PERMANENT
    of_hidden: bool = False
    skip_trigger: bool = False
    run: Run | None = None


@dataclass(frozen=True, slots=True)
class DeleteOrder:
    """Deletes one order with its aliases, or hides it."""

    change_order: ChangeOrder
    clock: Clock

    def __call__(
        self, command: DeleteOrderCommand, deadline: Deadline
    ) -> ChangeReport[DeletionRefusal]:
        """Delete the order. The report contains the deleted order: after a soft deletion hidden.

        A soft deletion of an order that is softly deleted is refused. Raises
        StorageUnavailableError if nothing was deleted, and StorageRefusedError.
        """
        # Read the clock once: DynamoDB requires a repeated transaction to be identical.
        cause = Cause(command.request_id, command.client, self.clock(), command.protocol)
        is_soft = command.mode is DeletionMode.SOFT
        plan = plan_soft_deletion if is_soft else plan_deletion
        # A soft deletion recognises by the hidden order that an earlier attempt was committed.
        read = self.change_order.get_order_by_id.with_hidden
        report = self.change_order(
            command.address,
            lambda stored: plan(stored, command.version, cause, skip_trigger=command.skip_trigger),
            command.request_id,
            deadline,
            read if is_soft or command.of_hidden else None,
        )
        is_gone = report.found is None and not report.unavailable
        return self._removed_before(command, deadline) if is_gone else report

    def _removed_before(
        self, command: DeleteOrderCommand, deadline: Deadline
    ) -> ChangeReport[DeletionRefusal]:
        """Return the report of a deletion by an earlier run of the request, which was cut off."""
        if command.run is None or not command.run.is_repeated:
            return ChangeReport()
        account, order_id = command.address.account, command.address.order_id
        last = self.change_order.changes.find_removed(account, order_id, deadline)
        if last is None or last.request_id != command.request_id:
            return ChangeReport()
        # The deletion counts as a version of its own.
        return ChangeReport(StoredOrder(replace(last, version=last.version - 1)))
