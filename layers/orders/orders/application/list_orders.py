"""List the orders of an endpoint, the newest first."""

from collections.abc import Callable
from dataclasses import dataclass

from orders.application.ports import Deadline, OrderIndex
from orders.domain.changes import StoredOrder

# Bounds the work of one page: an endpoint's orders may lie far apart among the account's.
MAX_EXAMINED = 1000
_CHUNK = 100
# With less time left the page ends: a short one is progress, none is not.
_SECONDS_OF_A_CHUNK = 5.0


@dataclass(frozen=True, slots=True)
class OrdersQuery:
    """Which orders: those with ids below `before`, at most `limit`; None is every endpoint."""

    account: str
    endpoint: str | None
    limit: int
    before: int | None = None
    matches: Callable[[StoredOrder], bool] = lambda _named: True


@dataclass(frozen=True, slots=True)
class ListedOrders:
    """One page. `next_before` continues it, None at the end; a page may be short before that."""

    orders: tuple[StoredOrder, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class ListOrders:
    """The use case, put together with its ports."""

    index: OrderIndex

    def __call__(self, query: OrdersQuery, deadline: Deadline) -> ListedOrders:
        """Return one page of at most `limit` orders, having looked at no more than 1 000.

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
