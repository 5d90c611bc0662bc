"""Finds the order that a call names."""

from collections.abc import Callable
from dataclasses import dataclass

from orders.application.get_order_by_id import OrderAddress
from orders.application.ports import Deadline
from orders.domain.changes import StoredOrder
from orders.domain.problems import shown
from orders.protocols.altcraft.errors import not_found
from orders.protocols.altcraft.parameters import OrderNameBody


@dataclass(frozen=True, slots=True)
class OrderFinder:
    """Finds orders by the hub's id, or by an external id that they have or had.

    `by_name` takes the account and the external id.
    """

    by_id: Callable[[OrderAddress, Deadline], StoredOrder | None]
    by_name: Callable[[str, str, Deadline], StoredOrder | None]

    def __call__(self, account: str, name: OrderNameBody, deadline: Deadline) -> StoredOrder:
        """Return the order. The aliases of the result may be missing.

        Raises RequestRefusedError (400, 404), StorageUnavailableError and StorageRefusedError.
        """
        name.expect_one_id()
        found = self._find(account, name, deadline)
        if found is None:
            sent = str(name.id) if name.external_id is None else shown(name.external_id)
            raise not_found(f"Order {sent} does not exist")
        return found

    def _find(self, account: str, name: OrderNameBody, deadline: Deadline) -> StoredOrder | None:
        external_id = name.external_id
        if external_id is None:
            return self.by_id(OrderAddress(account, None, name.id or 0), deadline)
        found = self.by_name(account, external_id, deadline)
        unquoted = _unquoted(external_id)
        if found is None and unquoted:
            return self.by_name(account, unquoted, deadline)
        return found


def _unquoted(external_id: str) -> str:
    """Return the text inside quotes, "" without them.

    The XML samples of Altcraft's documentation have quotes around external ids.
    """
    is_quoted = external_id[0] == external_id[-1] == '"'
    return external_id[1:-1] if is_quoted else ""
