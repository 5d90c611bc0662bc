"""How far an import has come: its results, its pending orders and its committed writes."""

from __future__ import annotations

from dataclasses import dataclass, field

from orders.application.ports import SentOrder, WriteOutcome
from orders.domain.importing import (
    Group,
    OrderResult,
    Outcome,
    Plan,
    Step,
    Write,
    failed,
)
from orders.domain.problems import Code, Problem
from orders.domain.submissions import Rejection, Submission
from orders.domain.triggers import Trigger


@dataclass(slots=True)
class Progress:
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
                    self.results[step.position] = failed(step, refused(), retryable=False)
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
        self.give_up(no_storage(), retryable=True)

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


def refused() -> Problem:
    """Return the problem of an order that the store refused for good."""
    return Problem(Code.NOT_STORABLE, (), "The store refused this order; the fault is logged")


def _lost_race() -> Problem:
    return Problem(Code.CONFLICT, (), "Other requests kept changing this order; send it again")


def no_storage() -> Problem:
    """Return the problem of an order that could not be stored in time."""
    return Problem(
        Code.STORAGE_UNAVAILABLE,
        (),
        "The order could not be stored, or this not be confirmed, in time; "
        "sending it again is safe",
    )
