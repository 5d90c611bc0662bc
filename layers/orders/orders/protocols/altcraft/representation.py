"""An imported order as triggers hold it (Altcraft v74, orders import)."""

import orjson

from orders.domain.order import Order


def present(order: Order) -> bytes:
    """Return an Altcraft order as JSON: its external id and its sorted members.

    Defaults and statuses that lines got after the import are among them.
    """
    head = b'{"external_id":' + orjson.dumps(order.external_id)
    if order.defaults or order.overrides:
        content = orjson.dumps(order.content(), option=orjson.OPT_SORT_KEYS)
    else:
        content = order.document.encode()
    return head + b"," + content[1:]
