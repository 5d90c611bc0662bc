"""Fakes of the application's ports. tests/contract checks them like the real adapters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from orders.application.errors import (
    NotFoundError,
    SettingsTooLargeError,
    StorageUnavailableError,
)
from orders.application.ports import (
    ALL_IDS,
    AccessGrant,
    Change,
    ChangeEntry,
    ChangePosition,
    ChangeRange,
    CountedChanges,
    Deadline,
    Fingerprint,
    HistoryPage,
    IndexEntry,
    JointWrite,
    Lookup,
    OrderPage,
    OrderSlice,
    Parked,
    RequestKey,
    Unsent,
    VersionKey,
    WriteOutcome,
)
from orders.application.publish_triggers import PublishTriggers
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.clients import Client, Role
from orders.domain.deletions import Deletion
from orders.domain.history import OrderKey, ReplacedVersion, VersionMark
from orders.domain.importing import Write
from orders.domain.order import Order
from orders.domain.ranges import Range
from orders.domain.repeats import NO_TIME, IdempotencyKey, KeptAnswer, RequestRecord
from orders.domain.settings import Settings, StoredSettings
from orders.domain.triggers import Trigger, TriggerKind, trigger_id


@dataclass
class FakeOrders:
    """OrderRepository in memory. `faults` replace the next calls of `save`.

    `hidden` are the softly deleted orders.
    """

    orders: dict[tuple[str, str], Order] = field(default_factory=dict)
    hidden: dict[tuple[str, str], Order] = field(default_factory=dict)
    aliases: dict[tuple[str, str], int] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    deleted: list[Order] = field(default_factory=list)
    triggers: dict[str, TriggerKind] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    faults: list[Callable[[FakeOrders, Write], WriteOutcome]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.orders)

    def __getitem__(self, key: tuple[str, str]) -> Order:
        return self.orders[key]

    def find_by_external_ids(
        self, account: str, external_ids: Collection[str], deadline: Deadline
    ) -> Lookup:
        if deadline.remaining() <= 0:
            return Lookup({}, frozenset(external_ids))
        stored = [*self.orders.values(), *self.hidden.values()]
        by_number = {order.order_id: order for order in stored if order.account == account}
        by_name = {order.external_id: order for order in by_number.values()}
        lost = frozenset(self.unread & set(external_ids))
        found = {}
        for name in set(external_ids) - lost:
            order = by_name.get(name) or by_number.get(self.aliases.get((account, name), 0))
            if order is not None:
                found[name] = order
        return Lookup(
            {name: order for name, order in found.items() if not order.is_hidden},
            lost,
            {name: self.as_stored(order) for name, order in found.items() if order.is_hidden},
        )

    def save(
        self, account: str, writes: Sequence[Write], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        if deadline.remaining() <= 0:
            return [WriteOutcome.UNTRIED] * len(writes)
        return [self._save(account, write) for write in writes]

    def find_deleted(
        self, account: str, order_ids: Collection[int], deadline: Deadline
    ) -> frozenset[int]:
        if deadline.remaining() <= 0:
            raise StorageUnavailableError
        gone = {order.order_id for order in self.deleted if order.account == account}
        return frozenset(gone) & frozenset(order_ids)

    def commit(self, write: Write) -> WriteOutcome:
        """Write if the condition is met, as the store does."""
        order = write.order
        key = (order.account, order.external_id)
        hidden = self.hidden.get(key)
        if (hidden and self.as_stored(hidden)) != write.revives:
            return WriteOutcome.CONFLICT
        stored = self.orders.get(key) or hidden
        version = stored.version if stored else None
        if version != write.base_version or key in self.aliases:
            return WriteOutcome.CONFLICT
        self.hidden.pop(key, None)
        self.orders[key] = order
        self.note(write.trigger)
        self.writes.append(write)
        return WriteOutcome.COMMITTED

    def note(self, trigger: Trigger | None) -> None:
        """Keep the kind of a trigger, which is stored with its version."""
        if trigger is not None:
            self.triggers[trigger.id] = trigger.kind

    def as_stored(self, order: Order) -> StoredOrder:
        """Return an order with its aliases and its trigger."""
        trigger = trigger_id(order.account, order.order_id, order.version)
        return StoredOrder(order, self.aliases_of(order), self.triggers.get(trigger))

    def aliases_of(self, order: Order) -> tuple[str, ...]:
        """Return the aliases of the order."""
        return tuple(
            name
            for (account, name), order_id in self.aliases.items()
            if (account, order_id) == (order.account, order.order_id)
        )

    def _save(self, account: str, write: Write) -> WriteOutcome:
        assert write.order.account == account
        if self.faults:
            return self.faults.pop(0)(self, write)
        return self.commit(write)


@dataclass
class FakeOrderTransactions:
    """OrderTransactions in memory. `faults` replace the next calls."""

    store: FakeOrders
    settings: FakeSettings
    calls: list[int] = field(default_factory=list)
    faults: list[Callable[[Callable[[], WriteOutcome]], WriteOutcome]] = field(default_factory=list)

    def save_together(self, account: str, joint: JointWrite, deadline: Deadline) -> WriteOutcome:
        if deadline.remaining() <= 0:
            return WriteOutcome.UNTRIED
        self.calls.append(len(joint.writes))
        change = joint.settings

        def commit() -> WriteOutcome:
            before = dict(self.store.orders), dict(self.store.hidden), list(self.store.writes)
            is_met = all(
                self.store.orders.get((account, each.external_id)) == each
                for each in joint.unchanged
            )
            outcomes = {self.store.commit(write) for write in joint.writes}
            is_met = is_met and outcomes <= {WriteOutcome.COMMITTED}
            if is_met and change:
                is_met = self.settings.save(account, change.settings, change.base_version, deadline)
            if not is_met:
                self.store.orders, self.store.hidden, self.store.writes = before
            return WriteOutcome.COMMITTED if is_met else WriteOutcome.CONFLICT

        return self.faults.pop(0)(commit) if self.faults else commit()

    def expect_room(self, account: str, joint: JointWrite) -> None:
        """Do nothing: memory has room."""


@dataclass
class FakeOrderIndex:
    """OrderIndex in memory, for the orders of a FakeOrders. It counts the orders of lists."""

    store: FakeOrders
    available: bool = True
    orders_read: int = 0

    def find_by_order_id(
        self, account: str, order_id: int, deadline: Deadline
    ) -> StoredOrder | None:
        self._expect(deadline)
        for order in self.store.orders.values():
            if (order.account, order.order_id) == (account, order_id):
                return self.store.as_stored(order)
        return None

    def find_hidden(self, account: str, order_id: int, deadline: Deadline) -> StoredOrder | None:
        self._expect(deadline)
        for order in self.store.hidden.values():
            if (order.account, order.order_id) == (account, order_id):
                return self.store.as_stored(order)
        return None

    def find_hidden_among(
        self, account: str, order_ids: Collection[int], deadline: Deadline
    ) -> Sequence[StoredOrder]:
        found = [self.find_hidden(account, number, deadline) for number in order_ids]
        return [each for each in found if each is not None]

    def list_orders(
        self, account: str, before: int | None, limit: int, deadline: Deadline
    ) -> OrderPage:
        self._expect(deadline)
        orders = sorted(
            (
                order
                for order in self.store.orders.values()
                if order.account == account and (before is None or order.order_id < before)
            ),
            key=lambda order: order.order_id,
            reverse=True,
        )
        page = [self.store.as_stored(order) for order in orders[:limit]]
        return OrderPage(page, page[-1].order.order_id if len(orders) > limit else None)

    def find_by_order_ids(
        self, account: str, order_ids: Collection[int], deadline: Deadline
    ) -> Sequence[StoredOrder]:
        self._expect(deadline)
        return [
            self.store.as_stored(order)
            for order in self.store.orders.values()
            if order.account == account and order.order_id in order_ids
        ]

    def slice(self, account: str, wanted: OrderSlice, deadline: Deadline) -> Iterator[StoredOrder]:
        orders = self._orders_of(account, wanted.ids, deadline)
        orders = [each for each in orders if each.order_id not in wanted.but_for]
        orders.sort(key=lambda order: order.order_id, reverse=wanted.newest_first)
        for order in orders[wanted.offset : wanted.offset + wanted.limit]:
            self.orders_read += 1
            yield self.store.as_stored(order)

    def entries(
        self, account: str, ids: Range[int], deadline: Deadline, *, newest_first: bool
    ) -> Iterator[IndexEntry]:
        orders = self._orders_of(account, ids, deadline)
        orders.sort(key=lambda order: order.order_id, reverse=newest_first)
        for order in orders:
            yield IndexEntry(order.order_id, order.external_id, self.store.aliases_of(order))

    def read(
        self, account: str, entries: Sequence[IndexEntry], deadline: Deadline
    ) -> Sequence[StoredOrder]:
        ids = [entry.order_id for entry in entries]
        self.orders_read += len(ids)
        return self.find_by_order_ids(account, ids, deadline)

    def count(
        self,
        account: str,
        limit: int,
        deadline: Deadline,
        ids: Range[int] = ALL_IDS,
        *,
        consistent: bool = True,
    ) -> int | None:
        del consistent
        count = len(self._orders_of(account, ids, deadline))
        return count if count <= limit else None

    def _orders_of(self, account: str, ids: Range[int], deadline: Deadline) -> list[Order]:
        self._expect(deadline)
        orders = self.store.orders.values()
        return [each for each in orders if each.account == account and each.order_id in ids]

    def _expect(self, deadline: Deadline) -> None:
        if not self.available or deadline.remaining() <= 0:
            raise StorageUnavailableError


@dataclass
class FakeChangeIndex:
    """ChangeIndex in memory, for the orders of a FakeOrders. It counts the changes it reads."""

    store: FakeOrders
    changes_read: int = 0

    def entries(
        self, account: str, wanted: ChangeRange, deadline: Deadline
    ) -> Iterator[ChangeEntry]:
        self._expect(deadline)
        for change in self._changes(account, wanted):
            external_id = None if change.stored is None else change.external_id
            yield ChangeEntry(change.at, external_id)

    def read(
        self, account: str, entries: Sequence[ChangeEntry], deadline: Deadline
    ) -> Sequence[Change]:
        self._expect(deadline)
        self.changes_read += len(entries)
        present = {change.at: change for change in self._changes(account, ChangeRange())}
        return [present[entry.at] for entry in entries if entry.at in present]

    def count(self, account: str, counted: CountedChanges, deadline: Deadline) -> int | None:
        self._expect(deadline)
        count = sum(
            each.stored is not None and each.at.order_id in counted.ids
            for each in self._changes(account, counted.wanted)
        )
        return count if count <= counted.limit else None

    def _expect(self, deadline: Deadline) -> None:
        if deadline.remaining() <= 0:
            raise StorageUnavailableError

    def _changes(self, account: str, wanted: ChangeRange) -> list[Change]:
        orders = [
            *((order, True) for order in self.store.orders.values() if order.version > 1),
            *((order, False) for order in self.store.deleted),
            *((order, False) for order in self.store.hidden.values()),
        ]
        changes = [
            Change(
                ChangePosition(order.updated_at, order.order_id),
                order.version,
                order.external_id,
                self.store.as_stored(order) if exists else None,
            )
            for order, exists in orders
            if order.account == account
            and (wanted.start is None or order.updated_at >= wanted.start)
            and (wanted.end is None or order.updated_at <= wanted.end)
        ]
        changes.sort(key=lambda each: each.at, reverse=wanted.newest_first)
        if wanted.after is None:
            return changes
        after = wanted.after
        return [
            each
            for each in changes
            if (each.at < after if wanted.newest_first else each.at > after)
        ]


@dataclass
class FakeFingerprints:
    """Fingerprints in memory, for the orders of a FakeOrders."""

    store: FakeOrders

    def find(
        self, account: str, external_ids: Collection[str], deadline: Deadline
    ) -> Mapping[str, Fingerprint]:
        lookup = self.store.find_by_external_ids(account, external_ids, deadline)
        if lookup.unread:
            raise StorageUnavailableError
        return {
            name: Fingerprint(
                order.external_id, order.order_id, order.version, order.digest, order.update_time
            )
            for name, order in lookup.orders.items()
        }


@dataclass
class FakeOrderChanges:
    """OrderChanges in memory, for the orders of a FakeOrders.

    `faults` replace the next calls of `save`. `record` records what a change replaced.
    """

    store: FakeOrders
    faults: list[Callable[[FakeOrderChanges, OrderChange], WriteOutcome]] = field(
        default_factory=list
    )
    record: Callable[[OrderChange], None] = lambda _change: None

    def save(self, change: OrderChange, deadline: Deadline) -> WriteOutcome:
        if deadline.remaining() <= 0:
            return WriteOutcome.UNTRIED
        return self.faults.pop(0)(self, change) if self.faults else self.commit(change)

    def save_all(
        self, changes: Sequence[OrderChange], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        return [self.save(change, deadline) for change in changes]

    def is_taken(self, change: OrderChange, deadline: Deadline) -> bool:
        if deadline.remaining() <= 0:
            raise StorageUnavailableError
        after = change.after.order
        place = (after.account, after.external_id)
        holder = self.store.aliases.get(place)
        is_held = place in self.store.orders or place in self.store.hidden
        return is_held or holder not in {None, after.order_id}

    def find_removed(self, account: str, order_id: int, deadline: Deadline) -> Order | None:
        if deadline.remaining() <= 0:
            raise StorageUnavailableError
        return next(
            (
                each
                for each in self.store.deleted
                if (each.account, each.order_id) == (account, order_id)
            ),
            None,
        )

    def commit(self, change: OrderChange) -> WriteOutcome:
        """Write if the conditions are met, as the store does."""
        before, after = change.before.order, change.after.order
        location, new_place = (
            (before.account, before.external_id),
            (after.account, after.external_id),
        )
        places = self.store.hidden if before.is_hidden else self.store.orders
        stored = places.get(location)
        if (
            stored is None
            or (stored.version, stored.order_id) != (before.version, before.order_id)
            or self.store.aliases_of(stored) != change.before.aliases
        ):
            return WriteOutcome.CONFLICT
        self.store.note(change.trigger)
        if change.removes:
            del places[location]
            self.store.deleted.append(after)
            for alias in change.before.aliases:
                del self.store.aliases[before.account, alias]
            return WriteOutcome.COMMITTED
        if change.moves:
            holder = self.store.aliases.get(new_place)
            is_taken = new_place in self.store.orders or new_place in self.store.hidden
            if is_taken or holder not in {None, before.order_id}:
                return WriteOutcome.TAKEN
            self.store.aliases.pop(new_place, None)
            self.store.aliases[location] = before.order_id
        self.record(change)
        del places[location]
        (self.store.hidden if after.is_hidden else self.store.orders)[new_place] = after
        return WriteOutcome.COMMITTED


@dataclass
class FakeRequestCounter:
    """RequestCounter in memory. It returns None while it is unavailable."""

    counts: Counter[tuple[str, int, datetime]] = field(default_factory=Counter)
    available: bool = True

    def count(
        self, account: str, campaign_id: int, window: datetime, _deadline: Deadline
    ) -> int | None:
        if not self.available:
            return None
        self.counts[account, campaign_id, window] += 1
        return self.counts[account, campaign_id, window]


@dataclass
class FakeOrderIds:
    """OrderIds in memory."""

    last: int = 0
    available: bool = True
    ready: bool = True

    def take(self, _account: str, count: int, _deadline: Deadline) -> Sequence[int]:
        if not self.available:
            raise StorageUnavailableError
        self.last += count
        return range(self.last - count + 1, self.last + 1)

    def is_ready(self, _account: str) -> bool:
        return self.ready

    def prepare(self, _account: str, _deadline: Deadline) -> None:
        if not self.available:
            raise StorageUnavailableError
        self.ready = True


@dataclass
class FakeOrderLanes:
    """OrderLanes in memory. `shared` has the next place of each shared lane."""

    opened: Counter[tuple[str, int]] = field(default_factory=Counter)
    shared: dict[tuple[str, int], int] = field(default_factory=dict)

    def open(self, account: str, window: int, deadline: Deadline) -> int:
        self._expect(deadline)
        self.opened[account, window] += 1
        return self.opened[account, window] - 1

    def share(
        self, account: str, window: int, room: range, count: int, deadline: Deadline
    ) -> range | None:
        self._expect(deadline)
        first = max(self.shared.get((account, window), 0), room.start)
        if first + count > room.stop:
            return None
        self.shared[account, window] = first + count
        return range(first, first + count)

    def _expect(self, deadline: Deadline) -> None:
        if deadline.remaining() <= 0:
            raise StorageUnavailableError


@dataclass
class FakeSettings:
    """SettingsRepository in memory. A load that is not fresh returns `cached`."""

    stored: dict[str, StoredSettings] = field(default_factory=dict)
    cached: dict[str, StoredSettings] = field(default_factory=dict)
    available: bool = True
    fresh_loads: int = 0
    room: int = 1000
    expired: bool = False

    def knows(self, _account: str) -> bool:
        return not self.expired

    def created_at(self, account: str, deadline: Deadline) -> datetime:
        del account, deadline
        return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def load(self, account: str, deadline: Deadline, *, fresh: bool = False) -> StoredSettings:
        del deadline
        if fresh:
            self.fresh_loads += 1
            if not self.available:
                raise StorageUnavailableError
            self.cached.pop(account, None)
        if account not in self.stored:
            raise NotFoundError(f"Account {account} does not exist")
        return self.cached.get(account) or self.stored[account]

    def save(self, account: str, settings: Settings, base_version: int, deadline: Deadline) -> bool:
        del deadline
        self.expect_room(settings)
        if not self.available:
            raise StorageUnavailableError
        if self.stored[account].version != base_version:
            return False
        self.stored[account] = StoredSettings(settings, base_version + 1)
        self.cached.pop(account, None)
        return True

    def expect_room(self, settings: Settings) -> None:
        if len(settings.custom_fields) > self.room:
            raise SettingsTooLargeError("too many")


@dataclass
class FakeTokens:
    """TokenRepository in memory. `expired` are the clients of tokens that must be read again."""

    clients: dict[str, Client] = field(default_factory=dict)
    available: bool = True
    expired: dict[str, Client] = field(default_factory=dict)

    def client_of(self, token: str, _deadline: Deadline) -> Client | None:
        if not self.available:
            raise StorageUnavailableError
        return self.clients.get(token)

    def presumed(self, token: str) -> Client | None:
        return self.expired.get(token)


@dataclass
class FakePublisher:
    """TriggerPublisher in memory. `lost` triggers fail, `poison` triggers fail permanently."""

    sent: list[Trigger] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    poison: set[str] = field(default_factory=set)

    def publish(self, triggers: Sequence[Trigger], _deadline: Deadline) -> Sequence[Unsent]:
        unsent = [
            Unsent(trigger, "Injected", is_poison=trigger.order.external_id in self.poison)
            for trigger in triggers
            if trigger.order.external_id in self.lost | self.poison
        ]
        kept = {each.trigger.id for each in unsent}
        self.sent += [trigger for trigger in triggers if trigger.id not in kept]
        return unsent


@dataclass
class FakeReceipts:
    """ReceiptRepository in memory. If `fault` is set, each call raises it."""

    left: dict[RequestKey, frozenset[str]] = field(default_factory=dict)
    fault: Exception | None = None
    withdrawn: set[RequestKey] = field(default_factory=set)

    def leave(self, request: RequestKey, unsent: Collection[str], deadline: Deadline) -> None:
        self._expect(deadline)
        if request not in self.withdrawn:
            self.left[request] = frozenset(unsent)

    def withdraw(self, request: RequestKey, deadline: Deadline) -> None:
        self._expect(deadline)
        self.withdrawn.add(request)
        self.left.pop(request, None)

    def find(
        self, requests: Collection[RequestKey], deadline: Deadline
    ) -> Mapping[RequestKey, frozenset[str]]:
        self._expect(deadline)
        return {each: self.left[each] for each in requests if each in self.left}

    def _expect(self, deadline: Deadline) -> None:
        if self.fault:
            raise self.fault
        if deadline.remaining() <= 0:
            raise StorageUnavailableError


@dataclass
class FakeRequestRecords:
    """RequestRecords in memory. If `fault` is set, each call raises it."""

    records: dict[tuple[str, str, str], tuple[RequestRecord, datetime]] = field(
        default_factory=dict
    )
    fault: Exception | None = None

    def claim(
        self,
        key: IdempotencyKey,
        new: RequestRecord,
        now: datetime,
        expires_at: datetime,
        deadline: Deadline,
    ) -> RequestRecord | None:
        found = self.find(key, now, deadline)
        if found is None:
            self.records[_place(key)] = (new, expires_at)
        return found

    def find(self, key: IdempotencyKey, now: datetime, deadline: Deadline) -> RequestRecord | None:
        if self.fault:
            raise self.fault
        if deadline.remaining() <= 0:
            raise StorageUnavailableError
        record, expires_at = self.records.get(_place(key), (None, now))
        return record if expires_at > now else None

    def take_over(
        self,
        key: IdempotencyKey,
        before: str,
        attempt: str,
        ends_at: datetime,
        _deadline: Deadline,
    ) -> bool:
        record, expires_at = self.records[_place(key)]
        if record.attempt not in {before, attempt} or record.answer is not None:
            return False
        self.records[_place(key)] = replace(record, attempt=attempt, ends_at=ends_at), expires_at
        return True

    def note(
        self, key: IdempotencyKey, attempt: str, order_ids: Sequence[int], _deadline: Deadline
    ) -> None:
        self._change(key, attempt, noted=tuple(sorted(set(order_ids))))

    def keep(
        self, key: IdempotencyKey, attempt: str, answer: KeptAnswer, _deadline: Deadline
    ) -> None:
        self._change(key, attempt, answer=answer)

    def release(self, key: IdempotencyKey, attempt: str, _deadline: Deadline) -> None:
        self._change(key, attempt, ends_at=NO_TIME)

    def forget(self, key: IdempotencyKey, attempt: str, _deadline: Deadline) -> None:
        self._change(key, attempt)
        del self.records[_place(key)]

    def _change(self, key: IdempotencyKey, attempt: str, **members: Any) -> None:  # noqa: ANN401 - of any type
        record, expires_at = self.records[_place(key)]
        if self.fault or record.attempt != attempt:
            raise self.fault or StorageUnavailableError
        self.records[_place(key)] = replace(record, **members), expires_at


def _place(key: IdempotencyKey) -> tuple[str, str, str]:
    return key.account, key.client, key.key


@dataclass
class FakeParking:
    """Parking in memory. If `fault` is set, each call raises it."""

    parked: list[Parked] = field(default_factory=list)
    fault: Exception | None = None

    def park(self, parked: Sequence[Parked], _deadline: Deadline) -> None:
        if self.fault:
            raise self.fault
        self.parked += parked


@dataclass
class FakeHistory:
    """HistoryRepository in memory. `deleted` are the orders that were deleted permanently.

    If `fault` is set, each call raises it.
    """

    versions: dict[OrderKey, dict[int, tuple[ReplacedVersion, int]]] = field(default_factory=dict)
    deleted: set[OrderKey] = field(default_factory=set)
    deletions: dict[OrderKey, Deletion] = field(default_factory=dict)
    fault: Exception | None = None

    def keep(self, versions: Sequence[tuple[ReplacedVersion, int]], _deadline: Deadline) -> None:
        self._expect()
        for version, days in versions:
            key = OrderKey(version.order.account, version.order.order_id)
            self.versions.setdefault(key, {})[version.order.version] = (version, days)

    def find(
        self, order: OrderKey, before: int | None, limit: int, _deadline: Deadline
    ) -> HistoryPage:
        self._expect()
        kept = self.versions.get(order, {})
        numbers = sorted((n for n in kept if before is None or n < before), reverse=True)
        page = [kept[number][0] for number in numbers[:limit]]
        return HistoryPage(page, page[-1].order.version if len(numbers) > limit else None)

    def find_below(
        self, versions: Sequence[VersionKey], limit: int, deadline: Deadline
    ) -> Sequence[HistoryPage]:
        return [self.find(order, before, limit, deadline) for order, before in versions]

    def deletion_of(self, order: OrderKey, _deadline: Deadline) -> Deletion | None:
        self._expect()
        return self.deletions.get(order)

    def deleted_among(self, orders: Collection[OrderKey], _deadline: Deadline) -> set[OrderKey]:
        self._expect()
        return self.deleted & set(orders)

    def deletions_among(
        self, orders: Collection[OrderKey], _deadline: Deadline
    ) -> Mapping[OrderKey, Deletion]:
        self._expect()
        return {order: self.deletions[order] for order in orders if order in self.deletions}

    def marks_of(
        self, orders: Collection[OrderKey], _deadline: Deadline
    ) -> Mapping[OrderKey, Sequence[VersionMark]]:
        self._expect()
        return {
            order: [
                VersionMark(number, kept.order.request_id)
                for number, (kept, _) in sorted(self.versions.get(order, {}).items())
            ]
            for order in orders
        }

    def find_versions(
        self, versions: Collection[VersionKey], _deadline: Deadline
    ) -> Mapping[VersionKey, ReplacedVersion]:
        self._expect()
        return {
            (order, number): self.versions[order][number][0]
            for order, number in versions
            if number in self.versions.get(order, {})
        }

    def erase(self, orders: Collection[OrderKey], _deadline: Deadline) -> None:
        self._expect()
        for order in orders:
            self.versions.pop(order, None)

    def _expect(self) -> None:
        if self.fault:
            raise self.fault


def publishing(publisher: FakePublisher) -> PublishTriggers:
    """Return the use case with this bus and fake receipts."""
    return PublishTriggers(publisher, FakeReceipts())


@dataclass
class TickingClock:
    """A clock that advances by `step`, by default one second, at each call."""

    now: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    step: timedelta = timedelta(seconds=1)

    def __call__(self) -> datetime:
        self.now += self.step
        return self.now


def client(account: str = "demo", *roles: Role) -> Client:
    """Return a client of an account. By default it may import orders."""
    return Client(account, "shop", frozenset(roles or {Role.ORDERS_WRITE}))


def renamed(order: Order, external_id: str) -> Order:
    """Return the next version of the order, with another external id."""
    return replace(order, external_id=external_id, version=order.version + 1)


@dataclass
class FakeAccessTokens:
    """AccessTokenRepository in memory."""

    grants: dict[str, AccessGrant] = field(default_factory=dict)
    available: bool = True
    issued: Counter[tuple[str, str, datetime]] = field(default_factory=Counter)

    def reserve(self, client: Client, window: datetime, limit: int, _deadline: Deadline) -> bool:
        if not self.available:
            raise StorageUnavailableError
        key = (client.account, client.client_id, window)
        if self.issued[key] >= limit:
            return False
        self.issued[key] += 1
        return True

    def add(self, token: str, grant: AccessGrant, _deadline: Deadline) -> None:
        if not self.available:
            raise StorageUnavailableError
        self.grants[token] = grant
