"""Giving an order another external id: when that is allowed, and what it leaves behind."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.identifiers import is_reserved_id
from orders.domain.settings import ExternalIdPolicy
from orders.domain.triggers import trigger_of

MAX_ALIASES = 50


class ExternalIdRefusal(StrEnum):
    """Why an external id is not changed."""

    TOO_LATE = "too_late"  # the order has passed to READY_TO_SHIP or beyond
    ALREADY_SET = "already_set"  # and the account's policy lets it be set only once
    TAKEN = "taken"  # another order has it, or had it and still answers to it
    TOO_MANY_ALIASES = "too_many_aliases"
    RESERVED = "reserved"  # it has the form of the account's generated ids


def plan_external_id_update(
    stored: StoredOrder, external_id: str, policy: ExternalIdPolicy, request_id: str, now: datetime
) -> OrderChange | ExternalIdRefusal | None:
    """Decide a change of the external id; None if the order has that id already.

    Whether the id is free, only the store can tell.
    """
    order = stored.order
    if order.external_id == external_id:
        return None
    if is_reserved_id(order.account, external_id):
        return ExternalIdRefusal.RESERVED
    if not order.fulfilment.takes_external_id:
        return ExternalIdRefusal.TOO_LATE
    if policy is ExternalIdPolicy.ONCE and stored.was_renamed:
        return ExternalIdRefusal.ALREADY_SET
    aliases = (*(each for each in stored.aliases if each != external_id), order.external_id)
    if len(aliases) > MAX_ALIASES:
        return ExternalIdRefusal.TOO_MANY_ALIASES
    after = replace(
        order,
        external_id=external_id,
        version=order.version + 1,
        updated_at=now,
        request_id=request_id,
    )
    return OrderChange(stored, StoredOrder(after, aliases), trigger_of(order, after))
