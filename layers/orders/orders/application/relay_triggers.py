"""Relay triggers that an interrupted writer left behind, from the records of the table's stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from orders.application.errors import StorageError
from orders.application.ports import (
    Clock,
    Deadline,
    Parked,
    ReceiptRepository,
    RequestKey,
    TriggerParking,
    TriggerPublisher,
    Unsent,
)
from orders.domain.relaying import RelayDecision, WriterLifetime, decide_relay
from orders.domain.triggers import Trigger


class CommittedChange(Protocol):
    """One record of the stream that carries an envelope."""

    @property
    def sequence_number(self) -> str:
        """Return its place in the stream."""

    @property
    def request(self) -> RequestKey:
        """Return the request that wrote it."""

    @property
    def trigger(self) -> Trigger:
        """Return the trigger, made from the record's own images."""

    @property
    def committed_at(self) -> datetime:
        """Return when it was committed, to the second, aware UTC."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that no trigger can be made from."""

    sequence_number: str
    parked: Parked


class Sleep(Protocol):
    """Waiting."""

    def __call__(self, seconds: float, /) -> None:
        """Wait so many seconds."""


@dataclass(frozen=True, slots=True)
class RelayReport:
    """What happened to the records of one batch.

    `failed` is the earliest record that has to come again, with all after it; None if none has.
    """

    relayed: int = 0
    parked: int = 0
    sent_before: int = 0
    failed: str | None = None


@dataclass(frozen=True, slots=True)
class RelayTriggers:
    """The use case, put together with its ports."""

    publisher: TriggerPublisher
    receipts: ReceiptRepository
    parking: TriggerParking
    writer_lifetime: WriterLifetime
    clock: Clock
    sleep: Sleep

    def __call__(
        self, records: Sequence[CommittedChange | Unreadable], deadline: Deadline
    ) -> RelayReport:
        """Publish every trigger that its writer must have left behind, and no other.

        Waits for writers that may still be at work, as long as there is time. A trigger that the
        bus will never take is parked. Safe to be run twice, or late. Raises nothing that passes:
        such faults leave a record to come again.
        """
        batch = _Batch([each.sequence_number for each in records])
        self._park([each for each in records if isinstance(each, Unreadable)], batch, deadline)
        waiting = [each for each in records if not isinstance(each, Unreadable)]
        while waiting:
            waiting = self._relay_due(waiting, batch, deadline)
            pause = self._pause_before(waiting)
            if not waiting or pause >= deadline.remaining():
                break
            self.sleep(pause)
        batch.fail(waiting)
        return batch.report()

    def _pause_before(self, waiting: Sequence[CommittedChange]) -> float:
        """Return the seconds after which a look at the receipts is worth it again."""
        if not waiting:
            return 0.0
        first = min(self.writer_lifetime.ends_at(each.committed_at) for each in waiting)
        return min(_LOOK_AGAIN_SECONDS, max(0.0, (first - self.clock()).total_seconds()))

    def _relay_due(
        self, records: Sequence[CommittedChange], batch: _Batch, deadline: Deadline
    ) -> list[CommittedChange]:
        """Publish what is due; return what has to wait."""
        # Before the receipts are read: one that is not there at the end of its writer never comes.
        now = self.clock()
        try:
            receipts = self.receipts.find({each.request for each in records}, deadline)
        except StorageError:
            batch.fail(records)
            return []
        due, waiting = [], []
        for record in records:
            ends_at = self.writer_lifetime.ends_at(record.committed_at)
            verdict = decide_relay(record.trigger.id, receipts.get(record.request), ends_at, now)
            if verdict is RelayDecision.WAIT:
                waiting.append(record)
            elif verdict is RelayDecision.DUE:
                due.append(record)
            else:
                batch.sent_before += 1
        self._publish(due, batch, deadline)
        return waiting

    def _publish(self, due: Sequence[CommittedChange], batch: _Batch, deadline: Deadline) -> None:
        if not due:
            return
        by_id = {record.trigger.id: record for record in due}
        unsent = self.publisher.publish([record.trigger for record in by_id.values()], deadline)
        poison = [each for each in unsent if each.is_poison]
        batch.fail([by_id[each.trigger.id] for each in unsent if not each.is_poison])
        self._park(
            [Unreadable(by_id[each.trigger.id].sequence_number, _parked(each)) for each in poison],
            batch,
            deadline,
        )
        batch.relayed += len(by_id) - len(unsent)

    def _park(self, poison: Sequence[Unreadable], batch: _Batch, deadline: Deadline) -> None:
        if not poison:
            return
        try:
            self.parking.park([each.parked for each in poison], deadline)
        except StorageError:
            batch.fail(poison)
        else:
            batch.parked += len(poison)


_LOOK_AGAIN_SECONDS = 2.0


class _Numbered(Protocol):
    @property
    def sequence_number(self) -> str: ...


@dataclass(slots=True)
class _Batch:
    """How far a batch has come. Records come again from the earliest failed one on."""

    order: list[str]
    failures: set[str] = field(default_factory=set)
    relayed: int = 0
    parked: int = 0
    sent_before: int = 0

    def fail(self, records: Sequence[_Numbered]) -> None:
        """Take note of records that have to come again."""
        self.failures.update(each.sequence_number for each in records)

    def report(self) -> RelayReport:
        """Return what happened."""
        failed = next((number for number in self.order if number in self.failures), None)
        return RelayReport(self.relayed, self.parked, self.sent_before, failed)


def _parked(unsent: Unsent) -> Parked:
    order = unsent.trigger.order
    return Parked(
        reason=unsent.code,
        what={
            "trigger_id": unsent.trigger.id,
            "kind": str(unsent.trigger.kind),
            "account": order.account,
            "order_id": order.order_id,
            "version": order.version,
        },
    )
