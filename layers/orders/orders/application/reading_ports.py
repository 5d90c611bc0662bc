"""The reading halves of the ports that write: all that the preview of a request gets of them.

A port of `application.ports` implements its half here, because it has the same methods.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from orders.application.ports import Deadline, JointWrite, Lookup
from orders.domain.catalogue_entries import CatalogueEntry, ListedSku
from orders.domain.changes import OrderChange
from orders.domain.known_products import EntryKind, EntryName, KnownEntry
from orders.domain.order import Order
from orders.domain.settings import Settings, StoredSettings


class OrderReads(Protocol):
    """The reading half of OrderRepository."""

    def find_by_external_ids(
        self, account: str, external_ids: Collection[str], deadline: Deadline
    ) -> Lookup:
        """Read orders consistently, by external id or alias."""

    def find_deleted(
        self, account: str, order_ids: Collection[int], deadline: Deadline
    ) -> frozenset[int]:
        """Return the ids of orders that were permanently deleted in the last two days."""


class ChangeReads(Protocol):
    """The reading half of OrderChanges."""

    def is_taken(self, change: OrderChange, deadline: Deadline) -> bool:
        """Return whether another order has the new external id of a change."""

    def find_removed(self, account: str, order_id: int, deadline: Deadline) -> Order | None:
        """Return the version that a permanent deletion counts as."""


class TransactionReads(Protocol):
    """What OrderTransactions does without a write."""

    def expect_room(self, account: str, joint: JointWrite) -> None:
        """Raise an error if the orders are too many or too large to be written together."""


class SettingsReads(Protocol):
    """The reading half of SettingsRepository."""

    def load(self, account: str, deadline: Deadline, *, fresh: bool = False) -> StoredSettings:
        """Return the settings."""

    def knows(self, account: str) -> bool:
        """Return whether `load` returns the settings without reading them."""

    def created_at(self, account: str, deadline: Deadline) -> datetime:
        """Return the time at which the account was created."""

    def expect_room(self, settings: Settings) -> None:
        """Raise SettingsTooLargeError if the settings cannot be stored."""


class CatalogueReads(Protocol):
    """The reading half of CatalogueRepository."""

    def find(
        self, account: str, names: Collection[EntryName], deadline: Deadline
    ) -> Mapping[EntryName, KnownEntry]:
        """Read consistently what is known of entries."""

    def find_numbers(
        self, account: str, kind: EntryKind, numbers: Collection[int], deadline: Deadline
    ) -> Sequence[KnownEntry]:
        """Read consistently what is known of entries with these numbers."""

    def page(
        self, account: str, kind: EntryKind, after: int, limit: int, deadline: Deadline
    ) -> Sequence[CatalogueEntry]:
        """Read the first entries with a number above `after`."""

    def skus_of(
        self, account: str, products: Sequence[CatalogueEntry], limit: int, deadline: Deadline
    ) -> Mapping[EntryName, Sequence[ListedSku]]:
        """Read the SKUs of products."""
