"""Changes without an index by change: reads all orders of the account.

It serves until the table has the index.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from orders.application.ports import (
    Change,
    ChangePage,
    ChangePosition,
    ChangeRange,
    CountedChanges,
    Deadline,
    OrderIndex,
    OrderSlice,
)
from orders.domain.ranges import Range

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class ChangesByScan:
    """Implements ChangeIndex, without deleted orders."""

    index: OrderIndex

    def changed(
        self, account: str, wanted: ChangeRange, limit: int, deadline: Deadline
    ) -> ChangePage:
        """Sort the changed orders of the account."""
        after = wanted.after
        found = sorted(
            (
                change
                for change in self._changes(account, deadline)
                if (wanted.start is None or change.at.changed_at >= wanted.start)
                and (wanted.end is None or change.at.changed_at <= wanted.end)
                and (
                    after is None
                    or (change.at != after and (change.at < after) == wanted.newest_first)
                )
            ),
            key=lambda change: change.at,
            reverse=wanted.newest_first,
        )
        return ChangePage(found[:limit], found[limit - 1].at if len(found) > limit else None)

    def count(self, account: str, counted: CountedChanges, deadline: Deadline) -> int | None:
        """Count the changed orders of the account."""
        count = sum(
            change.at.changed_at >= counted.start and change.at.order_id in counted.ids
            for change in self._changes(account, deadline)
        )
        return count if count <= counted.limit else None

    def _changes(self, account: str, deadline: Deadline) -> Iterator[Change]:
        ids: Range[int] = Range()
        while chunk := self.index.slice(account, OrderSlice(0, _CHUNK, ids=ids), deadline):
            for stored in chunk:
                order = stored.order
                if order.version > 1:
                    at = ChangePosition(order.updated_at, order.order_id)
                    yield Change(at, order.version, order.external_id, stored)
            ids = Range(chunk[-1].order.order_id + 1, None)
