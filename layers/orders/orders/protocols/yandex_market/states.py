"""Statuses that a shop may ask for (Yandex Market, order status model), with their substatuses."""

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
    """Return the statuses that a shop may ask for."""
    return list(_REQUESTABLE)


def substatuses_of(status: str) -> list[str]:
    """Return the substatuses that a shop may ask for with a status."""
    return list(_REQUESTABLE[status])


def wanted_state(status: str, substatus: str | None) -> Fulfilment | MoveRefusal:
    """Return the state that a shop asks for, or what is wrong with its name.

    Without a substatus the status must have only one; a cancellation always needs one.
    """
    substatuses = _REQUESTABLE.get(status)
    if substatuses is None:
        return MoveRefusal.STATUS_UNKNOWN
    if substatus is None and len(substatuses) == 1 and status != _CANCELLED:
        [only] = substatuses.values()
        return only
    return substatuses.get(substatus or "", MoveRefusal.SUBSTATUS_UNKNOWN)
