"""Order statuses (Altcraft v74, orders import) and the fulfilment state of each."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from orders.domain.fulfilment import Fulfilment
from orders.domain.line_statuses import DerivedStatus
from orders.domain.order import Order
from orders.domain.settings import LineStatusType
from orders.protocols.altcraft import PROTOCOL

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
_FINAL_STATUSES: Mapping[Fulfilment, str] = MappingProxyType(
    {
        Fulfilment.DELIVERED: "delivered",
        Fulfilment.PARTIALLY_RETURNED: "part_refunded",
        Fulfilment.CANCELLED: "canceled",
        Fulfilment.SHOP_FAILED: "canceled",
    }
)
_INITIAL_STATUS = "new"


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


def status_of(order: Order) -> str:
    """Return the present status of an order of any protocol.

    An Altcraft order has the status that was imported, unless another protocol has finished the
    order since, or cancelled it at any time. An order of another protocol is `new` until it is
    finished.
    """
    is_own = order.protocol == PROTOCOL and order.status in _FULFILMENTS
    was_cancelled = order.fulfilment is Fulfilment.SHOP_FAILED
    if is_own and not order.through and not was_cancelled:
        return order.status
    return _FINAL_STATUSES.get(order.fulfilment, order.status if is_own else _INITIAL_STATUS)
