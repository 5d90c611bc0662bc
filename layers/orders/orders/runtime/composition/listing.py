"""Composes the use case behind all lists of orders."""

from orders.adapters.dynamodb_change_index import DynamoChangeIndex
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.dynamodb_orphan_entries import OrphanEntries
from orders.application.list_orders import ListOrders
from orders.runtime.composition import Aws, utc_now


def list_orders(aws: Aws) -> ListOrders:
    """Return the use case that lists the orders of an account."""
    table = aws.environment.table
    orphans = OrphanEntries(aws.dynamodb, table, aws.environment.writer_lifetime(), utc_now)
    return ListOrders(
        DynamoOrderIndex(aws.dynamodb, table, orphans=orphans),
        DynamoChangeIndex(aws.dynamodb, table),
        DynamoOrders(aws.dynamodb, table),
    )
