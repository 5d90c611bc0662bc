"""Composes the use case behind all changes of a single order."""

from orders.adapters.dynamodb_order_changes import DynamoOrderChanges
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_orphan_entries import OrphanEntries
from orders.application.change_order import ChangeOrder
from orders.application.get_order_by_id import GetOrderById
from orders.application.retries import pause_with_jitter
from orders.runtime.composition import Aws, utc_now
from orders.runtime.composition.publishing import publish_triggers


def change_order(aws: Aws) -> ChangeOrder:
    """Return the use case that makes every change of a single order."""
    table = aws.environment.table
    orphans = OrphanEntries(aws.dynamodb, table, aws.environment.writer_lifetime(), utc_now)
    return ChangeOrder(
        get_order_by_id=GetOrderById(DynamoOrderIndex(aws.dynamodb, table, orphans=orphans)),
        changes=DynamoOrderChanges(aws.dynamodb, table),
        publish_triggers=publish_triggers(aws),
        pause=pause_with_jitter,
    )
