"""Import orders: check each against the settings, write what changes, tell the consumers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from orders.application.define_settings import define_settings
from orders.application.ports import (
    Clock,
    Deadline,
    Lookup,
    OrderIds,
    OrderRepository,
    Pause,
    SettingsRepository,
    StorageUnavailableError,
    TriggerPublisher,
    WriteOutcome,
)
from orders.domain.checking import SETTINGS_CODES, Rulebook
from orders.domain.importing import (
    Group,
    OrderResult,
    Outcome,
    Plan,
    Step,
    Write,
    failed,
    group_steps,
    plan_group,
)
from orders.domain.order import Rejection, Submission
from orders.domain.problems import Code, Problem
from orders.domain.settings import NO_DEFINITIONS, Definitions
from orders.domain.triggers import Trigger


class SentOrder(Protocol):
    """One order of a request, in whatever protocol it came."""

    @property
    def position(self) -> int:
        """Return its place in the request, from 0."""

    @property
    def external_id(self) -> str | None:
        """Return the id as sent, None if the order has no readable one."""

    @property
    def skip_trigger(self) -> bool:
        """Tell whether this order's change is to be kept from the consumers."""

    def submit(self, rules: Rulebook) -> Submission | Rejection:
        """Hold the order against the settings."""


@dataclass(frozen=True, slots=True)
class ImportCommand:
    """One import request. `request_id` is unique to this invocation, also among repeats."""

    account: str
    request_id: str
    orders: Sequence[SentOrder]
    definitions: Definitions = NO_DEFINITIONS


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What happened: one result for each order of the request, in request order."""

    results: tuple[OrderResult, ...]
    definitions_written: bool
    published: int
    unpublished: tuple[Trigger, ...]

    def count(self, outcome: Outcome) -> int:
        """Return how many orders had this outcome."""
        return sum(result.outcome is outcome for result in self.results)

    @property
    def unavailable(self) -> bool:
        """Tell whether faults kept orders out and nothing at all was written."""
        written = self.definitions_written or any(
            result.outcome in {Outcome.CREATED, Outcome.UPDATED} for result in self.results
        )
        return not written and any(result.retryable for result in self.results)


# What storing leaves of the time, so that the triggers of what it stored can be sent.
PUBLISHING_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class _Earlier:
    """A deadline some seconds before another one."""

    deadline: Deadline
    seconds: float

    def remaining(self) -> float:
        return self.deadline.remaining() - self.seconds


@dataclass(frozen=True, slots=True)
class ImportOrders:
    """The use case, put together with its ports."""

    orders: OrderRepository
    order_ids: OrderIds
    settings: SettingsRepository
    publisher: TriggerPublisher
    clock: Clock
    pause: Pause

    def __call__(self, command: ImportCommand, deadline: Deadline) -> ImportReport:
        """Import every order that can be; a bad one never blocks a good one.

        Raises DefinitionsRefusedError if the request's definitions contradict the stored ones, and
        StorageUnavailableError if the settings could not be read or written; nothing has been
        imported then.
        """
        rules, written = self._rules(command)
        progress = _Progress()
        self._submit(command, rules, progress)
        self._store(command, progress, _Earlier(deadline, PUBLISHING_SECONDS))
        triggers = [write.trigger for write in progress.committed if write.trigger]
        unpublished = self.publisher.publish(triggers, deadline) if triggers else ()
        return ImportReport(
            results=tuple(progress.results[order.position] for order in command.orders),
            definitions_written=written,
            published=len(triggers) - len(unpublished),
            unpublished=tuple(unpublished),
        )

    def _rules(self, command: ImportCommand) -> tuple[Rulebook, bool]:
        if command.definitions:
            settings, written = define_settings(self.settings, command.account, command.definitions)
            return Rulebook.of(settings), written
        return Rulebook.of(self.settings.load(command.account).settings), False

    def _submit(self, command: ImportCommand, rules: Rulebook, progress: _Progress) -> None:
        doubtful = []
        for order in command.orders:
            answer = order.submit(rules)
            if isinstance(answer, Rejection) and _blames_settings(answer):
                doubtful.append(order)
            else:
                progress.admit(order, answer)
        if doubtful:
            self._submit_again(command.account, doubtful, progress)

    def _submit_again(
        self, account: str, doubtful: Sequence[SentOrder], progress: _Progress
    ) -> None:
        """Hold the orders against the settings of now: those at hand may be old."""
        try:
            fresh = Rulebook.of(self.settings.load(account, fresh=True).settings)
        except StorageUnavailableError:
            for order in doubtful:
                progress.refuse(order, (_no_storage(),), retryable=True)
            return
        for order in doubtful:
            progress.admit(order, order.submit(fresh))

    def _store(self, command: ImportCommand, progress: _Progress, deadline: Deadline) -> None:
        attempt = 0
        while progress.pending and deadline.remaining() > 0:
            lookup = self.orders.find(command.account, progress.pending_ids(), deadline)
            plans = self._plan(command, progress, lookup)
            self._save(command, progress, plans, deadline)
            attempt += 1
            if progress.pending and not self.pause(attempt, deadline):
                break
        progress.give_up()

    def _plan(self, command: ImportCommand, progress: _Progress, lookup: Lookup) -> list[Plan]:
        readable = [
            step
            for step in progress.pending.values()
            if step.submission.external_id not in lookup.unread
        ]
        groups = [
            group
            for group in group_steps(command.account, readable, lookup.orders)
            if not progress.recognise(group, command.request_id)
        ]
        known = self._number_new(command.account, groups, progress)
        now = self.clock()
        return [
            plan_group(group, progress.order_ids.get(group.external_id, 0), command.request_id, now)
            for group in known
        ]

    def _number_new(self, account: str, groups: list[Group], progress: _Progress) -> list[Group]:
        """Give each new order its number; without numbers, only stored orders can go on."""
        new = [
            group.external_id
            for group in groups
            if group.stored is None and group.external_id not in progress.order_ids
        ]
        try:
            numbers = self.order_ids.take(account, len(new)) if new else ()
        except StorageUnavailableError:
            return [group for group in groups if group.external_id not in new]
        progress.order_ids.update(zip(new, numbers, strict=True))
        return groups

    def _save(
        self,
        command: ImportCommand,
        progress: _Progress,
        plans: Sequence[Plan],
        deadline: Deadline,
    ) -> None:
        for plan in plans:
            if plan.write is None:
                progress.settle(plan)
        writing = [(plan, plan.write) for plan in plans if plan.write]
        if not writing:
            return
        outcomes = self.orders.save(command.account, [write for _, write in writing], deadline)
        for (plan, _), outcome in zip(writing, outcomes, strict=True):
            progress.record(plan, outcome)


def _blames_settings(rejection: Rejection) -> bool:
    return any(problem.code in SETTINGS_CODES for problem in rejection.problems)


@dataclass(slots=True)
class _Progress:
    """How far one request has come: what is answered, what is still to be written."""

    results: dict[int, OrderResult] = field(default_factory=dict)
    pending: dict[int, Step] = field(default_factory=dict)
    committed: list[Write] = field(default_factory=list)
    order_ids: dict[str, int] = field(default_factory=dict)
    attempted: dict[str, Plan] = field(default_factory=dict)
    lost_races: set[int] = field(default_factory=set)

    def admit(self, order: SentOrder, answer: Submission | Rejection) -> None:
        """Take a submission up for writing, a rejection as that order's result."""
        if isinstance(answer, Submission):
            self.pending[order.position] = Step(order.position, answer, order.skip_trigger)
        else:
            self.refuse(order, answer.problems)

    def refuse(
        self, order: SentOrder, problems: tuple[Problem, ...], *, retryable: bool = False
    ) -> None:
        """Answer an order that is not going to be written."""
        self.results[order.position] = OrderResult(
            order.position,
            order.external_id,
            Outcome.FAILED,
            problems=problems,
            retryable=retryable,
        )

    def pending_ids(self) -> set[str]:
        """Return the ids that the unfinished orders were sent under."""
        return {step.submission.external_id for step in self.pending.values()}

    def settle(self, plan: Plan) -> None:
        """Answer the orders of a plan that is done."""
        for result in plan.results:
            self.results[result.position] = result
            self.pending.pop(result.position, None)

    def record(self, plan: Plan, outcome: WriteOutcome) -> None:
        """Take note of what became of a plan's write."""
        match outcome:
            case WriteOutcome.COMMITTED:
                self._commit(plan)
            case WriteOutcome.REFUSED:
                for step in plan.group.steps:
                    self.results[step.position] = failed(step, _refused(), retryable=False)
                    del self.pending[step.position]
            case WriteOutcome.CONFLICT | WriteOutcome.UNKNOWN:
                self.attempted[plan.group.external_id] = plan
                positions = {step.position for step in plan.group.steps}
                if outcome is WriteOutcome.CONFLICT:
                    self.lost_races |= positions
                else:
                    self.lost_races -= positions

    def recognise(self, group: Group, request_id: str) -> bool:
        """Settle a group whose earlier write turns out to have been committed after all.

        A write whose answer was lost looks like a fault, and its repetition inside the SDK like a
        lost race; the stored version names the request that wrote it.
        """
        plan = self.attempted.get(group.external_id)
        if plan is None or plan.write is None or group.stored is None:
            return False
        ours = (
            group.stored.request_id == request_id
            and group.stored.version == plan.write.order.version
            and group.steps == plan.group.steps
        )
        if ours:
            self._commit(plan)
        return ours

    def give_up(self) -> None:
        """Answer what could not be finished in time."""
        for position, step in self.pending.items():
            problem = _lost_race() if position in self.lost_races else _no_storage()
            self.results[position] = failed(step, problem, retryable=True)
        self.pending.clear()

    def _commit(self, plan: Plan) -> None:
        if plan.write:
            self.committed.append(plan.write)
        self.settle(plan)


def _refused() -> Problem:
    return Problem(Code.NOT_STORABLE, "", "The store refused this order; the fault is logged")


def _lost_race() -> Problem:
    return Problem(Code.CONFLICT, "", "Other requests kept changing this order; send it again")


def _no_storage() -> Problem:
    return Problem(
        Code.STORAGE_UNAVAILABLE,
        "",
        "The order could not be stored, or this not be confirmed, in time; "
        "sending it again is safe",
    )
