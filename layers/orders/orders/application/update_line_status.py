"""Update the status of one line of an order. The imported document does not change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orders.application.change_order import ChangeOrder, ChangeReport
from orders.application.errors import UnknownLineStatusError
from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Clock, Deadline, SettingsRepository
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.line_statuses import (
    DerivedStatus,
    LineStatusRefusal,
    LineStatusUpdate,
    plan_line_status,
)
from orders.domain.order import Cause, LineMembers, Order
from orders.domain.settings import LineStatusType, OrderStatusFromLines, Settings

# Returns the status of an order with lines of these types, None if it does not change.
type StatusOfLines = Callable[[Order, Sequence[LineStatusType]], DerivedStatus | None]


@dataclass(frozen=True, slots=True)
class UpdateLineStatusCommand:
    """One request. A repeated request has another `request_id`."""

    address: OrderAddress
    update: LineStatusUpdate
    request_id: str
    client: str
    protocol: str


@dataclass(frozen=True, slots=True)
class UpdateLineStatus:
    """Gives one line of an order another status.

    `lines_of` returns the names of the lines in an order's document, `status_of_lines` the status
    of the order that follows from them, for accounts whose policy derives it.
    """

    change_order: ChangeOrder
    settings: SettingsRepository
    lines_of: Callable[[Order], LineMembers | None]
    status_of_lines: StatusOfLines
    clock: Clock

    def __call__(
        self, command: UpdateLineStatusCommand, deadline: Deadline
    ) -> ChangeReport[LineStatusRefusal]:
        """Update the status of the line. If it already has this status, nothing changes.

        Raises UnknownLineStatusError, StorageUnavailableError if nothing was changed, and
        StorageRefusedError.
        """
        settings = self._settings_with(command, deadline)
        # Read the clock once: DynamoDB requires a repeated transaction to be identical.
        cause = Cause(command.request_id, command.client, self.clock(), command.protocol)
        derives = settings.policies.order_status_from_lines is OrderStatusFromLines.ON

        def decide(stored: StoredOrder) -> OrderChange | LineStatusRefusal | None:
            def derive(statuses: Sequence[str]) -> DerivedStatus | None:
                types = [settings.line_status_type(status) for status in statuses]
                known = [each for each in types if each is not None]
                # A definition of a line's status may have been removed.
                is_known = derives and len(known) == len(types)
                return self.status_of_lines(stored.order, known) if is_known else None

            members = self.lines_of(stored.order)
            return plan_line_status(stored, command.update, members, cause, derive)

        return self.change_order(command.address, decide, command.request_id, deadline)

    def _settings_with(self, command: UpdateLineStatusCommand, deadline: Deadline) -> Settings:
        """Return settings that have the wanted status, read again if it is a new one."""
        account, status = command.address.account, command.update.status
        settings = self.settings.load(account, deadline).settings
        if settings.line_status_type(status) is None:
            settings = self.settings.load(account, deadline, fresh=True).settings
        if settings.line_status_type(status) is None:
            raise UnknownLineStatusError(status, settings.line_status_names())
        return settings
