"""What the Partner API's functions share."""

from orders.adapters.aws_faults import pause_with_jitter
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_settings import DynamoSettings
from orders.adapters.dynamodb_tokens import DynamoTokens
from orders.application.change_order import ChangeOrder
from orders.application.get_order import GetOrder
from orders.protocols.yandex_market.access import CampaignAccess
from orders.runtime.composition import Aws
from orders.runtime.composition.order_protocols import summarise
from orders.runtime.composition.publishing import publish_triggers


def campaign_access(aws: Aws) -> CampaignAccess:
    """Put together what lets a request in."""
    table = aws.environment.table
    return CampaignAccess(DynamoTokens(aws.dynamodb, table), DynamoSettings(aws.dynamodb, table))


def change_order(aws: Aws) -> ChangeOrder:
    """Put together what the changes of one order have in common."""
    index = DynamoOrderIndex(aws.dynamodb, aws.environment.table)
    return ChangeOrder(
        get_order=GetOrder(index, summarise),
        index=index,
        publish_triggers=publish_triggers(aws),
        pause=pause_with_jitter,
    )
