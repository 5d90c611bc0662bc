"""The addresses of an order. Those of items are named by their keys."""

from collections.abc import Iterator

from orders.domain.problems import shown
from orders.protocols.commercetools.actions.parts import (
    Action,
    ActionRefusedError,
    Context,
    action,
    refuse,
    with_member,
    with_part,
    without_part,
)
from orders.protocols.commercetools.errors import invalid_field, invalid_input
from orders.protocols.commercetools.requests import ADDRESS_WITH_CUSTOM
from orders.protocols.commercetools.shapes import Tree, optional, required, text

ADDRESSES = "itemShippingAddresses"
ADDRESS_KEY = required("addressKey", text)


def position_of(order: Tree, key: str) -> int:
    """Return the position of the item address with this key. Raises ActionRefusedError."""
    for position, address in enumerate(order[ADDRESSES]):
        if address.get("key") == key:
            return position
    raise refuse(f"The order has no address with the key {shown(key)} in {ADDRESSES}.")


def _sets(name: str) -> Action:
    def apply(order: Tree, sent: Tree, _context: Context) -> Tree:
        return with_member(order, name, sent.get("address"))

    return action(apply, optional("address", ADDRESS_WITH_CUSTOM))


def _add(order: Tree, sent: Tree, _context: Context) -> Tree:
    address = sent["address"]
    key = _key_of(address)
    if any(each.get("key") == key for each in order[ADDRESSES]):
        why = "It must be unique in the order."
        raise ActionRefusedError(invalid_field("address.key", key, why=why))
    return {**order, ADDRESSES: [*order[ADDRESSES], address]}


def _update(order: Tree, sent: Tree, _context: Context) -> Tree:
    position = position_of(order, _key_of(sent["address"]))
    return {**order, ADDRESSES: with_part(order[ADDRESSES], position, sent["address"])}


def _remove(order: Tree, sent: Tree, _context: Context) -> Tree:
    key = sent["addressKey"]
    position = position_of(order, key)
    if key in _used_keys(order):
        raise refuse(f"The address {shown(key)} is used in the shippingDetails of a line.")
    return {**order, ADDRESSES: without_part(order[ADDRESSES], position)}


def _key_of(address: Tree) -> str:
    key: str | None = address.get("key")
    if key is None:
        raise ActionRefusedError(invalid_input(f"An address of {ADDRESSES} must have a key."))
    return key


def _used_keys(order: Tree) -> Iterator[str]:
    for line in (*order["lineItems"], *order["customLineItems"]):
        for target in line.get("shippingDetails", {}).get("targets", ()):
            yield target["addressKey"]


ACTIONS = {
    "setBillingAddress": _sets("billingAddress"),
    "setShippingAddress": _sets("shippingAddress"),
    "addItemShippingAddress": action(_add, required("address", ADDRESS_WITH_CUSTOM)),
    "updateItemShippingAddress": action(_update, required("address", ADDRESS_WITH_CUSTOM)),
    "removeItemShippingAddress": action(_remove, ADDRESS_KEY),
}
