"""Preview an update of the states of several orders."""

from orders.application.preview_ports import Notes, NotingOrders
from orders.application.update_order_statuses import UpdateOrderStatuses


def preview_statuses(use_case: UpdateOrderStatuses, notes: Notes | None) -> UpdateOrderStatuses:
    """Return the use case that takes these notes, the real one without notes."""
    if notes is None:
        return use_case
    return UpdateOrderStatuses(
        index=use_case.index,
        orders=NotingOrders(use_case.orders, notes),
        publish_triggers=notes.publishing(),
        clock=use_case.clock,
        pause=use_case.pause,
        payloads=use_case.payloads,
    )
