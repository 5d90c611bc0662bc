"""Composes the use cases behind all changes of stored orders."""

from orders.adapters.dynamodb_history import DynamoHistory
from orders.adapters.dynamodb_order_changes import DynamoOrderChanges
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.application.change_order import ChangeOrder
from orders.application.earlier_runs import EarlierRuns
from orders.application.get_order_by_id import GetOrderById
from orders.application.retries import pause_with_jitter
from orders.application.trigger_payloads import TriggerPayloads
from orders.application.update_line_status import UpdateLineStatus
from orders.application.update_order_statuses import UpdateOrderStatuses
from orders.runtime.composition import Aws, utc_now
from orders.runtime.composition.order_protocols import lines_of, reduce_trigger, status_of_lines
from orders.runtime.composition.publishing import publish_triggers
from orders.runtime.composition.stored_settings import settings_of
from orders.runtime.request_ids import is_repeated_request


def change_order(aws: Aws) -> ChangeOrder:
    """Return the use case that makes every change of a single order."""
    table = aws.environment.table
    return ChangeOrder(
        get_order_by_id=GetOrderById(DynamoOrderIndex(aws.dynamodb, table)),
        changes=DynamoOrderChanges(aws.dynamodb, table),
        publish_triggers=publish_triggers(aws),
        pause=pause_with_jitter,
        reduce_change=trigger_payloads(aws),
        earlier_runs=earlier_runs(aws),
    )


def earlier_runs(aws: Aws) -> EarlierRuns:
    """Return what finds the writes of earlier runs of the request that is being answered."""
    return EarlierRuns(
        DynamoHistory(aws.dynamodb, aws.environment.table), utc_now, is_repeated_request
    )


def trigger_payloads(aws: Aws) -> TriggerPayloads:
    """Return what reduces triggers to what the policy of their account permits."""
    return TriggerPayloads(settings_of(aws), reduce_trigger)


def update_line_status(aws: Aws, change: ChangeOrder) -> UpdateLineStatus:
    """Return the use case that updates the status of a line."""
    return UpdateLineStatus(
        change_order=change,
        settings=settings_of(aws),
        lines_of=lines_of,
        status_of_lines=status_of_lines,
        clock=utc_now,
    )


def update_order_statuses(aws: Aws) -> UpdateOrderStatuses:
    """Return the use case that updates the states of several orders."""
    table = aws.environment.table
    return UpdateOrderStatuses(
        index=DynamoOrderIndex(aws.dynamodb, table),
        orders=DynamoOrders(aws.dynamodb, table),
        publish_triggers=publish_triggers(aws),
        clock=utc_now,
        pause=pause_with_jitter,
        payloads=trigger_payloads(aws),
        earlier_runs=earlier_runs(aws),
    )
