"""Order reads: by id, by order number, and in pages (commercetools, Orders)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPMethod, HTTPStatus

from orders.application.find_order_by_external_id import FindOrderByExternalId
from orders.application.get_order_by_id import GetOrderById, OrderAddress
from orders.application.page_orders import PageOrders
from orders.application.ports import Deadline
from orders.domain.changes import StoredOrder
from orders.domain.identifiers import is_external_id, order_id_of
from orders.domain.order_summary import Summarise
from orders.domain.problems import spelled
from orders.protocols.commercetools.access import VIEW, ProjectAccess
from orders.protocols.commercetools.answers import answer
from orders.protocols.commercetools.errors import RequestRefusedError, content_too_large, not_found
from orders.protocols.commercetools.expansion import Path, expanded
from orders.protocols.commercetools.foreign_orders import represent_any
from orders.protocols.commercetools.queries import PageQuery, read_expand, read_page_query
from orders.protocols.commercetools.shapes import Tree
from orders.protocols.http import MAX_ANSWER_BYTES, EndpointResult, HttpRequest, sent_size
from orders.protocols.json_text import write_json, written_json

NUMBER_PREFIX = "order-number="
_SUPPORTED = frozenset({"orderNumber"})


@dataclass(frozen=True, slots=True)
class OrderFinder:
    """Finds the order of a path, which holds its id or `order-number=` and its number."""

    get_order_by_id: GetOrderById
    find_order_by_external_id: FindOrderByExternalId

    def __call__(self, account: str, ref: str, deadline: Deadline) -> StoredOrder:
        """Return the order. Raises RequestRefusedError (404) and StorageUnavailableError."""
        if ref.startswith(NUMBER_PREFIX):
            number = ref.removeprefix(NUMBER_PREFIX)
            found = self.by_number(account, number, deadline)
            if found is None:
                raise not_found(f"The Resource with key '{spelled(number)}' was not found.")
            return found
        order_id = order_id_of(account, ref)
        address = None if order_id is None else OrderAddress(account, None, order_id)
        found = self.get_order_by_id(address, deadline) if address else None
        if found is None:
            raise unknown_id(ref)
        return found

    def by_number(self, account: str, number: str, deadline: Deadline) -> StoredOrder | None:
        """Return the order with this number, None if there is none."""
        # An order without a number is stored under a generated id, which is not its number.
        if not is_external_id(number) or order_id_of(account, number) is not None:
            return None
        return self.find_order_by_external_id(account, number, deadline)


def unknown_id(ref: str) -> RequestRefusedError:
    """Return the 404 error of an id that no order has."""
    return not_found(f"The Resource with ID '{spelled(ref)}' was not found.")


@dataclass(frozen=True, slots=True)
class GetOrderEndpoint:
    """`GET /{projectKey}/orders/{id}` and `…/order-number={number}`."""

    access: ProjectAccess
    find: OrderFinder
    summarise: Summarise

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return the order of the path."""
        client = self.access(request, VIEW, deadline)
        found = self.find(client.account, request.path["ref"], deadline)
        paths = read_expand(request)
        [order] = within_answer([represent_any(found.order, self.summarise)], paths)
        return EndpointResult(answer(HTTPStatus.OK, order))


@dataclass(frozen=True, slots=True)
class PageOrdersEndpoint:
    """`GET /{projectKey}/orders`. HEAD returns 404 if the page would be empty."""

    access: ProjectAccess
    find: OrderFinder
    summarise: Summarise
    page_orders: PageOrders

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return one page of the project's orders."""
        client = self.access(request, VIEW, deadline)
        query = read_page_query(request, _SUPPORTED)
        number = query.where.get("orderNumber")
        if number is None:
            page = self._page(client.account, query, deadline)
        else:
            page = self._numbered(client.account, number, query, deadline)
        if request.method == HTTPMethod.HEAD and not page["results"]:
            raise not_found("No order matches.")
        return EndpointResult(answer(HTTPStatus.OK, page))

    def _page(self, account: str, query: PageQuery, deadline: Deadline) -> Tree:
        page = self.page_orders(account, query.wanted, deadline, with_total=query.with_total)
        shown = (represent_any(each.order, self.summarise) for each in page.orders)
        orders = within_answer(shown, query.expand)
        return page_tree(query, orders, page.total)

    def _numbered(self, account: str, number: str, query: PageQuery, deadline: Deadline) -> Tree:
        found = self.find.by_number(account, number, deadline)
        # The look-up also finds orders by their former ids, which are not their number.
        is_it = found is not None and found.order.external_id == number
        orders = [represent_any(found.order, self.summarise)] if found is not None and is_it else []
        part = within_answer(orders[query.wanted.offset :][: query.wanted.limit], query.expand)
        return page_tree(query, part, len(orders) if query.with_total else None)


def page_tree(query: PageQuery, results: Sequence[object], total: int | None) -> Tree:
    """Return one page (commercetools, PagedQueryResult)."""
    return {
        "limit": query.wanted.limit,
        "offset": query.wanted.offset,
        "count": len(results),
        **({} if total is None else {"total": total}),
        "results": results,
    }


def within_answer(results: Iterable[Tree], paths: Sequence[Path]) -> list[object]:
    """Write each result, expanded, as JSON.

    Raises RequestRefusedError (413) when one answer is full. One result always fits if it is not
    expanded.
    """
    written: list[object] = []
    size = 0
    for result in results:
        part = write_json(expanded(result, paths))
        size += sent_size(part)
        if size > MAX_ANSWER_BYTES and written:
            raise content_too_large(
                f"One answer holds only the first {len(written)} results. Send a lower limit."
            )
        if size > MAX_ANSWER_BYTES and paths:
            raise content_too_large(
                "One expanded result does not fit in one answer. Send fewer paths in expand."
            )
        written.append(written_json(part))
    return written
