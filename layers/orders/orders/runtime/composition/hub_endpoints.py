"""Composes the endpoints of the hub's own API, also for the `orders` command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from orders.adapters.dynamodb_change_index import DynamoChangeIndex
from orders.adapters.dynamodb_fingerprints import DynamoFingerprints
from orders.adapters.dynamodb_history import DynamoHistory
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.application.find_order_by_external_id import FindOrderByExternalId
from orders.application.get_order_by_id import GetOrderById
from orders.application.list_orders import ListOrders
from orders.application.ports import Clock
from orders.application.read_changes import ReadChanges
from orders.application.read_history import ReadHistory
from orders.application.reconcile import Reconcile
from orders.protocols.http import Endpoint
from orders.protocols.hub.access import ReadAccess
from orders.protocols.hub.read_changes import ReadChangesEndpoint
from orders.protocols.hub.read_history import ReadHistoryEndpoint
from orders.protocols.hub.read_orders import GetOrderEndpoint, ListOrdersEndpoint
from orders.protocols.hub.reconcile import ReconcileEndpoint
from orders.protocols.hub.representation import OrderProtocols
from orders.runtime.composition.order_protocols import (
    PROTOCOLS,
    contents,
    lines_of,
    present,
    summarise,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_ROOT = "/hub/v1"
ORDERS = f"{_ROOT}/orders"
ORDER = f"{ORDERS}/{{order_id}}"
HISTORY = f"{ORDER}/history"
CHANGES = f"{_ROOT}/changes"
RECONCILE = f"{_ROOT}/reconcile"


def hub_endpoints(
    dynamodb: DynamoDBClient, table: str, orders: ListOrders, access: ReadAccess, clock: Clock
) -> Mapping[tuple[str, str], Endpoint]:
    """Return the reads and the comparison by method and resource."""
    protocols = OrderProtocols(PROTOCOLS, summarise, present, lines_of, contents)
    by_id = GetOrderById(DynamoOrderIndex(dynamodb, table))
    by_name = FindOrderByExternalId(orders.orders)
    history = ReadHistory(by_id.index, DynamoHistory(dynamodb, table))
    changes = ReadChanges(orders.index, DynamoChangeIndex(dynamodb, table), clock)
    reconcile = Reconcile(DynamoFingerprints(dynamodb, table))
    return {
        ("GET", ORDERS): ListOrdersEndpoint(access, orders, by_name, by_id, protocols),
        ("GET", ORDER): GetOrderEndpoint(access, by_id, protocols),
        ("GET", HISTORY): ReadHistoryEndpoint(access, history, protocols),
        ("GET", CHANGES): ReadChangesEndpoint(access, changes, protocols),
        ("POST", RECONCILE): ReconcileEndpoint(access, reconcile),
    }
