"""Order reads: by id, by order number, and in pages (commercetools, Orders)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPMethod, HTTPStatus

from orders.application.find_order_by_external_id import FindOrderByExternalId
from orders.application.get_order_by_id import GetOrderById, OrderAddress
from orders.application.list_orders import ListedOrders, ListOrders, OrdersQuery, PageWanted
from orders.application.ports import Deadline
from orders.domain.changes import StoredOrder
from orders.domain.identifiers import is_external_id, order_id_of
from orders.domain.order_summary import Summarise
from orders.domain.problems import spelled
from orders.protocols.commercetools.access import VIEW, ProjectAccess
from orders.protocols.commercetools.answers import answer
from orders.protocols.commercetools.errors import RequestRefusedError, content_too_large, not_found
from orders.protocols.commercetools.expansion import expanded
from orders.protocols.commercetools.filters import members_of_orders, narrowed
from orders.protocols.commercetools.foreign_orders import represent_any, searchable_of
from orders.protocols.commercetools.queries import (
    Sorting,
    read_expand,
    read_page,
    read_predicates,
    read_sorting,
    read_variables,
    too_many_examined,
)
from orders.protocols.commercetools.shapes import Tree
from orders.protocols.http import (
    MAX_ANSWER_BYTES,
    MAX_GZIPPED_BYTES,
    EndpointResult,
    HttpAnswer,
    HttpRequest,
    fits_answer,
    gzipped,
    sent_size,
)
from orders.protocols.json_text import write_json, written_json

NUMBER_PREFIX = "order-number="
_SORTABLE = ("id", "createdAt", "lastModifiedAt")
_BY_ID = Sorting("id", is_descending=False)
_OR_GZIP = ", or Accept and Accept-Encoding: gzip"


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
        order = expanded_within_answer(request, represent_any(found.order, self.summarise))
        return EndpointResult(answer(HTTPStatus.OK, order))


@dataclass(frozen=True, slots=True)
class PageOrdersEndpoint:
    """`GET /{projectKey}/orders`. HEAD returns 404 if the page would be empty."""

    access: ProjectAccess
    list_orders: ListOrders
    summarise: Summarise

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return one page of the project's orders."""
        client = self.access(request, VIEW, deadline)
        page = read_page(request)
        query = self._query(request, client.account)
        listed = self.list_orders(query, page, deadline)
        if listed.is_cut_short:
            raise too_many_examined(query)
        if request.method == HTTPMethod.HEAD and not listed.orders:
            raise not_found("No order matches.")
        return EndpointResult(
            answer_page(
                request, page, listed, lambda each: represent_any(each.order, self.summarise)
            )
        )

    def _query(self, request: HttpRequest, account: str) -> OrdersQuery:
        sorting = read_sorting(request, _SORTABLE) or _BY_ID
        query = OrdersQuery(
            account,
            by_change=sorting.member == "lastModifiedAt",
            newest_first=sorting.is_descending,
        )
        members = members_of_orders(
            lambda stored: searchable_of(stored.order, self.summarise),
        )
        return narrowed(query, read_predicates(request), read_variables(request), members)


@dataclass(frozen=True, slots=True)
class Found[T]:
    """What is on a page. `total` is None if it is not known."""

    results: Sequence[T]
    total: int | None
    is_too_large: bool


def answer_page(
    request: HttpRequest,
    page: PageWanted,
    listed: ListedOrders,
    show: Callable[[StoredOrder], Tree],
) -> HttpAnswer:
    """Return the answer with one page of orders, as `answer_results` does."""
    found = Found(listed.orders, listed.total, is_too_large=listed.is_too_large)
    return answer_results(request, page, found, show)


def answer_results[T](
    request: HttpRequest, page: PageWanted, found: Found[T], show: Callable[[T], Tree]
) -> HttpAnswer:
    """Return the answer with one page, expanded (commercetools, PagedQueryResult).

    A page that is too large for an answer is compressed: clients take a page with fewer results
    than `limit` for the last one. Raises RequestRefusedError (413) if that is not possible.
    """
    accepts_gzip = request.accepts_gzip
    too_large = _too_large(len(found.results), "" if accepts_gzip else _OR_GZIP)
    if found.is_too_large:
        raise too_large
    results: list[object] = []
    size, paths = 0, read_expand(request)
    for each in found.results:
        part = write_json(expanded(show(each), paths))
        size += len(part) if accepts_gzip else sent_size(part)
        if size > (MAX_GZIPPED_BYTES if accepts_gzip else MAX_ANSWER_BYTES) and (results or paths):
            raise too_large
        results.append(written_json(part))
    tree = {
        "limit": page.limit,
        "offset": page.offset,
        "count": len(results),
        **({} if found.total is None else {"total": found.total}),
        "results": results,
    }
    plain = answer(HTTPStatus.OK, tree)
    if (len(results) <= 1 and not paths) or fits_answer(plain.body):
        return plain
    compressed = gzipped(plain) if accepts_gzip else None
    if compressed is None:
        raise too_large
    return compressed


def expanded_within_answer(request: HttpRequest, result: Tree) -> Tree:
    """Return the result, expanded, if it fits in one answer.

    Raises RequestRefusedError (413). A result that is not expanded always fits.
    """
    paths = read_expand(request)
    shown = expanded(result, paths)
    if paths and not fits_answer(write_json(shown)):
        raise _too_large(1)
    return shown


def _too_large(results: int, otherwise: str = "") -> RequestRefusedError:
    advice = "a lower limit" if results > 1 else "fewer paths in expand"
    number = f"{results} results do" if results > 1 else "result does"
    return content_too_large(f"The {number} not fit in one answer. Send {advice}{otherwise}.")
