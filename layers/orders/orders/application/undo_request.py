"""Undo what a request did to orders, as a request of its own."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from orders.application.deadlines import PUBLISHING_SECONDS, EarlierDeadline
from orders.application.earlier_runs import EarlierRuns, WrittenBefore
from orders.application.errors import StorageError
from orders.application.list_orders import MAX_EXAMINED
from orders.application.ports import (
    Clock,
    Deadline,
    OrderChanges,
    Pause,
    RequestKey,
)
from orders.application.publish_triggers import PublishTriggers
from orders.application.repeat_requests import Run
from orders.application.trace_request import TracedPart, TracedStores, TraceProgress, TraceRequest
from orders.application.trigger_payloads import ReduceAny, TriggerPayloads, unreduced
from orders.application.undo_orders import (
    SECONDS_OF_A_GROUP,
    UNDONE_TOGETHER,
    UndoOrders,
    UndoStores,
    UndoWays,
)
from orders.application.undo_report import UndoneOrder, UndoReport
from orders.domain.deletions import Deletion
from orders.domain.history import OrderKey
from orders.domain.order import Cause, Order
from orders.domain.triggers import Trigger, TriggerForm
from orders.domain.undoing import (
    TracedChange,
    UndoOutcome,
    UndoReason,
)

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class UndoCommand:
    """One request. A repeated request has another `request_id`, unless it has a `run`.

    `undone` is the id of the request to undo. With `dry_run`, nothing is written. At most `limit`
    orders are undone, after those that were traced before.
    """

    account: str
    undone: str
    request_id: str
    client: str
    protocol: str
    limit: int
    dry_run: bool
    skip_triggers: bool = False
    after: TraceProgress | None = None
    run: Run | None = None


@dataclass(frozen=True, slots=True)
class UndoRequest:
    """Undoes the changes of one request.

    `form_of` says how triggers show an order. `payloads` reduces them; without it, they contain
    everything. `earlier_runs` finds what earlier runs of a request wrote.
    """

    stores: TracedStores
    changes: OrderChanges
    publish_triggers: PublishTriggers
    form_of: Callable[[Order], TriggerForm]
    clock: Clock
    pause: Pause
    payloads: TriggerPayloads | None = None
    earlier_runs: EarlierRuns | None = None

    def __call__(self, command: UndoCommand, deadline: Deadline) -> UndoReport:
        """Undo the next orders of the request.

        Raises StorageUnavailableError and StorageRefusedError if nothing was changed.
        """
        undoing = _Undoing(self, command, EarlierDeadline(deadline, PUBLISHING_SECONDS))
        report = undoing.run()
        request = RequestKey(command.account, command.request_id)
        committed, doubtful = undoing.triggers
        unpublished = self.publish_triggers(request, committed, doubtful, deadline)
        lost = {trigger.id for trigger in unpublished}
        published = sum(trigger.id not in lost for trigger in committed)
        return replace(report, published=published, unpublished=unpublished)


class _Undoing:
    """One run over the changes of a request."""

    def __init__(self, parts: UndoRequest, command: UndoCommand, deadline: Deadline) -> None:
        self._parts = parts
        self._command = command
        self._deadline = deadline
        # Read the clock once: DynamoDB requires a repeated transaction to be identical.
        now = parts.clock()
        cause = Cause(command.request_id, command.client, now, command.protocol)
        self._trace = TraceRequest(
            parts.stores,
            RequestKey(command.account, command.undone),
            # The versions that this request writes are later.
            command.after or TraceProgress(now - _TICK),
            deadline,
        )
        self._is_settled = parts.stores.is_settled(command.undone, now)
        # The settings are read before the first change, so that no fault comes between changes.
        reduced: ReduceAny = unreduced
        if parts.payloads and not (command.dry_run or command.skip_triggers):
            reduced = parts.payloads.of(command.account, deadline)
        self._orders = UndoOrders(
            UndoWays(cause, parts.form_of, reduced, skip_triggers=command.skip_triggers),
            UndoStores(parts.stores.index, parts.changes, parts.pause),
            deadline,
            self._note,
        )

    def run(self) -> UndoReport:
        found = self._undone_before()
        known = {each.order_id for each in found}
        has_more = False
        for part in self._chunks(found):
            if part is None:
                has_more = True
                break
            found += self._undo(
                [each for each in part.changes if each.stored.order.order_id not in known]
            )
            found += [_gone(each) for each in part.deletions if each.order_id not in known]
            self._is_settled = self._is_settled and not part.is_pending
        following = self._trace.progress if has_more else None
        command = self._command
        return UndoReport(
            command.account, command.dry_run, tuple(found), self._is_settled, following
        )

    @property
    def triggers(self) -> tuple[Sequence[Trigger], Sequence[Trigger]]:
        """Return the triggers of committed changes, and of those that may be committed."""
        return self._orders.triggers

    def _undone_before(self) -> list[UndoneOrder]:
        """Return the orders that earlier runs of this request undid, which were cut off."""
        run, earlier = self._command.run, self._parts.earlier_runs
        if run is None or earlier is None or not run.noted:
            return []
        account, history = self._command.account, self._parts.stores.history
        present = self._trace.find(run.noted)
        written = earlier.written([*present.values()], run.request_id, self._deadline)
        keys = [OrderKey(account, number) for number in run.noted if number not in present]
        deletions = history.deletions_among(keys, self._deadline) if keys else {}
        return [
            *(_deleted(each) for each in deletions.values() if each.request_id == run.request_id),
            *map(_restored, written.values()),
        ]

    def _chunks(self, found: Sequence[UndoneOrder]) -> Iterator[TracedPart | None]:
        """Yield the parts of the trace. Yield None at last if this request may not take more."""
        examined = 0
        while True:
            room = self._command.limit - len(found)
            is_late = examined > 0 and self._deadline.remaining() < SECONDS_OF_A_GROUP
            if room <= 0 or examined >= MAX_EXAMINED or is_late:
                yield None
                return
            size = min(UNDONE_TOGETHER, room)
            try:
                part = self._trace.next_part(size)
            except StorageError:
                # What was done so far must be reported. The next request finds the same fault.
                if not examined:
                    raise
                yield None
                return
            if part is None:
                return
            examined += size
            yield part

    def _undo(self, changes: Sequence[TracedChange]) -> list[UndoneOrder]:
        if self._command.dry_run:
            return self._orders.preview(changes)
        return self._orders.undo(changes)

    def _note(self, order_ids: Sequence[int]) -> None:
        """Let a later run of this request know which orders this one may have changed."""
        if self._command.run is not None:
            self._command.run.note(order_ids, self._deadline)


def _deleted(deletion: Deletion) -> UndoneOrder:
    """Return what an earlier run did with an order that it deleted: the order had one version."""
    return UndoneOrder(deletion.order_id, deletion.external_id, 1, UndoOutcome.DELETED)


def _restored(written: WrittenBefore) -> UndoneOrder:
    """Return what an earlier run did with an order that it restored."""
    order, before = written.order, written.before or written.order
    return UndoneOrder(
        order.order_id,
        before.external_id,
        order.version - 1,
        UndoOutcome.RESTORED,
        restored=order.version - 2,
    )


def _gone(deletion: Deletion) -> UndoneOrder:
    """Return what is left to say of an order that the request deleted for good."""
    return UndoneOrder(
        deletion.order_id,
        deletion.external_id,
        deletion.version,
        UndoOutcome.KEPT,
        UndoReason.DELETED,
    )
