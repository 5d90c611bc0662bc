"""What the undo of an import job reads and writes."""

from dataclasses import dataclass

from orders.application.ports import HistoryRepository, OrderChanges, OrderIndex, OrderRepository


@dataclass(frozen=True, slots=True)
class UndoneStores:
    """The stores of orders that an undo reads and writes."""

    orders: OrderRepository
    index: OrderIndex
    changes: OrderChanges
    history: HistoryRepository
