"""Composes the Altcraft endpoints of each function.

Each function below imports its modules when it is called, because some environments serve other
protocols first.
"""

from collections.abc import Mapping
from functools import cache, partial
from http import HTTPMethod

from orders.adapters.dynamodb_tokens import DynamoTokens
from orders.protocols.altcraft.access import AccountAccess
from orders.protocols.http import Endpoint
from orders.protocols.idempotency import Identify
from orders.runtime.composition import Aws, new_request_id, utc_now
from orders.runtime.serve import Route, Service

_ROOTS = ("/api/",)
_ORDERS = "/api/v1.1/market/orders"


def import_orders() -> Service:
    """Return the orders import."""
    from orders.protocols.altcraft.answers import answer_error

    def endpoints(aws: Aws) -> Mapping[Route, Endpoint]:
        return {("POST", f"{_ORDERS}/import"): import_endpoint(aws, _access(aws))}

    return Service(_ROOTS, endpoints, answer_error, identify=_identify)


def import_endpoint(aws: Aws, access: AccountAccess) -> Endpoint:
    """Return the endpoint of the orders import, also for the `orders` command."""
    from orders.protocols.altcraft.import_orders import ImportOrdersEndpoint
    from orders.runtime.composition.importing import import_orders as import_orders_use_case
    from orders.runtime.composition.importing import import_together

    imports = import_orders_use_case(aws)
    return ImportOrdersEndpoint(
        access=access,
        import_orders=imports,
        import_together=import_together(aws, imports),
        new_request_id=new_request_id,
    )


def read_orders() -> Service:
    """Return the list of orders, the status of an order, and the answer to unknown calls."""
    from orders.adapters.dynamodb_orders import DynamoOrders
    from orders.application.find_order_by_external_id import FindOrderByExternalId
    from orders.application.follow_orders import FollowOrders
    from orders.application.get_order_by_id import GetOrderById
    from orders.protocols.altcraft.answers import answer_error
    from orders.protocols.altcraft.calls import Calls
    from orders.protocols.altcraft.get_status import GetStatusEndpoint
    from orders.protocols.altcraft.list_orders import ListOrdersEndpoint
    from orders.protocols.altcraft.named_orders import OrderFinder
    from orders.protocols.altcraft.unknown_call import refuse_unknown_call
    from orders.runtime.composition.listing import list_orders
    from orders.runtime.composition.order_protocols import summarise
    from orders.runtime.composition.stored_settings import settings_of

    def endpoints(aws: Aws) -> Mapping[Route, Endpoint]:
        table = aws.environment.table
        calls = Calls(_access(aws), settings_of(aws))
        index = list_orders(aws).index
        find = OrderFinder(
            GetOrderById(index), FindOrderByExternalId(DynamoOrders(aws.dynamodb, table))
        )
        return {
            ("POST", f"{_ORDERS}/list"): ListOrdersEndpoint(
                calls, FollowOrders(index, utc_now), summarise
            ),
            ("POST", f"{_ORDERS}/get_status"): GetStatusEndpoint(calls, find),
            **{(str(each), f"{_ORDERS}/{{call+}}"): refuse_unknown_call for each in HTTPMethod},
        }

    return Service(_ROOTS, endpoints, answer_error)


def change_orders() -> Service:
    """Return the deletion of an order, and the status of a line."""
    from orders.adapters.dynamodb_orders import DynamoOrders
    from orders.application.delete_order import DeleteOrder
    from orders.application.find_order_by_external_id import FindOrderByExternalId
    from orders.protocols.altcraft.answers import answer_error
    from orders.protocols.altcraft.calls import Calls
    from orders.protocols.altcraft.delete_order import DeleteOrderEndpoint
    from orders.protocols.altcraft.named_orders import OrderFinder
    from orders.protocols.altcraft.update_line_status import UpdateLineStatusEndpoint
    from orders.runtime.composition.changing import change_order, update_line_status
    from orders.runtime.composition.stored_settings import settings_of

    def endpoints(aws: Aws) -> Mapping[Route, Endpoint]:
        table = aws.environment.table
        calls = Calls(_access(aws), settings_of(aws))
        change = change_order(aws)
        by_id = change.get_order_by_id
        by_name = FindOrderByExternalId(DynamoOrders(aws.dynamodb, table))
        return {
            ("POST", f"{_ORDERS}/delete"): DeleteOrderEndpoint(
                calls,
                OrderFinder(by_id.with_hidden, by_name.with_hidden),
                DeleteOrder(change, utc_now),
                new_request_id,
            ),
            ("POST", f"{_ORDERS}/update_order_line_status"): UpdateLineStatusEndpoint(
                calls,
                OrderFinder(by_id, by_name),
                update_line_status(aws, change),
                new_request_id,
            ),
        }

    return Service(_ROOTS, endpoints, answer_error, identify=_identify)


def manage_catalogue() -> Service:
    """Return the imports, lists and deletions of products and SKUs, and more unknown calls."""
    from orders.protocols.altcraft.answers import answer_error
    from orders.protocols.altcraft.unknown_call import ROOT, refuse_unknown_call
    from orders.runtime.composition.catalogue_endpoints import FOLDERS, catalogue_endpoints

    def endpoints(aws: Aws) -> Mapping[Route, Endpoint]:
        unknown = [f"{folder}/{{call+}}" for folder in (ROOT, *FOLDERS.values())]
        return {
            **catalogue_endpoints(aws.dynamodb, aws.environment.table, _access(aws)),
            **{(str(each), path): refuse_unknown_call for each in HTTPMethod for path in unknown},
        }

    return Service(_ROOTS, endpoints, answer_error, identify=_identify)


def _identify(aws: Aws) -> Identify:
    from orders.protocols.altcraft.callers import caller_of

    return partial(caller_of, _access(aws))


@cache
def _access(aws: Aws) -> AccountAccess:
    return AccountAccess(DynamoTokens(aws.dynamodb, aws.environment.table))
