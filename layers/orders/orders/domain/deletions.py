"""Deleting an order: it and its aliases go, and their ids are free again."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.triggers import deletion_of


class DeletionRefusal(StrEnum):
    """Why an order is not deleted."""

    OTHER_VERSION = "other_version"  # the order has changed since its caller read it


def plan_deletion(
    stored: StoredOrder, version: int | None, request_id: str, now: datetime
) -> OrderChange | DeletionRefusal:
    """Decide a deletion; `version` is the one that the caller has read, None for whichever.

    The deletion counts as one more version, so its trigger comes last of the order's.
    """
    order = stored.order
    if version is not None and version != order.version:
        return DeletionRefusal.OTHER_VERSION
    last = replace(order, version=order.version + 1, updated_at=now, request_id=request_id)
    return OrderChange(stored, replace(stored, order=last), deletion_of(last), removes=True)
