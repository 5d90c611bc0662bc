"""`PUT /hub/v1/orders/{order_id}/lines/{line_id}/status`: the status of one line."""

from collections.abc import Callable
from dataclasses import dataclass

from orders.application.errors import UnknownLineStatusError
from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Deadline
from orders.application.preview_change import preview_change
from orders.application.update_line_status import UpdateLineStatus, UpdateLineStatusCommand
from orders.domain.line_statuses import LineStatusRefusal, LineStatusUpdate
from orders.domain.order import Order
from orders.domain.problems import shown
from orders.protocols.dry_run import marked
from orders.protocols.http import EndpointResult, HttpRequest
from orders.protocols.hub import PROTOCOL
from orders.protocols.hub.access import WriteAccess
from orders.protocols.hub.answers import answer_ok, refuse
from orders.protocols.hub.errors import (
    OUTCOME_UNKNOWN,
    Fault,
    RequestRefusedError,
    conflict,
    invalid_body,
    not_found,
    too_large,
)
from orders.protocols.hub.previews import of_change, read_dry_run
from orders.protocols.hub.queries import expect_only, read_line_id, read_order_id
from orders.protocols.hub.representation import OrderProtocols, order_of
from orders.protocols.hub.requests import read_line_status


@dataclass(frozen=True, slots=True)
class UpdateLineStatusEndpoint:
    """The endpoint of a line's status. `new_request_id` must return a new id at every call."""

    access: WriteAccess
    update_line_status: UpdateLineStatus
    protocols: OrderProtocols
    new_request_id: Callable[[], str]

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Update the status of the path's line, and return the order."""
        client = self.access(request, deadline)
        expect_only(request, ())
        notes = read_dry_run(request)
        order_id, line = read_order_id(request), read_line_id(request)
        update = LineStatusUpdate(line, read_line_status(request))
        address = OrderAddress(client.account, None, order_id)
        command = UpdateLineStatusCommand(
            address, update, self.new_request_id(), client.client_id, PROTOCOL
        )
        try:
            report = preview_change(self.update_line_status, notes)(command, deadline)
        except UnknownLineStatusError as error:
            raise invalid_body([Fault(str(error), pointer="/status")]) from None
        if report.unavailable:
            return marked(EndpointResult(refuse(OUTCOME_UNKNOWN), report), notes)
        if report.found is None:
            return marked(
                EndpointResult(refuse(not_found(f"Order {order_id} does not exist")), report), notes
            )
        if report.refusal:
            refusal = _refusal(report.refusal, report.found.order, line)
            return marked(EndpointResult(refuse(refusal), report), notes)
        return marked(
            EndpointResult(
                answer_ok(
                    order_of(report.found, self.protocols) | of_change(notes, self.protocols)
                ),
                report,
            ),
            notes,
        )


def _refusal(reason: LineStatusRefusal, order: Order, line: str) -> RequestRefusedError:
    if reason is LineStatusRefusal.UNKNOWN_LINE:
        return not_found(f"Order {order.order_id} has no line {shown(line)}")
    if reason is LineStatusRefusal.NO_LINE_STATUSES:
        return conflict(
            f"The lines of orders that {order.protocol} imported have no status; import the order "
            "again to change a line"
        )
    return too_large("The order would be too large with the new status; import it again")
