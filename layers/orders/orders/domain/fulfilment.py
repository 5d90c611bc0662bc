"""How far an order has come on its way to the buyer, in Yandex Market's words.

It is our own state: derived once from the status that an order is imported with, moved forward by
later imports and by status changes, and never written back into the imported document.
"""

from collections.abc import Mapping
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Self

from orders.domain.settings import SalesModel


class Fulfilment(Enum):
    """A status with its substatus, in the order in which they follow each other.

    A cancelled order is told with the substatus SHOP_FAILED if the shop cancelled it through the
    status change, UNKNOWN if an import did, which does not say why.
    """

    STARTED = ("PROCESSING", "STARTED")
    READY_TO_SHIP = ("PROCESSING", "READY_TO_SHIP")
    SHIPPED = ("PROCESSING", "SHIPPED")
    DELIVERY = ("DELIVERY", "DELIVERY_SERVICE_RECEIVED")
    PICKUP = ("PICKUP", "PICKUP_SERVICE_RECEIVED")
    DELIVERED = ("DELIVERED", "DELIVERY_SERVICE_DELIVERED")
    PARTIALLY_RETURNED = ("PARTIALLY_RETURNED", "UNKNOWN")
    CANCELLED = ("CANCELLED", "UNKNOWN")
    SHOP_FAILED = ("CANCELLED", "SHOP_FAILED")

    @property
    def status(self) -> str:
        """Return the status, such as PROCESSING."""
        return self.value[0]

    @property
    def substatus(self) -> str:
        """Return the substatus, such as STARTED."""
        return self.value[1]

    @property
    def is_final(self) -> bool:
        """Tell whether no status change leads on from here."""
        return _RANKS[self] >= _RANKS[Fulfilment.DELIVERED]

    @property
    def takes_external_id(self) -> bool:
        """Tell whether the external id may be set or changed: until PROCESSING / READY_TO_SHIP."""
        return self is Fulfilment.STARTED

    def after_import(self, status: str) -> Self:
        """Return the state after an import with this status: it never goes back.

        A cancelled order stays cancelled.
        """
        imported = type(self).of_import(status)
        is_cancelled = self.status == Fulfilment.CANCELLED.status
        return self if is_cancelled or _RANKS[imported] < _RANKS[self] else imported

    @classmethod
    def of_import(cls, status: str) -> Self:
        """Return the state of an order that is created with this status."""
        return cls[_IMPORTED.get(status, Fulfilment.STARTED.name)]


_RANKS = {state: rank for rank, state in enumerate(Fulfilment)}
# Altcraft's order statuses (v74, orders import) and commercetools' order states; every other one
# has only begun.
_IMPORTED: Mapping[str, str] = MappingProxyType(
    {
        "delivered": Fulfilment.DELIVERED.name,
        "part_refunded": Fulfilment.PARTIALLY_RETURNED.name,
        "canceled": Fulfilment.CANCELLED.name,
        "Complete": Fulfilment.DELIVERED.name,
        "Cancelled": Fulfilment.CANCELLED.name,
    }
)

# Who ships decides what may follow (Yandex Market, order status model). What is not listed has no
# transition that a shop may ask for.
_TRANSITIONS: Mapping[SalesModel, Mapping[Fulfilment, tuple[Fulfilment, ...]]] = MappingProxyType(
    {
        SalesModel.FBS: {
            Fulfilment.STARTED: (Fulfilment.READY_TO_SHIP, Fulfilment.SHOP_FAILED),
            Fulfilment.READY_TO_SHIP: (Fulfilment.SHIPPED, Fulfilment.SHOP_FAILED),
        },
        SalesModel.EXPRESS: {
            Fulfilment.STARTED: (Fulfilment.READY_TO_SHIP, Fulfilment.SHOP_FAILED),
            Fulfilment.READY_TO_SHIP: (Fulfilment.SHOP_FAILED,),
        },
        SalesModel.DBS: {
            Fulfilment.STARTED: (Fulfilment.DELIVERY, Fulfilment.SHOP_FAILED),
            Fulfilment.DELIVERY: (Fulfilment.PICKUP, Fulfilment.DELIVERED),
            Fulfilment.PICKUP: (Fulfilment.DELIVERED,),
        },
    }
)


class MoveRefusal(StrEnum):
    """Why a status change is refused."""

    STATUS_UNKNOWN = "status_unknown"  # no status that a shop may ask for
    SUBSTATUS_UNKNOWN = "substatus_unknown"  # the status has no such substatus, or needs one
    FINAL = "final"
    NO_TRANSITION = "no_transition"


# Statuses that a shop may ask for, with their substatuses.
_REQUESTABLE = {
    status: {
        state.substatus: state
        for state in Fulfilment
        if state.status == status and state is not Fulfilment.CANCELLED
    }
    for status in ("PROCESSING", "CANCELLED", "DELIVERY", "PICKUP", "DELIVERED")
}


def requestable() -> list[str]:
    """Return the statuses that a shop may ask for."""
    return list(_REQUESTABLE)


def substatuses_of(status: str) -> list[str]:
    """Return the substatuses that a shop may ask for with a status."""
    return list(_REQUESTABLE[status])


def decide_move(
    current: Fulfilment, status: str, substatus: str | None, sales_model: SalesModel
) -> Fulfilment | MoveRefusal:
    """Return the state that a status change leads to, the current one if it is there already.

    Without a substatus the status must have only one. `sales_model` is FBS, EXPRESS or DBS; the
    other models have no transitions.
    """
    substatuses = _REQUESTABLE.get(status)
    if substatuses is None:
        return MoveRefusal.STATUS_UNKNOWN
    if substatus is None and len(substatuses) == 1 and status != "CANCELLED":
        [wanted] = substatuses.values()
    elif substatus in substatuses:
        wanted = substatuses[substatus]
    else:
        return MoveRefusal.SUBSTATUS_UNKNOWN
    if wanted is current:
        return current
    if current.is_final:
        return MoveRefusal.FINAL
    if wanted in _TRANSITIONS.get(sales_model, {}).get(current, ()):
        return wanted
    return MoveRefusal.NO_TRANSITION
