"""With which channels an order was synchronized."""

from orders.protocols.commercetools.actions.parts import Context, action, with_part
from orders.protocols.commercetools.references import Reference
from orders.protocols.commercetools.requests import moment
from orders.protocols.commercetools.shapes import Tree, optional, required, text


def _update(order: Tree, sent: Tree, context: Context) -> Tree:
    """Set the entry of a channel, which has one."""
    entry = {"syncedAt": context.now, **sent}
    channels = [each["channel"]["id"] for each in order["syncInfo"]]
    if entry["channel"]["id"] not in channels:
        return {**order, "syncInfo": [*order["syncInfo"], entry]}
    position = channels.index(entry["channel"]["id"])
    return {**order, "syncInfo": with_part(order["syncInfo"], position, entry)}


ACTIONS = {
    "updateSyncInfo": action(
        _update,
        optional("externalId", text),
        required("channel", Reference("channel")),
        optional("syncedAt", moment),
    )
}
