"""Undo what a request did to an order, or bring back an earlier version of an order.

What a request created is deleted for good. What it changed becomes as it was before: the content
of the version before, in a new version. An order that was changed since is never touched.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.deletions import plan_deletion
from orders.domain.importing import is_too_large
from orders.domain.order import Cause, Order, Presence
from orders.domain.triggers import (
    AS_DOCUMENTS,
    TriggerForm,
    changes_of_move,
    deletion_of,
    trigger_of,
)

# The history is written from a stream, which keeps its records for a day. A version that is not in
# the history after that will never be.
HISTORY_WRITTEN_WITHIN = timedelta(days=1)


class UndoOutcome(StrEnum):
    """What an undo does with an order. Published."""

    DELETED = "deleted"  # the request created it: it is deleted for good
    RESTORED = "restored"  # it gets the content from before the request
    UNCHANGED = "unchanged"  # it has the content from before the request already
    KEPT = "kept"  # it cannot be undone, and nothing is written
    FAILED = "failed"  # nothing was written; the same undo may succeed later


class UndoReason(StrEnum):
    """Why an order is kept, or why its undo failed. Published."""

    CHANGED_SINCE = "changed_since"
    DELETED = "deleted"  # permanently: its history is gone
    HISTORY_EXPIRED = "history_expired"
    HISTORY_PENDING = "history_pending"  # its history is written moments after the change
    RENAMED_WHILE_DELETED = "renamed_while_deleted"  # the order must be revived first
    TOO_LARGE = "too_large"  # the version and what a rename keeps of the changes
    UNAVAILABLE = "unavailable"  # the store did not answer in time
    INTERNAL_ERROR = "internal_error"  # the store rejected the change


class RestoreRefusal(StrEnum):
    """The reason why an earlier version is not restored."""

    UNKNOWN_VERSION = "unknown_version"  # the order never had it
    SOFT_DELETION = "soft_deletion"  # the version is one
    HISTORY_EXPIRED = "history_expired"
    HISTORY_PENDING = "history_pending"  # its history is written moments after the change
    RENAMED_WHILE_DELETED = "renamed_while_deleted"  # the order must be revived first
    TOO_LARGE = "too_large"  # the version and what a rename keeps of the changes


@dataclass(frozen=True, slots=True)
class TracedChange:
    """What a request did to an order that exists, also if it is softly deleted.

    `version` is the version that the request wrote, and `before` the one that it replaced: None if
    the request created the order, or if the history does not have it. `first` is set if it wrote
    several versions in a row, from this one to `version`. Then `before` is the one before these.
    """

    stored: StoredOrder
    version: int
    before: Order | None
    first: int | None = None

    @property
    def created(self) -> bool:
        """Return whether the request created the order."""
        return (self.first or self.version) == 1


@dataclass(frozen=True, slots=True)
class UndoDecision:
    """What to do with an order. `change` is None if nothing is to be written.

    `restored` is the version whose content the change brings back, None for a deletion.
    """

    outcome: UndoOutcome
    reason: UndoReason | None = None
    change: OrderChange | None = None
    restored: int | None = None


def decide_undo(
    traced: TracedChange, cause: Cause, form: TriggerForm = AS_DOCUMENTS
) -> UndoDecision:
    """Decide how to undo a change. `form` shows it in the trigger."""
    if traced.created:
        # The version that the request wrote must be the present one.
        change = plan_deletion(traced.stored, traced.version, cause)
        if isinstance(change, OrderChange):
            return UndoDecision(UndoOutcome.DELETED, change=change)
        return _kept(UndoReason.CHANGED_SINCE)
    order, before = traced.stored.order, traced.before
    if before is not None and has_same_content(order, before):
        return UndoDecision(UndoOutcome.UNCHANGED)
    if order.version != traced.version:
        return _kept(UndoReason.CHANGED_SINCE)
    return _back_to(before, traced.stored, cause, form)


def plan_restoration(
    stored: StoredOrder,
    version: int,
    earlier: Order | None,
    cause: Cause,
    form: TriggerForm = AS_DOCUMENTS,
) -> OrderChange | RestoreRefusal | None:
    """Plan to bring back a version of an order. Returns None if the order has its content.

    `earlier` is this version, None if the history does not have it. A softly deleted order is
    revived. `form` shows the change in the trigger.
    """
    order = stored.order
    if version > order.version:
        return RestoreRefusal.UNKNOWN_VERSION
    wanted = order if version == order.version else earlier
    if wanted is None:
        is_pending = _may_be_written(order, cause)
        return RestoreRefusal.HISTORY_PENDING if is_pending else RestoreRefusal.HISTORY_EXPIRED
    if wanted.is_hidden:
        return RestoreRefusal.SOFT_DELETION
    if has_same_content(order, wanted):
        return None
    return _restoration(stored, wanted, cause, form)


def has_same_content(order: Order, other: Order) -> bool:
    """Return whether two versions of an order differ only in number, time and request."""
    return _bare(order) == _bare(other)


def _may_be_written(successor: Order, cause: Cause) -> bool:
    """Return whether the history may still get the version that `successor` replaced."""
    return cause.at < successor.updated_at + HISTORY_WRITTEN_WITHIN


def _restoration(
    stored: StoredOrder, earlier: Order, cause: Cause, form: TriggerForm
) -> OrderChange | RestoreRefusal:
    """Return the change to the next version, with the content of an earlier one.

    The content is everything but the version's own number, time and request: also the external id,
    the newest `update_time`, and whether the order is softly deleted. The external id that the
    order has now remains as an alias. An order cannot be renamed while it is softly deleted.
    """
    order = stored.order
    moves = earlier.external_id != order.external_id
    if moves and (order.is_hidden or earlier.is_hidden):
        return RestoreRefusal.RENAMED_WHILE_DELETED
    following = order.next_version(cause)
    after = replace(
        earlier,
        version=following.version,
        updated_at=following.updated_at,
        request_id=following.request_id,
        client=following.client,
        through=following.through,
        presence=_presence(order, earlier),
    )
    aliases = stored.aliases
    if moves:
        others = (alias for alias in stored.aliases if alias != earlier.external_id)
        aliases = (*others, order.external_id)
    if after.is_hidden:
        trigger = deletion_of(after)
    else:
        trigger = trigger_of(order, after, form.lines, form.contents)
    if is_too_large(after.document, after.defaults, after.overrides, changes_of_move(trigger)):
        return RestoreRefusal.TOO_LARGE
    return OrderChange(stored, StoredOrder(after, aliases), trigger)


def _back_to(
    before: Order | None, stored: StoredOrder, cause: Cause, form: TriggerForm
) -> UndoDecision:
    if before is None:
        if _may_be_written(stored.order, cause):
            return UndoDecision(UndoOutcome.FAILED, UndoReason.HISTORY_PENDING)
        return _kept(UndoReason.HISTORY_EXPIRED)
    change = _restoration(stored, before, cause, form)
    if isinstance(change, RestoreRefusal):
        return _kept(UndoReason(change))
    return UndoDecision(UndoOutcome.RESTORED, change=change, restored=before.version)


def _bare(order: Order) -> Order:
    return replace(
        order,
        version=0,
        updated_at=order.created_at,
        request_id="",
        client="",
        through="",
        presence=Presence.HIDDEN if order.is_hidden else Presence.PRESENT,
    )


def _presence(order: Order, earlier: Order) -> Presence:
    if earlier.is_hidden:
        return Presence.HIDDEN
    return Presence.REVIVED if order.is_hidden else Presence.PRESENT


def _kept(reason: UndoReason) -> UndoDecision:
    return UndoDecision(UndoOutcome.KEPT, reason)
