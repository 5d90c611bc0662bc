"""One atomic change of one stored order."""

from dataclasses import dataclass, field

from orders.domain.order import Order
from orders.domain.triggers import Trigger, TriggerKind


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """An order with its aliases: former external ids by which it can still be found.

    `trigger` is the kind of the trigger of the version that the store returned, None if the request
    skipped triggers. It is not compared.
    """

    order: Order
    aliases: tuple[str, ...] = ()
    trigger: TriggerKind | None = field(default=None, compare=False)

    @property
    def shop_external_id(self) -> str | None:
        """Return the external id if the shop set it, None if it was generated.

        A renamed order has a generated id again if its first change of the id was undone.
        """
        return self.order.external_id if self.order.has_own_external_id else None

    @property
    def was_renamed(self) -> bool:
        """Return whether the external id was ever changed. Each change leaves an alias."""
        return bool(self.aliases)


@dataclass(frozen=True, slots=True)
class OrderChange:
    """Replace `before` by `after`, if the stored order and its aliases still equal `before`.

    If the external id changes, the old one becomes an alias. If `removes` is true, the order and
    its aliases are deleted, and `after` is the version that the deletion counts as. `trigger` is
    None if the caller skips triggers.
    """

    before: StoredOrder
    after: StoredOrder
    trigger: Trigger | None
    removes: bool = False

    @property
    def moves(self) -> bool:
        """Return whether the change gives the order another external id."""
        return self.before.order.external_id != self.after.order.external_id

    @property
    def hides(self) -> bool:
        """Return whether the change deletes a present order softly."""
        return self.after.order.is_hidden and not self.before.order.is_hidden

    @property
    def revives(self) -> bool:
        """Return whether the change ends a soft deletion."""
        return self.before.order.is_hidden and not self.after.order.is_hidden
