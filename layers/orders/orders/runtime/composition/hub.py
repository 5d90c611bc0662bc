"""Composes the function of the hub's own API."""

from collections.abc import Mapping

from orders.adapters.dynamodb_tokens import DynamoTokens
from orders.protocols.http import Endpoint
from orders.protocols.hub.access import ReadAccess
from orders.protocols.hub.answers import answer_error
from orders.runtime.composition import Aws, utc_now
from orders.runtime.composition.hub_endpoints import ORDER, hub_endpoints
from orders.runtime.composition.listing import list_orders
from orders.runtime.serve import Route, Service


def read_hub() -> Service:
    """Return the reads of orders, histories and changes, and the comparison."""
    return Service(("/hub/",), _read_hub, answer_error)


def _read_hub(aws: Aws) -> Mapping[Route, Endpoint]:
    table = aws.environment.table
    access = ReadAccess(DynamoTokens(aws.dynamodb, table))
    endpoints = hub_endpoints(aws.dynamodb, table, list_orders(aws), access, utc_now)
    # The function that changes single orders also returns them: API Gateway has one a path.
    return {route: each for route, each in endpoints.items() if route != ("GET", ORDER)}
