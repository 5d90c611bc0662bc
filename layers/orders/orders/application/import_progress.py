"""The progress of an import: its results, pending orders and committed writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from orders.application.ports import SentOrder, WriteOutcome
from orders.domain.importing import (
    MAX_DOCUMENT_BYTES,
    Group,
    OrderResult,
    Outcome,
    Plan,
    Step,
    Write,
    failed,
    plan_again,
    plan_group,
)
from orders.domain.order import Cause, Order
from orders.domain.problems import Code, Problem
from orders.domain.submissions import Rejection, Submission
from orders.domain.triggers import Trigger

# What the documents of one request may take, with their defaults: all are in memory at once.
MAX_REQUEST_CHARACTERS = 24 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class NewNumber:
    """The order id of a new order, and the time of its creation."""

    order_id: int
    created_at: datetime


@dataclass(slots=True)
class Progress:
    """The progress of one request. `results` and `pending` are by position in the request.

    `client` is the API client of the request. `is_repeated` says that an earlier run of the same
    request was cut off, `noted` are the ids of orders that it may have created. `reserved` are
    order ids that the external ids of new orders contain, `numbers` those that the next attempt to
    create orders uses; both are by external id. `tried` contains, by order id, the plans that were
    sent to the store and are not confirmed, in spite of the answer; `uncertain` contains the
    positions of orders that may be committed, `written` the ids of those that are.
    """

    request_id: str
    client: str = ""
    is_repeated: bool = False
    noted: frozenset[int] = frozenset()
    reserved: Mapping[str, NewNumber] = field(default_factory=dict)
    results: dict[int, OrderResult] = field(default_factory=dict)
    pending: dict[int, Step] = field(default_factory=dict)
    committed: list[Write] = field(default_factory=list)
    numbers: dict[str, NewNumber] = field(default_factory=dict)
    tried: dict[int, list[Plan]] = field(default_factory=dict)
    uncertain: dict[int, set[int]] = field(default_factory=dict)
    doubtful: dict[str, Trigger] = field(default_factory=dict)
    lost_races: set[int] = field(default_factory=set)
    written: set[int] = field(default_factory=set)
    characters: int = 0

    @property
    def is_full(self) -> bool:
        """Return whether the documents of the admitted orders take all the room of a request."""
        return self.characters >= MAX_REQUEST_CHARACTERS

    def admit(self, order: SentOrder, answer: Submission | Rejection) -> None:
        """Add an accepted order to `pending`, and a rejected one to `results`."""
        if isinstance(answer, Submission):
            self.pending[order.position] = Step(order.position, answer, order.skip_trigger)
            size = len(answer.document) + len(answer.defaults)
            # A document that is too large on its own is rejected for that.
            if size <= MAX_DOCUMENT_BYTES:
                self.characters += size
        else:
            self.refuse(order, answer.problems, warnings=answer.warnings)

    def refuse(
        self,
        order: SentOrder,
        problems: tuple[Problem, ...],
        *,
        warnings: tuple[Problem, ...] = (),
        retryable: bool = False,
    ) -> None:
        """Record that an order failed, with its problems."""
        self.results[order.position] = OrderResult(
            order.position,
            order.external_id,
            Outcome.FAILED,
            problems=problems,
            warnings=warnings,
            retryable=retryable,
        )

    def pending_ids(self) -> set[str]:
        """Return the external ids of the pending orders, as they were sent."""
        return {step.submission.external_id for step in self.pending.values()}

    def settle(self, plan: Plan) -> None:
        """Record the results of a completed plan."""
        for result in plan.results:
            self.results[result.position] = result
            self.pending.pop(result.position, None)

    def record(self, plan: Plan, write: Write, outcome: WriteOutcome) -> None:
        """Record the outcome of a plan's write."""
        positions = {step.position for step in plan.group.steps}
        self.lost_races -= positions
        self.tried.setdefault(write.order.order_id, []).append(plan)
        if outcome is not WriteOutcome.UNTRIED:
            # An attempt whose answer was lost may still be committed, then changed or deleted: the
            # next attempt must not be taken for it.
            self.numbers.pop(write.order.external_id, None)
        match outcome:
            case WriteOutcome.COMMITTED:
                self._commit(plan, write)
            case WriteOutcome.REFUSED:
                for step in plan.group.steps:
                    self._refuse_for_good(step)
            case WriteOutcome.CONFLICT:
                self.lost_races |= positions
            case WriteOutcome.UNTRIED:
                pass
            case WriteOutcome.UNKNOWN:
                self.uncertain.setdefault(write.order.order_id, set()).update(positions)
                if write.trigger:
                    self.doubtful[write.trigger.id] = write.trigger

    def recognise(self, group: Group) -> bool:
        """Return whether an earlier write with a lost answer is now known to be committed.

        The stored order contains the id of the request that wrote it, which counts for more than
        any answer. Steps that were added to the group later stay pending for the next round.
        """
        stored = group.stored
        if stored is not None and self._recognise_earlier_run(group, stored):
            return True
        if stored is not None and stored.is_hidden:
            return self._recognise_hidden(stored)
        if stored is None or stored.request_id != self.request_id:
            return False
        # Two attempts at one version differ in their time alone, which the trigger repeats.
        candidates = [
            (write.order.updated_at == stored.updated_at, plan, write)
            for plan in self.tried.get(stored.order_id, ())
            for write in [plan.write]
            if write and write.order.version == stored.version
        ]
        if not candidates:
            return False
        _, plan, write = max(candidates, key=lambda candidate: candidate[0])
        self._commit(plan, write)
        return True

    def _recognise_earlier_run(self, group: Group, stored: Order) -> bool:
        """Return whether an earlier run of this request, which was cut off, wrote the order.

        Its trigger is left to the relay: only the table's stream has the version before it.
        """
        is_own = stored.request_id == self.request_id
        created = stored.order_id in self.noted
        if not self.is_repeated or not (is_own or created) or stored.order_id in self.written:
            return False
        cause = Cause(self.request_id, self.client, stored.updated_at)
        plan = plan_again(group, cause, created=created)
        # The earlier run may have been cut off between two writes of the order.
        if plan.write is None or (is_own and plan.write.order.document != stored.document):
            return False
        order = plan.write.order if created else stored
        self._commit(plan, Write(order, plan.write.base_version, trigger=None))
        return True

    def _recognise_hidden(self, stored: Order) -> bool:
        """Return whether this request created an order that another one then deleted softly.

        Its order id served one attempt to create it, so that attempt was committed.
        """
        for plan in self.tried.get(stored.order_id, ()):
            if plan.write is not None and plan.write.base_version is None:
                self._commit(plan, plan.write)
                return True
        return False

    def number_in_doubt(self, group: Group) -> int | None:
        """Return the order id that a missing order has if an earlier attempt created it.

        It is None unless the next attempt must use the same order id.
        """
        number = self.reserved.get(group.external_id) if group.stored is None else None
        if number is None:
            return None
        is_tried = number.order_id in self.tried or number.order_id in self.noted
        return number.order_id if is_tried else None

    def recognise_deleted(self, group: Group, number: NewNumber) -> None:
        """Record that an earlier attempt created the order of a group, which was deleted since."""
        cause = Cause(self.request_id, self.client, number.created_at)
        tried = self.tried.get(number.order_id) or [plan_group(group, number.order_id, cause)]
        plan = tried[-1]
        if plan.write is not None:
            self._commit(plan, plan.write)

    def give_up_in_time(self) -> None:
        """Record that the pending orders failed because the time is over."""
        raced = {
            position: self.pending[position] for position in self.lost_races & set(self.pending)
        }
        for step in raced.values():
            self._fail(step, _lost_race(), retryable=True)
        for step in list(self.pending.values()):
            self._fail(step, no_storage(), retryable=True)

    def give_up_for_good(self) -> None:
        """Answer what is unfinished: the store refuses to go on."""
        for step in list(self.pending.values()):
            self._refuse_for_good(step)

    def committed_triggers(self) -> list[Trigger]:
        """Return the triggers of the writes that are known to be committed."""
        return [write.trigger for write in self.committed if write.trigger]

    def doubtful_triggers(self) -> list[Trigger]:
        """Return the triggers of the writes that may or may not be committed."""
        sent = {trigger.id for trigger in self.committed_triggers()}
        return [trigger for name, trigger in self.doubtful.items() if name not in sent]

    def _commit(self, plan: Plan, write: Write) -> None:
        self.committed.append(write)
        self.written.add(write.order.order_id)
        self.uncertain.pop(write.order.order_id, None)
        self.tried.pop(write.order.order_id, None)
        self.settle(plan)

    def _refuse_for_good(self, step: Step) -> None:
        """Answer a step that the store refused: it may be stored if an earlier answer was lost."""
        if any(step.position in positions for positions in self.uncertain.values()):
            self._fail(step, no_storage(), retryable=True)
        else:
            self._fail(step, refused(), retryable=False)

    def _fail(self, step: Step, problem: Problem, *, retryable: bool) -> None:
        self.results[step.position] = failed(step, problem, retryable=retryable)
        del self.pending[step.position]


def refused() -> Problem:
    """Return the problem of an order that the store permanently rejected."""
    return Problem(
        Code.NOT_STORABLE,
        (),
        "The store rejected this order because of an internal error; the error is logged",
    )


def _lost_race() -> Problem:
    return Problem(
        Code.CONFLICT, (), "Other requests changed this order at the same time; send it again"
    )


def no_room() -> Problem:
    """Return the problem of an order that comes after the most characters of one request."""
    return Problem(
        Code.STORAGE_UNAVAILABLE,
        (),
        "With their default values, the orders before it take the most of one request, "
        f"{MAX_REQUEST_CHARACTERS // 2**20} MB; send it again in another request",
    )


def no_storage() -> Problem:
    """Return the problem of an order that could not be stored in time."""
    return Problem(
        Code.STORAGE_UNAVAILABLE,
        (),
        "The order could not be stored in time, or the write could not be confirmed; send it again",
    )
