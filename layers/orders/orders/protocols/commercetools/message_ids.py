"""The ids of messages: UUIDs that encode the order, its version and the message's position.

The ids of OrderImported are those of `uuid_of` under a name of their own. Those of all other
messages have 32 bits of the account, and then sort by order, version and position.
"""

import hashlib
from uuid import UUID

from orders.domain.identifiers import order_id_of, uuid_of
from orders.domain.order_numbers import MAX_ORDER_ID
from orders.domain.ranges import Range

_VERSION_8, _VARIANT = 8 << 76, 2 << 62
_LOW, _MIDDLE = 62, 12
_LOW_MASK, _MIDDLE_MASK = (1 << _LOW) - 1, (1 << _MIDDLE) - 1
_PAYLOAD = 16 + _MIDDLE + _LOW
_POSITION_BITS, _VERSION_BITS = 17, 20
_ORDER_SHIFT = _POSITION_BITS + _VERSION_BITS
MAX_VERSION, MAX_POSITION = (1 << _VERSION_BITS) - 1, (1 << _POSITION_BITS) - 1


def imported_id(account: str, order_id: int) -> str:
    """Return the id of the OrderImported message of an order."""
    return uuid_of(_imports_of(account), order_id)


def changed_id(account: str, order_id: int, version: int, position: int) -> str:
    """Return the id of another message of an order."""
    payload = (order_id << _ORDER_SHIFT) | (version << _POSITION_BITS) | position
    return str(UUID(int=_spread(account, payload)))


def order_of_message(account: str, text: str) -> int | None:
    """Return the order id in the id of a message, None if it is none of the account."""
    imported = _order_of_import(account, text)
    return _order_of_change(account, text) if imported is None else imported


def imports_come_first(account: str) -> bool:
    """Return whether the ids of OrderImported are below those of other messages."""
    return UUID(imported_id(account, 0)).int < _spread(account, 0)


def orders_of_imports(account: str, ids: Range[int]) -> Range[int]:
    """Return the order ids of OrderImported messages with ids in this range, as numbers."""
    base = UUID(imported_id(account, 0)).int
    start = None if ids.start is None else ids.start - base
    return Range(start, None if ids.end is None else ids.end - base)


def orders_of_changes(account: str, ids: Range[int]) -> Range[int]:
    """Return the order ids of other messages with ids in this range, and perhaps two more."""
    start = None if ids.start is None else _order_near(account, ids.start)
    return Range(start, None if ids.end is None else _order_near(account, ids.end) + 1)


def _imports_of(account: str) -> str:
    """Return the key of the ids of OrderImported messages. No account has this name."""
    return f"{account}/OrderImported"


def _order_of_import(account: str, text: str) -> int | None:
    return order_id_of(_imports_of(account), text)


def _order_of_change(account: str, text: str) -> int | None:
    try:
        number = UUID(text).int
    except ValueError:
        return None
    payload = _gathered(number)
    if str(UUID(int=_spread(account, payload))) != text.lower():
        return None
    return payload >> _ORDER_SHIFT


def _order_near(account: str, number: int) -> int:
    """Return an order whose messages have the ids next to the number."""
    low, high = _spread(account, 0), _spread(account, (1 << _PAYLOAD) - 1)
    if number < low:
        return 0
    return MAX_ORDER_ID if number > high else _nearest_payload(number) >> _ORDER_SHIFT


def _prefix(account: str) -> int:
    key = f"{account}/OrderChanged"
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4])


def _spread(account: str, payload: int) -> int:
    """Return the payload in the free bits of a UUID of version 8."""
    high = payload >> (_MIDDLE + _LOW)
    middle = (payload >> _LOW) & _MIDDLE_MASK
    return (
        (_prefix(account) << 96)
        | (high << 80)
        | _VERSION_8
        | (middle << 64)
        | _VARIANT
        | (payload & _LOW_MASK)
    )


def _gathered(number: int) -> int:
    high = (number >> 80) & 0xFFFF
    middle = (number >> 64) & _MIDDLE_MASK
    return (high << (_MIDDLE + _LOW)) | (middle << _LOW) | (number & _LOW_MASK)


def _nearest_payload(number: int) -> int:
    """Return the payload of the ids next to a number, which need not be a UUID of version 8."""
    payload = _gathered(number)
    for bits, wanted, below in (
        ((number >> 76) & 0xF, 8, _MIDDLE + _LOW),
        ((number >> 62) & 0x3, 2, _LOW),
    ):
        if bits != wanted:
            rest = (1 << below) - 1
            return payload & ~rest if bits < wanted else payload | rest
    return payload
