"""Composes the use case behind all lists of orders."""

from orders.adapters.dynamodb_change_index import DynamoChangeIndex
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.application.list_orders import ListOrders
from orders.runtime.composition import Aws


def list_orders(aws: Aws) -> ListOrders:
    """Return the use case that lists the orders of an account."""
    table = aws.environment.table
    return ListOrders(
        DynamoOrderIndex(aws.dynamodb, table),
        DynamoChangeIndex(aws.dynamodb, table),
        DynamoOrders(aws.dynamodb, table),
    )
