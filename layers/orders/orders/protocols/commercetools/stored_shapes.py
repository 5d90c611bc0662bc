"""The shape of a stored order: that of a draft, with what only updates can add."""

from orders.protocols.commercetools import requests
from orders.protocols.commercetools.references import Reference
from orders.protocols.commercetools.requests import (
    ADDRESS_WITH_CUSTOM,
    CUSTOM_MEMBER,
    KEY_MEMBER,
    moment,
)
from orders.protocols.commercetools.shapes import (
    Array,
    Member,
    Record,
    Shape,
    long,
    optional,
    record,
    required,
    text,
)

# The ids and the times of parts that the draft had are left out: they are derived.
_IDENTITY = (optional("id", text), optional("createdAt", moment))

PARCEL = record(*_IDENTITY, *requests.PARCEL.members)


def _with(shape: Record, **changed: Shape) -> Record:
    """Return a record in which members have other shapes."""
    return Record(
        [
            Member(each.name, changed.get(each.name, each.shape), each.required, each.default)
            for each in shape.members
        ]
    )


DELIVERY = record(*_IDENTITY, *_with(requests.DELIVERY, parcels=Array(PARCEL)).members)
RETURN_ITEM = record(
    required("id", text),
    KEY_MEMBER,
    required("quantity", long),
    required("type", text),
    optional("lineItemId", text),
    optional("customLineItemId", text),
    optional("comment", text),
    required("shipmentState", text),
    required("paymentState", text),
    CUSTOM_MEMBER,
    required("lastModifiedAt", moment),
    required("createdAt", moment),
)
RETURN_INFO = record(
    required("items", Array(RETURN_ITEM)),
    optional("returnTrackingId", text),
    optional("returnDate", moment),
)
SYNC_INFO = record(
    required("channel", Reference("channel")),
    optional("externalId", text),
    required("syncedAt", moment),
)
SHIPPING_INFO = _with(requests.SHIPPING_INFO, deliveries=Array(DELIVERY))
STORED_ORDER = record(
    *_with(
        requests.ORDER_IMPORT_DRAFT,
        shippingInfo=SHIPPING_INFO,
        billingAddress=ADDRESS_WITH_CUSTOM,
        shippingAddress=ADDRESS_WITH_CUSTOM,
        itemShippingAddresses=Array(ADDRESS_WITH_CUSTOM),
    ).members,
    optional("locale", text),
    Member("returnInfo", Array(RETURN_INFO), default=()),
    Member("syncInfo", Array(SYNC_INFO), default=()),
)
