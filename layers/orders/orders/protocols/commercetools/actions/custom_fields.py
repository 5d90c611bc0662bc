"""The custom fields of an order and of its parts: one action for the type, one for a field."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orders.domain.problems import shown
from orders.protocols.commercetools.actions.addresses import ADDRESS_KEY, ADDRESSES, position_of
from orders.protocols.commercetools.actions.deliveries import change_delivery, change_parcel
from orders.protocols.commercetools.actions.parts import (
    CUSTOM_LINE_ITEM,
    DELIVERY,
    LINE_ITEM,
    PARCEL,
    RETURN_ITEM,
    Action,
    Change,
    ChangePart,
    Context,
    action,
    part_of,
    refuse,
    with_member,
    with_part,
)
from orders.protocols.commercetools.actions.returns import change_item
from orders.protocols.commercetools.references import Reference
from orders.protocols.commercetools.requests import custom_fields, field_name
from orders.protocols.commercetools.shapes import Member, Tree, anything, optional, required


@dataclass(frozen=True, slots=True)
class _Customised:
    """Something that has custom fields. `name` is its name in the names of the two actions."""

    name: str
    change: ChangePart
    members: Sequence[Member] = ()

    def actions(self) -> Iterator[tuple[str, Action]]:
        """Yield the two actions by their names."""
        yield (
            f"set{self.name}CustomType",
            action(
                self._set_type,
                *self.members,
                optional("type", Reference("type")),
                optional("fields", custom_fields),
            ),
        )
        yield (
            f"set{self.name}CustomField",
            action(
                self._set_field,
                *self.members,
                required("name", field_name),
                optional("value", anything),
            ),
        )

    def _set_type(self, order: Tree, sent: Tree, _context: Context) -> Tree:
        custom = None
        if "type" in sent:
            custom = {"type": sent["type"], "fields": sent.get("fields", {})}
        return self.change(order, sent, lambda part: with_member(part, "custom", custom))

    def _set_field(self, order: Tree, sent: Tree, _context: Context) -> Tree:
        return self.change(order, sent, lambda part: _with_field(part, sent))


def _with_field(part: Tree, sent: Tree) -> Tree:
    name, custom = sent["name"], part.get("custom")
    if custom is None:
        raise refuse(f"The field {shown(name)} needs a custom type; set the type first.")
    fields = {**custom["fields"], name: sent.get("value")}
    if fields[name] is None:
        if name not in custom["fields"]:
            raise refuse(f"The custom field {shown(name)} cannot be removed: it has no value.")
        del fields[name]
    # Sorted, as an import stores them.
    return {**part, "custom": {**custom, "fields": {each: fields[each] for each in sorted(fields)}}}


def _change_order(order: Tree, _named: Tree, change: Change) -> Tree:
    return change(order)


def _change_address(member: str) -> ChangePart:
    def change_part(order: Tree, _named: Tree, change: Change) -> Tree:
        if member not in order:
            raise refuse(f"The order has no {member}.")
        return {**order, member: change(order[member])}

    return change_part


def _change_item_address(order: Tree, named: Tree, change: Change) -> Tree:
    position = position_of(order, named["addressKey"])
    address = change(order[ADDRESSES][position])
    return {**order, ADDRESSES: with_part(order[ADDRESSES], position, address)}


_CUSTOMISED = (
    _Customised("", _change_order),
    _Customised("BillingAddress", _change_address("billingAddress")),
    _Customised("ShippingAddress", _change_address("shippingAddress")),
    _Customised("ItemShippingAddress", _change_item_address, (ADDRESS_KEY,)),
    _Customised("Delivery", change_delivery, DELIVERY.members),
    _Customised("Parcel", change_parcel, PARCEL.members),
    _Customised("ReturnItem", change_item, RETURN_ITEM.members),
    _Customised("LineItem", part_of("lineItems", LINE_ITEM), LINE_ITEM.members),
    _Customised(
        "CustomLineItem", part_of("customLineItems", CUSTOM_LINE_ITEM), CUSTOM_LINE_ITEM.members
    ),
)
ACTIONS = {name: each for customised in _CUSTOMISED for name, each in customised.actions()}
