"""The import's parts, put together."""

from functools import cache

from orders.adapters.aws_faults import pause_with_jitter
from orders.adapters.dynamodb_order_ids import DynamoOrderIds
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.dynamodb_settings import DynamoSettings
from orders.adapters.dynamodb_tokens import DynamoTokens
from orders.application.import_orders import ImportOrders
from orders.protocols.altcraft.import_orders import ImportEndpoint
from orders.runtime.composition import Aws, connect, new_request_id, utc_now
from orders.runtime.composition.publishing import publish_triggers


@cache
def import_endpoint() -> ImportEndpoint:
    """Return the Altcraft import, built once an environment at its first request."""
    return build_import_endpoint(connect())


def build_import_endpoint(aws: Aws) -> ImportEndpoint:
    """Put the import together."""
    table = aws.environment.table
    return ImportEndpoint(
        tokens=DynamoTokens(aws.dynamodb, table),
        import_orders=ImportOrders(
            orders=DynamoOrders(aws.dynamodb, table),
            order_ids=DynamoOrderIds(aws.dynamodb, table),
            settings=DynamoSettings(aws.dynamodb, table),
            publish_triggers=publish_triggers(aws),
            clock=utc_now,
            pause=pause_with_jitter,
        ),
        new_request_id=new_request_id,
    )
