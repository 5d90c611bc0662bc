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
    WriteOutcome,
)
from orders.application.publish_triggers import PublishTriggers
from orders.application.repeat_requests import Run
from orders.application.retries import attempts
from orders.application.trace_request import TracedPart, TracedStores, TraceProgress, TraceRequest
from orders.application.trigger_payloads import ReduceAny, TriggerPayloads, unreduced
from orders.application.undo_report import UndoneOrder, UndoReport
from orders.domain.changes import StoredOrder
from orders.domain.deletions import Deletion
from orders.domain.history import OrderKey
from orders.domain.order import Cause, Order
from orders.domain.triggers import Trigger, TriggerForm
from orders.domain.undoing import (
    TracedChange,
    UndoDecision,
    UndoOutcome,
    UndoReason,
    decide_undo,
)

# Orders that are read and written together: each may be large, and so may its version before.
_CHUNK = 25
# With less time left, no further chunk is begun.
_SECONDS_OF_A_CHUNK = 5.0
_ATTEMPTS = 3
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


class _Attempt:
    """The undo of one order, and what became of it."""

    def __init__(self, traced: TracedChange, decision: UndoDecision) -> None:
        self.order = traced.stored.order
        self.change = decision.change
        self.is_open = decision.change is not None
        self.committed = False
        # The answer to a write was lost, so that it may or may not be committed.
        self.is_doubtful = False
        self._decision = decision

    def note(self, outcome: WriteOutcome) -> None:
        """Take the outcome of a write."""
        self.is_doubtful = self.is_doubtful or outcome is WriteOutcome.UNKNOWN
        match outcome:
            case WriteOutcome.COMMITTED:
                self._succeed()
            case WriteOutcome.REFUSED:
                self._end(UndoOutcome.FAILED, UndoReason.INTERNAL_ERROR)
            case WriteOutcome.TAKEN:
                self._end(UndoOutcome.KEPT, UndoReason.CHANGED_SINCE)
            case _:
                pass

    def look(self, found: StoredOrder | None) -> None:
        """Take the present order, after a write that may have failed."""
        if self.change is None:
            return
        if found is None and self.change.removes and self.is_doubtful:
            self.is_open = False
        elif found is None:
            self._end(UndoOutcome.KEPT, UndoReason.DELETED)
        elif found.order == self.change.after.order:
            # The order names the request that wrote it, which counts for more than any answer.
            self._succeed()
        elif found.order != self.order:
            self._end(UndoOutcome.KEPT, UndoReason.CHANGED_SINCE)

    def give_up(self) -> None:
        """End without a result."""
        self._end(UndoOutcome.FAILED, UndoReason.UNAVAILABLE)

    def report(self) -> UndoneOrder:
        """Return what became of the order."""
        order, decision = self.order, self._decision
        return UndoneOrder(
            order.order_id,
            order.external_id,
            order.version,
            decision.outcome,
            decision.reason,
            decision.restored,
        )

    def _succeed(self) -> None:
        self.is_open = False
        self.committed = True

    def _end(self, outcome: UndoOutcome, reason: UndoReason) -> None:
        self.is_open = False
        self._decision = UndoDecision(outcome, reason)


class _Undoing:
    """One run over the changes of a request."""

    def __init__(self, parts: UndoRequest, command: UndoCommand, deadline: Deadline) -> None:
        self._committed: list[Trigger] = []
        self._doubtful: list[Trigger] = []
        self._parts = parts
        self._command = command
        self._deadline = deadline
        # Read the clock once: DynamoDB requires a repeated transaction to be identical.
        now = parts.clock()
        self._cause = Cause(command.request_id, command.client, now, command.protocol)
        self._trace = TraceRequest(
            parts.stores,
            RequestKey(command.account, command.undone),
            # The versions that this request writes are later.
            command.after or TraceProgress(now - _TICK),
            deadline,
        )
        self._is_settled = parts.stores.is_settled(command.undone, now)
        # The settings are read before the first change, so that no fault comes between changes.
        self._reduced: ReduceAny = unreduced
        if parts.payloads and not (command.dry_run or command.skip_triggers):
            self._reduced = parts.payloads.of(command.account, deadline)

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
        return self._committed, self._doubtful

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
            is_late = examined > 0 and self._deadline.remaining() < _SECONDS_OF_A_CHUNK
            if room <= 0 or examined >= MAX_EXAMINED or is_late:
                yield None
                return
            size = min(_CHUNK, room)
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
        tried = [_Attempt(traced, self._decide(traced)) for traced in changes]
        if not self._command.dry_run:
            self._write(tried)
        return [each.report() for each in tried]

    def _decide(self, traced: TracedChange) -> UndoDecision:
        order = traced.stored.order
        decision = decide_undo(traced, self._cause, self._parts.form_of(order))
        change = decision.change
        if change is None:
            return decision
        if self._command.skip_triggers:
            return replace(decision, change=replace(change, trigger=None))
        return replace(decision, change=self._reduced(change))

    def _write(self, tried: Sequence[_Attempt]) -> None:
        """Write the changes. One whose answer is lost is looked at, and tried again."""
        try:
            self._note(tried)
        except StorageError:
            for attempt in tried:
                self._close(attempt)
            return
        for _ in attempts(self._deadline, self._parts.pause, at_most=_ATTEMPTS):
            pending = [(each, each.change) for each in tried if each.is_open and each.change]
            if not pending:
                break
            changes = [change for _, change in pending]
            outcomes = self._parts.changes.save_all(changes, self._deadline)
            for (attempt, _), outcome in zip(pending, outcomes, strict=True):
                attempt.note(outcome)
            left = [each for each in tried if each.is_open]
            try:
                found = self._trace.find([each.order.order_id for each in left])
            except StorageError:
                break
            for attempt in left:
                attempt.look(found.get(attempt.order.order_id))
        for attempt in tried:
            self._close(attempt)

    def _note(self, tried: Sequence[_Attempt]) -> None:
        """Let a later run of this request know which orders this one may have changed."""
        numbers = [each.order.order_id for each in tried if each.is_open]
        if self._command.run is not None and numbers:
            self._command.run.note(numbers, self._deadline)

    def _close(self, attempt: _Attempt) -> None:
        if attempt.is_open:
            attempt.give_up()
        trigger = attempt.change.trigger if attempt.change else None
        if trigger is None:
            return
        if attempt.committed:
            self._committed.append(trigger)
        elif attempt.is_doubtful:
            self._doubtful.append(trigger)


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
