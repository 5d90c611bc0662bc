"""Personal data in Altcraft orders: how the buyer is found, and the custom fields."""

import json
from typing import Any

import orjson

from orders.domain.order import Order
from orders.domain.personal_data import (
    Contacts,
    PersonalData,
    looks_like_email,
    looks_like_phone,
    texts_in,
    without,
)
from orders.protocols.altcraft.documents import LINES
from orders.protocols.altcraft.profile_matching import FIELDS

# A shop can put anything into custom fields, so all of them count.
MEMBERS = frozenset(
    {*((name,) for name in FIELDS), (LINES.fields,), (LINES.lines, "*", LINES.fields)}
)
_IDS = ("profile_id", "subscription_id", "field_value")


def contacts_of(order: Order) -> Contacts:
    """Return the contacts of the buyer. Custom fields count if they look like contacts."""
    content = order.content()
    unknown = list(texts_in(content.get("field_value")))
    unknown += [text for part in _parts(content) for text in texts_in(part.get(LINES.fields))]
    return Contacts(
        emails=(*texts_in(content.get("email")), *filter(looks_like_email, unknown)),
        phones=(*texts_in(content.get("phone")), *filter(looks_like_phone, unknown)),
        customer_ids=tuple(text for name in _IDS for text in texts_in(content.get(name))),
    )


def _parts(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [content, *content.get(LINES.lines, [])]


def _strip(text: str) -> str:
    return orjson.dumps(without(json.loads(text), MEMBERS), option=orjson.OPT_SORT_KEYS).decode()


PERSONAL = PersonalData(MEMBERS, _strip, contacts_of)
