"""What tells the consumers, put together: every write path ends in it."""

from orders.adapters.dynamodb_receipts import DynamoReceipts
from orders.adapters.eventbridge import EventBridgePublisher
from orders.application.publish_triggers import PublishTriggers
from orders.runtime.composition import Aws


def publish_triggers(aws: Aws) -> PublishTriggers:
    """Put together the publishing of a request's triggers."""
    return PublishTriggers(
        publisher=EventBridgePublisher(aws.events, aws.environment.bus),
        receipts=DynamoReceipts(aws.dynamodb, aws.environment.table),
    )
