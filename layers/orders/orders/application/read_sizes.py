"""How many orders to read at once, so that large ones do not fill the memory."""

from collections.abc import Sequence

from orders.domain.changes import StoredOrder

# The sizes of the first orders are unknown: all of them may be the largest, 388 KB.
FIRST_ORDERS = 40
MOST_ORDERS = 500
_CHARACTERS = 8 * 1024 * 1024


def characters_of(orders: Sequence[StoredOrder]) -> int:
    """Return the size of the documents of the orders."""
    return sum(len(each.order.document) for each in orders)


def orders_to_read(read: Sequence[StoredOrder]) -> int:
    """Return how many orders to read next after these, if the next ones are as large."""
    if not read:
        return FIRST_ORDERS
    mean = characters_of(read) // len(read) + 1
    return max(1, min(MOST_ORDERS, _CHARACTERS // mean))
