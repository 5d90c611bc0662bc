"""The deliveries of an order and their parcels."""

from collections.abc import Iterable, Iterator

from orders.protocols.commercetools.actions.parts import (
    DELIVERY,
    PARCEL,
    Action,
    ActionRefusedError,
    Change,
    ChangePart,
    Context,
    Kind,
    action,
    refuse,
    with_member,
    with_part,
    without_part,
)
from orders.protocols.commercetools.errors import invalid_field
from orders.protocols.commercetools.requests import (
    ADDRESS_WITH_CUSTOM,
    CUSTOM_MEMBER,
    DELIVERY_ITEMS,
    MEASUREMENTS,
    TRACKING_DATA,
)
from orders.protocols.commercetools.requests import PARCEL as PARCEL_DRAFT
from orders.protocols.commercetools.requests import key as part_key
from orders.protocols.commercetools.shapes import Array, Member, Shape, Tree, optional, required


def _deliveries_of(order: Tree) -> list[Tree]:
    if "shippingInfo" not in order:
        raise refuse("The order has no shippingInfo, which contains the deliveries.")
    return list(order["shippingInfo"]["deliveries"])


def _with_deliveries(order: Tree, deliveries: Iterable[Tree]) -> Tree:
    return {**order, "shippingInfo": {**order["shippingInfo"], "deliveries": list(deliveries)}}


def change_delivery(order: Tree, named: Tree, change: Change) -> Tree:
    """Return the order in which the delivery that an action names is changed."""
    deliveries = _deliveries_of(order)
    position = DELIVERY.find(deliveries, named)
    return _with_deliveries(order, with_part(deliveries, position, change(deliveries[position])))


def change_parcel(order: Tree, named: Tree, change: Change) -> Tree:
    """Return the order in which the parcel that an action names is changed."""
    deliveries = _deliveries_of(order)
    delivery, position = _place_of(deliveries, named)
    parcels = deliveries[delivery]["parcels"]
    changed = with_part(parcels, position, change(parcels[position]))
    return _with_parcels(order, deliveries, delivery, changed)


def _place_of(deliveries: list[Tree], named: Tree) -> tuple[int, int]:
    """Return the positions of the parcel that an action names, and of its delivery."""
    places = [
        (delivery, position)
        for delivery, each in enumerate(deliveries)
        for position in range(len(each["parcels"]))
    ]
    parcels = [parcel for each in deliveries for parcel in each["parcels"]]
    return places[PARCEL.find(parcels, named)]


def _with_parcels(
    order: Tree, deliveries: list[Tree], position: int, parcels: Iterable[Tree]
) -> Tree:
    delivery = {**deliveries[position], "parcels": list(parcels)}
    return _with_deliveries(order, with_part(deliveries, position, delivery))


def _new(part: Tree, identity: str, context: Context) -> Tree:
    return {"id": identity, "createdAt": context.now, **part}


def _check_keys(name: str, added: Iterable[Tree], others: Iterable[Tree]) -> None:
    """Check that no other part of this kind has the key of an added one."""
    keys = [each["key"] for each in added if "key" in each]
    known = {each["key"] for each in others if "key" in each} if keys else set()
    for key in keys:
        if key in known:
            why = "It must be unique in the order."
            raise ActionRefusedError(invalid_field(name, key, why=why))
        known.add(key)


def _parcels_of(deliveries: Iterable[Tree]) -> Iterator[Tree]:
    return (parcel for each in deliveries for parcel in each["parcels"])


def _add_delivery(order: Tree, sent: Tree, context: Context) -> Tree:
    deliveries = _deliveries_of(order)
    delivery = {name: value for name, value in sent.items() if name != "deliveryKey"}
    if "deliveryKey" in sent:
        delivery["key"] = sent["deliveryKey"]
    _check_keys("deliveryKey", [delivery], deliveries)
    _check_keys("parcels.key", sent["parcels"], _parcels_of(deliveries))
    parcels = [
        _new(parcel, context.new_id("parcel", number), context)
        for number, parcel in enumerate(sent["parcels"])
    ]
    added = _new({**delivery, "parcels": parcels}, context.new_id("delivery"), context)
    return _with_deliveries(order, [*deliveries, added])


def _remove_delivery(order: Tree, sent: Tree, _context: Context) -> Tree:
    deliveries = _deliveries_of(order)
    return _with_deliveries(order, without_part(deliveries, DELIVERY.find(deliveries, sent)))


def _add_parcel(order: Tree, sent: Tree, context: Context) -> Tree:
    deliveries = _deliveries_of(order)
    position = DELIVERY.find(deliveries, sent)
    left_out = ("deliveryId", "deliveryKey", "parcelKey")
    parcel = {name: value for name, value in sent.items() if name not in left_out}
    if "parcelKey" in sent:
        parcel["key"] = sent["parcelKey"]
    _check_keys("parcelKey", [parcel], _parcels_of(deliveries))
    parcels = [*deliveries[position]["parcels"], _new(parcel, context.new_id("parcel"), context)]
    return _with_parcels(order, deliveries, position, parcels)


def _remove_parcel(order: Tree, sent: Tree, _context: Context) -> Tree:
    deliveries = _deliveries_of(order)
    delivery, position = _place_of(deliveries, sent)
    left = without_part(deliveries[delivery]["parcels"], position)
    return _with_parcels(order, deliveries, delivery, left)


def _sets(change_part: ChangePart, kind: Kind, member: Member) -> Action:
    """Return the action that sets a member of a delivery or a parcel."""

    def apply(order: Tree, sent: Tree, _context: Context) -> Tree:
        value = sent.get(member.name)
        if member.required:
            # The array may be empty, and deliveries and parcels always have it.
            return change_part(order, sent, lambda part: {**part, member.name: value})
        return change_part(order, sent, lambda part: with_member(part, member.name, value))

    return action(apply, *kind.members, member)


def _of_delivery(member: Member) -> Action:
    return _sets(change_delivery, DELIVERY, member)


def _of_parcel(member: Member) -> Action:
    return _sets(change_parcel, PARCEL, member)


_items: Shape = DELIVERY_ITEMS
_ITEMS_OF_NEW = Member("items", _items, default=())
ACTIONS = {
    "addDelivery": action(
        _add_delivery,
        optional("deliveryKey", part_key),
        _ITEMS_OF_NEW,
        Member("parcels", Array(PARCEL_DRAFT), default=()),
        optional("address", ADDRESS_WITH_CUSTOM),
        CUSTOM_MEMBER,
    ),
    "removeDelivery": action(_remove_delivery, *DELIVERY.members),
    "setDeliveryAddress": _of_delivery(optional("address", ADDRESS_WITH_CUSTOM)),
    "setDeliveryItems": _of_delivery(required("items", _items)),
    "addParcelToDelivery": action(
        _add_parcel,
        *DELIVERY.members,
        optional("parcelKey", part_key),
        optional("measurements", MEASUREMENTS),
        optional("trackingData", TRACKING_DATA),
        _ITEMS_OF_NEW,
        CUSTOM_MEMBER,
    ),
    "removeParcelFromDelivery": action(_remove_parcel, *PARCEL.members),
    "setParcelMeasurements": _of_parcel(optional("measurements", MEASUREMENTS)),
    "setParcelTrackingData": _of_parcel(optional("trackingData", TRACKING_DATA)),
    "setParcelItems": _of_parcel(required("items", _items)),
}
