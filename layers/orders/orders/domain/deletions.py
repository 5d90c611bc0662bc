"""Delete an order with its aliases. Their external ids can be used again."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.order import Cause
from orders.domain.triggers import deletion_of

# Readers of changes can learn of a deletion for this long.
DELETIONS_KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Deletion:
    """A permanent deletion: the version that it counts as, its time in UTC and its request.

    `external_id` is the last one of the order, `protocol` that of the order, and `through` that of
    the request.
    """

    order_id: int
    external_id: str
    version: int
    protocol: str
    through: str
    at: datetime
    request_id: str
    client: str


class DeletionRefusal(StrEnum):
    """The reason why an order is not deleted."""

    OTHER_VERSION = "other_version"  # the caller has not read the current version


def plan_deletion(
    stored: StoredOrder, version: int | None, cause: Cause
) -> OrderChange | DeletionRefusal:
    """Plan a deletion. If `version` is given, it must be the current version of the order.

    The deletion counts as a new version, so its trigger has the highest version of the order.
    """
    order = stored.order
    if version is not None and version != order.version:
        return DeletionRefusal.OTHER_VERSION
    last = order.next_version(cause)
    return OrderChange(stored, replace(stored, order=last), deletion_of(last), removes=True)
