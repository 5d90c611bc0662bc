"""Fulfilment states and the protocol's order and shipment states."""

from orders.domain.fulfilment import Fulfilment
from orders.protocols.commercetools.shapes import Tree

_ORDER_STATES = {
    Fulfilment.STARTED: "Open",
    Fulfilment.DELIVERED: "Complete",
    Fulfilment.PARTIALLY_RETURNED: "Complete",
    Fulfilment.CANCELLED: "Cancelled",
    Fulfilment.SHOP_FAILED: "Cancelled",
}
_SHIPMENT_STATES = {
    Fulfilment.READY_TO_SHIP: "Ready",
    Fulfilment.SHIPPED: "Shipped",
    Fulfilment.DELIVERY: "Shipped",
    Fulfilment.PICKUP: "Shipped",
    Fulfilment.DELIVERED: "Delivered",
    Fulfilment.PARTIALLY_RETURNED: "Delivered",
}


_FULFILMENTS = {"Complete": Fulfilment.DELIVERED, "Cancelled": Fulfilment.CANCELLED}


def fulfilment_of(order_state: str) -> Fulfilment:
    """Return the fulfilment state of an order that is imported with this orderState."""
    return _FULFILMENTS.get(order_state, Fulfilment.STARTED)


def states_of(fulfilment: Fulfilment) -> Tree:
    """Return orderState, and shipmentState if the fulfilment state has one."""
    shipment = _SHIPMENT_STATES.get(fulfilment)
    state = {"orderState": _ORDER_STATES.get(fulfilment, "Confirmed")}
    return state if shipment is None else {**state, "shipmentState": shipment}
