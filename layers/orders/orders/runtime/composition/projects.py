"""The commercetools routes that read and delete orders, put together."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.dynamodb_tokens import DynamoTokens
from orders.application.delete_order import DeleteOrder
from orders.application.find_order import FindOrder
from orders.application.list_orders import ListOrders
from orders.application.page_orders import PageOrders
from orders.application.ports import Deadline
from orders.protocols.commercetools.access import ProjectAccess
from orders.protocols.commercetools.answers import guarded
from orders.protocols.commercetools.delete_order import DeleteOrderEndpoint
from orders.protocols.commercetools.read_messages import MessagesEndpoint
from orders.protocols.commercetools.read_orders import (
    GetOrderEndpoint,
    HeadEndpoint,
    OrderFinder,
    PageOrdersEndpoint,
)
from orders.protocols.http import Answered, HttpRequest, ReadBody
from orders.runtime.composition import Aws, connect, new_request_id, utc_now
from orders.runtime.composition.campaigns import change_order
from orders.runtime.composition.order_protocols import summarise

type Endpoint = Callable[[HttpRequest, ReadBody, Deadline], Answered]


def answer_project_request(
    route: tuple[str, str], head: HttpRequest, read: ReadBody, deadline: Deadline
) -> Answered:
    """Answer a request to a project. Never raises."""
    return guarded(head, lambda: project_endpoints()[route](head, read, deadline))


@cache
def project_endpoints() -> Mapping[tuple[str, str], Endpoint]:
    """Return the routes by method and resource, built once an environment at its first request."""
    return build_project_endpoints(connect())


def build_project_endpoints(aws: Aws) -> Mapping[tuple[str, str], Endpoint]:
    """Put the routes together."""
    table = aws.environment.table
    access = ProjectAccess(DynamoTokens(aws.dynamodb, table))
    change = change_order(aws)
    index = change.index
    find = OrderFinder(change.get_order, FindOrder(DynamoOrders(aws.dynamodb, table), summarise))
    get_order = GetOrderEndpoint(access, find)
    page_orders = PageOrdersEndpoint(access, find, PageOrders(index, summarise))
    delete_order = DeleteOrder(change, utc_now)
    return {
        ("GET", "/{projectKey}/orders/{ref+}"): get_order,
        ("HEAD", "/{projectKey}/orders/{ref+}"): HeadEndpoint(get_order),
        ("DELETE", "/{projectKey}/orders/{ref+}"): DeleteOrderEndpoint(
            access, find, delete_order, new_request_id
        ),
        ("GET", "/{projectKey}/orders"): page_orders,
        ("HEAD", "/{projectKey}/orders"): HeadEndpoint(replace(page_orders, must_match=True)),
        ("GET", "/{projectKey}/messages"): MessagesEndpoint(
            access, change.get_order, ListOrders(index, summarise)
        ),
    }
