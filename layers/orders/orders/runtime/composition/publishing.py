"""What tells the consumers, put together: every write path ends in it."""

from orders.adapters.dynamodb_receipts import DynamoReceipts
from orders.adapters.eventbridge import EventBridgePublisher, stored_text
from orders.application.publish_triggers import PublishTriggers
from orders.domain.order import Order
from orders.protocols.altcraft.documents import PROTOCOL as ALTCRAFT
from orders.protocols.json_text import write_json
from orders.runtime.composition import Aws


def publish_triggers(aws: Aws) -> PublishTriggers:
    """Put together the publishing of a request's triggers."""
    return PublishTriggers(
        publisher=event_bus(aws),
        receipts=DynamoReceipts(aws.dynamodb, aws.environment.table),
    )


def event_bus(aws: Aws) -> EventBridgePublisher:
    """Put together what publishes triggers, each order in the shape of its protocol."""
    return EventBridgePublisher(aws.events, aws.environment.bus, present=present)


def present(order: Order) -> bytes:
    """Return an order as JSON, in the shape of the protocol that wrote it."""
    if order.protocol == ALTCRAFT:
        return stored_text(order)
    # Costs start-up, and most environments never meet an order of another protocol.
    from orders.protocols.commercetools.representation import represent

    return write_json(represent(order))
