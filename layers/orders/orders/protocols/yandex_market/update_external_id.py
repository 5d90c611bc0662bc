"""`POST /campaigns/{campaignId}/orders/{orderId}/external-id` (Partner API, page of 2025-07)."""

from collections.abc import Callable
from dataclasses import dataclass

from orders.application.limit_requests import LimitRequests
from orders.application.ports import Deadline
from orders.application.preview_change import preview_change
from orders.application.preview_ports import Notes
from orders.application.update_external_id import UpdateExternalId, UpdateExternalIdCommand
from orders.domain.clients import Role
from orders.domain.external_ids import MAX_ALIASES, ExternalIdRefusal
from orders.domain.order import Order
from orders.protocols.dry_run import marked
from orders.protocols.http import EndpointResult, HttpRequest
from orders.protocols.yandex_market import PROTOCOL
from orders.protocols.yandex_market.access import Access, CampaignAccess
from orders.protocols.yandex_market.answers import (
    answer_ok,
    errors_answered_with,
    rate_limit_headers,
    refuse,
)
from orders.protocols.yandex_market.errors import (
    UNAVAILABLE,
    RequestRefusedError,
    bad_request,
    limit_exceeded,
    order_not_found,
)
from orders.protocols.yandex_market.previews import of_order, read_dry_run
from orders.protocols.yandex_market.requests import ExternalIdBody, read_id, read_json_body

RESOURCE = "/campaigns/{campaignId}/orders/{orderId}/external-id"
UPDATE_ERROR = "EXTERNAL_ORDER_ID_UPDATE_ERROR"


@dataclass(frozen=True, slots=True)
class UpdateExternalIdEndpoint:
    """The external-id endpoint. `new_request_id` must return a new id at every call."""

    access: CampaignAccess
    limit_requests: LimitRequests
    update_external_id: UpdateExternalId
    new_request_id: Callable[[], str]

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Change the external id of the path's order to the one of the body.

        Once the request is counted, its answer has the rate-limit headers, also if it is an error.
        A preview is not counted.
        """
        access = self.access(request, Role.ORDERS_WRITE, deadline)
        notes = read_dry_run(request)
        if notes is not None:
            # A preview writes nothing, not even the count of requests.
            return self._update(access, request, notes, deadline)
        limit = access.policies.external_id_requests_per_hour
        allowance = self.limit_requests(access.account, access.campaign_id, limit, deadline)
        headers = rate_limit_headers(allowance)
        with errors_answered_with(headers):
            if allowance.exceeded:
                raise limit_exceeded(limit, RESOURCE)
            return self._update(access, request, None, deadline).with_headers(headers)

    def _update(
        self, access: Access, request: HttpRequest, notes: Notes | None, deadline: Deadline
    ) -> EndpointResult:
        access.expect_sales_model()
        order_id = read_id(request, "orderId")
        body = read_json_body(request, ExternalIdBody)
        command = UpdateExternalIdCommand(
            address=access.address_of(order_id),
            external_id=body.external_order_id,
            policy=access.policies.external_id_policy,
            request_id=self.new_request_id(),
            client=access.client,
            protocol=PROTOCOL,
        )
        report = preview_change(self.update_external_id, notes)(command, deadline)
        if report.unavailable:
            return marked(EndpointResult(refuse(UNAVAILABLE), report), notes)
        if report.found is None:
            return marked(EndpointResult(refuse(order_not_found(order_id)), report), notes)
        if report.refusal:
            order = report.found.order
            refusal = _refusal(report.refusal, order, access, body.external_order_id)
            return marked(EndpointResult(refuse(refusal), report), notes)
        return marked(EndpointResult(answer_ok({"status": "OK", **of_order(notes)}), report), notes)


def _refusal(
    reason: ExternalIdRefusal, order: Order, access: Access, sent: str
) -> RequestRefusedError:
    ids = f"partnerId = {access.campaign_id}, orderId = {order.order_id}"
    messages = {
        ExternalIdRefusal.TOO_LATE: (
            f"Cannot do operation for order with status {order.fulfilment.status}, "
            f"and substatus {order.fulfilment.substatus} ({ids})"
        ),
        ExternalIdRefusal.ALREADY_SET: (
            f"Cannot do operation, external ID already set for order "
            f"({ids}, externalId = {order.external_id})"
        ),
        ExternalIdRefusal.TAKEN: (
            f"Cannot do operation, external ID belongs to another order "
            f"({ids}, externalId = {sent})"
        ),
        ExternalIdRefusal.TOO_MANY_ALIASES: (
            f"Cannot do operation, order already has {MAX_ALIASES} former external IDs ({ids})"
        ),
        ExternalIdRefusal.RESERVED: (
            f"Cannot do operation, external ID has the form of a generated ID "
            f"({ids}, externalId = {sent})"
        ),
    }
    return bad_request(messages[reason], UPDATE_ERROR)
