"""The progress of an import: its results, pending orders and committed writes."""

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
    """The progress of one request. `results` and `pending` are by position in the request.

    `uncertain` contains the plans whose writes may or may not be committed, by order id. `doubtful`
    contains their triggers, by trigger id. `lost_races` are the positions of orders that another
    request changed in the last attempt.
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
        """Add an accepted order to `pending`, and a rejected one to `results`."""
        if isinstance(answer, Submission):
            self.pending[order.position] = Step(order.position, answer, order.skip_trigger)
        else:
            self.refuse(order, answer.problems)

    def refuse(
        self, order: SentOrder, problems: tuple[Problem, ...], *, retryable: bool = False
    ) -> None:
        """Record that an order failed, with its problems."""
        self.results[order.position] = OrderResult(
            order.position,
            order.external_id,
            Outcome.FAILED,
            problems=problems,
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
        """Return whether an earlier write with a lost answer is now known to be committed.

        The stored order contains the id of the request that wrote it. If it is this request, the
        plan is completed. Steps that were added to the group later stay pending for the next round.
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
        """Record that the pending orders failed because the time is over."""
        raced = {
            position: self.pending[position] for position in self.lost_races & set(self.pending)
        }
        for step in raced.values():
            self._fail(step, _lost_race(), retryable=True)
        self.give_up(no_storage(), retryable=True)

    def give_up(self, problem: Problem, *, retryable: bool) -> None:
        """Record that all pending orders failed with this problem."""
        for step in list(self.pending.values()):
            self._fail(step, problem, retryable=retryable)

    def committed_triggers(self) -> list[Trigger]:
        """Return the triggers of the writes that are known to be committed."""
        return [write.trigger for write in self.committed if write.trigger]

    def doubtful_triggers(self) -> list[Trigger]:
        """Return the triggers of the writes that may or may not be committed."""
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


def no_storage() -> Problem:
    """Return the problem of an order that could not be stored in time."""
    return Problem(
        Code.STORAGE_UNAVAILABLE,
        (),
        "The order could not be stored in time, or the write could not be confirmed; send it again",
    )
