"""Order statuses (Altcraft v74, orders import) and the fulfilment state of each."""

from collections.abc import Mapping
from types import MappingProxyType

from orders.domain.fulfilment import Fulfilment

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


def fulfilment_of(status: str) -> Fulfilment:
    """Return the fulfilment state of one of ORDER_STATUSES."""
    return _FULFILMENTS[status]
