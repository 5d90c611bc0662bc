"""Write the undo of several orders. Each change is conditional, and a lost answer is looked up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from orders.application.errors import StorageError
from orders.application.get_order_by_id import find_all_with_hidden
from orders.application.ports import Deadline, OrderChanges, OrderIndex, Pause, WriteOutcome
from orders.application.retries import attempts
from orders.application.trigger_payloads import ReduceAny
from orders.application.undo_report import UndoneOrder
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.order import Cause, Order
from orders.domain.triggers import Trigger, TriggerForm
from orders.domain.undoing import (
    TracedChange,
    UndoDecision,
    UndoOutcome,
    UndoReason,
    decide_undo,
    has_same_content,
)

# Orders that are read and written together: each may be large, and so may its version before.
UNDONE_TOGETHER = 25
# With less time left, no further orders are begun.
SECONDS_OF_A_GROUP = 5.0
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class UndoWays:
    """How orders are undone.

    `cause` is the request that undoes them, `form_of` says how triggers show an order, and
    `reduced` reduces the triggers. With `skip_triggers`, there are none.
    """

    cause: Cause
    form_of: Callable[[Order], TriggerForm]
    reduced: ReduceAny
    skip_triggers: bool = False


@dataclass(frozen=True, slots=True)
class UndoStores:
    """The order store of an undo, and the pause between two attempts to write."""

    index: OrderIndex
    changes: OrderChanges
    pause: Pause


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
        elif not self.change.removes and has_same_content(found.order, self.change.after.order):
            # Another undo of the same change came first.
            self._decision = UndoDecision(UndoOutcome.UNCHANGED)
            self.is_open = False
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


class UndoOrders:
    """Undoes orders for one request. `note` is called with the ids before orders are written."""

    def __init__(
        self,
        ways: UndoWays,
        stores: UndoStores,
        deadline: Deadline,
        note: Callable[[Sequence[int]], None] = lambda _order_ids: None,
    ) -> None:
        self._ways = ways
        self._stores = stores
        self._deadline = deadline
        self._note = note
        self._committed: list[Trigger] = []
        self._doubtful: list[Trigger] = []

    @property
    def triggers(self) -> tuple[Sequence[Trigger], Sequence[Trigger]]:
        """Return the triggers of committed changes, and of those that may be committed."""
        return self._committed, self._doubtful

    def preview(self, changes: Sequence[TracedChange]) -> list[UndoneOrder]:
        """Return what would be done. Nothing is written."""
        return [report for report, _ in self.planned(changes)]

    def planned(
        self, changes: Sequence[TracedChange]
    ) -> list[tuple[UndoneOrder, OrderChange | None]]:
        """Return what would be done, with what would be written. Nothing is written."""
        return [(each.report(), each.change) for each in self._tried(changes)]

    def undo(self, changes: Sequence[TracedChange]) -> list[UndoneOrder]:
        """Undo changes of different orders, which must be few enough to be written together.

        Raises nothing: a storage fault is part of the report.
        """
        tried = self._tried(changes)
        self._write(tried)
        return [each.report() for each in tried]

    def _tried(self, changes: Sequence[TracedChange]) -> list[_Attempt]:
        return [_Attempt(traced, self._decide(traced)) for traced in changes]

    def _decide(self, traced: TracedChange) -> UndoDecision:
        ways = self._ways
        decision = decide_undo(traced, ways.cause, ways.form_of(traced.stored.order))
        change = decision.change
        if change is None:
            return decision
        if ways.skip_triggers:
            return replace(decision, change=replace(change, trigger=None))
        return replace(decision, change=ways.reduced(change))

    def _write(self, tried: Sequence[_Attempt]) -> None:
        """Write the changes. One whose answer is lost is looked at, and tried again."""
        numbers = [each.order.order_id for each in tried if each.is_open]
        try:
            if numbers:
                self._note(numbers)
        except StorageError:
            for attempt in tried:
                self._close(attempt)
            return
        for _ in attempts(self._deadline, self._stores.pause, at_most=_ATTEMPTS):
            pending = [(each, each.change) for each in tried if each.is_open and each.change]
            if not pending:
                break
            changes = [change for _, change in pending]
            outcomes = self._stores.changes.save_all(changes, self._deadline)
            for (attempt, _), outcome in zip(pending, outcomes, strict=True):
                attempt.note(outcome)
            left = [each for each in tried if each.is_open]
            try:
                found = self._find(left)
            except StorageError:
                break
            for attempt in left:
                attempt.look(found.get(attempt.order.order_id))
        for attempt in tried:
            self._close(attempt)

    def _find(self, left: Sequence[_Attempt]) -> dict[int, StoredOrder]:
        numbers = [each.order.order_id for each in left]
        account = left[0].order.account if left else ""
        return find_all_with_hidden(self._stores.index, account, numbers, self._deadline)

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
