"""Single members of an order, which an action sets or, without a value, removes."""

from orders.protocols.commercetools.actions.parts import (
    Action,
    Context,
    action,
    refuse,
    with_member,
)
from orders.protocols.commercetools.references import KeyReference
from orders.protocols.commercetools.requests import language, order_number
from orders.protocols.commercetools.shapes import Shape, Tree, optional, text


def _sets(name: str, shape: Shape = text, *, sent_as: str | None = None) -> Action:
    member = sent_as or name

    def apply(order: Tree, sent: Tree, _context: Context) -> Tree:
        return with_member(order, name, sent.get(member))

    return action(apply, optional(member, shape))


def _set_order_number(order: Tree, sent: Tree, _context: Context) -> Tree:
    if "orderNumber" not in sent and "orderNumber" in order:
        raise refuse("The number of an order cannot be removed; send orderNumber to change it.")
    return {**order, **sent}


def _set_store(order: Tree, sent: Tree, _context: Context) -> Tree:
    current, wanted = order.get("store"), sent.get("store")
    if current is None and wanted is None:
        raise refuse("The order has no store that could be removed.")
    if current and wanted and current["key"] == wanted["key"]:
        raise refuse("The order is in this store already.")
    return with_member(order, "store", wanted)


ACTIONS = {
    "setCustomerEmail": _sets("customerEmail", sent_as="email"),
    "setCustomerId": _sets("customerId"),
    "setPurchaseOrderNumber": _sets("purchaseOrderNumber"),
    "setLocale": _sets("locale", language),
    "setOrderNumber": action(_set_order_number, optional("orderNumber", order_number)),
    "setStore": action(_set_store, optional("store", KeyReference("store"))),
}
