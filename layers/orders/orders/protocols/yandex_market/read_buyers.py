"""`GET /campaigns/{campaignId}/orders/{orderId}/buyer`: the buyer of an order."""

from dataclasses import dataclass

from orders.application.get_order_by_id import GetOrderById
from orders.application.ports import Deadline
from orders.domain.clients import Role
from orders.domain.fulfilment import SalesModel
from orders.protocols.http import EndpointResult, HttpRequest
from orders.protocols.yandex_market.access import CampaignAccess
from orders.protocols.yandex_market.answers import answer_ok
from orders.protocols.yandex_market.errors import bad_request, order_not_found
from orders.protocols.yandex_market.representation import buyer
from orders.protocols.yandex_market.requests import read_id

# A seller may know the buyer of an order in these statuses (Partner API, method page).
_OPEN = ("PROCESSING", "DELIVERY", "PICKUP")


@dataclass(frozen=True, slots=True)
class GetBuyerEndpoint:
    """`GET /campaigns/{campaignId}/orders/{orderId}/buyer`."""

    access: CampaignAccess
    get_order_by_id: GetOrderById

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return the neutral buyer of the path's order, without one if the account omits it."""
        access = self.access(request, Role.ORDERS_READ, deadline)
        access.expect_sales_model(SalesModel.DBS)
        order_id = read_id(request, "orderId")
        found = self.get_order_by_id(access.address_of(order_id), deadline)
        if found is None:
            raise order_not_found(order_id)
        state = found.order.fulfilment
        if state.status not in _OPEN:
            raise bad_request(
                f"Cannot do operation for order with status {state.status}, and substatus "
                f"{state.substatus} (partnerId = {access.campaign_id}, orderId = {order_id})"
            )
        return EndpointResult(
            answer_ok({"status": "OK", **access.form.neutral({"result": buyer()})})
        )
