"""What stands in for the stores and the bus while a request is previewed.

The use cases decide as ever. Each stand-in reads through the reading half of the real port, notes
what would be written in `Notes`, and answers as the store does if no other request interferes. So
nothing that a preview calls can write.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from orders.application.ports import (
    Deadline,
    JointWrite,
    Lookup,
    OrderRepository,
    RequestKey,
    SettingsRepository,
    Unsent,
    WriteOutcome,
)
from orders.application.publish_triggers import PublishTriggers
from orders.application.reading_ports import (
    CatalogueReads,
    ChangeReads,
    OrderReads,
    SettingsReads,
    TransactionReads,
)
from orders.domain.catalogue_entries import CatalogueEntry, EntryWrite, ListedSku
from orders.domain.changes import OrderChange
from orders.domain.identifiers import NO_ORDER_ID
from orders.domain.importing import Write
from orders.domain.known_products import EntryKind, EntryName, KnownEntry
from orders.domain.order import Order
from orders.domain.settings import Settings, StoredSettings
from orders.domain.triggers import Trigger, TriggerKind


@dataclass(frozen=True, slots=True)
class NotedChange:
    """An order before the previewed request, None if it is new, and after it, None if deleted."""

    before: Order | None
    after: Order | None


@dataclass(slots=True)
class Notes:
    """What a previewed request would write: its orders by their external id, and the rest.

    `settings` are those before and after it, None if it defines nothing new.
    """

    orders: dict[str, NotedChange] = field(default_factory=dict)
    triggers: Counter[TriggerKind] = field(default_factory=Counter)
    settings: tuple[Settings, Settings] | None = None
    entries: dict[EntryName, EntryWrite] = field(default_factory=dict)

    def note(self, before: Order | None, after: Order | None) -> None:
        """Note a change of an order. A second change of an order continues the first one."""
        order = after or before
        if order is None:
            return
        earlier = self.orders.get(order.external_id)
        self.orders[order.external_id] = NotedChange(earlier.before if earlier else before, after)

    def publishing(self) -> PublishTriggers:
        """Return what notes the kinds of triggers instead of publishing them."""
        return PublishTriggers(NotingPublisher(self), NoReceipts())


@dataclass(frozen=True, slots=True)
class NotingPublisher:
    """Implements TriggerPublisher."""

    notes: Notes

    def publish(self, triggers: Sequence[Trigger], deadline: Deadline) -> Sequence[Unsent]:
        """Note the kinds of the triggers."""
        del deadline
        self.notes.triggers.update(trigger.kind for trigger in triggers)
        return ()


@dataclass(frozen=True, slots=True)
class NoReceipts:
    """Implements ReceiptRepository: what was not published needs no receipt."""

    def leave(self, request: RequestKey, unsent: Collection[str], deadline: Deadline) -> None:
        """Store nothing."""

    def find(
        self, requests: Collection[RequestKey], deadline: Deadline
    ) -> Mapping[RequestKey, frozenset[str]]:
        """Return no receipts."""
        del requests, deadline
        return {}


@dataclass(frozen=True, slots=True)
class NoOrderIds:
    """Implements OrderIds. A new order gets no number: only its import takes one."""

    def take(self, account: str, count: int, deadline: Deadline) -> Sequence[int]:
        """Return NO_ORDER_ID for each order."""
        del account, deadline
        return [NO_ORDER_ID] * count

    def is_ready(self, account: str) -> bool:
        """Return that no call is needed."""
        del account
        return True

    def prepare(self, account: str, deadline: Deadline) -> None:
        """Do nothing: opening a lane would be a write."""


@dataclass(slots=True)
class NotingOrders:
    """Implements OrderRepository. Orders that were noted are found as they were noted."""

    reads: OrderReads
    notes: Notes
    _read: dict[str, Order] = field(default_factory=dict, init=False)

    def find_by_external_ids(
        self, account: str, external_ids: Collection[str], deadline: Deadline
    ) -> Lookup:
        """Read orders, and put what was noted in their place."""
        lookup = self.reads.find_by_external_ids(account, external_ids, deadline)
        hidden = {name: each.order for name, each in lookup.hidden.items()}
        stored = {**lookup.orders, **hidden}
        self._read = {order.external_id: order for order in stored.values()}
        noted = {
            name: change.after
            for name in external_ids
            if name not in lookup.unread
            for change in [self.notes.orders.get(_key_of(name, stored))]
            if change and change.after
        }
        if not noted:
            return lookup
        return Lookup(
            {**lookup.orders, **noted},
            lookup.unread,
            {name: each for name, each in lookup.hidden.items() if name not in noted},
        )

    def save(
        self, account: str, writes: Sequence[Write], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        """Note the writes."""
        del account
        if deadline.remaining() <= 0:
            return [WriteOutcome.UNTRIED] * len(writes)
        for write in writes:
            self.notes.note(self._read.get(write.order.external_id), write.order)
        return [WriteOutcome.COMMITTED] * len(writes)

    def find_deleted(
        self, account: str, order_ids: Collection[int], deadline: Deadline
    ) -> frozenset[int]:
        """Return the ids of orders that were permanently deleted in the last two days."""
        return self.reads.find_deleted(account, order_ids, deadline)


def _key_of(name: str, stored: Mapping[str, Order]) -> str:
    """Return the external id of an order by any of its names."""
    return stored[name].external_id if name in stored else name


@dataclass(frozen=True, slots=True)
class NotingChanges:
    """Implements OrderChanges."""

    reads: ChangeReads
    notes: Notes

    def save(self, change: OrderChange, deadline: Deadline) -> WriteOutcome:
        """Note a change, unless another order has the new external id."""
        if deadline.remaining() <= 0:
            return WriteOutcome.UNTRIED
        if change.moves and self.reads.is_taken(change, deadline):
            return WriteOutcome.TAKEN
        after = None if change.removes else change.after.order
        self.notes.note(change.before.order, after)
        return WriteOutcome.COMMITTED

    def save_all(
        self, changes: Sequence[OrderChange], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        """Note changes of different orders."""
        return [self.save(change, deadline) for change in changes]

    def is_taken(self, change: OrderChange, deadline: Deadline) -> bool:
        """Return whether another order has the new external id of a change."""
        return self.reads.is_taken(change, deadline)

    def find_removed(self, account: str, order_id: int, deadline: Deadline) -> Order | None:
        """Return the version that an earlier permanent deletion counts as."""
        return self.reads.find_removed(account, order_id, deadline)


@dataclass(frozen=True, slots=True)
class NotingTransactions:
    """Implements OrderTransactions."""

    reads: TransactionReads
    orders: OrderRepository
    settings: SettingsRepository

    def save_together(self, account: str, joint: JointWrite, deadline: Deadline) -> WriteOutcome:
        """Note the orders and the settings."""
        self.expect_room(account, joint)
        if deadline.remaining() <= 0:
            return WriteOutcome.UNTRIED
        self.orders.save(account, joint.writes, deadline)
        if joint.settings:
            change = joint.settings
            self.settings.save(account, change.settings, change.base_version, deadline)
        return WriteOutcome.COMMITTED

    def expect_room(self, account: str, joint: JointWrite) -> None:
        """Raise an error if the orders are too many or too large to be written together."""
        self.reads.expect_room(account, joint)


@dataclass(slots=True)
class NotingSettings:
    """Implements SettingsRepository. Settings that were noted are loaded as they were noted."""

    reads: SettingsReads
    notes: Notes
    _loaded: StoredSettings | None = field(default=None, init=False)
    _noted: StoredSettings | None = field(default=None, init=False)

    def load(self, account: str, deadline: Deadline, *, fresh: bool = False) -> StoredSettings:
        """Return the settings of the request's account."""
        if self._noted is not None:
            return self._noted
        self._loaded = self.reads.load(account, deadline, fresh=fresh)
        return self._loaded

    def knows(self, account: str) -> bool:
        """Return whether `load` makes no call."""
        return self._noted is not None or self.reads.knows(account)

    def created_at(self, account: str, deadline: Deadline) -> datetime:
        """Return the time at which the account was created."""
        return self.reads.created_at(account, deadline)

    def expect_room(self, settings: Settings) -> None:
        """Raise SettingsTooLargeError if the settings cannot be stored."""
        self.reads.expect_room(settings)

    def save(self, account: str, settings: Settings, base_version: int, deadline: Deadline) -> bool:
        """Note the settings. Raises SettingsTooLargeError."""
        self.expect_room(settings)
        before = (self._loaded or self.reads.load(account, deadline)).settings
        self._noted = StoredSettings(settings, base_version + 1)
        self.notes.settings = (before, settings)
        return True


@dataclass(frozen=True, slots=True)
class NotingCatalogue:
    """Implements CatalogueRepository."""

    reads: CatalogueReads
    notes: Notes

    def find(
        self, account: str, names: Collection[EntryName], deadline: Deadline
    ) -> Mapping[EntryName, KnownEntry]:
        """Read consistently what is known of entries."""
        return self.reads.find(account, names, deadline)

    def find_numbers(
        self, account: str, kind: EntryKind, numbers: Collection[int], deadline: Deadline
    ) -> Sequence[KnownEntry]:
        """Read consistently what is known of entries with these numbers."""
        return self.reads.find_numbers(account, kind, numbers, deadline)

    def save(
        self, account: str, writes: Sequence[EntryWrite], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        """Note the writes."""
        del account
        if deadline.remaining() <= 0:
            return [WriteOutcome.UNTRIED] * len(writes)
        self.notes.entries.update((write.entry.name, write) for write in writes)
        return [WriteOutcome.COMMITTED] * len(writes)

    def remove(
        self, account: str, entries: Sequence[KnownEntry], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        """Remove nothing, and answer that everything was removed."""
        del account
        outcome = WriteOutcome.COMMITTED if deadline.remaining() > 0 else WriteOutcome.UNTRIED
        return [outcome] * len(entries)

    def page(
        self, account: str, kind: EntryKind, after: int, limit: int, deadline: Deadline
    ) -> Sequence[CatalogueEntry]:
        """Read the first entries with a number above `after`."""
        return self.reads.page(account, kind, after, limit, deadline)

    def skus_of(
        self, account: str, products: Sequence[CatalogueEntry], limit: int, deadline: Deadline
    ) -> Mapping[EntryName, Sequence[ListedSku]]:
        """Read the SKUs of products."""
        return self.reads.skus_of(account, products, limit, deadline)
