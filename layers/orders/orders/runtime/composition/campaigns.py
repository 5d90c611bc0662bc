"""What the Partner API's functions share."""

from collections.abc import Mapping

from orders.adapters.aws_faults import pause_with_jitter
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_settings import DynamoSettings
from orders.adapters.dynamodb_tokens import DynamoTokens
from orders.application.change_order import ChangeOrder
from orders.application.get_order import GetOrder
from orders.domain.order import Order
from orders.domain.order_summary import OrderSummary, Summarise
from orders.protocols.altcraft.documents import PROTOCOL as ALTCRAFT
from orders.protocols.altcraft.summaries import summarise as summarise_altcraft
from orders.protocols.yandex_market.access import CampaignAccess
from orders.runtime.composition import Aws
from orders.runtime.composition.publishing import publish_triggers

_SUMMARIES: Mapping[str, Summarise] = {ALTCRAFT: summarise_altcraft}


def summarise(order: Order) -> OrderSummary:
    """Return what every protocol can show of an order, whichever wrote it."""
    return _SUMMARIES[order.protocol](order)


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
