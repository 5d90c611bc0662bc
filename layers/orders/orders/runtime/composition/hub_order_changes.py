"""Composes the changes of single orders in the hub's own API, also for the `orders` command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from orders.application.delete_order import DeleteOrder
from orders.application.revive_order import ReviveOrder
from orders.protocols.hub.access import WriteAccess
from orders.protocols.hub.delete_order import DeleteOrderEndpoint
from orders.protocols.hub.representation import OrderProtocols
from orders.protocols.hub.revive_order import ReviveOrderEndpoint
from orders.protocols.hub.update_line_status import UpdateLineStatusEndpoint
from orders.runtime.composition import Aws, new_request_id, utc_now
from orders.runtime.composition.changing import update_line_status
from orders.runtime.composition.order_protocols import PROTOCOLS, lines_of, present, summarise

if TYPE_CHECKING:
    from orders.application.change_order import ChangeOrder
    from orders.application.ports import TokenRepository
    from orders.protocols.http import Endpoint

ORDER = "/hub/v1/orders/{order_id}"
REVIVAL = f"{ORDER}/revive"
LINE_STATUS = f"{ORDER}/lines/{{line_id}}/status"


def order_changes(
    aws: Aws, tokens: TokenRepository, change: ChangeOrder
) -> Mapping[tuple[str, str], Endpoint]:
    """Return the deletion, the revival and the status of a line, by method and resource."""
    access = WriteAccess(tokens)
    protocols = OrderProtocols(PROTOCOLS, summarise, present, lines_of)
    return {
        ("DELETE", ORDER): DeleteOrderEndpoint(
            access, DeleteOrder(change, utc_now), new_request_id
        ),
        ("POST", REVIVAL): ReviveOrderEndpoint(
            access, ReviveOrder(change, utc_now), protocols, new_request_id
        ),
        ("PUT", LINE_STATUS): UpdateLineStatusEndpoint(
            access, update_line_status(aws, change), protocols, new_request_id
        ),
    }
