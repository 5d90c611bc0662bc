"""The parts of the order reads and of the status change, put together."""

from collections.abc import Callable, Mapping
from functools import cache

from orders.application.list_orders import ListOrders
from orders.application.ports import Deadline
from orders.application.update_order_status import UpdateOrderStatus
from orders.protocols.http import Answered, HttpRequest, ReadBody
from orders.protocols.yandex_market.answers import guarded
from orders.protocols.yandex_market.read_orders import GetOrderEndpoint, ListOrdersEndpoint
from orders.protocols.yandex_market.update_order_status import UpdateOrderStatusEndpoint
from orders.runtime.composition import Aws, connect, new_request_id, utc_now
from orders.runtime.composition.campaigns import campaign_access, change_order

type Endpoint = Callable[[HttpRequest, ReadBody, Deadline], Answered]
# A method and a resource of the API, without the version before it and the `.json` after it.
type Route = tuple[str, str]


# Where the routes of a commercetools project begin.
PROJECT = "/{projectKey}/"


def answer_request(route: Route, head: HttpRequest, read: ReadBody, deadline: Deadline) -> Answered:
    """Answer a request in the protocol of its route. Never raises."""
    if route[1].startswith(PROJECT):
        # Costs start-up, and the environments of most sellers never need it.
        from orders.runtime.composition.projects import answer_project_request  # noqa: PLC0415

        return answer_project_request(route, head, read, deadline)
    return guarded(lambda: manage_orders_endpoints()[route](head, read, deadline))


@cache
def manage_orders_endpoints() -> Mapping[Route, Endpoint]:
    """Return the routes, built once an environment at its first request."""
    return build_manage_orders_endpoints(connect())


def build_manage_orders_endpoints(aws: Aws) -> Mapping[Route, Endpoint]:
    """Put the routes together."""
    access = campaign_access(aws)
    change = change_order(aws)
    get_order = change.get_order
    return {
        ("GET", "/campaigns/{campaignId}/orders"): ListOrdersEndpoint(
            access, ListOrders(get_order.index, get_order.summarise)
        ),
        ("GET", "/campaigns/{campaignId}/orders/{orderId}"): GetOrderEndpoint(access, get_order),
        ("PUT", "/campaigns/{campaignId}/orders/{orderId}/status"): UpdateOrderStatusEndpoint(
            access, UpdateOrderStatus(change, utc_now), new_request_id
        ),
    }
