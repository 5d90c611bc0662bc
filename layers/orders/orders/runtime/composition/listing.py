"""Composes the use case behind all lists of orders, and those of what happened to them."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from orders.adapters.dynamodb_change_index import DynamoChangeIndex
from orders.adapters.dynamodb_history import DynamoHistory
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.dynamodb_orphan_entries import OrphanEntries
from orders.application.list_events import Event, ListEvents
from orders.application.list_orders import ListOrders
from orders.application.read_versions import ReadVersions
from orders.domain.order import Order
from orders.runtime.composition import Aws, utc_now


@cache
def list_orders(aws: Aws) -> ListOrders:
    """Return the use case that lists the orders of an account. Later calls return the same one."""
    table = aws.environment.table
    orphans = OrphanEntries(aws.dynamodb, table, aws.environment.writer_lifetime(), utc_now)
    return ListOrders(
        DynamoOrderIndex(aws.dynamodb, table, orphans=orphans),
        DynamoChangeIndex(aws.dynamodb, table),
        DynamoOrders(aws.dynamodb, table),
    )


def list_events[E: Event](
    aws: Aws, events_of: Callable[[Sequence[Order]], Iterable[E]]
) -> ListEvents[E]:
    """Return the use case that lists what `events_of` derives from the versions of orders."""
    orders = list_orders(aws)
    history = DynamoHistory(aws.dynamodb, aws.environment.table)
    return ListEvents(orders.index, orders.changes, ReadVersions(history, utc_now), events_of)
