"""The order reads: one order, and the lists of a campaign and of a business."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orders.application.get_order_by_id import GetOrderById
from orders.application.list_orders import ListedOrders, ListOrders, PageWanted
from orders.application.ports import Deadline
from orders.domain.changes import StoredOrder
from orders.domain.clients import Role
from orders.domain.order_summary import Summarise
from orders.domain.problems import spelled
from orders.protocols.http import (
    MAX_ANSWER_BYTES,
    EndpointResult,
    HttpRequest,
    only_reads,
    sent_size,
)
from orders.protocols.json_text import write_json, written_json
from orders.protocols.yandex_market.access import Access, CampaignAccess
from orders.protocols.yandex_market.answers import answer_ok
from orders.protocols.yandex_market.errors import bad_request, order_not_found
from orders.protocols.yandex_market.filters import (
    Filter,
    next_page_token,
    read_days,
    read_moments,
    read_number,
    read_order_ids,
    read_size,
    read_statuses,
    read_substatuses,
    type_mismatch,
)
from orders.protocols.yandex_market.representation import Tree, business_order_of, order_of
from orders.protocols.yandex_market.requests import (
    BusinessOrdersBody,
    read_id,
    read_json_body,
    without_suffix,
)

_MAX_NUMBERED_PAGE = 10_000
# A page of larger orders ends early: the lines of a short document can take long to be summed up.
MAX_SUMMARISED_CHARACTERS = 512 * 1024
# Other filters are rejected: to ignore one would return the wrong orders.
_SUPPORTED = frozenset(
    {
        "fake",
        "fromDate",
        "limit",
        "orderIds",
        "page",
        "pageSize",
        "pageToken",
        "page_token",
        "status",
        "substatus",
        "toDate",
        "updatedAtFrom",
        "updatedAtTo",
    }
)
# These have no effect when they are false.
_FLAGS = frozenset({"hasCis", "onlyEstimatedDelivery", "onlyWaitingForCancellationApprove"})
_PAGE_ONLY = frozenset({"limit", "pageToken", "page_token"})


@dataclass(frozen=True, slots=True)
class GetOrderEndpoint:
    """`GET /campaigns/{campaignId}/orders/{orderId}`."""

    access: CampaignAccess
    get_order_by_id: GetOrderById
    summarise: Summarise

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return the order of the path."""
        request = without_suffix(request, "orderId")
        access = self.access(request, Role.ORDERS_READ, deadline)
        order_id = read_id(request, "orderId")
        found = self.get_order_by_id(access.address_of(order_id), deadline)
        if found is None:
            raise order_not_found(order_id)
        order = order_of(found, self.summarise(found.order), access.form)
        return EndpointResult(answer_ok({"order": order}))


@dataclass(frozen=True, slots=True)
class ListOrdersEndpoint:
    """`GET /campaigns/{campaignId}/orders`."""

    access: CampaignAccess
    list_orders: ListOrders
    summarise: Summarise

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return one page of the campaign's orders.

        They are sorted newest first, or by time of change if a filter asks for it. A page ends
        early if one answer cannot hold all its orders, or if they are very large.
        """
        access = self.access(request, Role.ORDERS_READ, deadline)
        asked = request.query
        _expect_supported(request, _SUPPORTED)
        number = read_number(asked.get("page", "1"), "page", _MAX_NUMBERED_PAGE)
        size = read_size(asked.get("limit") or asked.get("pageSize"), "limit")
        token = asked.get("pageToken") or asked.get("page_token")
        # A page token counts more than a page number, as in the protocol.
        is_numbered = "page" in asked and not token
        page = PageWanted(size, (number - 1) * size if is_numbered else 0, with_total=is_numbered)
        query = _filter_of(request, access).query(access.account, self.summarise, token)
        listed = self.list_orders(query, page, deadline)
        orders = _fitting(
            listed, lambda each: order_of(each, self.summarise(each.order), access.form)
        )
        if is_numbered and (listed.is_too_large or len(orders) < len(listed.orders)):
            raise bad_request(f"The page is too large; set pageSize to at most {len(orders)}")
        return EndpointResult(
            answer_ok(
                {
                    "orders": orders,
                    "paging": next_page_token(listed, len(orders)),
                    **({"pager": _pager(page, number, listed)} if is_numbered else {}),
                }
            )
        )


@only_reads
@dataclass(frozen=True, slots=True)
class ListBusinessOrdersEndpoint:
    """`POST /v1/businesses/{businessId}/orders`."""

    access: CampaignAccess
    list_orders: ListOrders
    summarise: Summarise

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return one page of the orders of all campaigns."""
        account = self.access.business(request, Role.ORDERS_READ, deadline)
        _expect_supported(request, _PAGE_ONLY)
        asked = request.query
        size = read_size(asked.get("limit"), "limit")
        token = asked.get("pageToken") or asked.get("page_token")
        sent = read_json_body(request, BusinessOrdersBody)
        campaigns = {
            each.endpoint.external_id: each
            for each in account.campaigns()
            if (not sent.campaign_ids or each.campaign_id in sent.campaign_ids)
            and (not sent.program_types or each.endpoint.sales_model in sent.program_types)
        }
        query = _filter_of_body(sent, campaigns).query(account.name, self.summarise, token)
        listed = self.list_orders(query, PageWanted(size), deadline)

        def show(stored: StoredOrder) -> Tree:
            form = campaigns[stored.order.endpoint or ""].form
            return business_order_of(stored, self.summarise(stored.order), form)

        orders = _fitting(listed, show)
        return EndpointResult(
            answer_ok({"orders": orders, "paging": next_page_token(listed, len(orders))})
        )


def _expect_supported(request: HttpRequest, supported: frozenset[str]) -> None:
    for name in sorted(request.query.keys() - supported):
        if name not in _FLAGS or _values(request, name) != {"false"}:
            raise bad_request(f"Query parameter {spelled(name)} is not supported; remove it")


def _filter_of(request: HttpRequest, access: Access) -> Filter:
    asked = request.query
    fake = asked.get("fake", "false").lower()
    if fake not in {"true", "false"}:
        raise type_mismatch(fake)
    return Filter(
        endpoints=frozenset({access.endpoint.external_id}),
        order_ids=read_order_ids(_values(request, "orderIds")),
        statuses=read_statuses(_values(request, "status")),
        substatuses=read_substatuses(_values(request, "substatus")),
        created=read_days(asked.get("fromDate"), asked.get("toDate"), ("fromDate", "toDate")),
        changed=read_moments(
            asked.get("updatedAtFrom"),
            asked.get("updatedAtTo"),
            ("updatedAtFrom", "updatedAtTo"),
        ),
        is_fake=fake == "true",
    )


def _filter_of_body(sent: BusinessOrdersBody, campaigns: dict[str, Access]) -> Filter:
    dates = sent.dates
    return Filter(
        endpoints=frozenset(campaigns),
        order_ids=frozenset(sent.order_ids or ()),
        external_ids=frozenset(sent.external_order_ids or ()),
        statuses=read_statuses(sent.statuses or ()),
        substatuses=read_substatuses(sent.substatuses or ()),
        created=read_days(
            dates.creation_date_from,
            dates.creation_date_to,
            ("dates.creationDateFrom", "dates.creationDateTo"),
        ),
        changed=read_moments(
            dates.update_date_from,
            dates.update_date_to,
            ("dates.updateDateFrom", "dates.updateDateTo"),
        ),
        is_fake=sent.fake or not campaigns,
    )


def _fitting(listed: ListedOrders, show: Callable[[StoredOrder], Tree]) -> list[object]:
    """Return as JSON the first orders of the page that are not too much for an answer.

    At least one is returned.
    """
    orders: list[object] = []
    size = read = 0
    for found in listed.orders:
        if orders and read > MAX_SUMMARISED_CHARACTERS:
            break
        read += len(found.order.document)
        part = write_json(show(found))
        size += sent_size(part)
        if orders and size > MAX_ANSWER_BYTES:
            break
        orders.append(written_json(part))
    return orders


def _pager(page: PageWanted, number: int, listed: ListedOrders) -> dict[str, Any]:
    """Return the numbers of the page (FlippingPagerDTO), without those that are not known."""
    count, total = len(listed.orders), listed.total
    pages = {} if total is None else {"total": total, "pagesCount": -(-total // page.limit)}
    return {
        **pages,
        "currentPage": number,
        "pageSize": page.limit,
        **({"from": page.offset + 1, "to": page.offset + count} if count else {}),
    }


def _values(request: HttpRequest, name: str) -> frozenset[str]:
    """Return all values of a parameter, which may be repeated or hold a comma-separated list."""
    sent = request.queries.get(name) or (request.query.get(name, ""),)
    return frozenset(part for value in sent for part in value.split(",") if part)
