"""Read the changes of an account's orders, oldest first, from its first order on.

Each order is listed once, at its present version: in its first version by its creation, later by
its last change. Only settled changes are listed: a writer starts its write within 30 seconds of
taking its time and its number, so that no older change appears any more after SETTLED_AFTER.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from orders.application.errors import ChangesExpiredError
from orders.application.list_orders import MAX_EXAMINED, MAX_FOUND_CHARACTERS, MAX_READ_CHARACTERS
from orders.application.orders_in_sequence import Examination, OrdersInSequence, ReadEntry
from orders.application.ports import (
    Change,
    ChangeIndex,
    ChangePosition,
    ChangeRange,
    Clock,
    Deadline,
    OrderIndex,
)
from orders.domain.changes import StoredOrder
from orders.domain.creation_times import ids_taken_before
from orders.domain.deletions import DELETIONS_KEPT
from orders.domain.order import Presence
from orders.domain.ranges import Range

SETTLED_AFTER = timedelta(seconds=60)


class ChangeKind(StrEnum):
    """What happened to an order. Published."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    REVIVED = "revived"  # the present version ended a soft deletion


@dataclass(frozen=True, slots=True)
class ReadUntil:
    """How far a reader has read: the last creation and the last change, None before the first.

    All deletions before `complete_until` that concern the reader were read.
    """

    complete_until: datetime
    order_id: int | None = None
    change: ChangePosition | None = None


@dataclass(frozen=True, slots=True)
class ListedChange:
    """The last change of one order. `stored` is None if the order was deleted, also softly."""

    kind: ChangeKind
    at: ChangePosition
    version: int
    external_id: str
    stored: StoredOrder | None


@dataclass(frozen=True, slots=True)
class ListedChanges:
    """Changes, sorted by time up to a second. `read_until` gets what follows.

    A list without changes may have more. `reached` has for each change how far a reader has read
    that stops after it.
    """

    changes: tuple[ListedChange, ...]
    read_until: ReadUntil
    has_more: bool
    reached: tuple[ReadUntil, ...]


@dataclass(frozen=True, slots=True)
class ChangesQuery:
    """At most `limit` changes of an account after what was read, all of them if it is None."""

    account: str
    limit: int
    after: ReadUntil | None = None


@dataclass(frozen=True, slots=True)
class _Passed:
    """One entry of an index that was read. `change` is None if it shows none."""

    turn: ChangePosition
    change: ListedChange | None
    is_creation: bool = False


@dataclass(frozen=True, slots=True)
class ReadChanges:
    """Lists the changes of an account."""

    index: OrderIndex
    changes: ChangeIndex
    clock: Clock

    def __call__(self, query: ChangesQuery, deadline: Deadline) -> ListedChanges:
        """Return the next changes.

        Raises ChangesExpiredError if deletions may be missing after what was read, and
        StorageUnavailableError and StorageRefusedError.
        """
        now = self.clock()
        settled = now - SETTLED_AFTER
        after = query.after or ReadUntil(settled)
        if after.complete_until < now - DELETIONS_KEPT:
            raise ChangesExpiredError
        return _Reading(self, query, settled, deadline).list(after)


class _Reading:
    """The reading of one page, up to a settled time."""

    def __init__(
        self, stores: ReadChanges, query: ChangesQuery, settled: datetime, deadline: Deadline
    ) -> None:
        self._stores = stores
        self._query = query
        self._settled = settled
        self._deadline = deadline
        self._examination = Examination(MAX_EXAMINED, MAX_READ_CHARACTERS, deadline)

    def list(self, after: ReadUntil) -> ListedChanges:
        found: list[ListedChange] = []
        reached: list[ReadUntil] = []
        has_more = False
        characters = 0
        for passed in self._passed(after):
            has_more = len(found) >= self._query.limit or characters > MAX_FOUND_CHARACTERS
            if has_more:
                break
            after = _further(after, passed)
            if passed.change is not None:
                found.append(passed.change)
                reached.append(after)
                stored = passed.change.stored
                characters += 0 if stored is None else len(stored.order.document)
        has_more = has_more or self._examination.is_over
        if not has_more:
            complete = max(after.complete_until, self._settled)
            after = replace(after, complete_until=complete)
        return ListedChanges(tuple(found), after, has_more, tuple(reached))

    def _passed(self, after: ReadUntil) -> Iterator[_Passed]:
        """Return what both indexes have. It ends when the examination is over."""
        stores = self._stores
        sequence = OrdersInSequence(
            stores.index, stores.changes, self._query.account, self._examination, self._deadline
        )
        begun = None if after.order_id is None else after.order_id + 1
        ids = ids_taken_before(self._settled) & Range(begun, None)
        entries = sequence.merged(ids, ChangeRange(end=self._settled, after=after.change))
        # One more entry tells whether more changes follow.
        for chunk in sequence.chunks(entries, self._query.limit + 1):
            yield from map(_read, chunk.entries)


def _read(entry: ReadEntry) -> _Passed:
    if entry.by_creation:
        return _Passed(entry.at, _creation(entry.created), is_creation=True)
    return _Passed(entry.at, None if entry.change is None else _later_change(entry.change))


def _creation(stored: StoredOrder | None) -> ListedChange | None:
    """Return the creation of an order in its first version. Later ones are listed by change."""
    if stored is None:
        return None
    order = stored.order
    at = ChangePosition(order.created_at, order.order_id)
    return ListedChange(ChangeKind.CREATED, at, order.version, order.external_id, stored)


def _later_change(change: Change) -> ListedChange:
    if change.stored is None:
        kind = ChangeKind.DELETED
    elif change.stored.order.presence is Presence.REVIVED:
        kind = ChangeKind.REVIVED
    else:
        kind = ChangeKind.UPDATED
    return ListedChange(kind, change.at, change.version, change.external_id, change.stored)


def _further(before: ReadUntil, passed: _Passed) -> ReadUntil:
    """Return how far a reader has read that has passed one more entry."""
    if passed.is_creation:
        return ReadUntil(before.complete_until, passed.turn.order_id, before.change)
    complete = max(before.complete_until, passed.turn.changed_at)
    return ReadUntil(complete, before.order_id, passed.turn)
