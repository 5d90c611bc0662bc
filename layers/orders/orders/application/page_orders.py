"""Page through the orders of an account, by their place in the list of all of them."""

from dataclasses import dataclass

from orders.application.ports import Deadline, OrderIndex, OrderSlice
from orders.domain.changes import StoredOrder

# More are not counted: counting reads an index entry each.
MAX_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class OrderCountedPage:
    """A part of the orders. `total` is None where it was not asked for, or is above 10 000.

    It counts ids, of which a few can be without an order.
    """

    orders: tuple[StoredOrder, ...]
    total: int | None


@dataclass(frozen=True, slots=True)
class PageOrders:
    """The use case, put together with its ports."""

    index: OrderIndex

    def __call__(
        self, account: str, wanted: OrderSlice, deadline: Deadline, *, with_total: bool = True
    ) -> OrderCountedPage:
        """Return a part of the account's orders, in the order of their ids.

        Raises StorageUnavailableError and StorageRefusedError.
        """
        orders = self.index.slice(account, wanted, deadline) if wanted.limit else ()
        total = self.index.count(account, MAX_COUNTED, deadline) if with_total else None
        return OrderCountedPage(tuple(orders), total)
