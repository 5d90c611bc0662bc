"""Read the history of one order: its versions, each with the version that it replaced."""

from dataclasses import dataclass

from orders.application.get_order_by_id import find_with_hidden
from orders.application.ports import Deadline, HistoryRepository, OrderIndex
from orders.application.read_sizes import FIRST_ORDERS
from orders.domain.deletions import Deletion
from orders.domain.history import OrderKey
from orders.domain.order import Order
from orders.domain.triggers import TriggerKind

# A page has hardly more characters of documents.
MAX_HISTORY_CHARACTERS = 4 * 1024 * 1024

type Version = tuple[Order, TriggerKind | None]


@dataclass(frozen=True, slots=True)
class RecordedVersion:
    """One version of an order, and the kind of its trigger, None if the request skipped triggers.

    `before` is the version that it replaced. It is None for the first version, and if that version
    is not kept: its time is over, or it was replaced only seconds ago.
    """

    order: Order
    trigger: TriggerKind | None
    before: Order | None


@dataclass(frozen=True, slots=True)
class ListedHistory:
    """Versions, the newest first. `deletion` is set if the order was deleted permanently.

    `next_before` gets the next page, None on the last.
    """

    versions: tuple[RecordedVersion, ...] = ()
    deletion: Deletion | None = None
    next_before: int | None = None


@dataclass(frozen=True, slots=True)
class ReadHistory:
    """Lists the versions of one order."""

    index: OrderIndex
    history: HistoryRepository

    def __call__(
        self, key: OrderKey, before: int | None, limit: int, deadline: Deadline
    ) -> ListedHistory | None:
        """Return the newest `limit` versions, below the version `before` if it is given.

        A page may have fewer versions. Return None if the account never had the order, or if it was
        deleted more than 90 days ago. Raises StorageUnavailableError and StorageRefusedError.
        """
        stored = find_with_hidden(self.index, key.account, key.order_id, deadline)
        if stored is None:
            deletion = self.history.deletion_of(key, deadline)
            if deletion is None or before is None or deletion.version < before:
                return None if deletion is None else ListedHistory(deletion=deletion)
            return ListedHistory()
        present = (stored.order, stored.trigger)
        first = [present] if before is None or stored.order.version < before else []
        # One version more than wanted: the last one is compared with it.
        versions, has_more = self._versions(key, first, before, limit + 1, deadline)
        has_more = has_more or len(versions) > limit
        shown = versions[:-1] if has_more else versions
        recorded = tuple(
            RecordedVersion(order, trigger, _predecessor(order, older))
            for (order, trigger), older in zip(shown, [*versions[1:], None], strict=False)
        )
        return ListedHistory(recorded, next_before=shown[-1][0].version if has_more else None)

    def _versions(
        self,
        key: OrderKey,
        first: list[Version],
        before: int | None,
        wanted: int,
        deadline: Deadline,
    ) -> tuple[list[Version], bool]:
        """Return the newest versions, and whether there are more."""
        versions = list(first)
        # A version that was replaced since it was read is in the history too.
        below = versions[-1][0].version if versions else before
        characters = 0
        while len(versions) < wanted:
            size = min(wanted - len(versions), FIRST_ORDERS)
            page = self.history.find(key, below, size, deadline)
            versions += [(each.order, each.trigger) for each in page.versions]
            characters += sum(len(each.order.document) for each in page.versions)
            below = page.next_before
            if below is None:
                return versions, False
            if characters > MAX_HISTORY_CHARACTERS and len(versions) > 1:
                break
        return versions, True


def _predecessor(order: Order, older: Version | None) -> Order | None:
    """Return the next older kept version if it is the one that the order replaced."""
    return older[0] if older and older[0].version == order.version - 1 else None
