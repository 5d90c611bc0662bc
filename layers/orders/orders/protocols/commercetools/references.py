"""References to resources. A resource that is known only by its key gets a derived id."""

import re
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID, uuid5

from orders.protocols.commercetools.shapes import Location, Tree, one_of, text

# The same key always gets the same derived id.
_NAMESPACE = UUID("6f1c2b0e-52a7-5f0a-9d0e-3c1d0f7a4b11")
KEY = re.compile(r"[A-Za-z0-9_-]{2,256}", re.ASCII)
KEY_RULE = "2 to 256 letters, digits, '_' or '-'"


@lru_cache(maxsize=1024)
def derived_id(account: str, type_id: str, key: str) -> str:
    """Return the id of an account's resource that has only a key."""
    return str(uuid5(_NAMESPACE, f"{account}/{type_id}/{key}"))


def reference_by_key(account: str, type_id: str, key: str) -> Tree:
    """Return the reference to an account's resource that has only a key."""
    return {"typeId": type_id, "id": derived_id(account, type_id, key), "key": key}


def initial_state(account: str) -> Tree:
    """Return the reference to the state that lines without a state are in."""
    return reference_by_key(account, "state", "Initial")


@dataclass(frozen=True, slots=True)
class Reference:
    """Reads a resource identifier (id, key or both) to a reference with an id and the sent key.

    An identifier without a type has the type `type_id`. It may also have one of the `others`.
    """

    type_id: str
    others: tuple[str, ...] = ()

    def __call__(self, value: object, location: Location) -> Tree | None:
        """Return the reference, None if the value is faulty."""
        named = _named(value, (self.type_id, *self.others), location)
        if named is None or "id" in named:
            return named
        return reference_by_key(location.account, named["typeId"], named["key"])


@dataclass(frozen=True, slots=True)
class KeyReference:
    """Reads a resource identifier to a reference with a key and the sent id.

    If only an id was sent, it is the key too.
    """

    type_id: str

    def __call__(self, value: object, location: Location) -> Tree | None:
        """Return the reference, None if the value is faulty."""
        named = _named(value, (self.type_id,), location)
        return None if named is None else {"typeId": self.type_id, "key": named.get("id"), **named}


def _named(value: object, types: tuple[str, ...], location: Location) -> Tree | None:
    """Return the type, and the id and the key as far as they were sent."""
    if not isinstance(value, dict):
        location.fault("JSON object expected.")
        return None
    type_id = value.get("typeId")
    if type_id is None:
        type_id = types[0]
    elif one_of(*types)(type_id, location.member("typeId")) not in types:
        return None
    sent = {name: value[name] for name in ("id", "key") if value.get(name) is not None}
    if not sent:
        location.fault("Missing required value: id or key")
        return None
    if any(text(each, location.member(name)) is None for name, each in sent.items()):
        return None
    return {"typeId": type_id, **sent}
