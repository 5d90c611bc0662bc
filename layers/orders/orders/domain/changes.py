"""A change of one stored order, as one atomic step."""

from dataclasses import dataclass

from orders.domain.order import Order
from orders.domain.triggers import Trigger


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """An order with its aliases: the external ids it had before, by which it is still found."""

    order: Order
    aliases: tuple[str, ...] = ()

    @property
    def shop_external_id(self) -> str | None:
        """Return the external id if the shop has given it, None if the order came without one.

        The id of a renamed order was given, whatever its form.
        """
        is_given = self.was_renamed or self.order.has_own_external_id
        return self.order.external_id if is_given else None

    @property
    def was_renamed(self) -> bool:
        """Tell whether its external id was ever changed: that always leaves an alias."""
        return bool(self.aliases)


@dataclass(frozen=True, slots=True)
class OrderChange:
    """`after` takes the place of `before`, if the order and its aliases are still as in `before`.

    Where the external id differs, the order moves: the old id becomes an alias. Where it `removes`,
    the order and its aliases go; `after` is the version that the deletion counts as.
    """

    before: StoredOrder
    after: StoredOrder
    trigger: Trigger
    removes: bool = False

    @property
    def moves(self) -> bool:
        """Tell whether the order gets another external id."""
        return self.before.order.external_id != self.after.order.external_id
