"""Find one order of an account by its external id."""

from dataclasses import dataclass

from orders.application.errors import StorageUnavailableError
from orders.application.ports import Deadline, Lookup, OrderRepository
from orders.domain.changes import StoredOrder


@dataclass(frozen=True, slots=True)
class FindOrderByExternalId:
    """Finds one order by its external id or an alias."""

    orders: OrderRepository

    def __call__(self, account: str, external_id: str, deadline: Deadline) -> StoredOrder | None:
        """Return the order with this external id or alias, None if it does not exist.

        The aliases of the result are empty, because they are not read. Raises
        StorageUnavailableError and StorageRefusedError.
        """
        lookup = self._look_up(account, external_id, deadline)
        order = lookup.orders.get(external_id)
        return None if order is None else StoredOrder(order)

    def with_hidden(self, account: str, external_id: str, deadline: Deadline) -> StoredOrder | None:
        """Return the order also if it is softly deleted. Raises the same errors."""
        lookup = self._look_up(account, external_id, deadline)
        order = lookup.orders.get(external_id)
        return lookup.hidden.get(external_id) if order is None else StoredOrder(order)

    def _look_up(self, account: str, external_id: str, deadline: Deadline) -> Lookup:
        lookup = self.orders.find_by_external_ids(account, [external_id], deadline)
        if lookup.unread:
            raise StorageUnavailableError("the order could not be read in time")
        return lookup
