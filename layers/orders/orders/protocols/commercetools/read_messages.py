"""The messages of a project: one for each imported order (commercetools, OrderImported).

Messages are not stored. They are built from the orders, so the message of a deleted order is gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from orders.application.get_order_by_id import GetOrderById, OrderAddress
from orders.application.list_orders import ListOrders, OrdersQuery
from orders.application.ports import Deadline
from orders.domain.changes import StoredOrder
from orders.domain.identifiers import order_id_of, uuid_of
from orders.domain.order import Order
from orders.protocols.commercetools import PROTOCOL
from orders.protocols.commercetools.access import VIEW_MESSAGES, ProjectAccess
from orders.protocols.commercetools.answers import answer
from orders.protocols.commercetools.documents import FIRST_NUMBER
from orders.protocols.commercetools.filters import (
    CREATED,
    Member,
    equals_constant,
    ids_of,
    narrowed,
)
from orders.protocols.commercetools.queries import (
    Sorting,
    read_page,
    read_predicates,
    read_sorting,
    read_variables,
    too_many_examined,
)
from orders.protocols.commercetools.read_orders import (
    answer_page,
    expanded_within_answer,
    unknown_id,
)
from orders.protocols.commercetools.representation import (
    created_by,
    header,
    read_imported,
    represent,
)
from orders.protocols.commercetools.shapes import Tree
from orders.protocols.commercetools.states import fulfilment_of
from orders.protocols.http import EndpointResult, HttpRequest

TYPE = "OrderImported"
_NEWEST_FIRST = Sorting("createdAt", is_descending=True)
_SORTABLE = ("id", "createdAt", "lastModifiedAt")


def _messages_of(account: str) -> str:
    """Return the key of the message ids of an account. No account has this name."""
    return f"{account}/{TYPE}"


# A message is created with its order and never changes.
MEMBERS: Mapping[str, Member] = {
    "id": ids_of(_messages_of),
    "type": equals_constant(TYPE),
    "createdAt": CREATED,
    "lastModifiedAt": CREATED,
    "resource(typeId)": equals_constant("order"),
    "resource(id)": ids_of(lambda account: account),
}


@dataclass(frozen=True, slots=True)
class MessagesEndpoint:
    """`GET /{projectKey}/messages`."""

    access: ProjectAccess
    list_orders: ListOrders

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return one page of the project's messages, by default the newest first."""
        client = self.access(request, VIEW_MESSAGES, deadline)
        page = read_page(request)
        sorting = read_sorting(request, _SORTABLE) or _NEWEST_FIRST
        query = narrowed(
            OrdersQuery(
                client.account, matches=_is_imported_here, newest_first=sorting.is_descending
            ),
            read_predicates(request),
            read_variables(request),
            MEMBERS,
        )
        listed = self.list_orders(query, page, deadline)
        if listed.is_cut_short:
            raise too_many_examined(query)
        return EndpointResult(
            answer_page(request, page, listed, lambda stored: message_of(stored.order))
        )


@dataclass(frozen=True, slots=True)
class GetMessageEndpoint:
    """`GET /{projectKey}/messages/{id}`."""

    access: ProjectAccess
    get_order_by_id: GetOrderById

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return the message of the path."""
        client = self.access(request, VIEW_MESSAGES, deadline)
        ref = request.path["id"]
        order_id = order_id_of(_messages_of(client.account), ref)
        address = None if order_id is None else OrderAddress(client.account, None, order_id)
        found = self.get_order_by_id(address, deadline) if address else None
        if found is None or not _is_imported_here(found):
            raise unknown_id(ref)
        message = expanded_within_answer(request, message_of(found.order))
        return EndpointResult(answer(HTTPStatus.OK, message))


def message_of(order: Order) -> Tree:
    """Return the OrderImported message of an order. It holds the order's first version."""
    document = read_imported(order)
    identity = uuid_of(order.account, order.order_id)
    number: str | None = document.get(FIRST_NUMBER)
    imported = replace(
        order,
        version=1,
        updated_at=order.created_at,
        external_id=number or identity,
        fulfilment=fulfilment_of(document.get("orderState", "Open")),
        status=document.get("orderState", "Open"),
        overrides="",
    )
    by = created_by(document)
    created_at = header(imported)["createdAt"]
    return {
        "id": uuid_of(_messages_of(order.account), order.order_id),
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
