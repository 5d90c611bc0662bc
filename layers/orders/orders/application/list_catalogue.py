"""List the products or the SKUs of a catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orders.application.ports import CatalogueRepository, Deadline
from orders.domain.catalogue_entries import CatalogueEntry, ListedSku
from orders.domain.known_products import EntryKind, EntryName

# What a page shows of SKUs below products, together.
MAX_SKUS = 5000


@dataclass(frozen=True, slots=True)
class ListedEntries:
    """A page: entries with rising numbers, and the SKUs of the products among them."""

    entries: Sequence[CatalogueEntry]
    skus: Mapping[EntryName, Sequence[ListedSku]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListCatalogue:
    """Lists entries in the order of their numbers, which never changes."""

    catalogue: CatalogueRepository

    def __call__(
        self, account: str, kind: EntryKind, after: int, limit: int, deadline: Deadline
    ) -> ListedEntries:
        """Return the first entries with a number above `after`, at most `limit`.

        Only an empty page is the end of the list. Raises StorageUnavailableError and
        StorageRefusedError.
        """
        entries = self.catalogue.page(account, kind, after, limit, deadline)
        if kind is not EntryKind.PRODUCT or not entries:
            return ListedEntries(entries)
        skus = self.catalogue.skus_of(account, entries, MAX_SKUS, deadline)
        return ListedEntries([each for each in entries if each.name in skus], skus)
