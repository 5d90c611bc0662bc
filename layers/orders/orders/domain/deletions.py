"""Delete an order: for good with its aliases, or softly, which a revival ends.

A permanent deletion frees the external ids of the order, a soft one keeps them taken.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.order import Cause, Presence
from orders.domain.triggers import TriggerKind, deletion_of, trigger_of

# Readers of changes can learn of a deletion for this long.
DELETIONS_KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Deletion:
    """A permanent deletion: the version that it counts as, its time in UTC and its request.

    `external_id` is the last one of the order, `protocol` that of the order, and `through` that of
    the request. `trigger` is the kind of its trigger, None if the request skipped triggers.
    """

    order_id: int
    external_id: str
    version: int
    protocol: str
    through: str
    at: datetime
    request_id: str
    client: str
    trigger: TriggerKind | None = TriggerKind.ORDER_DELETED


class DeletionRefusal(StrEnum):
    """The reason why an order is not deleted."""

    OTHER_VERSION = "other_version"  # the caller has not read the current version
    HIDDEN = "hidden"  # it is softly deleted already


class DeletionMode(StrEnum):
    """The ways to delete an order. Published."""

    SOFT = "soft"
    PERMANENT = "permanent"


def plan_deletion(
    stored: StoredOrder, version: int | None, cause: Cause, *, skip_trigger: bool = False
) -> OrderChange | DeletionRefusal:
    """Plan a deletion. If `version` is given, it must be the current version of the order.

    The deletion counts as a new version, so its trigger has the highest version of the order.
    With `skip_trigger`, it has none.
    """
    order = stored.order
    if version is not None and version != order.version:
        return DeletionRefusal.OTHER_VERSION
    last = order.next_version(cause)
    trigger = None if skip_trigger else deletion_of(last)
    return OrderChange(stored, replace(stored, order=last), trigger, removes=True)


def plan_soft_deletion(
    stored: StoredOrder, version: int | None, cause: Cause, *, skip_trigger: bool = False
) -> OrderChange | DeletionRefusal:
    """Plan a soft deletion. If `version` is given, it must be the current version of the order.

    The deletion is the next version of the order, which is hidden. With `skip_trigger`, it has no
    trigger.
    """
    order = stored.order
    if order.is_hidden:
        return DeletionRefusal.HIDDEN
    if version is not None and version != order.version:
        return DeletionRefusal.OTHER_VERSION
    last = replace(order.next_version(cause), presence=Presence.HIDDEN)
    trigger = None if skip_trigger else deletion_of(last)
    return OrderChange(stored, replace(stored, order=last), trigger)


def plan_revival(stored: StoredOrder, cause: Cause) -> OrderChange | None:
    """Plan the end of a soft deletion. Returns None if the order is present."""
    order = stored.order
    if not order.is_hidden:
        return None
    after = replace(order.next_version(cause), presence=Presence.REVIVED)
    return OrderChange(stored, replace(stored, order=after), trigger_of(order, after))
