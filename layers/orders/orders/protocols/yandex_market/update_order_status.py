"""`PUT /campaigns/{campaignId}/orders/{orderId}/status`: the status change."""

from collections.abc import Callable
from dataclasses import dataclass

from orders.application.ports import Deadline
from orders.application.preview_change import preview_change
from orders.application.update_order_status import UpdateOrderStatus, UpdateOrderStatusCommand
from orders.domain.clients import Role
from orders.domain.fulfilment import Fulfilment, MoveRefusal, SalesModel
from orders.domain.order_summary import Summarise
from orders.domain.problems import listed, spelled
from orders.domain.status_updates import Move
from orders.protocols.dry_run import marked
from orders.protocols.http import EndpointResult, HttpRequest
from orders.protocols.yandex_market import PROTOCOL
from orders.protocols.yandex_market.access import CampaignAccess
from orders.protocols.yandex_market.answers import answer_ok, refuse
from orders.protocols.yandex_market.errors import (
    UNAVAILABLE,
    RequestRefusedError,
    bad_request,
    order_not_found,
)
from orders.protocols.yandex_market.previews import of_order, read_dry_run
from orders.protocols.yandex_market.representation import order_of
from orders.protocols.yandex_market.requests import (
    OrderStatusBody,
    OrderStatusChange,
    read_id,
    read_json_body,
)
from orders.protocols.yandex_market.states import requestable, substatuses_of, wanted_state


@dataclass(frozen=True, slots=True)
class UpdateOrderStatusEndpoint:
    """`PUT /campaigns/{campaignId}/orders/{orderId}/status`.

    `new_request_id` must return a new id at every call.
    """

    access: CampaignAccess
    update_order_status: UpdateOrderStatus
    summarise: Summarise
    new_request_id: Callable[[], str]

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Change the status of the path's order and return the order."""
        access = self.access(request, Role.ORDERS_WRITE, deadline)
        notes = read_dry_run(request)
        access.expect_sales_model()
        order_id = read_id(request, "orderId")
        sent = read_json_body(request, OrderStatusBody).order
        wanted = wanted_state(sent.status, sent.substatus)
        move = Move(wanted, access.endpoint.sales_model)
        command = UpdateOrderStatusCommand(
            access.address_of(order_id), move, self.new_request_id(), access.client, PROTOCOL
        )
        report = preview_change(self.update_order_status, notes)(command, deadline)
        if report.unavailable:
            return marked(EndpointResult(refuse(UNAVAILABLE), report), notes)
        if report.found is None:
            return marked(EndpointResult(refuse(order_not_found(order_id)), report), notes)
        if report.refusal:
            state = report.found.order.fulfilment
            refusal = refusal_of(report.refusal, state, sent, access.endpoint.sales_model)
            return marked(EndpointResult(refuse(refusal), report), notes)
        found = report.found
        order = order_of(found, self.summarise(found.order), access.form)
        return marked(EndpointResult(answer_ok({"order": order, **of_order(notes)}), report), notes)


def refusal_of(
    reason: MoveRefusal, now: Fulfilment, sent: OrderStatusChange, model: SalesModel
) -> RequestRefusedError:
    """Return the error of a move that an order in the state `now` does not make."""
    if reason is MoveRefusal.STATUS_UNKNOWN:
        return bad_request(
            f"Status not allowed: {spelled(sent.status)}; allowed values: {listed(requestable())}",
            "STATUS_NOT_ALLOWED",
        )
    if reason is MoveRefusal.SUBSTATUS_UNKNOWN:
        fault = (
            "order.substatus is required"
            if sent.substatus is None
            else f"Substatus not allowed: {spelled(sent.substatus)}"
        )
        return bad_request(
            f"{fault}; allowed values for {sent.status}: {listed(substatuses_of(sent.status))}",
            "SUBSTATUS_NOT_ALLOWED",
        )
    if reason is MoveRefusal.FINAL:
        return bad_request(
            f"No transition found: {now.status} -> {sent.status}", "ORDER_IN_TERMINAL_STATE"
        )
    return bad_request(
        f"Transition {now.status} -> {sent.status} is not allowed. Reason: an order of model "
        f"{model} in {now.status} / {now.substatus} cannot change to {sent.status}"
        + (f" / {sent.substatus}" if sent.substatus else ""),
        "STATUS_NOT_ALLOWED",
    )
