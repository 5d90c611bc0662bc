"""Order statuses (Altcraft v74, orders import) and the fulfilment state of each."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from orders.domain.fulfilment import Fulfilment
from orders.domain.line_statuses import DerivedStatus
from orders.domain.settings import LineStatusType

_FULFILMENTS: Mapping[str, Fulfilment] = MappingProxyType(
    {
        "new": Fulfilment.STARTED,
        "delivered": Fulfilment.DELIVERED,
        "paid": Fulfilment.STARTED,
        "canceled": Fulfilment.CANCELLED,
        "part_refunded": Fulfilment.PARTIALLY_RETURNED,
    }
)
ORDER_STATUSES = tuple(_FULFILMENTS)


def status_of_lines(types: Sequence[LineStatusType]) -> DerivedStatus | None:
    """Return the status of an order that follows from its lines, None if none does.

    There is no status of an order whose lines are all refunded.
    """
    found = set(types)
    if LineStatusType.REFUNDED in found:
        status = "part_refunded"
    elif found == {LineStatusType.CANCELED}:
        status = "canceled"
    elif found and found <= {LineStatusType.DELIVERED, LineStatusType.CANCELED}:
        status = "delivered"
    else:
        return None
    return DerivedStatus(status, fulfilment_of(status))


def fulfilment_of(status: str) -> Fulfilment:
    """Return the fulfilment state of one of ORDER_STATUSES."""
    return _FULFILMENTS[status]
