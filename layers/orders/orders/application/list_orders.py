"""List the orders of an endpoint, newest first."""

from collections.abc import Callable
from dataclasses import dataclass

from orders.application.ports import Deadline, OrderIndex
from orders.application.read_sizes import FIRST_ORDERS, characters_of, orders_to_read
from orders.domain.changes import StoredOrder

# Limits the work for one page: an account may have many orders of other endpoints in between.
MAX_EXAMINED = 1000
_CHUNK = 100
# A page ends early after so many characters of documents, also of those that do not match.
MAX_READ_CHARACTERS = 48 * 1024 * 1024
MAX_FOUND_CHARACTERS = 8 * 1024 * 1024
# With less time left, the page ends here: a short page is better than a timeout.
_SECONDS_OF_A_CHUNK = 5.0


@dataclass(frozen=True, slots=True)
class OrdersQuery:
    """A request for at most `limit` orders with ids below `before`. Without `endpoint`: of all.

    The newest `skip` of them are left out.
    """

    account: str
    endpoint: str | None
    limit: int
    before: int | None = None
    matches: Callable[[StoredOrder], bool] = lambda _named: True
    skip: int = 0


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

        A page of large orders ends when one answer could not hold more of them.

        Raises StorageUnavailableError and StorageRefusedError.
        """
        found: list[StoredOrder] = []
        before = query.before
        chunk, left, read, kept, skipped = FIRST_ORDERS, MAX_EXAMINED, 0, 0, 0
        while left > 0 and read < MAX_READ_CHARACTERS:
            if left < MAX_EXAMINED and deadline.remaining() < _SECONDS_OF_A_CHUNK:
                break
            chunk = min(chunk, left, _CHUNK)
            page = self.index.list_orders(query.account, before, chunk, deadline)
            for stored in page.orders:
                if query.endpoint not in {None, stored.order.endpoint}:
                    continue
                if not query.matches(stored):
                    continue
                if skipped < query.skip:
                    skipped += 1
                    continue
                found.append(stored)
                kept += len(stored.order.document)
                if len(found) == query.limit or kept > MAX_FOUND_CHARACTERS:
                    return ListedOrders(tuple(found), stored.order.order_id)
            before = page.next_before
            if before is None:
                break
            left -= chunk
            read += characters_of(page.orders)
            chunk = orders_to_read(page.orders)
        return ListedOrders(tuple(found), before)
