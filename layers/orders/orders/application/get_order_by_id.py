"""Get one order by its `order_id`."""

from dataclasses import dataclass

from orders.application.ports import Deadline, OrderIndex
from orders.domain.changes import StoredOrder


@dataclass(frozen=True, slots=True)
class OrderAddress:
    """The address of one order. If `endpoint` is None, the order may be of any endpoint."""

    account: str
    endpoint: str | None
    order_id: int


@dataclass(frozen=True, slots=True)
class GetOrderById:
    """Gets one order by its address."""

    index: OrderIndex

    def __call__(self, address: OrderAddress, deadline: Deadline) -> StoredOrder | None:
        """Return the order with its aliases, None if the endpoint has no order with this id.

        Raises StorageUnavailableError and StorageRefusedError.
        """
        stored = self.index.find_by_order_id(address.account, address.order_id, deadline)
        if stored is None:
            return None
        if address.endpoint not in {None, stored.order.endpoint}:
            return None
        return stored
