"""Import orders: check each against the settings, write what changes, tell the consumers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from orders.application.deadlines import PUBLISHING_SECONDS, EarlierDeadline
from orders.application.define_settings import define_settings
from orders.application.ports import (
    Clock,
    Deadline,
    Lookup,
    OrderIds,
    OrderRepository,
    Pause,
    RequestKey,
    SettingsRepository,
    StorageRefusedError,
    StorageUnavailableError,
    WriteOutcome,
)
from orders.application.publish_triggers import PublishTriggers
from orders.domain.identifiers import uuid_of
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
from orders.domain.order import Order
from orders.domain.problems import Code, Problem
from orders.domain.settings import NO_DEFINITIONS, Definitions, Rulebook, blames_settings
from orders.domain.submissions import Rejection, Submission
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
    """One import request. `request_id` is unique to this invocation, also among repeats.

    `order_ids` are the numbers that were taken for orders before, by their external ids.
    """

    account: str
    request_id: str
    orders: Sequence[SentOrder]
    definitions: Definitions = NO_DEFINITIONS
    order_ids: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What happened: one result for each order of the request, in request order.

    `unpublished` are the triggers that were not sent: those that the bus did not take in time, and
    those of writes whose answers were lost, which may not have been committed. `written` tells
    whether the request may have written anything; `stored` are the orders that it is known to have
    written, as they are now.
    """

    account: str
    results: tuple[OrderResult, ...]
    written: bool
    published: int
    unpublished: tuple[Trigger, ...]
    stored: tuple[Order, ...] = ()

    def count(self, outcome: Outcome) -> int:
        """Return how many orders had this outcome."""
        return sum(result.outcome is outcome for result in self.results)

    @property
    def unavailable(self) -> bool:
        """Tell whether faults kept orders out and nothing at all was written."""
        return not self.written and any(result.retryable for result in self.results)


@dataclass(frozen=True, slots=True)
class ImportOrders:
    """The use case, put together with its ports."""

    orders: OrderRepository
    order_ids: OrderIds
    settings: SettingsRepository
    publish_triggers: PublishTriggers
    clock: Clock
    pause: Pause

    def __call__(self, command: ImportCommand, deadline: Deadline) -> ImportReport:
        """Import every order that can be; a bad one never blocks a good one.

        Raises DefinitionsRefusedError if the request's definitions contradict the stored ones,
        SettingsTooLargeError if they do not fit, StorageUnavailableError if the settings could not
        be read or written, StorageRefusedError for a fault of ours; nothing has been imported then.
        """
        storing = EarlierDeadline(deadline, PUBLISHING_SECONDS)
        rules, defined = self._rules(command, storing)
        progress = _Progress(command.request_id, order_ids=dict(command.order_ids))
        self._submit(command, rules, progress, storing)
        self._store(command, progress, storing)
        triggers = progress.committed_triggers()
        request = RequestKey(command.account, command.request_id)
        doubtful = progress.doubtful_triggers()
        unpublished = self.publish_triggers(request, triggers, doubtful, deadline)
        return ImportReport(
            account=command.account,
            results=tuple(progress.results[order.position] for order in command.orders),
            written=defined or bool(progress.committed or progress.uncertain),
            published=len(triggers) + len(doubtful) - len(unpublished),
            unpublished=unpublished,
            stored=tuple(write.order for write in progress.committed),
        )

    def reserve_id(self, account: str, deadline: Deadline) -> tuple[str, int]:
        """Return an external id for an order that has none, and the number that it stands for.

        Raises StorageUnavailableError and StorageRefusedError.
        """
        [number] = self.order_ids.take(account, 1, deadline)
        return uuid_of(account, number), number

    def _rules(self, command: ImportCommand, deadline: Deadline) -> tuple[Rulebook, bool]:
        if command.definitions:
            settings, written = define_settings(
                self.settings, command.account, command.definitions, deadline
            )
            return Rulebook.of(settings), written
        return Rulebook.of(self.settings.load(command.account, deadline).settings), False

    def _submit(
        self, command: ImportCommand, rules: Rulebook, progress: _Progress, deadline: Deadline
    ) -> None:
        doubtful = []
        for order in command.orders:
            answer = order.submit(rules)
            if isinstance(answer, Rejection) and any(map(blames_settings, answer.problems)):
                doubtful.append(order)
            else:
                progress.admit(order, answer)
        if doubtful:
            self._submit_again(command.account, doubtful, progress, deadline)

    def _submit_again(
        self,
        account: str,
        doubtful: Sequence[SentOrder],
        progress: _Progress,
        deadline: Deadline,
    ) -> None:
        """Hold the orders against the settings of now: those at hand may be old."""
        try:
            fresh = Rulebook.of(self.settings.load(account, deadline, fresh=True).settings)
        except StorageUnavailableError:
            for order in doubtful:
                progress.refuse(order, (_no_storage(),), retryable=True)
            return
        for order in doubtful:
            progress.admit(order, order.submit(fresh))

    def _store(self, command: ImportCommand, progress: _Progress, deadline: Deadline) -> None:
        attempt = 0
        try:
            while progress.pending and deadline.remaining() > 0:
                lookup = self.orders.find(command.account, progress.pending_ids(), deadline)
                plans = self._plan(command, progress, lookup, deadline)
                self._save(command, progress, plans, deadline)
                attempt += 1
                if progress.pending and not self.pause(attempt, deadline):
                    break
        except StorageRefusedError:
            # What has been committed must still be told, to the consumers and to the caller.
            if not progress.committed:
                raise
            progress.give_up(_refused(), retryable=False)
        progress.give_up_in_time()

    def _plan(
        self,
        command: ImportCommand,
        progress: _Progress,
        lookup: Lookup,
        deadline: Deadline,
    ) -> list[Plan]:
        readable = [
            step
            for step in progress.pending.values()
            if step.submission.external_id not in lookup.unread
        ]
        groups = [
            group
            for group in group_steps(command.account, readable, lookup.orders)
            if not progress.recognise(group)
        ]
        numbered = self._number_new(command.account, groups, progress, deadline)
        now = self.clock()
        return [
            plan_group(group, progress.order_ids.get(group.external_id, 0), command.request_id, now)
            for group in numbered
        ]

    def _number_new(
        self, account: str, groups: list[Group], progress: _Progress, deadline: Deadline
    ) -> list[Group]:
        """Give each new order its number; without numbers, only stored orders can go on."""
        new = [
            group.external_id
            for group in groups
            if group.stored is None and group.external_id not in progress.order_ids
        ]
        try:
            numbers = self.order_ids.take(account, len(new), deadline) if new else ()
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
        for (plan, write), outcome in zip(writing, outcomes, strict=True):
            progress.record(plan, write, outcome)


@dataclass(slots=True)
class _Progress:
    """How far one request has come: what is answered, what is still to be written.

    `uncertain` holds, by order number, the plans whose writes may or may not have been committed.
    """

    request_id: str
    results: dict[int, OrderResult] = field(default_factory=dict)
    pending: dict[int, Step] = field(default_factory=dict)
    committed: list[Write] = field(default_factory=list)
    order_ids: dict[str, int] = field(default_factory=dict)
    uncertain: dict[int, Plan] = field(default_factory=dict)
    doubtful: dict[str, Trigger] = field(default_factory=dict)
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

    def record(self, plan: Plan, write: Write, outcome: WriteOutcome) -> None:
        """Take note of what became of a plan's write."""
        positions = {step.position for step in plan.group.steps}
        self.lost_races -= positions
        match outcome:
            case WriteOutcome.COMMITTED:
                self._commit(plan, write)
            case WriteOutcome.REFUSED:
                for step in plan.group.steps:
                    self.results[step.position] = failed(step, _refused(), retryable=False)
                    del self.pending[step.position]
            case WriteOutcome.CONFLICT:
                self.lost_races |= positions
            case WriteOutcome.UNTRIED:
                pass
            case WriteOutcome.UNKNOWN:
                self.uncertain[write.order.order_id] = plan
                if write.trigger:
                    self.doubtful[write.trigger.id] = write.trigger

    def recognise(self, group: Group) -> bool:
        """Settle a group whose earlier write turns out to have been committed after all.

        The stored version names the request that wrote it. Steps that came to the group since then
        stay pending and are decided against it in the next round.
        """
        plan = self.uncertain.get(group.stored.order_id) if group.stored else None
        if plan is None or plan.write is None or group.stored is None:
            return False
        ours = (
            group.stored.request_id == self.request_id
            and group.stored.version == plan.write.order.version
        )
        if ours:
            self._commit(plan, plan.write)
        return ours

    def give_up_in_time(self) -> None:
        """Answer what could not be finished in time."""
        raced = {
            position: self.pending[position] for position in self.lost_races & set(self.pending)
        }
        for step in raced.values():
            self._fail(step, _lost_race(), retryable=True)
        self.give_up(_no_storage(), retryable=True)

    def give_up(self, problem: Problem, *, retryable: bool) -> None:
        """Answer all that is unfinished with one problem."""
        for step in list(self.pending.values()):
            self._fail(step, problem, retryable=retryable)

    def committed_triggers(self) -> list[Trigger]:
        """Return the triggers of what is known to be committed."""
        return [write.trigger for write in self.committed if write.trigger]

    def doubtful_triggers(self) -> list[Trigger]:
        """Return the triggers that nobody sends, of writes that may have been committed."""
        sent = {trigger.id for trigger in self.committed_triggers()}
        return [trigger for name, trigger in self.doubtful.items() if name not in sent]

    def _commit(self, plan: Plan, write: Write) -> None:
        self.committed.append(write)
        self.uncertain.pop(write.order.order_id, None)
        self.settle(plan)

    def _fail(self, step: Step, problem: Problem, *, retryable: bool) -> None:
        self.results[step.position] = failed(step, problem, retryable=retryable)
        del self.pending[step.position]


def _refused() -> Problem:
    return Problem(Code.NOT_STORABLE, (), "The store refused this order; the fault is logged")


def _lost_race() -> Problem:
    return Problem(Code.CONFLICT, (), "Other requests kept changing this order; send it again")


def _no_storage() -> Problem:
    return Problem(
        Code.STORAGE_UNAVAILABLE,
        (),
        "The order could not be stored, or this not be confirmed, in time; "
        "sending it again is safe",
    )
