"""References to resources. A resource that is known only by its key gets a derived id."""

import re
from dataclasses import dataclass
from uuid import UUID, uuid5

from orders.protocols.commercetools.shapes import Location, Tree, one_of, text

# The same key always gets the same derived id.
_NAMESPACE = UUID("6f1c2b0e-52a7-5f0a-9d0e-3c1d0f7a4b11")
KEY = re.compile(r"[A-Za-z0-9_-]{2,256}", re.ASCII)
KEY_RULE = "2 to 256 letters, digits, '_' or '-'"


def derived_id(account: str, type_id: str, key: str) -> str:
    """Return the id of an account's resource that has only a key."""
    return str(uuid5(_NAMESPACE, f"{account}/{type_id}/{key}"))


@dataclass(frozen=True, slots=True)
class Reference:
    """Reads a resource identifier (id or key) to a reference with an id."""

    type_id: str

    def __call__(self, value: object, location: Location) -> Tree | None:
        """Return the reference, None if the value is faulty."""
        named = _named(value, self.type_id, ("id", "key"), location)
        if named is None:
            return None
        name, sent = named
        identity = sent if name == "id" else derived_id(location.account, self.type_id, sent)
        return {"typeId": self.type_id, "id": identity}


@dataclass(frozen=True, slots=True)
class KeyReference:
    """Reads a resource identifier to a reference with a key. An id is used as the key."""

    type_id: str

    def __call__(self, value: object, location: Location) -> Tree | None:
        """Return the reference, None if the value is faulty."""
        named = _named(value, self.type_id, ("key", "id"), location)
        return None if named is None else {"typeId": self.type_id, "key": named[1]}


def _named(
    value: object, type_id: str, names: tuple[str, str], location: Location
) -> tuple[str, str] | None:
    """Return the first of the names that the identifier has, and its value."""
    if not isinstance(value, dict):
        location.fault("JSON object expected.")
        return None
    sent_type = value.get("typeId", type_id)
    if sent_type is not None and one_of(type_id)(sent_type, location.member("typeId")) != type_id:
        return None
    for name in names:
        if value.get(name) is not None:
            found = text(value[name], location.member(name))
            return None if found is None else (name, found)
    location.fault("Missing required value: id or key")
    return None
