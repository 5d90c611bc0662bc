"""`GET /campaigns/{campaignId}/orders` and `…/orders/{orderId}`: the order reads."""

import re
from dataclasses import dataclass
from typing import Any

from orders.application.get_order_by_id import GetOrderById
from orders.application.list_orders import ListOrders, OrdersQuery
from orders.application.ports import Deadline
from orders.domain.changes import StoredOrder
from orders.domain.clients import Role
from orders.domain.order_numbers import MAX_ORDER_ID
from orders.domain.order_summary import Summarise
from orders.domain.problems import spelled
from orders.protocols.http import EndpointResult, HttpRequest, fits_answer
from orders.protocols.json_text import write_json
from orders.protocols.yandex_market.access import Access, CampaignAccess
from orders.protocols.yandex_market.answers import answer_ok
from orders.protocols.yandex_market.errors import (
    bad_request,
    order_not_found,
)
from orders.protocols.yandex_market.representation import order_of
from orders.protocols.yandex_market.requests import (
    read_id,
    without_suffix,
)

MAX_PAGE = 50
_INTEGER = re.compile(r"\d{1,16}", re.ASCII)
# Other filters are rejected: to ignore one would return the wrong orders.
_SUPPORTED = frozenset(
    {"fake", "limit", "page", "pageSize", "pageToken", "page_token", "status", "substatus"}
)
# These have no effect when they are false.
_FLAGS = frozenset({"hasCis", "onlyEstimatedDelivery", "onlyWaitingForCancellationApprove"})
_STATUSES = frozenset(
    {
        "CANCELLED",
        "DELIVERED",
        "DELIVERY",
        "PARTIALLY_RETURNED",
        "PENDING",
        "PICKUP",
        "PLACING",
        "PROCESSING",
        "RESERVED",
        "RETURNED",
        "UNKNOWN",
        "UNPAID",
    }
)


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
        order = order_of(found, self.summarise(found.order), access.endpoint.sales_model)
        return EndpointResult(answer_ok({"order": order}))


@dataclass(frozen=True, slots=True)
class ListOrdersEndpoint:
    """`GET /campaigns/{campaignId}/orders`."""

    access: CampaignAccess
    list_orders: ListOrders
    summarise: Summarise

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return one page of the campaign's orders, newest first.

        A page ends early if one answer cannot hold all its orders.
        """
        access = self.access(request, Role.ORDERS_READ, deadline)
        page = self.list_orders(_query(access, request), deadline)
        orders: list[dict[str, Any]] = []
        written: list[bytes] = []
        next_before = page.next_before
        for found in page.orders:
            order = order_of(found, self.summarise(found.order), access.endpoint.sales_model)
            written.append(write_json(order))
            if orders and not fits_answer(*written):
                next_before = orders[-1]["id"]
                break
            orders.append(order)
        paging = {} if next_before is None else {"nextPageToken": str(next_before)}
        return EndpointResult(answer_ok({"orders": orders, "paging": paging}))


def _query(access: Access, request: HttpRequest) -> OrdersQuery:
    asked = request.query
    for name in sorted(asked.keys() - _SUPPORTED):
        if name not in _FLAGS or _values(request, name) != {"false"}:
            raise bad_request(f"Query parameter {spelled(name)} is not supported; remove it")
    if asked.get("page", "1") != "1":
        raise bad_request(
            "Query parameter page is not supported; send the previous answer's "
            "paging.nextPageToken as pageToken"
        )
    token = asked.get("pageToken") or asked.get("page_token")
    statuses, substatuses = _values(request, "status"), _values(request, "substatus")
    for status in sorted(statuses - _STATUSES):
        raise bad_request(f"Type mismatch: {spelled(status)}")
    fake = asked.get("fake", "false").lower()
    if fake not in {"true", "false"}:
        raise bad_request(f"Type mismatch: {spelled(fake)}")

    def matches(stored: StoredOrder) -> bool:
        state = stored.order.fulfilment
        return (
            fake == "false"
            and (not statuses or state.status in statuses)
            and (not substatuses or state.substatus in substatuses)
        )

    return OrdersQuery(
        account=access.account,
        endpoint=access.endpoint.external_id,
        limit=_limit(asked.get("limit") or asked.get("pageSize") or str(MAX_PAGE)),
        before=_page_token(token) if token else None,
        matches=matches,
    )


def _values(request: HttpRequest, name: str) -> frozenset[str]:
    """Return all values of a parameter, which may be repeated or hold a comma-separated list."""
    sent = request.queries.get(name) or (request.query.get(name, ""),)
    return frozenset(part for value in sent for part in value.split(",") if part)


def _limit(sent: str) -> int:
    if _INTEGER.fullmatch(sent) is None or not 1 <= int(sent) <= MAX_PAGE:
        raise bad_request(
            f"limit must be between 1 and {MAX_PAGE} (rejected value: {spelled(sent)})"
        )
    return int(sent)


def _page_token(sent: str) -> int:
    if _INTEGER.fullmatch(sent) is None or int(sent) > MAX_ORDER_ID + 1:
        raise bad_request(f"Type mismatch: {spelled(sent)}")
    return int(sent)
