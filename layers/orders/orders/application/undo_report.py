"""The report of an undo. It is a module of its own, because every function counts reports."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orders.domain.undoing import UndoOutcome

if TYPE_CHECKING:
    from orders.application.trace_request import TraceProgress
    from orders.domain.triggers import Trigger
    from orders.domain.undoing import UndoReason


@dataclass(frozen=True, slots=True)
class UndoneOrder:
    """What was done with one order, or would be. `version` is the one that it had before the undo.

    `restored` is the version whose content the order gets, None if it gets none.
    """

    order_id: int
    external_id: str
    version: int
    outcome: UndoOutcome
    reason: UndoReason | None = None
    restored: int | None = None


@dataclass(frozen=True, slots=True)
class UndoReport:
    """The result of one request.

    `is_settled` is false if more changes of the undone request may become visible. `following` is
    how far the request was traced, None if it was traced to the end.
    """

    account: str
    dry_run: bool
    orders: tuple[UndoneOrder, ...]
    is_settled: bool
    following: TraceProgress | None
    published: int = 0
    unpublished: tuple[Trigger, ...] = ()

    @property
    def is_retryable(self) -> bool:
        """Return whether the same request may undo orders that failed."""
        return any(each.outcome is UndoOutcome.FAILED for each in self.orders)

    def count(self, outcome: UndoOutcome) -> int:
        """Return the number of orders with this outcome."""
        return Counter(each.outcome for each in self.orders)[outcome]
