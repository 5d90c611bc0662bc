"""The definitions of the account's settings that a stored order uses."""

from orders.domain.custom_fields import EntityType
from orders.domain.definition_names import DefinitionNames
from orders.domain.order import Order
from orders.domain.settings import LINE_STATUS_TYPES


def used_by(order: Order) -> DefinitionNames:
    """Return the custom fields of an order's values, and the custom statuses of its lines."""
    document = order.content()
    lines = document.get("lines", ())
    fields = {(EntityType.ORDER, name) for name in document.get("custom_fields", ())}
    fields |= {
        (EntityType.LINE_ORDER, name) for line in lines for name in line.get("custom_fields", ())
    }
    statuses = {line["status"] for line in lines if "status" in line}
    return DefinitionNames(frozenset(fields), frozenset(statuses - LINE_STATUS_TYPES.keys()))
