"""Find what an earlier run of a request wrote, which was cut off before its answer.

An order contains the id of the request that wrote its present version. If another request has
changed it since, the history has the versions before.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from orders.application.errors import StorageUnavailableError
from orders.application.ports import Clock, Deadline, HistoryRepository
from orders.domain.changes import StoredOrder
from orders.domain.history import OrderKey
from orders.domain.identifiers import time_of_request
from orders.domain.order import Order

# The clock of the run, and the one of another request, differ by less.
_SLACK = timedelta(seconds=60)
# The history is written from a stream, within moments.
_HISTORY_LAG = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class WrittenBefore:
    """The version that an earlier run wrote, and the one that it replaced, if that is known."""

    order: Order
    before: Order | None = None


@dataclass(frozen=True, slots=True)
class EarlierRuns:
    """Finds the writes of earlier runs. `is_repeated` says whether a request has earlier runs."""

    history: HistoryRepository
    clock: Clock
    is_repeated: Callable[[], bool]

    def written(
        self, found: Sequence[StoredOrder], request_id: str, deadline: Deadline
    ) -> Mapping[int, WrittenBefore]:
        """Return what earlier runs of the request wrote of these orders, by order id.

        Raises StorageUnavailableError, also if the history may lack a version, and
        StorageRefusedError.
        """
        if not self.is_repeated():
            return {}
        began = time_of_request(request_id) - _SLACK
        # An order that has not changed since the request began was not written by it.
        orders = [each.order for each in found if each.order.updated_at >= began]
        versions = self._versions(orders, request_id, deadline)
        keys = [
            (_key_of(order), version)
            for order in orders
            if order.order_id in versions
            for version in (versions[order.order_id], versions[order.order_id] - 1)
            if 0 < version < order.version
        ]
        kept = self.history.find_versions(keys, deadline) if keys else {}
        present = {(_key_of(order), order.version): order for order in orders}
        known = present | {key: replaced.order for key, replaced in kept.items()}
        written = {}
        for order in orders:
            version = versions.get(order.order_id)
            own = version and known.get((_key_of(order), version))
            if version and own:
                before = known.get((_key_of(order), version - 1))
                written[order.order_id] = WrittenBefore(own, before)
        return written

    def _versions(
        self, orders: Sequence[Order], request_id: str, deadline: Deadline
    ) -> Mapping[int, int]:
        """Return the newest version that the request wrote of each order, if any."""
        own = {each.order_id: each.version for each in orders if each.request_id == request_id}
        others = [each for each in orders if each.order_id not in own]
        marks = (
            self.history.marks_of([_key_of(each) for each in others], deadline) if others else {}
        )
        for order in others:
            kept = marks.get(_key_of(order), ())
            by_request = [each.version for each in kept if each.request_id == request_id]
            if by_request:
                own[order.order_id] = max(by_request)
            elif self._may_lack_versions(order, [each.version for each in kept]):
                raise StorageUnavailableError("the history of an order is not written yet")
        return own

    def _may_lack_versions(self, order: Order, kept: Sequence[int]) -> bool:
        is_recent = self.clock() < order.updated_at + _HISTORY_LAG
        return is_recent and order.version > 1 and order.version - 1 not in kept


def _key_of(order: Order) -> OrderKey:
    return OrderKey(order.account, order.order_id)
