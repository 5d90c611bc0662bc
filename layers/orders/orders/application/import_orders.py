"""Import orders: check each against the settings, write what changes, tell the consumers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orders.application.deadlines import PUBLISHING_SECONDS, EarlierDeadline
from orders.application.define_settings import DefineSettings
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.import_progress import Progress, no_storage
from orders.application.ports import (
    Clock,
    Deadline,
    Lookup,
    OrderIds,
    OrderRepository,
    Pause,
    RequestKey,
    SentOrder,
    SettingsRepository,
)
from orders.application.publish_triggers import PublishTriggers
from orders.application.retries import attempts
from orders.domain.identifiers import uuid_of
from orders.domain.importing import (
    Group,
    OrderResult,
    Outcome,
    Plan,
    group_steps,
    plan_group,
)
from orders.domain.order import Order
from orders.domain.settings import NO_DEFINITIONS, Definitions, Rulebook, blames_settings
from orders.domain.submissions import Rejection
from orders.domain.triggers import Trigger


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
        progress = Progress(command.request_id, order_ids=dict(command.order_ids))
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
            define_settings = DefineSettings(self.settings, self.pause)
            settings, written = define_settings(command.account, command.definitions, deadline)
            return Rulebook.of(settings), written
        return Rulebook.of(self.settings.load(command.account, deadline).settings), False

    def _submit(
        self, command: ImportCommand, rules: Rulebook, progress: Progress, deadline: Deadline
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
        progress: Progress,
        deadline: Deadline,
    ) -> None:
        """Hold the orders against the settings of now: those at hand may be old."""
        try:
            fresh = Rulebook.of(self.settings.load(account, deadline, fresh=True).settings)
        except StorageUnavailableError:
            for order in doubtful:
                progress.refuse(order, (no_storage(),), retryable=True)
            return
        for order in doubtful:
            progress.admit(order, order.submit(fresh))

    def _store(self, command: ImportCommand, progress: Progress, deadline: Deadline) -> None:
        if not progress.pending:
            return
        try:
            for _ in attempts(deadline, self.pause):
                if deadline.remaining() <= 0:
                    break
                lookup = self.orders.find_by_external_ids(
                    command.account, progress.pending_ids(), deadline
                )
                plans = self._plan(command, progress, lookup, deadline)
                self._save(command, progress, plans, deadline)
                if not progress.pending:
                    break
        except StorageRefusedError:
            # What has been committed must still be told, to the consumers and to the caller.
            if not (progress.committed or progress.uncertain):
                raise
            progress.give_up_for_good()
        progress.give_up_in_time()

    def _plan(
        self,
        command: ImportCommand,
        progress: Progress,
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
        self, account: str, groups: list[Group], progress: Progress, deadline: Deadline
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
        progress: Progress,
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
