"""Find one order of an account, by the shop's id of it."""

from dataclasses import dataclass

from orders.application.errors import StorageUnavailableError
from orders.application.ports import Deadline, OrderRepository
from orders.domain.changes import StoredOrder


@dataclass(frozen=True, slots=True)
class FindOrderByExternalId:
    """The use case, put together with its ports."""

    orders: OrderRepository

    def __call__(self, account: str, external_id: str, deadline: Deadline) -> StoredOrder | None:
        """Return the order, None if there is none; an id that it had before leads to it too.

        Its aliases are not told. Raises StorageUnavailableError and StorageRefusedError.
        """
        lookup = self.orders.find_by_external_ids(account, [external_id], deadline)
        if lookup.unread:
            raise StorageUnavailableError("the order could not be read in time")
        order = lookup.orders.get(external_id)
        return None if order is None else StoredOrder(order)
