"""Get one order of an endpoint."""

from dataclasses import dataclass

from orders.application.ports import Deadline, OrderIndex
from orders.domain.changes import StoredOrder


@dataclass(frozen=True, slots=True)
class OrderAddress:
    """An order by our id: of one endpoint, or of whichever if `endpoint` is None."""

    account: str
    endpoint: str | None
    order_id: int


@dataclass(frozen=True, slots=True)
class GetOrderById:
    """The use case, put together with its ports."""

    index: OrderIndex

    def __call__(self, address: OrderAddress, deadline: Deadline) -> StoredOrder | None:
        """Return the order, None if the endpoint has none with this id.

        Raises StorageUnavailableError and StorageRefusedError.
        """
        stored = self.index.find_by_order_id(address.account, address.order_id, deadline)
        if stored is None:
            return None
        if address.endpoint not in {None, stored.order.endpoint}:
            return None
        return stored
