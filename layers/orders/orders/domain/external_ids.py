"""Change the external id of an order. The old id becomes an alias."""

from dataclasses import replace
from enum import StrEnum

from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.identifiers import is_reserved_id
from orders.domain.order import Cause, Order
from orders.domain.settings import ExternalIdPolicy
from orders.domain.triggers import trigger_of

MAX_ALIASES = 50


class ExternalIdRefusal(StrEnum):
    """The reason why an external id is not changed."""

    TOO_LATE = "too_late"  # the order is READY_TO_SHIP or later
    ALREADY_SET = "already_set"  # the account's policy allows one change only
    TAKEN = "taken"  # it is the id or an alias of another order
    TOO_MANY_ALIASES = "too_many_aliases"
    RESERVED = "reserved"  # it has the form of the account's generated ids


def plan_external_id_update(
    stored: StoredOrder, external_id: str, policy: ExternalIdPolicy, cause: Cause
) -> OrderChange | ExternalIdRefusal | None:
    """Plan a change of the external id. Returns None if the order already has this id.

    The plan does not check whether another order has the id: the store does.
    """
    order = stored.order
    if order.external_id == external_id:
        return None
    if not order.fulfilment.takes_external_id:
        return _reserved(order, external_id) or ExternalIdRefusal.TOO_LATE
    aliases = aliases_after(stored, external_id, policy)
    if isinstance(aliases, ExternalIdRefusal):
        return aliases
    after = replace(order.next_version(cause), external_id=external_id)
    return OrderChange(stored, StoredOrder(after, aliases), trigger_of(order, after))


def aliases_after(
    stored: StoredOrder, external_id: str, policy: ExternalIdPolicy
) -> tuple[str, ...] | ExternalIdRefusal:
    """Return the aliases of an order that gets another external id, or why it must not get it."""
    order = stored.order
    reserved = _reserved(order, external_id)
    if reserved:
        return reserved
    if policy is ExternalIdPolicy.ONCE and stored.was_renamed:
        return ExternalIdRefusal.ALREADY_SET
    aliases = (*(each for each in stored.aliases if each != external_id), order.external_id)
    return ExternalIdRefusal.TOO_MANY_ALIASES if len(aliases) > MAX_ALIASES else aliases


def _reserved(order: Order, external_id: str) -> ExternalIdRefusal | None:
    is_reserved = is_reserved_id(order.account, external_id)
    return ExternalIdRefusal.RESERVED if is_reserved else None
