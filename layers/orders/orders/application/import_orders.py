"""Import orders: check them against the settings, write the changes, publish the triggers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from orders.application.authenticate import Caller
from orders.application.deadlines import PUBLISHING_SECONDS, EarlierDeadline
from orders.application.define_settings import DefineSettings
from orders.application.errors import (
    StorageError,
    StorageRefusedError,
    StorageUnavailableError,
    UnknownMembersRefusedError,
)
from orders.application.import_progress import NewNumber, Progress, no_room, no_storage
from orders.application.ports import (
    Clock,
    Deadline,
    KnownEntries,
    Lookup,
    OrderIds,
    OrderRepository,
    Pause,
    RequestKey,
    SentOrder,
    SettingsRepository,
    Together,
)
from orders.application.publish_triggers import PublishTriggers
from orders.application.read_sizes import MAX_IMPORT_CHARACTERS
from orders.application.repeat_requests import Run, target_of
from orders.application.retries import attempts
from orders.application.trigger_payloads import ReduceTrigger, everything
from orders.domain.creation_times import creation_time
from orders.domain.identifiers import is_external_id, is_reserved_id, uuid_of
from orders.domain.importing import (
    Group,
    OrderResult,
    Outcome,
    Plan,
    group_steps,
    plan_group,
)
from orders.domain.known_products import KnownProducts
from orders.domain.order import Cause, Order
from orders.domain.problems import Code, Problem, Reported, below, shown
from orders.domain.settings import (
    NO_DEFINITIONS,
    Definitions,
    Policies,
    Rulebook,
    Settings,
    UnknownMembers,
    blames_settings,
)
from orders.domain.submissions import Rejection, Submission
from orders.domain.triggers import Trigger, TriggerPayload


@dataclass(frozen=True, slots=True)
class ImportCommand:
    """One import request. A repeated request has another `request_id`, unless it has a `run`.

    `order_ids` are the reserved order ids (see ImportOrders.reserve_id), by external id. `unknown`
    are the problems of unknown members outside of orders, for an account whose policy rejects them.
    A `caller` that is presumed is confirmed before anything is written.
    """

    account: str
    client: str
    request_id: str
    orders: Sequence[SentOrder]
    definitions: Definitions = NO_DEFINITIONS
    order_ids: Mapping[str, NewNumber] = field(default_factory=dict)
    unknown: tuple[Problem, ...] = ()
    run: Run | None = None
    caller: Caller | None = None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The result of an import: one result for each order of the request, in request order.

    `unpublished` are the triggers that were not published: the bus did not accept them in time, or
    the answer to their write was lost. `written` is true if the request wrote anything, or may have
    done so. `stored` are the orders that it is known to have written. `policies` are those of the
    account.
    """

    account: str
    results: tuple[OrderResult, ...]
    written: bool
    published: int
    unpublished: tuple[Trigger, ...]
    stored: tuple[Order, ...] = ()
    policies: Policies = field(default_factory=Policies)

    def count(self, outcome: Outcome) -> int:
        """Return how many orders had this outcome."""
        return sum(result.outcome is outcome for result in self.results)

    @property
    def is_retryable(self) -> bool:
        """Return whether orders failed that the same request may store."""
        return any(result.retryable for result in self.results)

    @property
    def unavailable(self) -> bool:
        """Return whether orders failed for retryable reasons and nothing was written."""
        return self.is_retryable and not self.written


def one_by_one(calls: Sequence[Callable[[], object]]) -> None:
    """Make the calls one after the other: a `Together` without threads."""
    for call in calls:
        call()


@dataclass(frozen=True, slots=True)
class ImportOrders:
    """Imports the orders of a request.

    `reduce_trigger` reduces their triggers to what the policy of the account permits.
    """

    orders: OrderRepository
    order_ids: OrderIds
    settings: SettingsRepository
    publish_triggers: PublishTriggers
    clock: Clock
    pause: Pause
    catalogue: KnownEntries
    reduce_trigger: ReduceTrigger = everything
    together: Together = one_by_one

    def __call__(self, command: ImportCommand, deadline: Deadline) -> ImportReport:
        """Import every valid order. An invalid order never blocks a valid one.

        Raises UnknownMembersRefusedError, DefinitionsRefusedError if the definitions contradict
        stored ones, SettingsTooLargeError, StorageUnavailableError if the settings could not be
        read or written, or a catalogue that a policy needs not be read, and StorageRefusedError for
        a fault of the stack. After an error, no order was imported. Raises what the confirmation of
        the caller raises, too.
        """
        storing = EarlierDeadline(deadline, PUBLISHING_SECONDS)
        found = self.read_ahead(command, storing)
        rules, defined = self._rules(command, storing)
        progress = progress_of(command)
        self.submit(command, rules, progress, storing)
        policies = rules.settings.policies
        self._store(command, progress, storing, policies.trigger_payload, found)
        return self.report(command, progress, policies, deadline, defined=defined)

    def report(
        self,
        command: ImportCommand,
        progress: Progress,
        policies: Policies,
        deadline: Deadline,
        *,
        defined: bool,
    ) -> ImportReport:
        """Publish the triggers, and return the results. `defined`: definitions were written."""
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
            policies=policies,
        )

    def reserve_id(
        self, account: str, deadline: Deadline, run: Run | None = None
    ) -> tuple[str, NewNumber]:
        """Return a generated external id for an order without one, and the order id inside it.

        All runs of a request get the same. Raises StorageUnavailableError and StorageRefusedError.
        """
        now = self.clock()

        def take() -> int:
            [order_id] = self.order_ids.take(account, 1, deadline)
            return order_id

        order_id = target_of(run, take, deadline)
        return uuid_of(account, order_id), NewNumber(order_id, creation_time(order_id, now))

    def read_ahead(self, command: ImportCommand, deadline: Deadline) -> Found | None:
        """Read the settings and the orders together, and open a lane of order ids.

        That is done if one of them needs a call before the orders can be read, or the confirmation
        of the caller, which is made at the same time. Then the request waits for one round of calls
        instead of up to four.
        """
        account, caller = command.account, command.caller
        is_presumed = caller is not None and caller.is_presumed
        is_ready = self.settings.knows(account) and self.order_ids.is_ready(account)
        if is_ready and not is_presumed:
            return None
        sent = {each.external_id for each in command.orders if each.external_id is not None}
        ids = frozenset(filter(is_external_id, sent))
        lookups: list[Lookup] = []

        def read() -> None:
            # Reading the orders of the request fails in the same way later, if it must be done.
            with suppress(StorageError):
                lookups.append(self.orders.find_by_external_ids(account, ids, deadline))

        def prepare() -> None:
            with suppress(StorageError):
                self.order_ids.prepare(account, deadline)

        calls: list[Callable[[], object]] = [caller.confirm] if caller else []
        self.together([*calls, lambda: self.settings.load(account, deadline), read, prepare])
        return Found(ids, lookups[0]) if lookups else None

    def expect_known_members(self, command: ImportCommand, deadline: Deadline) -> None:
        """Raise UnknownMembersRefusedError if the account rejects what the request has unknown."""
        if command.unknown:
            policies = self.settings.load(command.account, deadline).settings.policies
            if policies.unknown_members is UnknownMembers.REJECT:
                raise UnknownMembersRefusedError(command.unknown)

    def _rules(self, command: ImportCommand, deadline: Deadline) -> tuple[Rulebook, bool]:
        self.expect_known_members(command, deadline)
        if command.definitions:
            define_settings = DefineSettings(self.settings, self.pause)
            settings, written = define_settings(command.account, command.definitions, deadline)
            return self.rulebook(command, settings, deadline), written
        settings = self.settings.load(command.account, deadline).settings
        return self.rulebook(command, settings, deadline), False

    def rulebook(self, command: ImportCommand, settings: Settings, deadline: Deadline) -> Rulebook:
        """Return the rules, with the named products if a policy needs them."""
        if not settings.policies.needs_catalogue:
            return Rulebook.of(settings)
        names = {name for order in command.orders for name in order.product_names}
        found = self.catalogue.find(command.account, names, deadline) if names else {}
        known = {name: each for name, each in found.items() if each.name == name}
        return Rulebook.of(settings, KnownProducts(known))

    def submit(
        self, command: ImportCommand, rules: Rulebook, progress: Progress, deadline: Deadline
    ) -> None:
        """Check the orders; check those again that only old settings of the cache may reject."""
        doubtful: list[tuple[SentOrder, Submission | Rejection]] = []
        for order, answer in check_orders(command, command.orders, rules, progress):
            if isinstance(answer, Rejection) and any(map(blames_settings, answer.problems)):
                doubtful.append((order, answer))
            else:
                progress.admit(order, answer)
        if doubtful:
            self._submit_again(command, rules, doubtful, progress, deadline)

    def _submit_again(
        self,
        command: ImportCommand,
        rules: Rulebook,
        doubtful: Sequence[tuple[SentOrder, Submission | Rejection]],
        progress: Progress,
        deadline: Deadline,
    ) -> None:
        """Check the orders against the current settings, if those of the cache were old ones."""
        sent = [order for order, _ in doubtful]
        try:
            fresh = self.settings.load(command.account, deadline, fresh=True).settings
            is_new = fresh != rules.settings
            current = self.rulebook(command, fresh, deadline) if is_new else rules
        except StorageUnavailableError:
            for order in sent:
                progress.refuse(order, (no_storage(),), retryable=True)
            return
        answers: Iterable[tuple[SentOrder, Submission | Rejection]] = doubtful
        if is_new:
            answers = check_orders(command, sent, current, progress)
        for order, answer in answers:
            progress.admit(order, answer)

    def _store(
        self,
        command: ImportCommand,
        progress: Progress,
        deadline: Deadline,
        payload: TriggerPayload,
        found: Found | None,
    ) -> None:
        if not progress.pending:
            return
        try:
            read = 0
            for _ in attempts(deadline, self.pause):
                # The orders that remain then must be sent again.
                if deadline.remaining() <= 0 or read > MAX_IMPORT_CHARACTERS:
                    break
                lookup = self.look_up(command, progress, found, deadline)
                # What another attempt finds may differ.
                found = None
                read += characters_of(lookup)
                plans = self.plan(command, progress, lookup, deadline)
                plans = [self.reduced(plan, payload) for plan in plans]
                self._save(command, progress, plans, deadline)
                if not progress.pending:
                    break
        except StorageRefusedError:
            # Committed orders must still be published and reported to the caller.
            if not (progress.committed or progress.uncertain):
                raise
            progress.give_up_for_good()
        progress.give_up_in_time()

    def look_up(
        self, command: ImportCommand, progress: Progress, found: Found | None, deadline: Deadline
    ) -> Lookup:
        """Return the stored orders of the pending ones, which `found` may have already."""
        ids = progress.pending_ids()
        if found is not None and ids <= found.ids:
            return found.lookup
        return self.orders.find_by_external_ids(command.account, ids, deadline)

    def reduced(self, plan: Plan, payload: TriggerPayload) -> Plan:
        """Return the plan with a trigger that has only what `payload` permits."""
        write = plan.write
        if write is None or write.trigger is None or payload is TriggerPayload.FULL:
            return plan
        trigger = self.reduce_trigger(write.trigger, payload)
        return replace(plan, write=replace(write, trigger=trigger))

    def plan(
        self,
        command: ImportCommand,
        progress: Progress,
        lookup: Lookup,
        deadline: Deadline,
    ) -> list[Plan]:
        """Decide what to write of the pending orders that were read, with ids for the new ones."""
        readable = [
            step
            for step in progress.pending.values()
            if step.submission.external_id not in lookup.unread
        ]
        groups = [
            group
            for group in group_steps(command.account, readable, lookup.orders, lookup.hidden)
            if not progress.recognise(group)
        ]
        now = self.clock()
        groups = self._without_deleted(command.account, groups, progress, deadline)
        groups = self._number_new(command, groups, progress, now, deadline)
        cause = Cause(command.request_id, command.client, now)
        return [_planned(group, progress, cause) for group in groups]

    def _without_deleted(
        self, account: str, groups: list[Group], progress: Progress, deadline: Deadline
    ) -> list[Group]:
        """Leave out the orders that an earlier attempt created and another request deleted.

        An attempt with the same order id would create them again.
        """
        in_doubt = {
            group.external_id: number
            for group in groups
            for number in [progress.number_in_doubt(group)]
            if number is not None
        }
        if not in_doubt:
            return groups
        certain = [group for group in groups if group.external_id not in in_doubt]
        try:
            deleted = self.orders.find_deleted(account, in_doubt.values(), deadline)
        except StorageUnavailableError:
            return certain
        for group in groups:
            if in_doubt.get(group.external_id) in deleted:
                progress.recognise_deleted(group, progress.reserved[group.external_id])
        return [group for group in groups if in_doubt.get(group.external_id) not in deleted]

    def _number_new(
        self,
        command: ImportCommand,
        groups: list[Group],
        progress: Progress,
        now: datetime,
        deadline: Deadline,
    ) -> list[Group]:
        """Give each new order an id. Without ids, return only the groups of stored orders."""
        new = [
            group.external_id
            for group in groups
            if group.stored is None and group.external_id not in progress.numbers
        ]
        progress.numbers |= {
            name: progress.reserved[name] for name in new if name in progress.reserved
        }
        missing = [name for name in new if name not in progress.reserved]
        try:
            taken = self._taken(command, len(missing), deadline) if missing else ()
        except StorageUnavailableError:
            return [group for group in groups if group.external_id not in missing]
        progress.numbers |= {
            name: NewNumber(order_id, creation_time(order_id, now))
            for name, order_id in zip(missing, taken, strict=True)
        }
        return groups

    def _taken(self, command: ImportCommand, count: int, deadline: Deadline) -> Sequence[int]:
        taken = self.order_ids.take(command.account, count, deadline)
        if command.run is not None:
            command.run.note(taken, deadline)
        return taken

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


@dataclass(frozen=True, slots=True)
class Found:
    """The stored orders that have these external ids."""

    ids: frozenset[str]
    lookup: Lookup


def progress_of(command: ImportCommand) -> Progress:
    """Return the progress at the begin of a request."""
    run = command.run
    return Progress(
        command.request_id,
        command.client,
        is_repeated=run is not None and run.is_repeated,
        noted=frozenset(run.noted) if run else frozenset(),
        reserved=command.order_ids,
    )


def characters_of(lookup: Lookup) -> int:
    """Return the size of the documents of the orders that were read."""
    hidden = (stored.order for stored in lookup.hidden.values())
    return sum(len(order.document) for order in (*lookup.orders.values(), *hidden))


def check_orders(
    command: ImportCommand, orders: Iterable[SentOrder], rules: Rulebook, progress: Progress
) -> Iterator[tuple[SentOrder, Submission | Rejection]]:
    """Check orders one by one, as long as `progress` has room: it rejects the others."""
    reported = Reported()
    for order in orders:
        if progress.is_full:
            progress.refuse(order, (no_room(),), retryable=True)
            continue
        answer = _submitted(command, order, rules, reported)
        reported = _with(reported, answer)
        yield order, answer


def _planned(group: Group, progress: Progress, cause: Cause) -> Plan:
    number = progress.numbers.get(group.external_id) if group.stored is None else None
    if number is None:
        return plan_group(group, 0, cause)
    created = Cause(cause.request_id, cause.client, number.created_at)
    return plan_group(group, number.order_id, created)


def _submitted(
    command: ImportCommand, order: SentOrder, rules: Rulebook, before: Reported
) -> Submission | Rejection:
    """Hold an order against the settings, and its id against those that only the hub gives."""
    answer = order.submit(rules, before)
    if isinstance(answer, Rejection) or answer.external_id in command.order_ids:
        return answer
    if not is_reserved_id(command.account, answer.external_id):
        return answer
    message = f"{shown(answer.external_id)} has the form of a generated id; choose another id"
    problem = Problem(Code.INVALID_VALUE, ("external_id",), message)
    return Rejection((below(answer.path, problem),))


def _with(reported: Reported, answer: Submission | Rejection) -> Reported:
    problems = answer.problems if isinstance(answer, Rejection) else ()
    return Reported(reported.problems + len(problems), reported.warnings + len(answer.warnings))
