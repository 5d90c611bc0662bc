"""Read the known versions of an order, for readers that derive from them what has happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from orders.application.ports import Clock, Deadline, HistoryRepository
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
        order = stored.order
        versions, characters = [order], 0
        key = OrderKey(order.account, order.order_id)
        below: int | None = order.version
        while below is not None and below > 1 and characters < MAX_VERSION_CHARACTERS:
            page = self.history.find(key, below, FIRST_ORDERS, deadline)
            versions += [each.order for each in page.versions]
            characters += sum(len(each.order.document) for each in page.versions)
            below = page.next_before
        return _recorded(versions[::-1], self.clock())


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
