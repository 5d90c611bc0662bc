"""Personal data in commercetools orders: the customer, all addresses and all custom fields."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from orders.domain.order import Order
from orders.domain.personal_data import (
    Contacts,
    MemberPath,
    PersonalData,
    looks_like_email,
    looks_like_phone,
    members_at,
    texts_in,
    without,
)
from orders.protocols.commercetools.documents import EXTERNAL_USER, UPDATED_BY
from orders.protocols.json_text import write_json

ADDRESSES: tuple[MemberPath, ...] = (
    ("shippingAddress",),
    ("billingAddress",),
    ("itemShippingAddresses",),
    ("shippingInfo", "deliveries", "*", "address"),
)
# A shop can put anything into custom fields, so all of them count.
CUSTOM_FIELDS: tuple[MemberPath, ...] = (
    ("custom",),
    ("lineItems", "*", "custom"),
    ("lineItems", "*", "price", "custom"),
    ("lineItems", "*", "variant", "prices", "*", "custom"),
    ("customLineItems", "*", "custom"),
    ("shippingInfo", "deliveries", "*", "custom"),
    ("shippingInfo", "deliveries", "*", "parcels", "*", "custom"),
    ("returnInfo", "*", "items", "*", "custom"),
)
MEMBERS = frozenset(
    {
        ("customerId",),
        ("customerEmail",),
        (EXTERNAL_USER,),
        (UPDATED_BY,),
        *ADDRESSES,
        *CUSTOM_FIELDS,
        # A comment can contain anything.
        ("returnInfo", "*", "items", "*", "comment"),
        # They name the address of each line.
        ("lineItems", "*", "shippingDetails"),
        ("customLineItems", "*", "shippingDetails"),
    }
)
_PHONES = ("phone", "mobile", "fax")


def contacts_of(order: Order) -> Contacts:
    """Return the contacts of the customer and of all addresses.

    Custom fields count if they look like contacts.
    """
    document = order.content()
    addresses = list(_addresses(document))
    unknown = [
        text
        for path in CUSTOM_FIELDS
        for custom in members_at(document, (*path, "fields"))
        for text in texts_in(custom)
    ]
    unknown += [text for each in addresses for text in texts_in(each.get("custom"))]
    return Contacts(
        emails=(
            *texts_in(document.get("customerEmail")),
            *(text for each in addresses for text in texts_in(each.get("email"))),
            *filter(looks_like_email, unknown),
        ),
        phones=(
            *(text for each in addresses for name in _PHONES for text in texts_in(each.get(name))),
            *filter(looks_like_phone, unknown),
        ),
        customer_ids=tuple(texts_in(document.get("customerId"))),
    )


def _addresses(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in ADDRESSES:
        for found in members_at(document, path):
            yield from found if isinstance(found, list) else [found]


def _strip(text: str) -> str:
    """Return a text without personal data. Numbers keep their digits."""
    return write_json(without(json.loads(text, parse_float=Decimal), MEMBERS)).decode()


PERSONAL = PersonalData(MEMBERS, _strip, contacts_of)
