"""Read the known versions of an order, for readers that derive from them what has happened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from orders.application.ports import Clock, Deadline, HistoryPage, HistoryRepository
from orders.application.read_sizes import FIRST_ORDERS
from orders.domain.changes import StoredOrder
from orders.domain.history import OrderKey
from orders.domain.order import Order

# Of an order with longer documents in its history, the oldest versions are left out.
MAX_VERSION_CHARACTERS = 48 * 1024 * 1024
# A version that was replaced so recently may not be in the history yet.
RECORDED_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ReadVersions:
    """Reads the versions of orders. The history has what later versions replaced."""

    history: HistoryRepository
    clock: Clock

    def __call__(self, stored: StoredOrder, deadline: Deadline) -> Sequence[Order]:
        """Return the versions of an order from the oldest known one on.

        They end before a version that is not recorded yet, so that none appears later among them.
        Raises StorageUnavailableError and StorageRefusedError.
        """
        return next(self.of_each([stored], deadline))

    def of_each(
        self, orders: Sequence[StoredOrder], deadline: Deadline
    ) -> Iterator[Sequence[Order]]:
        """Yield the versions of each order. Their newest versions are read together.

        `versions_to_read` says how many those are. The older ones are read when the caller comes to
        the order. Raises as a call does.
        """
        changed = [each.order for each in orders if each.order.version > 1]
        found = self.history.find_below(
            [(_key_of(order), order.version) for order in changed], FIRST_ORDERS, deadline
        )
        pages = iter(found)
        for each in orders:
            page = next(pages) if each.order.version > 1 else HistoryPage(())
            yield self._known(each.order, page, deadline)

    def _known(self, order: Order, page: HistoryPage, deadline: Deadline) -> Sequence[Order]:
        """Return the versions, of which `page` are the newest that the history has."""
        versions, characters = [order], 0
        while True:
            versions += [each.order for each in page.versions]
            characters += sum(len(each.order.document) for each in page.versions)
            below = page.next_before
            if below is None or below <= 1 or characters >= MAX_VERSION_CHARACTERS:
                return _recorded(versions[::-1], self.clock())
            page = self.history.find(_key_of(order), below, FIRST_ORDERS, deadline)


def versions_to_read(order: Order) -> int:
    """Return how many former versions of an order are read together with those of others."""
    return min(order.version - 1, FIRST_ORDERS)


def _key_of(order: Order) -> OrderKey:
    return OrderKey(order.account, order.order_id)


def _recorded(versions: Sequence[Order], now: datetime) -> Sequence[Order]:
    """Return the versions up to the first gap that may still be filled."""
    first = versions[0]
    if first.version > 1 and now - first.updated_at < RECORDED_AFTER:
        return (first,)
    for count, (before, after) in enumerate(pairwise(versions), start=1):
        has_gap = after.version > before.version + 1
        if has_gap and now - after.updated_at < RECORDED_AFTER:
            return versions[:count]
    return versions
