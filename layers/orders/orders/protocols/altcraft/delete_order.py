"""`POST /api/v1.1/market/orders/delete` (Altcraft, both documented contracts)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orders.application.delete_order import DeleteOrder, DeleteOrderCommand
from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Deadline
from orders.application.preview_change import preview_change
from orders.application.repeat_requests import target_of
from orders.domain.clients import Role
from orders.domain.deletions import DeletionMode
from orders.protocols.altcraft import PROTOCOL
from orders.protocols.altcraft.answers import answer_call, answer_refusal
from orders.protocols.altcraft.calls import Calls
from orders.protocols.altcraft.changes import DELETE, DeleteBody, outcome_unknown
from orders.protocols.altcraft.errors import not_found
from orders.protocols.altcraft.named_orders import OrderFinder
from orders.protocols.altcraft.previews import Preview
from orders.protocols.dry_run import marked, run_of
from orders.protocols.http import EndpointResult, HttpRequest


@dataclass(frozen=True, slots=True)
class DeleteOrderEndpoint:
    """The deletion endpoint. `new_request_id` must return a new id at every call.

    `find_order` must find softly deleted orders too.
    """

    calls: Calls
    find_order: OrderFinder
    delete_order: DeleteOrder
    new_request_id: Callable[[], str]

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Delete the order that the body names, permanently or softly."""
        with self.calls.open(request, Role.ORDERS_WRITE, DELETE, deadline) as call:
            account = call.client.account
            preview = Preview.of(request, call.client, dry_run=call.body.dry_run)
            notes = preview.notes if preview else None
            body = call.body
            run = run_of(request, notes)
            order_id = target_of(
                run,
                lambda: self.find_order(account, body, deadline).order.order_id,
                deadline,
            )
            command = DeleteOrderCommand(
                OrderAddress(account, None, order_id),
                None,
                self.new_request_id(),
                call.client.client_id,
                PROTOCOL,
                _mode_of(body),
                of_hidden=True,
                run=run,
            )
            report = preview_change(self.delete_order, notes)(command, deadline)
            if report.unavailable:
                unknown = answer_refusal(outcome_unknown(), call.options)
                return marked(EndpointResult(unknown, report), notes)
            if report.found is None or report.refusal:
                # Other than unknown, it can only be softly deleted already: it has no version here.
                refusal = not_found(f"Order {order_id} does not exist")
                refused = answer_refusal(refusal, call.options)
                return marked(EndpointResult(refused, report), notes)
            members: dict[str, Any] = {"result": []} if call.body.is_of_older_contract else {}
            members |= preview.of_call() if preview else {}
            answer = answer_call(members, call.options, call.warnings)
        return marked(EndpointResult(answer, report), notes)


def _mode_of(body: DeleteBody) -> DeletionMode:
    """Return how to delete: the older contract deletes softly unless `with_fire` is true."""
    is_soft = body.is_of_older_contract and not body.with_fire
    return DeletionMode.SOFT if is_soft else DeletionMode.PERMANENT
