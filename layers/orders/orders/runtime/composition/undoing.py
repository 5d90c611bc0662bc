"""Composes the undo of requests in the hub's own API, also for the `orders` command."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from orders.adapters.dynamodb_change_index import DynamoChangeIndex
from orders.adapters.dynamodb_history import DynamoHistory
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.application.restore_order import RestoreOrder
from orders.application.retries import pause_with_jitter
from orders.application.trace_request import TracedStores
from orders.application.undo_request import UndoRequest
from orders.protocols.hub.access import WriteAccess
from orders.protocols.hub.representation import OrderProtocols
from orders.protocols.hub.restore_order import RestoreOrderEndpoint
from orders.protocols.hub.undo_request import UndoRequestEndpoint
from orders.runtime.composition import Aws, new_request_id, utc_now
from orders.runtime.composition.changing import earlier_runs, trigger_payloads
from orders.runtime.composition.order_protocols import (
    PROTOCOLS,
    contents,
    form_of,
    lines_of,
    present,
    summarise,
)

if TYPE_CHECKING:
    from orders.application.change_order import ChangeOrder
    from orders.application.ports import TokenRepository
    from orders.protocols.http import Endpoint

RESTORE = "/hub/v1/orders/{order_id}/restore"
UNDO = "/hub/v1/undo"
# No function answers later. A command that undoes may itself have less time.
_LONGEST_REQUEST = timedelta(seconds=30)


def undo_endpoints(
    aws: Aws, tokens: TokenRepository, change: ChangeOrder
) -> Mapping[tuple[str, str], Endpoint]:
    """Return the undo of a request and the restoration of an order, by method and resource."""
    access = WriteAccess(tokens)
    protocols = OrderProtocols(PROTOCOLS, summarise, present, lines_of, contents)
    history = DynamoHistory(aws.dynamodb, aws.environment.table)
    restore_order = RestoreOrder(change, history, form_of, utc_now)
    return {
        ("POST", RESTORE): RestoreOrderEndpoint(access, restore_order, protocols, new_request_id),
        ("POST", UNDO): UndoRequestEndpoint(
            access, _undo_request(aws, history, change), new_request_id
        ),
    }


def _undo_request(aws: Aws, history: DynamoHistory, change: ChangeOrder) -> UndoRequest:
    table = aws.environment.table
    return UndoRequest(
        stores=TracedStores(
            index=DynamoOrderIndex(aws.dynamodb, table),
            changes=DynamoChangeIndex(aws.dynamodb, table),
            history=history,
            writer=max(aws.environment.writer_lifetime().writer, _LONGEST_REQUEST),
        ),
        changes=change.changes,
        publish_triggers=change.publish_triggers,
        form_of=form_of,
        clock=utc_now,
        pause=pause_with_jitter,
        payloads=trigger_payloads(aws),
        earlier_runs=earlier_runs(aws),
    )
