"""The parts of the import of one order, put together."""

from functools import cache

from orders.adapters.dynamodb_tokens import DynamoTokens
from orders.protocols.commercetools.access import ProjectAccess
from orders.protocols.commercetools.import_orders import ImportOrderEndpoint
from orders.runtime.composition import Aws, connect, new_request_id
from orders.runtime.composition.importing import import_orders


@cache
def import_order_endpoint() -> ImportOrderEndpoint:
    """Return the route, built once an environment at its first request."""
    return build_import_order_endpoint(connect())


def build_import_order_endpoint(aws: Aws) -> ImportOrderEndpoint:
    """Put the route together."""
    return ImportOrderEndpoint(
        access=ProjectAccess(DynamoTokens(aws.dynamodb, aws.environment.table)),
        import_orders=import_orders(aws),
        new_request_id=new_request_id,
    )
