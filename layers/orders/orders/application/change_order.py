"""Change one order: read it, decide, write on the condition that it is as it was read, tell."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from orders.application.deadlines import PUBLISHING_SECONDS, EarlierDeadline
from orders.application.errors import StorageError, StorageRefusedError, StorageUnavailableError
from orders.application.get_order_by_id import GetOrderById, OrderAddress
from orders.application.ports import Deadline, OrderChanges, Pause, RequestKey, WriteOutcome
from orders.application.publish_triggers import PublishTriggers
from orders.application.retries import attempts
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.triggers import Trigger


@dataclass(frozen=True, slots=True)
class ChangeReport[Refusal: StrEnum]:
    """What happened: `found` is the order as it is now, None if the endpoint has no such order.

    An order that was deleted is as it was.
    `trigger` is that of a committed change, None if there was nothing to change or the change was
    refused; `taken` says that it was, since the external id is another order's. `unpublished` are
    the triggers that were not sent: those that the bus did not take in time, and those of changes
    whose answers were lost. `unavailable` says that it cannot be known whether the change is
    stored; asking for it again is safe.
    """

    found: StoredOrder | None = None
    refusal: Refusal | None = None
    taken: bool = False
    trigger: Trigger | None = None
    unpublished: tuple[Trigger, ...] = ()
    unavailable: bool = False


type Decide[Refusal: StrEnum] = Callable[[StoredOrder], OrderChange | Refusal | None]


@dataclass(frozen=True, slots=True)
class ChangeOrder:
    """What the changes of one order have in common, put together with its ports."""

    get_order_by_id: GetOrderById
    changes: OrderChanges
    publish_triggers: PublishTriggers
    pause: Pause

    def __call__[Refusal: StrEnum](
        self,
        address: OrderAddress,
        decide: Decide[Refusal],
        request_id: str,
        deadline: Deadline,
    ) -> ChangeReport[Refusal]:
        """Change the order as `decide` says: a refusal or None changes nothing.

        `request_id` must be the one that the change is written with. A race with another writer of
        the order is read again and decided again. Raises
        StorageUnavailableError if the store did not answer in time and nothing was changed, and
        StorageRefusedError.
        """
        lost: dict[int, OrderChange] = {}
        try:
            storing = EarlierDeadline(deadline, PUBLISHING_SECONDS)
            report = self._change(address, decide, lost, storing)
        except StorageError:
            if not lost:
                raise
            report = ChangeReport(unavailable=True)
        triggers = [] if report.trigger is None else [report.trigger]
        sent = {trigger.id for trigger in triggers}
        doubtful = [each.trigger for each in lost.values() if each.trigger.id not in sent]
        request = RequestKey(address.account, request_id)
        unpublished = self.publish_triggers(request, triggers, doubtful, deadline)
        return replace(report, unpublished=unpublished)

    def _change[Refusal: StrEnum](
        self,
        address: OrderAddress,
        decide: Decide[Refusal],
        lost: dict[int, OrderChange],
        deadline: Deadline,
    ) -> ChangeReport[Refusal]:
        """Try until it is decided; `lost` takes the changes whose answers were lost, by version."""
        removed: StoredOrder | None = None
        tried: dict[int, OrderChange] = {}
        for _ in attempts(deadline, self.pause):
            found = self.get_order_by_id(address, deadline)
            if found is None:
                # By a deletion of ours whose answer was lost, or by another's: it is gone.
                return ChangeReport(removed)
            # The order names the request that wrote it, which counts for more than any answer.
            earlier = tried.get(found.order.version)
            if earlier and earlier.after.order == found.order:
                return ChangeReport(found, trigger=earlier.trigger)
            change = decide(found)
            if not isinstance(change, OrderChange):
                # A refusal may come of a change of ours whose answer was lost.
                is_sure = change is None or not lost
                return ChangeReport(found, change) if is_sure else ChangeReport(unavailable=True)
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
