"""Preview a change of one order."""

from dataclasses import Field, replace
from typing import Any, ClassVar, Protocol

from orders.application.change_order import ChangeOrder
from orders.application.preview_ports import Notes, NotingChanges


class OrderUseCase(Protocol):
    """A use case that writes through ChangeOrder alone."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def change_order(self) -> ChangeOrder:
        """Return what makes its change."""


def preview_change[U: OrderUseCase](use_case: U, notes: Notes | None) -> U:
    """Return the use case of one order that takes these notes, the real one without notes."""
    if notes is None:
        return use_case
    change = use_case.change_order
    noting = ChangeOrder(
        get_order_by_id=change.get_order_by_id,
        changes=NotingChanges(change.changes, notes),
        publish_triggers=notes.publishing(),
        pause=change.pause,
        reduce_change=change.reduce_change,
    )
    return replace(use_case, change_order=noting)
