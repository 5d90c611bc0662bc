"""Composes the import use case, which all protocols share."""

from orders.adapters.dynamodb_catalogue import DynamoCatalogue
from orders.adapters.dynamodb_order_lanes import DynamoOrderLanes
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.dynamodb_settings import DynamoSettings
from orders.adapters.parallel_calls import CallsTogether
from orders.application.import_orders import ImportOrders
from orders.application.retries import pause_with_jitter
from orders.application.take_order_ids import TakeOrderIds
from orders.runtime.composition import Aws, utc_now
from orders.runtime.composition.order_protocols import reduce_trigger
from orders.runtime.composition.publishing import publish_triggers


def import_orders(aws: Aws) -> ImportOrders:
    """Return the import use case."""
    table = aws.environment.table
    return ImportOrders(
        orders=DynamoOrders(aws.dynamodb, table),
        order_ids=TakeOrderIds(DynamoOrderLanes(aws.dynamodb, table), utc_now),
        settings=DynamoSettings(aws.dynamodb, table),
        catalogue=DynamoCatalogue(aws.dynamodb, table),
        publish_triggers=publish_triggers(aws),
        clock=utc_now,
        pause=pause_with_jitter,
        reduce_trigger=reduce_trigger,
        together=CallsTogether(),
    )
