"""`POST /api/v1.1/market/orders/update_order_line_status` (Altcraft v74)."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from orders.application.errors import UnknownLineStatusError
from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Deadline
from orders.application.preview_change import preview_change
from orders.application.update_line_status import UpdateLineStatus, UpdateLineStatusCommand
from orders.domain.clients import Role
from orders.domain.line_statuses import LineStatusRefusal, LineStatusUpdate
from orders.domain.order import Order
from orders.domain.problems import Code, Problem, shown
from orders.protocols.altcraft import PROTOCOL
from orders.protocols.altcraft.answers import answer_call, answer_refusal
from orders.protocols.altcraft.calls import Calls
from orders.protocols.altcraft.changes import LINE_STATUS, LineStatusBody, outcome_unknown
from orders.protocols.altcraft.errors import RequestRefusedError, bad_request, not_found
from orders.protocols.altcraft.named_orders import OrderFinder
from orders.protocols.altcraft.parameters import OrderNameBody
from orders.protocols.altcraft.previews import Preview
from orders.protocols.dry_run import marked
from orders.protocols.http import EndpointResult, HttpRequest


@dataclass(frozen=True, slots=True)
class UpdateLineStatusEndpoint:
    """The endpoint of a line's status. `new_request_id` must return a new id at every call."""

    calls: Calls
    find_order: OrderFinder
    update_line_status: UpdateLineStatus
    new_request_id: Callable[[], str]

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Update the status of the line that the body names."""
        with self.calls.open(request, Role.ORDERS_WRITE, LINE_STATUS, deadline) as call:
            account, body = call.client.account, call.body
            preview = Preview.of(request, call.client, dry_run=body.dry_run)
            notes = preview.notes if preview else None
            name = OrderNameBody(external_id=body.order_external_id)
            order = self.find_order(account, name, deadline).order
            command = UpdateLineStatusCommand(
                OrderAddress(account, None, order.order_id),
                LineStatusUpdate(
                    body.order_line_external_id,
                    body.status_external_id,
                    skip_trigger=bool(body.skip_triggers),
                ),
                self.new_request_id(),
                call.client.client_id,
                PROTOCOL,
            )
            try:
                report = preview_change(self.update_line_status, notes)(command, deadline)
            except UnknownLineStatusError as error:
                problem = Problem(Code.UNKNOWN_LINE_STATUS, ("status_external_id",), str(error))
                raise bad_request(str(error), problem) from None
            if report.unavailable:
                unknown = answer_refusal(outcome_unknown(), call.options)
                return marked(EndpointResult(unknown, report), notes)
            if report.found is None:
                refusal = not_found(f"Order {shown(body.order_external_id)} does not exist")
                refused = answer_refusal(refusal, call.options)
                return marked(EndpointResult(refused, report), notes)
            if report.refusal:
                refusal = _refusal(report.refusal, report.found.order, body)
                refused = answer_refusal(refusal, call.options)
                return marked(EndpointResult(refused, report), notes)
            members = preview.of_call() if preview else {}
            answer = answer_call(members, call.options, call.warnings)
        return marked(EndpointResult(answer, report), notes)


def _refusal(reason: LineStatusRefusal, order: Order, body: LineStatusBody) -> RequestRefusedError:
    name = shown(body.order_external_id)
    if reason is LineStatusRefusal.UNKNOWN_LINE:
        return not_found(f"Order {name} has no line {shown(body.order_line_external_id)}")
    if reason is LineStatusRefusal.NO_LINE_STATUSES:
        text = (
            f"Order {name} was imported through {order.protocol}, whose lines have no status; "
            "import it there again to change a line"
        )
        problem = Problem(Code.OTHER_PROTOCOL, ("order_external_id",), text)
        return RequestRefusedError(HTTPStatus.CONFLICT, text, (problem,))
    text = f"Order {name} would be too large with the new status; import it again"
    problem = Problem(Code.ORDER_TOO_LARGE, ("status_external_id",), text)
    return RequestRefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text, (problem,))
