"""Composes the publishing of triggers, the last step of every write."""

from orders.adapters.dynamodb_receipts import DynamoReceipts
from orders.adapters.eventbridge import EventBridgePublisher
from orders.application.publish_triggers import PublishTriggers
from orders.runtime.composition import Aws
from orders.runtime.composition.order_protocols import present


def publish_triggers(aws: Aws) -> PublishTriggers:
    """Return the use case that publishes the triggers of a request."""
    return PublishTriggers(
        publisher=event_bus(aws),
        receipts=DynamoReceipts(aws.dynamodb, aws.environment.table),
    )


def event_bus(aws: Aws) -> EventBridgePublisher:
    """Return the publisher of triggers. An order is sent in the shape of its protocol."""
    return EventBridgePublisher(aws.events, aws.environment.bus, present)
