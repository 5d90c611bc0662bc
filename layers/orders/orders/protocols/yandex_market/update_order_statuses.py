"""`POST /campaigns/{campaignId}/orders/status-update`: the status change of several orders."""

from collections.abc import Callable
from dataclasses import dataclass

from orders.application.ports import Deadline
from orders.application.preview_statuses import preview_statuses
from orders.application.update_order_statuses import (
    MoveFailure,
    OrderMove,
    UpdateOrderStatuses,
    UpdateOrderStatusesCommand,
)
from orders.domain.clients import Role
from orders.domain.fulfilment import SalesModel
from orders.domain.status_updates import Move, MoveResult
from orders.protocols.dry_run import marked
from orders.protocols.http import EndpointResult, HttpRequest
from orders.protocols.yandex_market import PROTOCOL
from orders.protocols.yandex_market.access import CampaignAccess
from orders.protocols.yandex_market.answers import answer_ok
from orders.protocols.yandex_market.errors import INTERNAL, UNAVAILABLE, order_not_found
from orders.protocols.yandex_market.previews import of_orders, read_dry_run
from orders.protocols.yandex_market.representation import Tree
from orders.protocols.yandex_market.requests import OrderState, OrderStatesBody, read_json_body
from orders.protocols.yandex_market.states import wanted_state
from orders.protocols.yandex_market.update_order_status import refusal_of


@dataclass(frozen=True, slots=True)
class UpdateOrderStatusesEndpoint:
    """`POST /campaigns/{campaignId}/orders/status-update`.

    `new_request_id` must return a new id at every call.
    """

    access: CampaignAccess
    update_order_statuses: UpdateOrderStatuses
    new_request_id: Callable[[], str]

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Change the statuses of orders of the campaign. Return a result for each of them."""
        access = self.access(request, Role.ORDERS_WRITE, deadline)
        notes = read_dry_run(request)
        access.expect_sales_model()
        sent = read_json_body(request, OrderStatesBody).orders
        model = access.endpoint.sales_model
        command = UpdateOrderStatusesCommand(
            account=access.account,
            endpoint=access.endpoint.external_id,
            moves=[
                OrderMove(each.id, Move(wanted_state(each.status, each.substatus), model))
                for each in sent
            ],
            request_id=self.new_request_id(),
            client=access.client,
            protocol=PROTOCOL,
        )
        report = preview_statuses(self.update_order_statuses, notes)(command, deadline)
        results = zip(sent, report.results, strict=True)
        orders = [_shown(each, result, model) for each, result in results]
        return marked(
            EndpointResult(
                answer_ok({"status": "OK", "result": {"orders": orders}, **of_orders(notes)}),
                report,
            ),
            notes,
        )


def _shown(sent: OrderState, result: MoveResult | MoveFailure, model: SalesModel) -> Tree:
    """Return the result of one order (UpdateOrderStatusDTO), with its state if it is known."""
    if isinstance(result, MoveFailure):
        return {"id": sent.id, **_error(_failure(sent.id, result))}
    state = {
        "id": sent.id,
        "status": result.state.status,
        "substatus": result.state.substatus,
    }
    if result.refusal is None:
        return {**state, "updateStatus": "OK"}
    refusal = refusal_of(result.refusal, result.state, sent, model)
    return {**state, **_error(_with_id(refusal.message, sent.id))}


def _failure(order_id: int, failure: MoveFailure) -> str:
    if failure is MoveFailure.NOT_FOUND:
        return order_not_found(order_id).message
    error = UNAVAILABLE if failure is MoveFailure.UNAVAILABLE else INTERNAL
    return _with_id(error.message, order_id)


def _with_id(message: str, order_id: int) -> str:
    return f"{message} (orderId = {order_id})"


def _error(details: str) -> Tree:
    return {"updateStatus": "ERROR", "errorDetails": details}
