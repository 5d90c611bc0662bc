"""An imported order as answers return it (commercetools, Order)."""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from orders.domain.fulfilment import Fulfilment
from orders.domain.identifiers import NO_ORDER_ID, uuid_of
from orders.domain.order import Order
from orders.domain.patches import patched
from orders.protocols.commercetools.documents import (
    CLIENT,
    EXTERNAL_USER,
    STATES_OF,
    UPDATED_BY,
    complete_document,
)
from orders.protocols.commercetools.shapes import Tree
from orders.protocols.commercetools.states import fulfilment_of, states_of
from orders.protocols.commercetools.times import wire_time
from orders.protocols.json_text import write_json


def represent(order: Order) -> Tree:
    """Return the representation of an order that was imported by this protocol.

    Unset members are left out, also orderNumber if the shop sent none.
    """
    document = with_states(read_document(order), order)
    maker = Maker(order)
    head = {
        **header(order),
        "lastModifiedBy": last_modified_by(order, document),
        "createdBy": created_by(document),
        **number_of(order),
    }
    return {
        **head,
        **_members(document | _taxed_shipping(document), _OPENING),
        **_members(document, ("syncInfo", "returnInfo")),
        "taxMode": "External",
        **_members(document, _MODES),
        "shippingMode": "Single",
        **maker.shipping_info(document),
        "shipping": [],
        **_members(document, ("billingAddress", "shippingAddress")),
        "lineItems": [maker.line_item(n, each) for n, each in enumerate(document["lineItems"])],
        "customLineItems": [
            {"id": maker.id_of("custom-line", n), **each}
            for n, each in enumerate(document["customLineItems"])
        ],
        "transactionFee": False,
        "discountCodes": [],
        "directDiscounts": [],
        **_members(document, ("itemShippingAddresses", "paymentInfo", "custom")),
        "refusedGifts": [],
    }


def present(order: Order) -> bytes:
    """Return the representation as JSON."""
    return write_json(represent(order))


def read_document(order: Order) -> Tree:
    """Return the complete order that was stored. Numbers with a fraction are Decimal."""
    return complete_document(read_stored(order), order.account)


def read_stored(order: Order) -> Tree:
    """Return the document with what updates changed. Numbers with a fraction are Decimal."""
    tree = read_imported(order)
    if not order.overrides:
        return tree
    return patched(tree, json.loads(order.overrides, parse_float=Decimal))


def read_imported(order: Order) -> Tree:
    """Return the document as it was imported. Numbers with a fraction are Decimal."""
    tree: Tree = json.loads(order.document, parse_float=Decimal)
    return tree


def with_states(document: Tree, order: Order) -> Tree:
    """Return the document with the present states of the order."""
    name: str | None = document.get(STATES_OF)
    own = fulfilment_of(order.status) if name is None else Fulfilment[name]
    if order.fulfilment is own:
        return document
    # Another protocol has changed the status since the import or the last update.
    return document | states_of(order.fulfilment)


def contents(before: Order, after: Order) -> tuple[Tree, Tree]:
    """Return what differs between two versions of an order, in the form of answers.

    Of the lines, only those that differ are returned.
    """
    old: Tree = {"external_id": before.external_id}
    new: Tree = {"external_id": after.external_id}
    if (before.document, before.overrides) == (after.document, after.overrides):
        return old, new
    old, new = old | _content(before), new | _content(after)
    for kind in ("lineItems", "customLineItems"):
        if len(old[kind]) == len(new[kind]):
            pairs = list(zip(old[kind], new[kind], strict=True))
            old[kind] = [one for one, other in pairs if one != other]
            new[kind] = [other for one, other in pairs if one != other]
    return old, new


def _content(order: Order) -> Tree:
    # As plain JSON, because triggers hold no exact numbers.
    tree: Tree = json.loads(present(order))
    return {name: value for name, value in tree.items() if name not in _HEADER}


def header(order: Order) -> Tree:
    """Return the members that come from the store."""
    return {
        "type": "Order",
        "id": str(_identity_of(order)),
        "version": order.version,
        "createdAt": wire_time(order.created_at),
        "lastModifiedAt": wire_time(order.updated_at),
    }


def _identity_of(order: Order) -> UUID:
    """Return the id of an order: the nil UUID of one that a preview shows and nothing stored."""
    if order.order_id == NO_ORDER_ID:
        return _NIL
    return UUID(uuid_of(order.account, order.order_id))


_NIL = UUID(int=0)


def number_of(order: Order) -> Tree:
    """Return orderNumber as a member, an empty object if the shop sent none."""
    return {"orderNumber": order.external_id} if order.has_own_external_id else {}


class Maker:
    """Derives the ids of an order's parts. The same part always gets the same id."""

    def __init__(self, order: Order) -> None:
        """Derive ids from the id of this order."""
        self.account = order.account
        self._namespace = _identity_of(order)
        self._created_at = wire_time(order.created_at)

    def id_of(self, *steps: str | int) -> str:
        """Return the id of the part at this path."""
        return str(uuid5(self._namespace, "/".join(map(str, steps))))

    def line_item(self, number: int, line: Tree) -> Tree:
        """Return a line item with the ids of the line, its price and its variant's prices."""
        variant = line["variant"]
        prices = [
            {"id": self.id_of("line", number, "price", n), **price}
            for n, price in enumerate(variant["prices"])
        ]
        return {
            "id": self.id_of("line", number),
            **line,
            "variant": {**variant, "prices": prices},
            "price": {"id": self.id_of("line", number, "price"), **line["price"]},
        }

    def shipping_info(self, document: Tree) -> Tree:
        """Return shippingInfo as a member, with the ids of deliveries and parcels."""
        info = document.get("shippingInfo")
        if info is None:
            return {}
        deliveries = list(self._deliveries(info["deliveries"]))
        return {"shippingInfo": {**info, "deliveries": deliveries}}

    def without_ids(self, deliveries: Iterable[Tree]) -> Iterator[Tree]:
        """Yield deliveries without the members that `shipping_info` adds to them."""
        for number, delivery in enumerate(deliveries):
            parcels = [
                self._without_id(parcel, "delivery", number, "parcel", n)
                for n, parcel in enumerate(delivery["parcels"])
            ]
            yield {**self._without_id(delivery, "delivery", number), "parcels": parcels}

    def _without_id(self, part: Tree, *steps: str | int) -> Tree:
        derived = self._identity(*steps)
        return {name: value for name, value in part.items() if derived.get(name) != value}

    def _deliveries(self, deliveries: Iterable[Tree]) -> Iterator[Tree]:
        for number, delivery in enumerate(deliveries):
            parcels = [
                self._with_id(parcel, "delivery", number, "parcel", n)
                for n, parcel in enumerate(delivery["parcels"])
            ]
            yield {**self._with_id(delivery, "delivery", number), "parcels": parcels}

    def _with_id(self, part: Tree, *steps: str | int) -> Tree:
        return {**self._identity(*steps), **part}

    def _identity(self, *steps: str | int) -> Tree:
        return {"id": self.id_of(*steps), "createdAt": self._created_at}


_OPENING = (
    "purchaseOrderNumber",
    "customerId",
    "customerEmail",
    "customerGroup",
    "businessUnit",
    "store",
    "totalPrice",
    "taxedPrice",
    "taxedShippingPrice",
    "country",
    "locale",
    "orderState",
    "shipmentState",
    "paymentState",
    "state",
    "completedAt",
)
_HEADER = (
    *("type", "id", "version", "createdAt", "lastModifiedAt", "lastModifiedBy", "createdBy"),
    "orderNumber",
)
_MODES = (
    "inventoryMode",
    "priceRoundingMode",
    "taxRoundingMode",
    "taxCalculationMode",
    "origin",
)


def _members(document: Tree, names: Iterable[str]) -> dict[str, Any]:
    return {name: document[name] for name in names if name in document}


def _taxed_shipping(document: Tree) -> Tree:
    """Return taxedShippingPrice as a member: the taxed price of the order's only shipping."""
    taxed = document.get("shippingInfo", {}).get("taxedPrice")
    return {} if taxed is None else {"taxedShippingPrice": taxed}


def created_by(document: Tree) -> Tree:
    """Return the API client that imported the order, and the user whom it named."""
    user = document.get(EXTERNAL_USER)
    named = {} if user is None else {"externalUserId": user}
    return {"clientId": document[CLIENT], **named, "isPlatformClient": False}


def last_modified_by(order: Order, document: Tree) -> Tree:
    """Return the API client of the last change, and its user if the change was an own one."""
    if order.version == 1:
        return created_by(document)
    last = document.get(UPDATED_BY, {})
    named = {"externalUserId": last["user"]} if last.get("version") == order.version else {}
    return {"clientId": order.client or document[CLIENT], **named, "isPlatformClient": False}
