"""What tells the consumers, put together: every write path ends in it."""

from orders.adapters.dynamodb_receipts import DynamoReceipts
from orders.adapters.eventbridge import EventBridgePublisher
from orders.application.publish_triggers import PublishTriggers
from orders.runtime.composition import Aws
from orders.runtime.composition.order_protocols import present


def publish_triggers(aws: Aws) -> PublishTriggers:
    """Put together the publishing of a request's triggers."""
    return PublishTriggers(
        publisher=event_bus(aws),
        receipts=DynamoReceipts(aws.dynamodb, aws.environment.table),
    )


def event_bus(aws: Aws) -> EventBridgePublisher:
    """Put together what publishes triggers, each order in the shape of its protocol."""
    return EventBridgePublisher(aws.events, aws.environment.bus, present)
