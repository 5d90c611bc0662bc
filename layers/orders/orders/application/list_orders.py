"""List the orders of an endpoint, newest first."""

from collections.abc import Callable
from dataclasses import dataclass

from orders.application.ports import Deadline, OrderIndex
from orders.domain.changes import StoredOrder

# Limits the work for one page: an account may have many orders of other endpoints in between.
MAX_EXAMINED = 1000
_CHUNK = 100
# With less time left, the page ends here: a short page is better than a timeout.
_SECONDS_OF_A_CHUNK = 5.0


@dataclass(frozen=True, slots=True)
class OrdersQuery:
    """A request for at most `limit` orders with ids below `before`. Without `endpoint`: of all."""

    account: str
    endpoint: str | None
    limit: int
    before: int | None = None
    matches: Callable[[StoredOrder], bool] = lambda _named: True


@dataclass(frozen=True, slots=True)
class ListedOrders:
    """One page, possibly short. `next_before` gets the next page; it is None on the last page."""

    orders: tuple[StoredOrder, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class ListOrders:
    """Lists the orders of an endpoint or of a whole account."""

    index: OrderIndex

    def __call__(self, query: OrdersQuery, deadline: Deadline) -> ListedOrders:
        """Return one page of at most `limit` orders. At most 1 000 orders are read for it.

        Raises StorageUnavailableError and StorageRefusedError.
        """
        found: list[StoredOrder] = []
        before = query.before
        for number in range(MAX_EXAMINED // _CHUNK):
            if number and deadline.remaining() < _SECONDS_OF_A_CHUNK:
                break
            page = self.index.list_orders(query.account, before, _CHUNK, deadline)
            for stored in page.orders:
                if query.endpoint in {None, stored.order.endpoint} and query.matches(stored):
                    found.append(stored)
                if len(found) == query.limit:
                    return ListedOrders(tuple(found), stored.order.order_id)
            before = page.next_before
            if before is None:
                break
        return ListedOrders(tuple(found), before)
