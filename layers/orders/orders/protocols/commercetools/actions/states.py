"""The states of an order. The fulfilment state follows from them when all actions are applied."""

from orders.protocols.commercetools.actions.parts import Action, Context, action
from orders.protocols.commercetools.references import Reference
from orders.protocols.commercetools.requests import order_state, payment_state, shipment_state
from orders.protocols.commercetools.shapes import Shape, Tree, boolean, optional, required


def _sets(name: str, shape: Shape) -> Action:
    def apply(order: Tree, sent: Tree, _context: Context) -> Tree:
        return {**order, name: sent[name]}

    return action(apply, required(name, shape))


def _transition(order: Tree, sent: Tree, _context: Context) -> Tree:
    # The hub does not know the transitions of the shop's workflow, so it permits all, also without
    # `force`.
    return {**order, "state": sent["state"]}


ACTIONS = {
    "changeOrderState": _sets("orderState", order_state),
    "changeShipmentState": _sets("shipmentState", shipment_state),
    "changePaymentState": _sets("paymentState", payment_state),
    "transitionState": action(
        _transition, required("state", Reference("state")), optional("force", boolean)
    ),
}
