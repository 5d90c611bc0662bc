"""The order reads: one order, and the list of an account's orders."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from orders.application.find_order_by_external_id import FindOrderByExternalId
from orders.application.get_order_by_id import GetOrderById, OrderAddress
from orders.application.list_orders import (
    MAX_EXAMINED,
    ListedOrders,
    ListOrders,
    OrdersQuery,
    PageWanted,
)
from orders.application.ports import Deadline
from orders.domain.changes import StoredOrder
from orders.domain.ranges import Range
from orders.protocols.cursors import write_cursor
from orders.protocols.http import EndpointResult, HttpRequest
from orders.protocols.hub.access import ReadAccess
from orders.protocols.hub.answers import answer_ok, fitting
from orders.protocols.hub.cursors import read_cursor
from orders.protocols.hub.errors import invalid_parameter, not_found
from orders.protocols.hub.queries import (
    expect_only,
    read_choice,
    read_choices,
    read_external_id,
    read_limit,
    read_order_id,
    read_times,
    read_values,
    selection_of,
)
from orders.protocols.hub.representation import OrderProtocols, order_of

_DIRECTIONS = ("desc", "asc")
_REPEATABLE = ("status", "endpoint", "protocol")
_SELECTING = (
    "created_from",
    "created_to",
    "changed_from",
    "changed_to",
    "direction",
    "external_id",
    *_REPEATABLE,
)
_SINGLE = frozenset({*_SELECTING, "limit", "after"}) - frozenset(_REPEATABLE)


@dataclass(frozen=True, slots=True)
class GetOrderEndpoint:
    """`GET /hub/v1/orders/{order_id}`."""

    access: ReadAccess
    get_order_by_id: GetOrderById
    protocols: OrderProtocols

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return the order of the path."""
        client = self.access(request, deadline)
        expect_only(request, ())
        order_id = read_order_id(request)
        found = self.get_order_by_id(OrderAddress(client.account, None, order_id), deadline)
        if found is None:
            raise not_found(f"Order {order_id} does not exist")
        return EndpointResult(answer_ok(order_of(found, self.protocols)))


@dataclass(frozen=True, slots=True)
class ListOrdersEndpoint:
    """`GET /hub/v1/orders`, also by an external id."""

    access: ReadAccess
    list_orders: ListOrders
    find_by_external_id: FindOrderByExternalId
    get_order_by_id: GetOrderById
    protocols: OrderProtocols

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return one page of orders, sorted by creation, the newest first.

        A page ends early if one answer cannot hold all its orders, or if they are very large.
        """
        client = self.access(request, deadline)
        expect_only(request, _SINGLE, _REPEATABLE)
        limit = read_limit(request)
        query = self._query(request, client.account)
        list_name = f"orders\n{client.account}\n{selection_of(request, _SELECTING)}"
        query = _continued(query, request.query.get("after"), list_name)
        external_id = read_external_id(request)
        if external_id is not None:
            listed = self._named(query, external_id, deadline)
        else:
            listed = self.list_orders(query, PageWanted(limit), deadline)
        orders = fitting(listed.orders, lambda each: order_of(each, self.protocols), _size_of)
        last_id = _last_id(listed, len(orders), newest_first=query.newest_first)
        following = None if last_id is None else write_cursor(list_name, [last_id])
        return EndpointResult(answer_ok({"orders": orders, "next": following}))

    def _query(self, request: HttpRequest, account: str) -> OrdersQuery:
        matches = _matching(
            frozenset(read_values(request, "status")),
            frozenset(read_values(request, "endpoint")),
            read_choices(request, "protocol", self.protocols.names),
        )
        return OrdersQuery(
            account,
            created=read_times(request, "created_from", "created_to"),
            changed=read_times(request, "changed_from", "changed_to"),
            matches=matches,
            newest_first=read_choice(request, "direction", _DIRECTIONS) != "asc",
        )

    def _named(self, query: OrdersQuery, external_id: str, deadline: Deadline) -> ListedOrders:
        """Return the order that has or had this external id, if the query accepts it."""
        found = self.find_by_external_id(query.account, external_id, deadline)
        if found is None:
            return ListedOrders()
        address = OrderAddress(query.account, None, found.order.order_id)
        stored = self.get_order_by_id(address, deadline)
        return ListedOrders((stored,) if stored and query.accepts(stored) else ())


def _matching(
    statuses: frozenset[str], endpoints: frozenset[str], protocols: frozenset[str]
) -> Callable[[StoredOrder], bool] | None:
    """Return what an order must match, None if every order does. Empty sets do not restrict."""
    if not (statuses or endpoints or protocols):
        return None

    def matches(stored: StoredOrder) -> bool:
        order = stored.order
        return (
            (not statuses or order.status in statuses)
            and (not endpoints or order.endpoint in endpoints)
            and (not protocols or order.protocol in protocols)
        )

    return matches


def _continued(query: OrdersQuery, after: str | None, list_name: str) -> OrdersQuery:
    if after is None:
        return query
    [last_id] = read_cursor(after, list_name, 1)
    if last_id is None:
        return query
    rest = Range(None, last_id) if query.newest_first else Range(last_id + 1, None)
    return replace(query, ids=rest)


def _last_id(listed: ListedOrders, count: int, *, newest_first: bool) -> int | None:
    """Return the id of the last order that was read, of which `count` are shown, None at the end.

    Raises RequestRefusedError (400) if the list cannot go on from there.
    """
    if count < len(listed.orders):
        return listed.orders[count - 1].order.order_id
    if listed.resume is None:
        return None
    # Orders that were found by their change do not move the position in the index by creation, and
    # orders that do not match move it beyond the last one that is listed.
    read = [each.order.order_id for each in listed.orders[-1:]]
    if listed.resume.order_id is not None:
        read.append(listed.resume.order_id)
    if read:
        return min(read) if newest_first else max(read)
    raise invalid_parameter(
        "changed_from",
        f"The list examined {MAX_EXAMINED} orders, or all that the time and the memory allow. "
        "Send changed_from and changed_to with less time between them, or read GET /hub/v1/changes",
    )


def _size_of(stored: StoredOrder) -> int:
    return len(stored.order.document)
