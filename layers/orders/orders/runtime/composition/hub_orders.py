"""Composes the routes of single orders in the hub's own API.

The function below imports its modules when it is called, because its environments also serve other
protocols.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from orders.application.ports import Deadline
from orders.protocols.http import Endpoint, HttpRequest
from orders.runtime.composition import Aws, new_request_id, utc_now
from orders.runtime.serve import Route, Service

if TYPE_CHECKING:
    from orders.protocols.hub.access import WriteAccess
    from orders.protocols.idempotency import Identify

_ORDER = "/hub/v1/orders/{order_id}"


def manage_order() -> Service:
    """Return the read, the deletion and the revival of an order, and the status of a line."""
    from orders.application.delete_order import DeleteOrder
    from orders.application.revive_order import ReviveOrder
    from orders.protocols.hub.access import ReadAccess
    from orders.protocols.hub.answers import answer_error
    from orders.protocols.hub.delete_order import DeleteOrderEndpoint
    from orders.protocols.hub.read_orders import GetOrderEndpoint
    from orders.protocols.hub.representation import OrderProtocols
    from orders.protocols.hub.revive_order import ReviveOrderEndpoint
    from orders.protocols.hub.update_line_status import UpdateLineStatusEndpoint
    from orders.runtime.composition.changing import change_order, update_line_status
    from orders.runtime.composition.order_protocols import (
        PROTOCOLS,
        lines_of,
        present,
        summarise,
    )

    def endpoints(aws: Aws) -> Mapping[Route, Endpoint]:
        access = _access(aws)
        protocols = OrderProtocols(PROTOCOLS, summarise, present, lines_of)
        change = change_order(aws)
        return {
            ("GET", _ORDER): GetOrderEndpoint(
                ReadAccess(access.tokens), change.get_order_by_id, protocols
            ),
            ("DELETE", _ORDER): DeleteOrderEndpoint(
                access, DeleteOrder(change, utc_now), new_request_id
            ),
            ("POST", f"{_ORDER}/revive"): ReviveOrderEndpoint(
                access, ReviveOrder(change, utc_now), protocols, new_request_id
            ),
            ("PUT", f"{_ORDER}/lines/{{line_id}}/status"): UpdateLineStatusEndpoint(
                access, update_line_status(aws, change), protocols, new_request_id
            ),
        }

    return Service(("/hub/",), endpoints, answer_error, identify=_identify)


def _identify(aws: Aws) -> Identify:
    from orders.protocols.idempotency import Caller

    def identify(request: HttpRequest, deadline: Deadline) -> Caller:
        client = _access(aws)(request, deadline)
        return Caller(client.account, client.client_id)

    return identify


@cache
def _access(aws: Aws) -> WriteAccess:
    from orders.adapters.dynamodb_tokens import DynamoTokens
    from orders.protocols.hub.access import WriteAccess

    return WriteAccess(DynamoTokens(aws.dynamodb, aws.environment.table))
