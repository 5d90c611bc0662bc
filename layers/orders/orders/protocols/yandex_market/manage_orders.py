"""Order reads and the status change of the Partner API."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orders.application.get_order import GetOrder, OrderAddress
from orders.application.list_orders import ListOrders, OrdersQuery
from orders.application.ports import Deadline
from orders.application.update_order_status import UpdateOrderStatus, UpdateOrderStatusCommand
from orders.domain.changes import NamedOrder
from orders.domain.clients import Role
from orders.domain.fulfilment import MoveRefusal, requestable, substatuses_of
from orders.domain.identifiers import MAX_ORDER_ID
from orders.domain.order import Order
from orders.domain.problems import listed
from orders.domain.status_updates import Move
from orders.protocols.http import Answered, HttpRequest, ReadBody
from orders.protocols.json_text import write_json
from orders.protocols.yandex_market.access import Access, CampaignAccess
from orders.protocols.yandex_market.answers import answer_ok, guarded, refuse
from orders.protocols.yandex_market.errors import (
    UNAVAILABLE,
    RequestRefusedError,
    bad_request,
    order_not_found,
)
from orders.protocols.yandex_market.orders import order_of
from orders.protocols.yandex_market.requests import (
    OrderStatusBody,
    read_body,
    read_id,
    spelled,
    without_suffix,
)

MAX_PAGE = 50
# Lambda answers at most 6 MB, in which every quote of the body is escaped.
MAX_ANSWER_BYTES = 4 * 1024 * 1024
_INTEGER = re.compile(r"\d{1,16}", re.ASCII)
# Ignoring any other filter would answer with the wrong orders.
_SERVED = frozenset(
    {"fake", "limit", "page", "pageSize", "pageToken", "page_token", "status", "substatus"}
)
# These filter nothing while they are false.
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
    """`GET /campaigns/{campaignId}/orders/{orderId}`, put together with what it calls."""

    access: CampaignAccess
    get_order: GetOrder

    def __call__(self, head: HttpRequest, read: ReadBody, deadline: Deadline) -> Answered:
        """Answer a request. Never raises."""
        del read
        return guarded(lambda: self._get(without_suffix(head, "orderId"), deadline))

    def _get(self, head: HttpRequest, deadline: Deadline) -> Answered:
        access = self.access(head, Role.ORDERS_READ, deadline)
        order_id = read_id(head, "orderId")
        found = self.get_order(_address(access, order_id), deadline)
        if found is None:
            raise order_not_found(order_id)
        order = order_of(found, access.endpoint.sales_model)
        return Answered(answer_ok({"order": order}))


@dataclass(frozen=True, slots=True)
class ListOrdersEndpoint:
    """`GET /campaigns/{campaignId}/orders`, put together with what it calls."""

    access: CampaignAccess
    list_orders: ListOrders

    def __call__(self, head: HttpRequest, read: ReadBody, deadline: Deadline) -> Answered:
        """Answer a request. Never raises."""
        del read
        return guarded(lambda: self._list(head, deadline))

    def _list(self, head: HttpRequest, deadline: Deadline) -> Answered:
        access = self.access(head, Role.ORDERS_READ, deadline)
        page = self.list_orders(_query(access, head), deadline)
        orders: list[dict[str, Any]] = []
        next_before = page.next_before
        size = 0
        for found in page.orders:
            order = order_of(found, access.endpoint.sales_model)
            size += len(write_json(order))
            if orders and size > MAX_ANSWER_BYTES:
                next_before = orders[-1]["id"]
                break
            orders.append(order)
        paging = {} if next_before is None else {"nextPageToken": str(next_before)}
        return Answered(answer_ok({"orders": orders, "paging": paging}))


@dataclass(frozen=True, slots=True)
class UpdateOrderStatusEndpoint:
    """`PUT /campaigns/{campaignId}/orders/{orderId}/status`, put together with what it calls.

    `new_request_id` must never repeat itself.
    """

    access: CampaignAccess
    update_order_status: UpdateOrderStatus
    new_request_id: Callable[[], str]

    def __call__(self, head: HttpRequest, read: ReadBody, deadline: Deadline) -> Answered:
        """Answer a request that has come without its body, which `read` gets. Never raises."""
        return guarded(lambda: self._update(head, read, deadline))

    def _update(self, head: HttpRequest, read: ReadBody, deadline: Deadline) -> Answered:
        access = self.access(head, Role.ORDERS_WRITE, deadline)
        access.expect_sales_model()
        order_id = read_id(head, "orderId")
        sent = read_body(head, read, OrderStatusBody).order
        move = Move(sent.status, sent.substatus, access.endpoint.sales_model)
        command = UpdateOrderStatusCommand(_address(access, order_id), move, self.new_request_id())
        report = self.update_order_status(command, deadline)
        if report.unavailable:
            return Answered(refuse(UNAVAILABLE), report)
        if report.found is None:
            return Answered(refuse(order_not_found(order_id)), report)
        if report.refusal:
            refusal = _refusal(report.refusal, report.found.named.order, move)
            return Answered(refuse(refusal), report)
        order = order_of(report.found, access.endpoint.sales_model)
        return Answered(answer_ok({"order": order}), report)


def _address(access: Access, order_id: int) -> OrderAddress:
    return OrderAddress(access.account, access.endpoint.external_id, order_id)


def _query(access: Access, head: HttpRequest) -> OrdersQuery:
    asked = head.query
    for name in sorted(asked.keys() - _SERVED):
        if name not in _FLAGS or _values(head, name) != {"false"}:
            raise bad_request(f"Query parameter {spelled(name)} is not supported: leave it out")
    if asked.get("page", "1") != "1":
        raise bad_request(
            "Query parameter page is not supported: continue with pageToken, which is "
            "paging.nextPageToken of the answer before"
        )
    token = asked.get("pageToken") or asked.get("page_token")
    statuses, substatuses = _values(head, "status"), _values(head, "substatus")
    for status in sorted(statuses - _STATUSES):
        raise bad_request(f"Type mismatch: {spelled(status)}")
    fake = asked.get("fake", "false").lower()
    if fake not in {"true", "false"}:
        raise bad_request(f"Type mismatch: {spelled(fake)}")

    def matches(named: NamedOrder) -> bool:
        state = named.order.fulfilment
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


def _values(head: HttpRequest, name: str) -> frozenset[str]:
    """Return the values of a parameter that may be repeated or hold several, joined by commas."""
    sent = head.queries.get(name) or (head.query.get(name, ""),)
    return frozenset(part for value in sent for part in value.split(",") if part)


def _limit(sent: str) -> int:
    if _INTEGER.fullmatch(sent) is None or not 1 <= int(sent) <= MAX_PAGE:
        raise bad_request(
            f"limit must be between 1 and {MAX_PAGE} (rejected value: {spelled(sent)})"
        )
    return int(sent)


def _page_token(sent: str) -> int:
    if _INTEGER.fullmatch(sent) is None or int(sent) > MAX_ORDER_ID:
        raise bad_request(f"Type mismatch: {spelled(sent)}")
    return int(sent)


def _refusal(reason: MoveRefusal, order: Order, move: Move) -> RequestRefusedError:
    now = order.fulfilment
    if reason is MoveRefusal.STATUS_UNKNOWN:
        return bad_request(
            f"Status not allowed: {spelled(move.status)}; allowed are: {listed(requestable())}",
            "STATUS_NOT_ALLOWED",
        )
    if reason is MoveRefusal.SUBSTATUS_UNKNOWN:
        return bad_request(
            f"Substatus not allowed: {spelled(move.substatus)}; allowed with {move.status} are: "
            f"{listed(substatuses_of(move.status))}",
            "SUBSTATUS_NOT_ALLOWED",
        )
    if reason is MoveRefusal.FINAL:
        return bad_request(
            f"No transition found: {now.status} -> {move.status}", "ORDER_IN_TERMINAL_STATE"
        )
    return bad_request(
        f"Transition {now.status} -> {move.status} is not allowed. Reason: an order of the model "
        f"{move.sales_model} in {now.status} / {now.substatus} cannot become {move.status}"
        + (f" / {move.substatus}" if move.substatus else ""),
        "STATUS_NOT_ALLOWED",
    )
