"""The names of a catalogue's entries, and what is known of those that a request names."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

# Clients that have floats only can hold such a number exactly.
NUMBER_BITS = 53
MAX_NUMBER = 2**NUMBER_BITS - 1


class EntryKind(StrEnum):
    """What an entry of the catalogue is."""

    PRODUCT = "product"
    SKU = "sku"
    CATEGORY = "category"


@dataclass(frozen=True)
class EntryName:
    """The name of an entry: its kind, and its external id, which is unique among its kind."""

    kind: EntryKind
    external_id: str

    @cached_property
    def number(self) -> int:
        """Return the number of the entry, which follows from its name.

        An entry that is deleted and imported again has the same number.
        """
        text = f"{self.kind}\n{self.external_id}"
        digest = hashlib.sha256(text.encode(errors="surrogatepass")).digest()
        number: int = int.from_bytes(digest[:8]) % MAX_NUMBER + 1
        return number


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """What decides about a stored entry: its content by digest, and its version.

    `request_id` is the request that wrote the version, "" if that is not known.
    """

    name: EntryName
    digest: str
    version: int
    product: str | None = None
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class KnownProducts:
    """The entries that the orders of a request name, as far as they exist.

    Nothing is known of other entries.
    """

    entries: Mapping[EntryName, KnownEntry] = field(default_factory=dict)

    def unknown(self, names: Iterable[EntryName]) -> list[EntryName]:
        """Return those of the names that no entry has."""
        return [name for name in names if name not in self.entries]


NO_PRODUCTS = KnownProducts()
