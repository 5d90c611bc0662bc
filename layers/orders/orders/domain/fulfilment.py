"""The fulfilment state of an order: its progress on the way to the buyer.

The hub keeps this state itself. It derives the first state from the imported status. Later imports
and status changes move it forward. It never changes the imported document.
"""

from collections.abc import Mapping
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Self


class SalesModel(StrEnum):
    """The delivery model of an endpoint, with the names of Yandex Market."""

    FBS = "FBS"
    DBS = "DBS"
    EXPRESS = "EXPRESS"
    FBY = "FBY"
    LAAS = "LAAS"


class Fulfilment(Enum):
    """A status with its substatus. The states are listed in the order of progress.

    The names are those of Yandex Market. They are published: triggers contain them in `fulfilment`.
    A cancelled order has the substatus SHOP_FAILED if a status change cancelled it. It has UNKNOWN
    if an import cancelled it, because imports give no reason.
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
        """Return whether the state allows no further status change."""
        return _RANKS[self] >= _RANKS[Fulfilment.DELIVERED]

    @property
    def takes_external_id(self) -> bool:
        """Return whether the external id may change: only before READY_TO_SHIP (Yandex Market)."""
        return self is Fulfilment.STARTED

    def after_import(self, imported: Self) -> Self:
        """Return the state after an import that implies the state `imported`.

        The state never moves backwards, and a cancelled order stays cancelled.
        """
        is_cancelled = self.status == Fulfilment.CANCELLED.status
        return self if is_cancelled or _RANKS[imported] < _RANKS[self] else imported


_RANKS = {state: rank for rank, state in enumerate(Fulfilment)}

# The transitions that a shop may request (Yandex Market, order status model). They depend on who
# ships the order.
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
    """The reason why a status change is refused."""

    STATUS_UNKNOWN = "status_unknown"  # the requested status does not exist
    SUBSTATUS_UNKNOWN = "substatus_unknown"  # the substatus is missing or does not fit the status
    FINAL = "final"
    NO_TRANSITION = "no_transition"


def decide_move(
    current: Fulfilment, wanted: Fulfilment, sales_model: SalesModel
) -> Fulfilment | MoveRefusal:
    """Return the new state, or why the change is refused. The current state is always accepted.

    Only the sales models FBS, EXPRESS and DBS have transitions.
    """
    if wanted is current:
        return current
    if current.is_final:
        return MoveRefusal.FINAL
    if wanted in _TRANSITIONS.get(sales_model, {}).get(current, ()):
        return wanted
    return MoveRefusal.NO_TRANSITION
