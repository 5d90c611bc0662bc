"""`GET /{projectKey}/messages`: one message per imported order (commercetools, OrderImported).

Messages are not stored. They are built from the orders, so the message of a deleted order is gone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from http import HTTPStatus

from orders.application.get_order_by_id import GetOrderById, OrderAddress
from orders.application.list_orders import MAX_EXAMINED, ListOrders, OrdersQuery
from orders.application.ports import Deadline
from orders.domain.changes import StoredOrder
from orders.domain.identifiers import order_id_of, uuid_of
from orders.domain.order import Order
from orders.protocols.commercetools import PROTOCOL
from orders.protocols.commercetools.access import VIEW_MESSAGES, ProjectAccess
from orders.protocols.commercetools.answers import answer
from orders.protocols.commercetools.documents import FIRST_NUMBER
from orders.protocols.commercetools.errors import bad_request, invalid_input
from orders.protocols.commercetools.queries import PageQuery, read_page_query
from orders.protocols.commercetools.read_orders import page_tree, within_answer
from orders.protocols.commercetools.representation import (
    Maker,
    created_by,
    header,
    read_stored,
    represent,
)
from orders.protocols.commercetools.shapes import Tree
from orders.protocols.commercetools.states import fulfilment_of
from orders.protocols.http import EndpointResult, HttpRequest

TYPE = "OrderImported"
_RESOURCE = "resource(id)"
_SUPPORTED = frozenset({"type", _RESOURCE})


@dataclass(frozen=True, slots=True)
class MessagesEndpoint:
    """`GET /{projectKey}/messages`."""

    access: ProjectAccess
    get_order_by_id: GetOrderById
    list_orders: ListOrders

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return one page of the project's messages."""
        client = self.access(request, VIEW_MESSAGES, deadline)
        query = read_page_query(request, _SUPPORTED)
        if request.query.get("sort") and not query.wanted.newest_first:
            raise bad_request(
                invalid_input("Malformed parameter: sort: must be createdAt desc for messages.")
            )
        end = query.wanted.offset + query.wanted.limit
        if end > MAX_EXAMINED:
            raise bad_request(
                invalid_input(
                    f"The sum of offset and limit must be at most {MAX_EXAMINED} for messages; "
                    f"got {end}."
                )
            )
        orders = self._orders(client.account, query, deadline)
        messages = within_answer((message_of(found.order) for found in orders), query.expand)
        return EndpointResult(answer(HTTPStatus.OK, page_tree(query, messages, None)))

    def _orders(self, account: str, query: PageQuery, deadline: Deadline) -> Iterable[StoredOrder]:
        offset, limit = query.wanted.offset, query.wanted.limit
        if query.where.get("type", TYPE) != TYPE or limit == 0:
            return ()
        if _RESOURCE not in query.where:
            wanted = OrdersQuery(account, None, limit, matches=_is_imported_here, skip=offset)
            return self.list_orders(wanted, deadline).orders
        order_id = order_id_of(account, query.where[_RESOURCE])
        address = None if order_id is None else OrderAddress(account, None, order_id)
        found = self.get_order_by_id(address, deadline) if address else None
        return (found,) if found and _is_imported_here(found) and offset == 0 else ()


def message_of(order: Order) -> Tree:
    """Return the OrderImported message of an order. It holds the order's first version."""
    document = read_stored(order)
    identity = uuid_of(order.account, order.order_id)
    number: str | None = document.get(FIRST_NUMBER)
    imported = replace(
        order,
        version=1,
        updated_at=order.created_at,
        external_id=number or identity,
        fulfilment=fulfilment_of(order.status),
    )
    by = created_by(document)
    created_at = header(imported)["createdAt"]
    return {
        "id": Maker(order).id_of("message", TYPE),
        "version": 1,
        "createdAt": created_at,
        "lastModifiedAt": created_at,
        "lastModifiedBy": by,
        "createdBy": by,
        "sequenceNumber": 1,
        "resource": {"typeId": "order", "id": identity},
        "resourceVersion": 1,
        **({"resourceUserProvidedIdentifiers": {"orderNumber": number}} if number else {}),
        "type": TYPE,
        "order": represent(imported),
    }


def _is_imported_here(stored: StoredOrder) -> bool:
    return stored.order.protocol == PROTOCOL
