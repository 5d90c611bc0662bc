"""Update the fulfilment states of several orders: read, write and publish them together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import chain

from orders.application.deadlines import PUBLISHING_SECONDS, EarlierDeadline
from orders.application.earlier_runs import EarlierRuns
from orders.application.errors import StorageError, StorageRefusedError, StorageUnavailableError
from orders.application.ports import (
    Clock,
    Deadline,
    OrderIndex,
    OrderRepository,
    Pause,
    RequestKey,
    WriteOutcome,
)
from orders.application.publish_triggers import PublishTriggers
from orders.application.retries import attempts
from orders.application.trigger_payloads import TriggerPayloads, unreduced
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.importing import Write
from orders.domain.order import Cause
from orders.domain.status_updates import Move, MoveResult, MovesPlan, plan_status_updates
from orders.domain.triggers import Trigger


@dataclass(frozen=True, slots=True)
class OrderMove:
    """One move of the request, of the order with this id."""

    order_id: int
    move: Move


@dataclass(frozen=True, slots=True)
class UpdateOrderStatusesCommand:
    """One request for orders of an endpoint. A repeated request has another `request_id`."""

    account: str
    endpoint: str
    moves: Sequence[OrderMove]
    request_id: str
    client: str
    protocol: str


class MoveFailure(Enum):
    """The reason why the move of an order has no result."""

    NOT_FOUND = "not_found"
    UNAVAILABLE = "unavailable"  # it may or may not be stored; it can safely be sent again
    REFUSED = "refused"  # the store permanently rejected it


@dataclass(frozen=True, slots=True)
class StatusesReport:
    """The result of each move, in request order.

    `triggers` are those of the changes that the request is known to have made, one of each order.
    `unpublished` are the triggers that were not published, as in ChangeReport.
    """

    account: str
    results: tuple[MoveResult | MoveFailure, ...]
    triggers: tuple[Trigger, ...] = ()
    unpublished: tuple[Trigger, ...] = ()

    @property
    def is_retryable(self) -> bool:
        """Return whether moves have no result that the same request may make."""
        return MoveFailure.UNAVAILABLE in self.results


@dataclass(slots=True)
class _Progress:
    """The progress of one request, by order id.

    `pending` are the moves of the orders that are not decided yet. `tried` are the plans that were
    sent to the store, by id and version, and `lost` the changes without an answer.
    """

    pending: dict[int, list[Move]] = field(default_factory=dict)
    results: dict[int, Sequence[MoveResult | MoveFailure]] = field(default_factory=dict)
    tried: dict[tuple[int, int], MovesPlan] = field(default_factory=dict)
    lost: dict[int, list[OrderChange]] = field(default_factory=dict)
    triggers: list[Trigger] = field(default_factory=list)
    committed: bool = False

    @property
    def wrote(self) -> bool:
        """Return whether a change was stored, or may have been."""
        return self.committed or bool(self.lost)

    def lost_changes(self) -> Iterator[OrderChange]:
        """Return the changes that may or may not be stored."""
        return chain.from_iterable(self.lost.values())

    def settle(self, order_id: int, results: Sequence[MoveResult | MoveFailure]) -> None:
        self.results[order_id] = results
        del self.pending[order_id]

    def fail(self, order_id: int, failure: MoveFailure) -> None:
        self.settle(order_id, [failure] * len(self.pending[order_id]))

    def commit(self, order_id: int, plan: MovesPlan) -> None:
        self.committed = True
        if plan.change is not None and plan.change.trigger is not None:
            self.triggers.append(plan.change.trigger)
        self.settle(order_id, plan.results)

    def recognises(self, stored: StoredOrder) -> MovesPlan | None:
        """Return the plan that this request has stored as the present version, if it has.

        The order names the request that wrote it, which counts for more than any answer.
        """
        plan = self.tried.get((stored.order.order_id, stored.order.version))
        is_own = plan and plan.change and plan.change.after.order == stored.order
        return plan if is_own else None


@dataclass(frozen=True, slots=True)
class UpdateOrderStatuses:
    """Moves orders to other fulfilment states, with the rules of UpdateOrderStatus.

    `payloads` reduces the trigger of each change; without it, triggers contain everything.
    `earlier_runs` finds what earlier runs of a request wrote.
    """

    index: OrderIndex
    orders: OrderRepository
    publish_triggers: PublishTriggers
    clock: Clock
    pause: Pause
    payloads: TriggerPayloads | None = None
    earlier_runs: EarlierRuns | None = None

    def __call__(self, command: UpdateOrderStatusesCommand, deadline: Deadline) -> StatusesReport:
        """Make every move that is allowed. One that is refused never stops another.

        The moves of one order are decided in request order, and make one new version. Raises
        StorageUnavailableError if nothing was changed, and StorageRefusedError.
        """
        progress = _Progress()
        for each in command.moves:
            progress.pending.setdefault(each.order_id, []).append(each.move)
        self._store(command, progress, EarlierDeadline(deadline, PUBLISHING_SECONDS))
        sent = {trigger.id for trigger in progress.triggers}
        maybe = [each.trigger for each in progress.lost_changes() if each.trigger]
        # Two attempts at one version have one trigger.
        doubtful = {each.id: each for each in maybe if each.id not in sent}
        request = RequestKey(command.account, command.request_id)
        unpublished = self.publish_triggers(
            request, progress.triggers, [*doubtful.values()], deadline
        )
        following = {order_id: iter(results) for order_id, results in progress.results.items()}
        return StatusesReport(
            account=command.account,
            results=tuple(next(following[each.order_id]) for each in command.moves),
            triggers=tuple(progress.triggers),
            unpublished=unpublished,
        )

    def _store(
        self, command: UpdateOrderStatusesCommand, progress: _Progress, deadline: Deadline
    ) -> None:
        """Try until each result is known, or the time is over."""
        # Read the clock once, so that two attempts at one version are identical.
        cause = Cause(command.request_id, command.client, self.clock(), command.protocol)
        failure = MoveFailure.UNAVAILABLE
        try:
            reduce = self.payloads.of(command.account, deadline) if self.payloads else unreduced
            for _ in attempts(deadline, self.pause):
                found = self._read(command, progress, deadline)
                self._settle_earlier(command, progress, found, deadline)
                plans = {
                    order_id: replace(plan, change=plan.change and reduce(plan.change))
                    for order_id, plan in _planned(progress, found, cause).items()
                }
                self._save(command.account, plans, progress, deadline)
                if not progress.pending:
                    break
        except StorageError as error:
            if not progress.wrote:
                raise
            if isinstance(error, StorageRefusedError):
                failure = MoveFailure.REFUSED
        if progress.pending and not progress.wrote:
            raise StorageUnavailableError("the orders could not be changed in time")
        for order_id in list(progress.pending):
            is_lost = order_id in progress.lost
            progress.fail(order_id, MoveFailure.UNAVAILABLE if is_lost else failure)

    def _read(
        self, command: UpdateOrderStatusesCommand, progress: _Progress, deadline: Deadline
    ) -> Mapping[int, StoredOrder]:
        found = self.index.find_by_order_ids(command.account, list(progress.pending), deadline)
        return {
            stored.order.order_id: stored
            for stored in found
            if stored.order.endpoint == command.endpoint
        }

    def _settle_earlier(
        self,
        command: UpdateOrderStatusesCommand,
        progress: _Progress,
        found: Mapping[int, StoredOrder],
        deadline: Deadline,
    ) -> None:
        """Give the orders that an earlier run of the request moved the results that it had.

        The relay publishes their triggers.
        """
        own = {order_id for order_id, _ in progress.tried}
        others = [stored for order_id, stored in found.items() if order_id not in own]
        if self.earlier_runs is None or not others:
            return
        written = self.earlier_runs.written(others, command.request_id, deadline)
        for order_id, each in written.items():
            progress.committed = True
            moves = progress.pending[order_id]
            if each.before is not None:
                before = replace(found[order_id], order=each.before)
                cause = Cause(command.request_id, command.client, self.clock(), command.protocol)
                progress.settle(order_id, plan_status_updates(before, moves, cause).results)
            elif len(moves) == 1:
                progress.settle(order_id, [MoveResult(each.order.fulfilment)])
            else:
                progress.fail(order_id, MoveFailure.UNAVAILABLE)

    def _save(
        self,
        account: str,
        plans: Mapping[int, MovesPlan],
        progress: _Progress,
        deadline: Deadline,
    ) -> None:
        writing = [(number, plan, plan.change) for number, plan in plans.items() if plan.change]
        if not writing:
            return
        for number, plan, change in writing:
            progress.tried[number, change.after.order.version] = plan
        writes = [_write(change) for _, _, change in writing]
        outcomes = self.orders.save(account, writes, deadline)
        for (number, plan, change), outcome in zip(writing, outcomes, strict=True):
            match outcome:
                case WriteOutcome.COMMITTED:
                    progress.commit(number, plan)
                case WriteOutcome.REFUSED if number not in progress.lost:
                    progress.fail(number, MoveFailure.REFUSED)
                case WriteOutcome.REFUSED:
                    progress.fail(number, MoveFailure.UNAVAILABLE)
                case WriteOutcome.UNKNOWN:
                    progress.lost.setdefault(number, []).append(change)
                case _:
                    pass


def _planned(
    progress: _Progress, found: Mapping[int, StoredOrder], cause: Cause
) -> Mapping[int, MovesPlan]:
    """Return the plans that change an order. The other orders get their results."""
    plans = {}
    for order_id, moves in list(progress.pending.items()):
        stored = found.get(order_id)
        if stored is None:
            progress.fail(order_id, MoveFailure.NOT_FOUND)
            continue
        own = progress.recognises(stored)
        if own is not None:
            progress.commit(order_id, own)
            continue
        plan = plan_status_updates(stored, moves, cause)
        if order_id in progress.lost and plan.has_refusals:
            # A change whose answer was lost may itself be the reason of a refusal.
            progress.fail(order_id, MoveFailure.UNAVAILABLE)
        elif plan.change is None:
            progress.settle(order_id, plan.results)
        else:
            plans[order_id] = plan
    return plans


def _write(change: OrderChange) -> Write:
    return Write(change.after.order, change.before.order.version, change.trigger)
