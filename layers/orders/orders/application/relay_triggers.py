"""Publish the triggers that their writers did not publish, from the table's stream."""

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
    Parking,
    ReceiptRepository,
    RequestKey,
    TriggerPublisher,
    Unreadable,
    Unsent,
)
from orders.domain.relaying import RelayDecision, WriterLifetime, decide_relay
from orders.domain.triggers import Trigger


class CommittedChange(Protocol):
    """One stream record with a trigger."""

    @property
    def sequence_number(self) -> str:
        """Return the sequence number of the record in the stream."""

    @property
    def request(self) -> RequestKey:
        """Return the request that wrote the change."""

    @property
    def trigger(self) -> Trigger:
        """Return the trigger, which is built from the images in the record."""

    @property
    def committed_at(self) -> datetime:
        """Return the commit time in whole seconds, aware UTC."""


class Sleep(Protocol):
    """Waits."""

    def __call__(self, seconds: float, /) -> None:
        """Wait this number of seconds."""


@dataclass(frozen=True, slots=True)
class RelayReport:
    """The result of one batch: how many triggers were relayed, parked, or sent by their writers.

    `failed` is the sequence number of the earliest record that failed, None if no record failed.
    Lambda must deliver this record and all later ones again.
    """

    relayed: int = 0
    parked: int = 0
    sent_before: int = 0
    failed: str | None = None


@dataclass(frozen=True, slots=True)
class RelayTriggers:
    """Publishes the triggers that receipts name, and those whose writers left no receipt."""

    publisher: TriggerPublisher
    receipts: ReceiptRepository
    parking: Parking
    writer_lifetime: WriterLifetime
    clock: Clock
    sleep: Sleep

    def __call__(
        self, records: Sequence[CommittedChange | Unreadable], deadline: Deadline
    ) -> RelayReport:
        """Publish every trigger of the batch that its writer did not publish.

        Waits for writers that may still be running, as long as there is time. Parks a trigger that
        the bus will never accept. It is safe to process a batch twice, or late. Storage errors are
        not raised: the report names the record from which Lambda must deliver again.
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
        """Return the seconds to wait before the receipts are read again."""
        if not waiting:
            return 0.0
        first = min(self.writer_lifetime.ends_at(each.committed_at) for each in waiting)
        return min(_LOOK_AGAIN_SECONDS, max(0.0, (first - self.clock()).total_seconds()))

    def _relay_due(
        self, records: Sequence[CommittedChange], batch: _Batch, deadline: Deadline
    ) -> list[CommittedChange]:
        """Publish the triggers that are due. Return the records whose writers may still run."""
        # Read the clock before the receipts: once a writer has ended, it leaves no receipt.
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
    """The progress of a batch. `order` has the sequence numbers in stream order."""

    order: list[str]
    failures: set[str] = field(default_factory=set)
    relayed: int = 0
    parked: int = 0
    sent_before: int = 0

    def fail(self, records: Sequence[_Numbered]) -> None:
        """Record that these records must be delivered again."""
        self.failures.update(each.sequence_number for each in records)

    def report(self) -> RelayReport:
        """Return the result of the batch."""
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
            "payload": str(unsent.trigger.payload),
        },
    )
