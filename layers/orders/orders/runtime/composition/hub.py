"""Composes the endpoints of the hub's own API."""

from collections.abc import Mapping

from orders.adapters.dynamodb_change_index import DynamoChangeIndex
from orders.adapters.dynamodb_fingerprints import DynamoFingerprints
from orders.adapters.dynamodb_history import DynamoHistory
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.dynamodb_tokens import DynamoTokens
from orders.application.find_order_by_external_id import FindOrderByExternalId
from orders.application.get_order_by_id import GetOrderById
from orders.application.read_changes import ReadChanges
from orders.application.read_history import ReadHistory
from orders.application.reconcile import Reconcile
from orders.protocols.http import Endpoint
from orders.protocols.hub.access import ReadAccess
from orders.protocols.hub.answers import answer_error
from orders.protocols.hub.read_changes import ReadChangesEndpoint
from orders.protocols.hub.read_history import ReadHistoryEndpoint
from orders.protocols.hub.read_orders import ListOrdersEndpoint
from orders.protocols.hub.reconcile import ReconcileEndpoint
from orders.protocols.hub.representation import OrderProtocols
from orders.runtime.composition import Aws, utc_now
from orders.runtime.composition.listing import list_orders
from orders.runtime.composition.order_protocols import PROTOCOLS, lines_of, present, summarise
from orders.runtime.serve import Route, Service

_ROOT = "/hub/v1"
_ORDERS = f"{_ROOT}/orders"
_ORDER = f"{_ORDERS}/{{order_id}}"


def read_hub() -> Service:
    """Return the reads of orders, histories and changes, and the comparison."""
    return Service(("/hub/",), _read_hub, answer_error)


def _read_hub(aws: Aws) -> Mapping[Route, Endpoint]:
    table = aws.environment.table
    access = ReadAccess(DynamoTokens(aws.dynamodb, table))
    protocols = OrderProtocols(PROTOCOLS, summarise, present, lines_of)
    orders = list_orders(aws)
    by_id = GetOrderById(DynamoOrderIndex(aws.dynamodb, table))
    by_name = FindOrderByExternalId(DynamoOrders(aws.dynamodb, table))
    history = ReadHistory(by_id.index, DynamoHistory(aws.dynamodb, table))
    changes = ReadChanges(orders.index, DynamoChangeIndex(aws.dynamodb, table), utc_now)
    reconcile = Reconcile(DynamoFingerprints(aws.dynamodb, table))
    return {
        ("GET", _ORDERS): ListOrdersEndpoint(access, orders, by_name, by_id, protocols),
        ("GET", f"{_ORDER}/history"): ReadHistoryEndpoint(access, history, protocols),
        ("GET", f"{_ROOT}/changes"): ReadChangesEndpoint(access, changes, protocols),
        ("POST", f"{_ROOT}/reconcile"): ReconcileEndpoint(access, reconcile),
    }
