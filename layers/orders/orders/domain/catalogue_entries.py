"""The catalogue of an account: products, SKUs and categories that clients imported.

It is kept apart from the settings: a settings item could not hold it.
"""

import hashlib
from dataclasses import dataclass
from typing import Self

from orders.domain.custom_fields import EntityType, FieldSet
from orders.domain.importing import MAX_DOCUMENT_BYTES, Outcome, is_too_large
from orders.domain.known_products import EntryKind, EntryName, KnownEntry
from orders.domain.problems import Code, Problem, Steps
from orders.domain.settings import Settings


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A product, a SKU or a category.

    `document` is the canonical JSON text of its members without the external id: equal content
    gives equal text. `product` is the external id of a SKU's product, None for other entries.
    """

    name: EntryName
    title: str
    document: str
    product: str | None = None

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the content, in hexadecimal digits."""
        return hashlib.sha256(f"{self.product or ''}\n{self.document}".encode()).hexdigest()

    @property
    def product_name(self) -> EntryName | None:
        """Return the name of a SKU's product."""
        return None if self.product is None else EntryName(EntryKind.PRODUCT, self.product)


@dataclass(frozen=True, slots=True)
class ListedSku:
    """A SKU as the list of products shows it."""

    name: EntryName
    title: str


@dataclass(frozen=True, slots=True)
class EntryWrite:
    """One conditional write: store `entry` if the stored version is still that of `before`.

    `before` is None if the entry must not exist yet. The entry names the request that wrote it.
    """

    entry: CatalogueEntry
    before: KnownEntry | None
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class EntrySubmission:
    """Entries that were sent together and passed the checks: a product comes with its SKUs.

    `path` leads to them in the request, and the paths of their problems start with it.
    """

    entries: tuple[CatalogueEntry, ...]
    warnings: tuple[Problem, ...] = ()
    path: Steps = ()


@dataclass(frozen=True, slots=True)
class EntryResult:
    """The result of one element of an import. It is as good as the worst of its entries."""

    position: int
    external_id: str | None
    outcome: Outcome
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class CatalogueRules:
    """An account's settings, prepared once for all entries of a request."""

    settings: Settings
    product_fields: FieldSet
    sku_fields: FieldSet

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Prepare the settings."""
        fields = settings.custom_fields.values()
        return cls(
            settings,
            FieldSet.of(EntityType.PRODUCT, fields),
            FieldSet.of(EntityType.SKU, fields),
        )


def excess_of(entry: CatalogueEntry) -> Problem | None:
    """Return the problem of an entry that is too large to be stored."""
    if not is_too_large(entry.document):
        return None
    size = -(-len(entry.document.encode()) // 1024)
    return Problem(
        Code.ENTRY_TOO_LARGE,
        (),
        f"The {entry.name.kind} must have at most {MAX_DOCUMENT_BYTES // 1024} KB; got {size} KB",
    )


def collision_of(entry: CatalogueEntry, stored: KnownEntry) -> Problem | None:
    """Return the problem of an entry whose number another entry has, which is very unlikely."""
    if stored.name == entry.name:
        return None
    message = "Another entry of the catalogue has the number of this external_id; choose another"
    return Problem(Code.CONFLICT, ("external_id",), message)
