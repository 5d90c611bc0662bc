"""Find one order of an account by its external id."""

from dataclasses import dataclass

from orders.application.errors import StorageUnavailableError
from orders.application.ports import Deadline, OrderRepository
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
        lookup = self.orders.find_by_external_ids(account, [external_id], deadline)
        if lookup.unread:
            raise StorageUnavailableError("the order could not be read in time")
        order = lookup.orders.get(external_id)
        return None if order is None else StoredOrder(order)
