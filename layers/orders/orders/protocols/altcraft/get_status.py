"""`POST /api/v1.1/market/orders/get_status` (Altcraft v74)."""

from dataclasses import dataclass

from orders.application.ports import Deadline
from orders.domain.clients import Role
from orders.protocols.altcraft.answers import answer_call
from orders.protocols.altcraft.calls import Calls
from orders.protocols.altcraft.named_orders import OrderFinder
from orders.protocols.altcraft.parameters import ORDER_NAME
from orders.protocols.altcraft.representation import endpoint_of
from orders.protocols.altcraft.states import status_of
from orders.protocols.http import (
    EndpointResult,
    HttpRequest,
    only_reads,
)


@only_reads
@dataclass(frozen=True, slots=True)
class GetStatusEndpoint:
    """The status of one order."""

    calls: Calls
    find_order: OrderFinder

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return the status and the endpoint of the order that the body names."""
        with self.calls.open(request, Role.ORDERS_READ, ORDER_NAME, deadline) as call:
            order = self.find_order(call.client.account, call.body, deadline).order
            result = {"endpoint": endpoint_of(order), "status": status_of(order)}
            answer = answer_call({"result": result}, call.options, call.warnings)
        return EndpointResult(answer)
