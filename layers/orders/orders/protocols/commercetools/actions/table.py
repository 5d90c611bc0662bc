"""All update actions of orders by their names."""

from collections.abc import Mapping

from orders.protocols.commercetools.actions import (
    addresses,
    custom_fields,
    deliveries,
    line_states,
    order_members,
    payments,
    returns,
    states,
    sync_info,
)
from orders.protocols.commercetools.actions.parts import Action

ACTIONS: Mapping[str, Action] = {
    **states.ACTIONS,
    **order_members.ACTIONS,
    **addresses.ACTIONS,
    **custom_fields.ACTIONS,
    **payments.ACTIONS,
    **deliveries.ACTIONS,
    **returns.ACTIONS,
    **line_states.ACTIONS,
    **sync_info.ACTIONS,
}
# Actions of the protocol that the hub does not have.
UNSUPPORTED = frozenset(
    {
        "setBusinessUnit",
        "setCustomLineItemShippingDetails",
        "setDeliveryAddressCustomField",
        "setDeliveryAddressCustomType",
        "setLineItemShippingDetails",
        "setReturnInfo",
        "setShippingCustomField",
        "setShippingCustomType",
    }
)
