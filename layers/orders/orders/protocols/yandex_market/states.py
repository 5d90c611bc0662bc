"""Statuses and substatuses that a shop may set (Partner API, order status model)."""

from orders.domain.fulfilment import Fulfilment, MoveRefusal

_CANCELLED = "CANCELLED"
_REQUESTABLE = {
    status: {
        state.substatus: state
        for state in Fulfilment
        if state.status == status and state is not Fulfilment.CANCELLED
    }
    for status in ("PROCESSING", _CANCELLED, "DELIVERY", "PICKUP", "DELIVERED")
}


def requestable() -> list[str]:
    """Return the statuses that a shop may set."""
    return list(_REQUESTABLE)


def substatuses_of(status: str) -> list[str]:
    """Return the substatuses that a shop may set with a status."""
    return list(_REQUESTABLE[status])


def wanted_state(status: str, substatus: str | None) -> Fulfilment | MoveRefusal:
    """Return the requested fulfilment state, or why there is no such state.

    The substatus is optional if the status has only one, but a cancellation always requires it.
    """
    substatuses = _REQUESTABLE.get(status)
    if substatuses is None:
        return MoveRefusal.STATUS_UNKNOWN
    if substatus is None and len(substatuses) == 1 and status != _CANCELLED:
        [only] = substatuses.values()
        return only
    return substatuses.get(substatus or "", MoveRefusal.SUBSTATUS_UNKNOWN)
