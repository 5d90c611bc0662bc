"""Import orders together: all orders of a request are written, or none is."""

from __future__ import annotations

from dataclasses import dataclass, field

from orders.application.deadlines import PUBLISHING_SECONDS, EarlierDeadline
from orders.application.define_settings import with_definitions
from orders.application.errors import StorageRefusedError, TransactionTooLargeError
from orders.application.import_orders import (
    Found,
    ImportCommand,
    ImportOrders,
    ImportReport,
    characters_of,
    check_orders,
    progress_of,
)
from orders.application.import_progress import Progress
from orders.application.ports import (
    Deadline,
    JointWrite,
    OrderTransactions,
    SettingsChange,
    WriteOutcome,
)
from orders.application.read_sizes import MAX_IMPORT_CHARACTERS
from orders.application.retries import attempts
from orders.domain.importing import Outcome, Plan, failed
from orders.domain.problems import Code, Problem
from orders.domain.settings import Rulebook, Settings

# An order takes one action of a transaction.
MAX_ORDERS_TOGETHER = 100
_MAYBE_WRITTEN = frozenset({WriteOutcome.COMMITTED, WriteOutcome.UNKNOWN})


@dataclass(slots=True)
class _Attempt:
    """One decision about all orders. `change` has the definitions that are to be written."""

    rules: Rulebook
    progress: Progress
    change: SettingsChange | None
    plans: list[Plan] = field(default_factory=list)
    outcome: WriteOutcome = WriteOutcome.UNTRIED

    @property
    def is_rejected(self) -> bool:
        """Return whether an order failed. One that an earlier run of the request wrote has not."""
        results = self.progress.results.values()
        return any(each.outcome is Outcome.FAILED for each in results)

    @property
    def is_planned(self) -> bool:
        """Return whether all orders were read and decided."""
        planned = sum(len(plan.group.steps) for plan in self.plans)
        return planned == len(self.progress.pending)

    @property
    def is_finished(self) -> bool:
        """Return whether the orders were written, or may have been."""
        return self.outcome in _MAYBE_WRITTEN

    @property
    def has_defined(self) -> bool:
        """Return whether definitions were written, or may have been."""
        return self.change is not None and self.is_finished

    def conclude(self) -> None:
        """Record the results of the orders that were not written."""
        progress = self.progress
        if self.is_rejected and self.outcome is WriteOutcome.UNTRIED:
            failures = [
                each for each in progress.results.values() if each.outcome is Outcome.FAILED
            ]
            retryable = all(each.retryable for each in failures)
            for step in progress.pending.values():
                progress.results[step.position] = failed(
                    step, _others_failed(), retryable=retryable
                )
            progress.pending.clear()
        progress.give_up_in_time()


@dataclass(frozen=True, slots=True)
class ImportTogether:
    """Imports the orders of a request in one transaction, with its definitions.

    It takes the steps of `imports` up to the write.
    """

    imports: ImportOrders
    transactions: OrderTransactions

    def __call__(self, command: ImportCommand, deadline: Deadline) -> ImportReport:
        """Import all orders if each of them is valid, else none, and no definition.

        If another request changes one of the orders at the same time, all are read and decided
        again. Raises what ImportOrders raises, and TransactionTooLargeError. After an error,
        nothing was written.
        """
        _expect_few(command)
        storing = EarlierDeadline(deadline, PUBLISHING_SECONDS)
        found = self.imports.read_ahead(command, storing)
        attempt = self._checked(command, storing)
        read = 0
        for number in attempts(storing, self.imports.pause):
            if storing.remaining() <= 0 or read > MAX_IMPORT_CHARACTERS:
                break
            if number > 1:
                attempt = self._checked(command, storing, is_first=False)
            read += self._decide(command, attempt, storing, found if number == 1 else None)
            if attempt.is_rejected:
                break
            if attempt.is_planned:
                self._commit(command, attempt, storing)
            if attempt.is_finished:
                break
        attempt.conclude()
        policies, defined = attempt.rules.settings.policies, attempt.has_defined
        return self.imports.report(command, attempt.progress, policies, deadline, defined=defined)

    def _checked(
        self, command: ImportCommand, deadline: Deadline, *, is_first: bool = True
    ) -> _Attempt:
        """Check the orders against the settings, with the definitions of the request."""
        self.imports.expect_known_members(command, deadline)
        settings, change = self._wanted_settings(command, deadline, is_first=is_first)
        rules = self.imports.rulebook(command, settings, deadline)
        progress = progress_of(command)
        if command.definitions:
            for order, answer in check_orders(command, command.orders, rules, progress):
                progress.admit(order, answer)
        else:
            self.imports.submit(command, rules, progress, deadline)
        if progress.is_full:
            raise TransactionTooLargeError(
                "The documents of orders that are written together are too large"
            )
        return _Attempt(rules, progress, change)

    def _wanted_settings(
        self, command: ImportCommand, deadline: Deadline, *, is_first: bool
    ) -> tuple[Settings, SettingsChange | None]:
        """Return the settings with the request's definitions, and what of them is to be written."""
        # The cached settings may be old ones. A rejection and a write need the current ones.
        fresh = bool(command.definitions) or not is_first
        stored = self.imports.settings.load(command.account, deadline, fresh=fresh)
        wanted = with_definitions(stored.settings, command.definitions)
        if wanted == stored.settings:
            return wanted, None
        return wanted, SettingsChange(wanted, stored.version)

    def _decide(
        self, command: ImportCommand, attempt: _Attempt, deadline: Deadline, found: Found | None
    ) -> int:
        """Decide what to write. Return how many characters of stored orders were read."""
        progress = attempt.progress
        if attempt.is_rejected or not progress.pending:
            return 0
        lookup = self.imports.look_up(command, progress, found, deadline)
        if not lookup.unread:
            payload = attempt.rules.settings.policies.trigger_payload
            plans = self.imports.plan(command, progress, lookup, deadline)
            attempt.plans = [self.imports.reduced(plan, payload) for plan in plans]
            for result in (each for plan in plans for each in plan.results):
                if result.outcome is Outcome.FAILED:
                    progress.results[result.position] = result
                    del progress.pending[result.position]
        return characters_of(lookup)

    def _commit(self, command: ImportCommand, attempt: _Attempt, deadline: Deadline) -> None:
        """Write all orders and the definitions, or nothing."""
        # Orders are not read at one moment. Those that stay must not have changed either, or the
        # result could be half of this request and half of another one.
        unchanged = [
            plan.group.stored for plan in attempt.plans if not plan.write and plan.group.stored
        ]
        joint = JointWrite(
            [plan.write for plan in attempt.plans if plan.write], unchanged, attempt.change
        )
        attempt.outcome = WriteOutcome.COMMITTED
        if joint.writes or joint.settings:
            attempt.outcome = self.transactions.save_together(command.account, joint, deadline)
        if attempt.outcome is WriteOutcome.REFUSED:
            raise StorageRefusedError("the table rejected a transaction")
        if not attempt.is_finished:
            return
        for plan in attempt.plans:
            if plan.write:
                attempt.progress.record(plan, plan.write, attempt.outcome)
            elif attempt.outcome is WriteOutcome.COMMITTED:
                attempt.progress.settle(plan)


def _expect_few(command: ImportCommand) -> None:
    received = len(command.orders)
    if received > MAX_ORDERS_TOGETHER:
        raise TransactionTooLargeError(
            f"A request whose orders are written together must have at most {MAX_ORDERS_TOGETHER} "
            f"orders; got {received}"
        )


def _others_failed() -> Problem:
    return Problem(
        Code.OTHERS_FAILED,
        (),
        "The order was not written, because other orders of the request failed",
    )
