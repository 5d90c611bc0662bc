"""Composes the use case behind all lists of orders."""

from orders.adapters.changes_by_scan import ChangesByScan
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.application.list_orders import ListOrders
from orders.application.ports import ChangeIndex
from orders.runtime.composition import Aws


def list_orders(aws: Aws) -> ListOrders:
    """Return the use case that lists the orders of an account."""
    table = aws.environment.table
    return ListOrders(
        DynamoOrderIndex(aws.dynamodb, table), change_index(aws), DynamoOrders(aws.dynamodb, table)
    )


def change_index(aws: Aws) -> ChangeIndex:
    """Return the order store, by time of change."""
    return ChangesByScan(DynamoOrderIndex(aws.dynamodb, aws.environment.table))
