"""Get one order by its `order_id`."""

from collections.abc import Collection
from dataclasses import dataclass

from orders.application.ports import Deadline, OrderIndex
from orders.domain.changes import StoredOrder


@dataclass(frozen=True, slots=True)
class OrderAddress:
    """The address of one order. If `endpoint` is None, the order may be of any endpoint."""

    account: str
    endpoint: str | None
    order_id: int


@dataclass(frozen=True, slots=True)
class GetOrderById:
    """Gets one order by its address."""

    index: OrderIndex

    def __call__(self, address: OrderAddress, deadline: Deadline) -> StoredOrder | None:
        """Return the order with its aliases, None if the endpoint has no order with this id.

        Raises StorageUnavailableError and StorageRefusedError.
        """
        stored = self.index.find_by_order_id(address.account, address.order_id, deadline)
        return _of_endpoint(address, stored)

    def with_hidden(self, address: OrderAddress, deadline: Deadline) -> StoredOrder | None:
        """Return the order also if it is softly deleted. Raises the same errors."""
        return _of_endpoint(
            address, find_with_hidden(self.index, address.account, address.order_id, deadline)
        )


def find_with_hidden(
    index: OrderIndex, account: str, order_id: int, deadline: Deadline
) -> StoredOrder | None:
    """Return an order that is present or softly deleted, None if it does not exist."""
    return (
        index.find_by_order_id(account, order_id, deadline)
        or index.find_hidden(account, order_id, deadline)
        # It may have been revived between the two reads.
        or index.find_by_order_id(account, order_id, deadline)
    )


def find_all_with_hidden(
    index: OrderIndex, account: str, order_ids: Collection[int], deadline: Deadline
) -> dict[int, StoredOrder]:
    """Return the orders that are present or softly deleted, by id. Others are left out."""
    if not order_ids:
        return {}
    found = index.find_by_order_ids(account, order_ids, deadline)
    present = {each.order.order_id: each for each in found}
    missing = [number for number in order_ids if number not in present]
    hidden = index.find_hidden_among(account, missing, deadline) if missing else ()
    return present | {each.order.order_id: each for each in hidden}


def _of_endpoint(address: OrderAddress, stored: StoredOrder | None) -> StoredOrder | None:
    if stored is None or address.endpoint not in {None, stored.order.endpoint}:
        return None
    return stored
