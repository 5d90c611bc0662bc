"""An imported order as triggers hold it (Altcraft v74, orders import)."""

import orjson

from orders.domain.order import Order


def present(order: Order) -> bytes:
    """Return an Altcraft order as JSON: its external id and the members of its document."""
    head = b'{"external_id":' + orjson.dumps(order.external_id)
    return head + b"," + order.document[1:].encode()
