"""Change one order: read it, decide, write it if it is still the same, publish the trigger."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from orders.application.deadlines import PUBLISHING_SECONDS, EarlierDeadline
from orders.application.earlier_runs import EarlierRuns
from orders.application.errors import StorageError, StorageRefusedError, StorageUnavailableError
from orders.application.get_order_by_id import GetOrderById, OrderAddress
from orders.application.ports import Deadline, OrderChanges, Pause, RequestKey, WriteOutcome
from orders.application.publish_triggers import PublishTriggers
from orders.application.retries import attempts
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.triggers import Trigger


@dataclass(frozen=True, slots=True)
class ChangeReport[Refusal: StrEnum]:
    """The result of a change.

    `found` is the order after the change, None if the endpoint has no such order. After a permanent
    deletion it is the order before the deletion. `refusal` says why the order was not changed.
    `taken` is true if another order has the new external id. `trigger` is None if nothing was
    changed, or if the caller skips triggers.
    `unpublished` are the triggers that were not published: the bus did not accept them in time, or
    the answer to their write was lost. `unavailable` is true if the change may or may not be
    stored. The caller can safely send the request again.
    """

    found: StoredOrder | None = None
    refusal: Refusal | None = None
    taken: bool = False
    trigger: Trigger | None = None
    unpublished: tuple[Trigger, ...] = ()
    unavailable: bool = False

    @property
    def is_retryable(self) -> bool:
        """Return False: without a result, the answer says so by its status."""
        return False


type ReadOrder = Callable[[OrderAddress, Deadline], StoredOrder | None]
# Returns a change with what its trigger may contain.
type ReduceChange = Callable[[OrderChange, Deadline], OrderChange]
type Decide[Refusal: StrEnum] = Callable[[StoredOrder], OrderChange | Refusal | None]


@dataclass(frozen=True, slots=True)
class ChangeOrder:
    """Changes one order on behalf of the use cases that update or delete it.

    `reduce_change` reduces the trigger of each change to what may be published. Without it, the
    triggers contain everything. `earlier_runs` finds what earlier runs of a request wrote.
    """

    get_order_by_id: GetOrderById
    changes: OrderChanges
    publish_triggers: PublishTriggers
    pause: Pause
    reduce_change: ReduceChange | None = None
    earlier_runs: EarlierRuns | None = None

    def __call__[Refusal: StrEnum](
        self,
        address: OrderAddress,
        decide: Decide[Refusal],
        request_id: str,
        deadline: Deadline,
        read: ReadOrder | None = None,
    ) -> ChangeReport[Refusal]:
        """Apply the change that `decide` returns. A refusal or None changes nothing.

        `read` returns the order to change, by default only if it is not softly deleted.
        `decide` must put `request_id` into the changed order. It is called again with the current
        order if another request changed the order meanwhile. Raises StorageUnavailableError if the
        store did not answer in time and nothing was changed, and StorageRefusedError.
        """
        lost: dict[int, OrderChange] = {}
        try:
            storing = EarlierDeadline(deadline, PUBLISHING_SECONDS)
            reading = read or self.get_order_by_id
            report = self._change(
                lambda: reading(address, storing), decide, request_id, lost, storing
            )
        except StorageError:
            if not lost:
                raise
            report = ChangeReport(unavailable=True)
        triggers = [] if report.trigger is None else [report.trigger]
        sent = {trigger.id for trigger in triggers}
        maybe = [each.trigger for each in lost.values() if each.trigger is not None]
        doubtful = [trigger for trigger in maybe if trigger.id not in sent]
        request = RequestKey(address.account, request_id)
        unpublished = self.publish_triggers(request, triggers, doubtful, deadline)
        return replace(report, unpublished=unpublished)

    def _recognised[Refusal: StrEnum](
        self,
        found: StoredOrder,
        tried: Mapping[int, OrderChange],
        request_id: str,
        deadline: Deadline,
    ) -> ChangeReport[Refusal] | None:
        """Return the report of a change that this run, or an earlier one, has stored already."""
        # The order names the request that wrote it, which counts for more than any answer.
        own = tried.get(found.order.version)
        if own and own.after.order == found.order:
            return ChangeReport(found, trigger=own.trigger)
        if tried or self.earlier_runs is None:
            return None
        written = self.earlier_runs.written([found], request_id, deadline)
        earlier = written.get(found.order.order_id)
        # The relay publishes the trigger of a run that was cut off.
        return ChangeReport(replace(found, order=earlier.order)) if earlier else None

    def _change[Refusal: StrEnum](
        self,
        read: Callable[[], StoredOrder | None],
        decide: Decide[Refusal],
        request_id: str,
        lost: dict[int, OrderChange],
        deadline: Deadline,
    ) -> ChangeReport[Refusal]:
        """Try until the result is known. `lost` collects changes without an answer, by version."""
        removed: StoredOrder | None = None
        tried: dict[int, OrderChange] = {}
        for _ in attempts(deadline, self.pause):
            found = read()
            if found is None:
                # Either our deletion succeeded and its answer was lost, or another request won.
                return ChangeReport(removed)
            recognised: ChangeReport[Refusal] | None = self._recognised(
                found, tried, request_id, deadline
            )
            if recognised is not None:
                return recognised
            change = decide(found)
            if not isinstance(change, OrderChange):
                # A change whose answer was lost may itself be the reason of this refusal.
                is_sure = change is None or not lost
                return ChangeReport(found, change) if is_sure else ChangeReport(unavailable=True)
            if self.reduce_change:
                change = self.reduce_change(change, deadline)
            tried[change.after.order.version] = change
            outcome = self.changes.save(change, deadline)
            if outcome is WriteOutcome.COMMITTED:
                after = change.before if change.removes else change.after
                return ChangeReport(after, trigger=change.trigger)
            if outcome is WriteOutcome.TAKEN:
                return ChangeReport(found, taken=True)
            if outcome is WriteOutcome.REFUSED:
                raise StorageRefusedError("the change of an order")
            if outcome is WriteOutcome.UNKNOWN:
                lost[change.after.order.version] = change
                removed = found if change.removes else removed
        raise StorageUnavailableError("the order could not be changed in time")
