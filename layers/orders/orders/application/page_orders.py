"""Page through the orders of an account by offset and limit."""

from dataclasses import dataclass

from orders.application.ports import Deadline, OrderIndex, OrderSlice
from orders.domain.changes import StoredOrder

# Counting reads one index entry for each order, so it stops here.
MAX_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class OrderCountedPage:
    """One page of orders.

    `total` is None if it was not requested, or if it is more than 10 000. It also counts orders
    whose writer was interrupted before it stored them, until a page has met them.
    """

    orders: tuple[StoredOrder, ...]
    total: int | None


@dataclass(frozen=True, slots=True)
class PageOrders:
    """Returns pages of an account's orders."""

    index: OrderIndex

    def __call__(
        self, account: str, wanted: OrderSlice, deadline: Deadline, *, with_total: bool = True
    ) -> OrderCountedPage:
        """Return the wanted page of the account's orders, sorted by order id.

        Raises StorageUnavailableError and StorageRefusedError.
        """
        orders = self.index.slice(account, wanted, deadline) if wanted.limit else ()
        total = self.index.count(account, MAX_COUNTED, deadline) if with_total else None
        return OrderCountedPage(tuple(orders), total)
