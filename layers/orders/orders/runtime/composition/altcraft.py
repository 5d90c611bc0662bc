"""Composes the Altcraft endpoints of each function."""

from collections.abc import Mapping

from orders.adapters.dynamodb_tokens import DynamoTokens
from orders.protocols.altcraft.access import AccountAccess
from orders.protocols.altcraft.answers import answer_error
from orders.protocols.altcraft.import_orders import ImportOrdersEndpoint
from orders.protocols.http import Endpoint
from orders.runtime.composition import Aws, new_request_id
from orders.runtime.composition.importing import import_orders as import_orders_use_case
from orders.runtime.serve import Route, Service


def import_orders() -> Service:
    """Return the orders import."""
    return Service(("/api/",), _import_orders, answer_error)


def _import_orders(aws: Aws) -> Mapping[Route, Endpoint]:
    return {
        ("POST", "/api/v1.1/market/orders/import"): ImportOrdersEndpoint(
            access=AccountAccess(DynamoTokens(aws.dynamodb, aws.environment.table)),
            import_orders=import_orders_use_case(aws),
            new_request_id=new_request_id,
        )
    }
