"""`POST /hub/v1/orders/{order_id}/restore`: an earlier version of an order."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Deadline
from orders.application.preview_change import preview_change
from orders.application.restore_order import RestoreOrder, RestoreOrderCommand
from orders.domain.undoing import RestoreRefusal
from orders.protocols.dry_run import marked
from orders.protocols.http import RETRY_AFTER_SECONDS, EndpointResult, HttpRequest
from orders.protocols.hub import PROTOCOL
from orders.protocols.hub.access import WriteAccess
from orders.protocols.hub.answers import answer_ok, refuse
from orders.protocols.hub.errors import (
    OUTCOME_UNKNOWN,
    RequestRefusedError,
    conflict,
    not_found,
    too_large,
)
from orders.protocols.hub.previews import of_change, read_dry_run
from orders.protocols.hub.queries import expect_only, read_order_id
from orders.protocols.hub.representation import OrderProtocols, order_of
from orders.protocols.hub.requests import read_restore


@dataclass(frozen=True, slots=True)
class RestoreOrderEndpoint:
    """The restore endpoint. `new_request_id` must return a new id at every call."""

    access: WriteAccess
    restore_order: RestoreOrder
    protocols: OrderProtocols
    new_request_id: Callable[[], str]

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Restore the body's version of the path's order, and return the order."""
        client = self.access(request, deadline)
        expect_only(request, ())
        notes = read_dry_run(request)
        order_id, body = read_order_id(request), read_restore(request)
        command = RestoreOrderCommand(
            OrderAddress(client.account, None, order_id),
            body.version,
            self.new_request_id(),
            client.client_id,
            PROTOCOL,
            body.skip_triggers,
        )
        report = preview_change(self.restore_order, notes)(command, deadline)
        if report.unavailable:
            return marked(EndpointResult(refuse(OUTCOME_UNKNOWN), report), notes)
        if report.found is None:
            return marked(
                EndpointResult(refuse(not_found(f"Order {order_id} does not exist")), report), notes
            )
        if report.refusal:
            answer = refuse(_refusal(report.refusal, order_id, body.version))
            if report.refusal is RestoreRefusal.HISTORY_PENDING:
                answer = answer.with_headers({"Retry-After": RETRY_AFTER_SECONDS})
            return marked(EndpointResult(answer, report), notes)
        return marked(
            EndpointResult(
                answer_ok(
                    order_of(report.found, self.protocols) | of_change(notes, self.protocols)
                ),
                report,
            ),
            notes,
        )


def _refusal(reason: RestoreRefusal, order_id: int, version: int) -> RequestRefusedError:
    name = f"Version {version} of order {order_id}"
    match reason:
        case RestoreRefusal.UNKNOWN_VERSION:
            return not_found(f"{name} does not exist")
        case RestoreRefusal.SOFT_DELETION:
            return conflict(
                f"{name} is a soft deletion; restore the version before it, or delete the order"
            )
        case RestoreRefusal.RENAMED_WHILE_DELETED:
            return conflict(
                f"{name} has another external id, and the order is softly deleted; revive it first"
            )
        case RestoreRefusal.TOO_LARGE:
            return too_large(
                f"{name} is too large to be restored with another external id; import the order"
            )
        case RestoreRefusal.HISTORY_PENDING:
            detail = f"{name} is not in the history yet; send the request again in a minute"
            return RequestRefusedError(HTTPStatus.CONFLICT, "history_pending", detail)
        case RestoreRefusal.HISTORY_EXPIRED:
            detail = f"{name} is no longer in the history; import the order again"
            return RequestRefusedError(HTTPStatus.GONE, "history_expired", detail)
