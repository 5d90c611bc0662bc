"""Composes the routes of single orders, and of the undo, in the hub's own API.

The function below imports its modules when it is called, because its environments also serve other
protocols.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from orders.application.ports import Deadline
from orders.protocols.http import Endpoint, HttpRequest
from orders.runtime.composition import Aws
from orders.runtime.serve import Route, Service

if TYPE_CHECKING:
    from orders.protocols.hub.access import WriteAccess
    from orders.protocols.idempotency import Identify


def manage_order() -> Service:
    """Return the read and the changes of an order, and the undo of a request."""
    from orders.protocols.hub.access import ReadAccess
    from orders.protocols.hub.answers import answer_error
    from orders.protocols.hub.read_orders import GetOrderEndpoint
    from orders.protocols.hub.representation import OrderProtocols
    from orders.runtime.composition.changing import change_order
    from orders.runtime.composition.hub_order_changes import ORDER, order_changes
    from orders.runtime.composition.order_protocols import (
        PROTOCOLS,
        contents,
        lines_of,
        present,
        summarise,
    )
    from orders.runtime.composition.undoing import undo_endpoints

    def endpoints(aws: Aws) -> Mapping[Route, Endpoint]:
        tokens = _access(aws).tokens
        protocols = OrderProtocols(PROTOCOLS, summarise, present, lines_of, contents)
        change = change_order(aws)
        return {
            ("GET", ORDER): GetOrderEndpoint(ReadAccess(tokens), change.get_order_by_id, protocols),
            **order_changes(aws, tokens, change),
            **undo_endpoints(aws, tokens, change),
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
