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


_IN_PROGRESS = {
    "Pending": Fulfilment.STARTED,
    "Ready": Fulfilment.READY_TO_SHIP,
    "Shipped": Fulfilment.SHIPPED,
}
_FULFILMENTS = {"Complete": Fulfilment.DELIVERED, "Cancelled": Fulfilment.CANCELLED}


def fulfilment_of(order_state: str) -> Fulfilment:
    """Return the fulfilment state of an order that is imported with this orderState."""
    return _FULFILMENTS.get(order_state, Fulfilment.STARTED)


def fulfilment_after(states: Tree, current: Fulfilment) -> Fulfilment:
    """Return the fulfilment state of an order that an update gives these states.

    `states` has orderState, and shipmentState if there is one. States that say nothing of the
    progress keep the current one, unless the order was finished and is open again.
    """
    order_state, shipment = states["orderState"], states.get("shipmentState")
    if order_state == "Cancelled":
        return _kept_or(Fulfilment.SHOP_FAILED, current, "Cancelled")
    if order_state == "Complete" or shipment == "Delivered":
        return _kept_or(Fulfilment.DELIVERED, current, "Complete")
    if shipment in _IN_PROGRESS:
        wanted = _IN_PROGRESS[shipment]
        return current if _SHIPMENT_STATES.get(current) == shipment else wanted
    return Fulfilment.STARTED if current.is_final else current


def _kept_or(wanted: Fulfilment, current: Fulfilment, order_state: str) -> Fulfilment:
    return current if _ORDER_STATES.get(current) == order_state else wanted


def states_of(fulfilment: Fulfilment) -> Tree:
    """Return orderState, and shipmentState if the fulfilment state has one."""
    shipment = _SHIPMENT_STATES.get(fulfilment)
    state = {"orderState": _ORDER_STATES.get(fulfilment, "Confirmed")}
    return state if shipment is None else {**state, "shipmentState": shipment}
