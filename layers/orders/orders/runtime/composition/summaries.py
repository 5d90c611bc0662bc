"""What every protocol can show of an order, whichever wrote it."""

from orders.domain.order import Order
from orders.domain.order_summary import OrderSummary
from orders.protocols.altcraft.documents import PROTOCOL as ALTCRAFT
from orders.protocols.altcraft.summaries import summarise as summarise_altcraft


def summarise(order: Order) -> OrderSummary:
    """Return what every protocol can show of an order."""
    if order.protocol == ALTCRAFT:
        return summarise_altcraft(order)
    # Costs start-up, and most environments never meet an order of another protocol.
    from orders.protocols.commercetools import summaries

    return summaries.summarise(order)
