"""How far an order has come on its way to the buyer.

It is our own state: derived once from the status that an order is imported with, moved forward by
later imports and by status changes, and never written back into the imported document.
"""

from collections.abc import Mapping
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Self


class SalesModel(StrEnum):
    """How an endpoint's orders reach the buyer (Yandex Market's names)."""

    FBS = "FBS"
    DBS = "DBS"
    EXPRESS = "EXPRESS"
    FBY = "FBY"
    LAAS = "LAAS"


class Fulfilment(Enum):
    """A status with its substatus, in the order in which they follow each other.

    The pairs are published: triggers show them as the members of `fulfilment`. They are spelled as
    Yandex Market spells them. A cancelled order has the substatus SHOP_FAILED if the shop cancelled
    it through the status change, UNKNOWN if an import did, which does not say why.
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

    def after_import(self, imported: Self) -> Self:
        """Return the state after an import of an order that has come this far: it never goes back.

        A cancelled order stays cancelled.
        """
        is_cancelled = self.status == Fulfilment.CANCELLED.status
        return self if is_cancelled or _RANKS[imported] < _RANKS[self] else imported


_RANKS = {state: rank for rank, state in enumerate(Fulfilment)}

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

    STATUS_UNKNOWN = "status_unknown"  # what was asked for names no state
    SUBSTATUS_UNKNOWN = "substatus_unknown"  # it names one only in part, or with a wrong detail
    FINAL = "final"
    NO_TRANSITION = "no_transition"


def decide_move(
    current: Fulfilment, wanted: Fulfilment, sales_model: SalesModel
) -> Fulfilment | MoveRefusal:
    """Return the state that a status change leads to: the wanted one, also if it is the current.

    `sales_model` is FBS, EXPRESS or DBS; the other models have no transitions.
    """
    if wanted is current:
        return current
    if current.is_final:
        return MoveRefusal.FINAL
    if wanted in _TRANSITIONS.get(sales_model, {}).get(current, ()):
        return wanted
    return MoveRefusal.NO_TRANSITION
