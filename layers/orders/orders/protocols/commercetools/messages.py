"""What the versions of an order changed, as messages (commercetools, Message).

Messages are not stored. They are derived from the versions of an order, so they have the changes
of all protocols. Within a version they have the sequence of this module.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from orders.domain.identifiers import uuid_of
from orders.domain.order import Order
from orders.domain.order_summary import Summarise
from orders.domain.patches import difference
from orders.protocols.commercetools import PROTOCOL
from orders.protocols.commercetools.documents import FIRST_NUMBER, plain
from orders.protocols.commercetools.foreign_orders import searchable_of
from orders.protocols.commercetools.message_ids import changed_id, imported_id
from orders.protocols.commercetools.references import initial_state
from orders.protocols.commercetools.representation import (
    created_by,
    header,
    last_modified_by,
    read_imported,
    read_stored,
    represent,
)
from orders.protocols.commercetools.shapes import Tree
from orders.protocols.commercetools.states import fulfilment_of
from orders.protocols.commercetools.times import wire_time
from orders.protocols.commercetools.updates import opened

IMPORTED = "OrderImported"

type Difference = Iterator[tuple[str, Tree]]
type DifferencesOf = Callable[[Tree, Tree], Difference]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of an order: of its import, or of a change that made it `order`.

    `position` is the position among the messages of this version, `sequence` among all messages of
    the order, from 1.
    """

    order: Order
    position: int
    sequence: int
    type: str
    members: Tree

    @property
    def at(self) -> datetime:
        """Return the time of the message in UTC."""
        return self.order.created_at if self.type == IMPORTED else self.order.updated_at

    @property
    def id(self) -> str:
        """Return the id, which never changes."""
        account, order_id = self.order.account, self.order.order_id
        if self.type == IMPORTED:
            return imported_id(account, order_id)
        return changed_id(account, order_id, self.order.version, self.position)

    @property
    def size(self) -> int:
        """Return about how many characters the message has."""
        return len(self.order.document) if self.type == IMPORTED else 0

    def tree(self) -> Tree:
        """Return the message."""
        return message_of(self.order) if self.type == IMPORTED else self._changed()

    def _changed(self) -> Tree:
        order = self.order
        at = wire_time(self.at)
        by: Tree = {"clientId": order.client, "isPlatformClient": False}
        if order.protocol == PROTOCOL:
            by = last_modified_by(order, read_stored(order))
        number = order.external_id if order.has_own_external_id else None
        return {
            "id": self.id,
            "version": 1,
            "createdAt": at,
            "lastModifiedAt": at,
            "lastModifiedBy": by,
            "createdBy": by,
            "sequenceNumber": self.sequence,
            "resource": {"typeId": "order", "id": uuid_of(order.account, order.order_id)},
            "resourceVersion": order.version,
            **_identifiers(number),
            "type": self.type,
            **self.members,
        }


def message_of(order: Order) -> Tree:
    """Return the OrderImported message of an order. It holds the order's first version."""
    document = read_imported(order)
    identity = uuid_of(order.account, order.order_id)
    number: str | None = document.get(FIRST_NUMBER)
    imported = replace(
        order,
        version=1,
        updated_at=order.created_at,
        external_id=number or identity,
        fulfilment=fulfilment_of(document.get("orderState", "Open")),
        status=document.get("orderState", "Open"),
        overrides="",
    )
    by = created_by(document)
    created_at = header(imported)["createdAt"]
    return {
        "id": imported_id(order.account, order.order_id),
        "version": 1,
        "createdAt": created_at,
        "lastModifiedAt": created_at,
        "lastModifiedBy": by,
        "createdBy": by,
        "sequenceNumber": 1,
        "resource": {"typeId": "order", "id": identity},
        "resourceVersion": 1,
        **_identifiers(number),
        "type": IMPORTED,
        "order": represent(imported),
    }


def _identifiers(number: str | None) -> Tree:
    return {"resourceUserProvidedIdentifiers": {"orderNumber": number}} if number else {}


def messages_of(versions: Sequence[Order], summarise: Summarise) -> Iterator[Message]:
    """Yield the messages of an order, whose versions are given from the oldest on.

    If the oldest versions are not known, the numbers begin with that of the first known version.
    """
    first = versions[0]
    sequence = first.version
    if first.protocol == PROTOCOL:
        yield Message(first, 0, 1, IMPORTED, {})
        sequence += 1
    before = shown_members(first, summarise) if len(versions) > 1 else {}
    for order in versions[1:]:
        after = shown_members(order, summarise)
        changes = differences(before, after, wire_time(order.updated_at))
        for position, (name, members) in enumerate(changes):
            yield Message(order, position, sequence, name, members)
            sequence += 1
        before = after


def shown_members(order: Order, summarise: Summarise) -> Tree:
    """Return the members of an order whose changes have messages."""
    if order.protocol != PROTOCOL:
        known = {name: value for name, value in searchable_of(order, summarise).items() if value}
        store = known.pop("store(key)", None)
        return {**known, **({"store": {"typeId": "store", "key": store}} if store else {})}
    tree = opened(order)
    shown: Tree = plain({name: tree[name] for name in _SHOWN if name in tree})
    for kind in _LINES:
        shown[kind] = [_line(order.account, line) for line in tree[kind]]
    info = tree.get("shippingInfo", {})
    shown["deliveries"] = plain(info.get("deliveries", []))
    return shown


def _line(account: str, line: Tree) -> Tree:
    known: Tree = {name: line[name] for name in ("id", "key") if name in line}
    initial = [{"quantity": line["quantity"], "state": initial_state(account)}]
    return {**known, "state": plain(line.get("state") or initial)}


_LINES = {"lineItems": "lineItem", "customLineItems": "customLineItem"}
_SHOWN = (
    *("orderState", "shipmentState", "paymentState", "state", "customerId", "customerEmail"),
    *("customerGroup", "purchaseOrderNumber", "store", "custom", "billingAddress"),
    *("shippingAddress", "paymentInfo", "returnInfo"),
)


def differences(before: Tree, after: Tree, at: str) -> Difference:
    """Yield the type and the own members of each message about the change at this time."""
    for differences_of in _DIFFERENCES:
        yield from differences_of(before, after)
    for kind in _LINES:
        yield from _transitions(kind, before, after, at)


def _sets(
    name: str, member: str, new: str, old: str, *, is_removable: bool = True
) -> DifferencesOf:
    def set_member(before: Tree, after: Tree) -> Difference:
        value, former = after.get(member), before.get(member)
        if value != former and (is_removable or value is not None):
            yield name, _known({new: value, old: former})

    return set_member


def _state(before: Tree, after: Tree) -> Difference:
    for name, members in _STATE_SET(before, after):
        # The hub does not keep whether the transition was forced.
        yield name, {**members, "force": False}


def _customer(before: Tree, after: Tree) -> Difference:
    ids, old_ids = ((each.get("customerId"), each.get("customerGroup")) for each in (after, before))
    if ids == old_ids:
        return
    groups = {"customerGroup": ids[1], "oldCustomerGroup": old_ids[1]}
    if ids[0] == old_ids[0]:
        yield "OrderCustomerGroupSet", _known(groups)
        return
    customers = {"customer": _customer_reference(ids[0])}
    former = {"oldCustomer": _customer_reference(old_ids[0])}
    yield "OrderCustomerSet", _known({**customers, **former, **groups})


def _customer_reference(identity: str | None) -> Tree | None:
    return None if identity is None else {"typeId": "customer", "id": identity}


def _store(before: Tree, after: Tree) -> Difference:
    if before.get("store") != after.get("store"):
        yield "OrderStoreSet", _known({"store": after.get("store")})


def _custom(before: Tree, after: Tree) -> Difference:
    return _custom_of("Order", before, after, {})


def _custom_of(kind: str, before: Tree, after: Tree, part: Tree) -> Difference:
    """Yield the changes of the custom fields of an order or a delivery, which `part` names."""
    old, new = before.get("custom"), after.get("custom")
    if not _differ(old, new):
        return
    former = {} if old is None else {"previousTypeId": old["type"]["id"]}
    if new is None:
        yield f"{kind}CustomTypeRemoved", {**former, **part}
    elif old is None or old["type"] != new["type"]:
        yield f"{kind}CustomTypeSet", {"customFields": new, **former, **part}
    else:
        fields, old_fields = new["fields"], old["fields"]
        for name in sorted(fields.keys() | old_fields.keys()):
            if name not in fields:
                yield f"{kind}CustomFieldRemoved", {"name": name, **part}
            elif name not in old_fields:
                yield f"{kind}CustomFieldAdded", {"name": name, "value": fields[name], **part}
            elif _differ(fields[name], old_fields[name]):
                values = {"value": fields[name], "previousValue": old_fields[name]}
                yield f"{kind}CustomFieldChanged", {"name": name, **values, **part}


def _payments(before: Tree, after: Tree) -> Difference:
    old, new = (
        {payment["id"]: payment for payment in each.get("paymentInfo", {}).get("payments", ())}
        for each in (before, after)
    )
    for identity, payment in old.items():
        if identity not in new:
            members = {"paymentRef": payment, "removedPaymentInfo": not new}
            yield "OrderPaymentRemoved", members
    for identity, payment in new.items():
        if identity not in old:
            yield "OrderPaymentAdded", {"paymentRef": payment}


def _deliveries(before: Tree, after: Tree) -> Difference:
    for old, new in _pairs(before.get("deliveries", ()), after.get("deliveries", ())):
        if new is None:
            yield "DeliveryRemoved", {"delivery": old}
        elif old is None:
            yield "DeliveryAdded", {"delivery": new}
        else:
            yield from _delivery(old, new)


def _delivery(old: Tree, new: Tree) -> Difference:
    named = {"deliveryId": new["id"]}
    if old.get("address") != new.get("address"):
        addresses = _known({"address": new.get("address"), "oldAddress": old.get("address")})
        yield "DeliveryAddressSet", {**named, **addresses}
    if old["items"] != new["items"]:
        yield "DeliveryItemsUpdated", {**named, "items": new["items"], "oldItems": old["items"]}
    yield from _custom_of("Delivery", old, new, named)
    for former, parcel in _pairs(old["parcels"], new["parcels"]):
        if parcel is None:
            yield "ParcelRemovedFromDelivery", {**named, "parcel": former}
        elif former is None:
            yield "ParcelAddedToDelivery", {"delivery": new, "parcel": parcel}
        else:
            yield from _parcel(former, parcel, {"parcelId": parcel["id"], **named})


def _parcel(old: Tree, new: Tree, named: Tree) -> Difference:
    for name, member in (
        ("ParcelMeasurementsUpdated", "measurements"),
        ("ParcelTrackingDataUpdated", "trackingData"),
    ):
        if old.get(member) != new.get(member):
            yield name, {**named, **_known({member: new.get(member)})}
    if old["items"] != new["items"]:
        yield "ParcelItemsUpdated", {**named, "items": new["items"], "oldItems": old["items"]}


def _returns(before: Tree, after: Tree) -> Difference:
    old, new = before.get("returnInfo", []), after.get("returnInfo", [])
    kept = new[: len(old)]
    if list(map(_item_ids, kept)) != list(map(_item_ids, old)):
        yield "ReturnInfoSet", {"returnInfo": new}
        return
    for one, other in zip(_items(old), _items(kept), strict=True):
        if one["shipmentState"] != other["shipmentState"]:
            state = {"returnShipmentState": other["shipmentState"]}
            yield "OrderReturnShipmentStateChanged", {"returnItemId": other["id"], **state}
    for info in new[len(old) :]:
        yield "ReturnInfoAdded", {"returnInfo": info}


def _items(returns: Iterable[Tree]) -> Iterator[Tree]:
    return (item for info in returns for item in info["items"])


def _item_ids(info: Tree) -> list[str]:
    return [item["id"] for item in info["items"]]


def _transitions(kind: str, before: Tree, after: Tree, at: str) -> Difference:
    """Yield the transitions of items of lines: what one state has less, another one has more."""
    prefix = _LINES[kind]
    name = f"{prefix[0].upper()}{prefix[1:]}StateTransition"
    for old, new in _pairs(before.get(kind, ()), after.get(kind, ())):
        if old is None or new is None or old["state"] == new["state"]:
            continue
        key = _known({f"{prefix}Key": new.get("key")})
        line = {f"{prefix}Id": new["id"], **key, "transitionDate": at}
        for quantity, source, target in _moves(old["state"], new["state"]):
            states = {"fromState": source, "toState": target}
            yield name, {**line, "quantity": quantity, **states}


def _moves(old: Iterable[Tree], new: Iterable[Tree]) -> Iterator[tuple[int, Tree, Tree]]:
    states: dict[str, Tree] = {}
    balance: dict[str, int] = {}
    for sign, entries in ((-1, old), (1, new)):
        for entry in entries:
            identity = entry["state"]["id"]
            states[identity] = entry["state"]
            balance[identity] = balance.get(identity, 0) + sign * entry["quantity"]
    sources = [[identity, -number] for identity, number in balance.items() if number < 0]
    for target, number in balance.items():
        wanted = number
        while wanted > 0 and sources:
            source: Any = sources[0]
            moved = min(wanted, source[1])
            yield moved, states[source[0]], states[target]
            wanted, source[1] = wanted - moved, source[1] - moved
            if not source[1]:
                del sources[0]


def _pairs(old: Iterable[Tree], new: Iterable[Tree]) -> Iterator[tuple[Tree | None, Tree | None]]:
    """Yield the parts with the same id, first those that were removed, with None for the other."""
    former, present = ({part["id"]: part for part in parts} for parts in (old, new))
    yield from ((part, None) for identity, part in former.items() if identity not in present)
    yield from ((former.get(identity), part) for identity, part in present.items())


def _known(members: Mapping[str, Any]) -> Tree:
    return {name: value for name, value in members.items() if value is not None}


def _differ(one: object, other: object) -> bool:
    # In JSON, true differs from 1.
    return bool(difference({"value": one}, {"value": other}))


_STATE_SET = _sets("OrderStateTransition", "state", "state", "oldState", is_removable=False)
_DIFFERENCES: tuple[DifferencesOf, ...] = (
    _sets("OrderStateChanged", "orderState", "orderState", "oldOrderState", is_removable=False),
    _sets(
        "OrderShipmentStateChanged",
        "shipmentState",
        "shipmentState",
        "oldShipmentState",
        is_removable=False,
    ),
    _sets(
        "OrderPaymentStateChanged",
        "paymentState",
        "paymentState",
        "oldPaymentState",
        is_removable=False,
    ),
    _state,
    _customer,
    _sets("OrderCustomerEmailSet", "customerEmail", "email", "oldEmail"),
    _sets(
        "OrderPurchaseOrderNumberSet",
        "purchaseOrderNumber",
        "purchaseOrderNumber",
        "oldPurchaseOrderNumber",
    ),
    _store,
    _custom,
    _sets("OrderBillingAddressSet", "billingAddress", "address", "oldAddress"),
    _sets("OrderShippingAddressSet", "shippingAddress", "address", "oldAddress"),
    _payments,
    _deliveries,
    _returns,
)
TYPES = (
    IMPORTED,
    *("OrderStateChanged", "OrderShipmentStateChanged", "OrderPaymentStateChanged"),
    *("OrderStateTransition", "OrderCustomerSet", "OrderCustomerGroupSet", "OrderCustomerEmailSet"),
    *("OrderPurchaseOrderNumberSet", "OrderStoreSet"),
    *("OrderCustomTypeSet", "OrderCustomTypeRemoved"),
    *("OrderCustomFieldAdded", "OrderCustomFieldChanged", "OrderCustomFieldRemoved"),
    *("OrderBillingAddressSet", "OrderShippingAddressSet"),
    *("OrderPaymentRemoved", "OrderPaymentAdded"),
    *("DeliveryRemoved", "DeliveryAdded", "DeliveryAddressSet", "DeliveryItemsUpdated"),
    *("DeliveryCustomTypeSet", "DeliveryCustomTypeRemoved"),
    *("DeliveryCustomFieldAdded", "DeliveryCustomFieldChanged", "DeliveryCustomFieldRemoved"),
    *("ParcelRemovedFromDelivery", "ParcelAddedToDelivery", "ParcelMeasurementsUpdated"),
    *("ParcelTrackingDataUpdated", "ParcelItemsUpdated"),
    *("ReturnInfoSet", "OrderReturnShipmentStateChanged", "ReturnInfoAdded"),
    *("LineItemStateTransition", "CustomLineItemStateTransition"),
)
