"""The Altcraft import's parts, put together."""

from functools import cache

from orders.adapters.dynamodb_tokens import DynamoTokens
from orders.protocols.altcraft.import_orders import ImportEndpoint
from orders.runtime.composition import Aws, connect, new_request_id
from orders.runtime.composition.importing import import_orders


@cache
def import_endpoint() -> ImportEndpoint:
    """Return the Altcraft import, built once an environment at its first request."""
    return build_import_endpoint(connect())


def build_import_endpoint(aws: Aws) -> ImportEndpoint:
    """Put the import together."""
    return ImportEndpoint(
        tokens=DynamoTokens(aws.dynamodb, aws.environment.table),
        import_orders=import_orders(aws),
        new_request_id=new_request_id,
    )
