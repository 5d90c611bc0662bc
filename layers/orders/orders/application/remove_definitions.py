"""Remove custom fields and line statuses from an account's settings."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from orders.application.apply_settings import SettingsChange
from orders.application.define_settings import MAX_ATTEMPTS
from orders.application.errors import (
    DefinitionsInUseError,
    NotFoundError,
    StorageUnavailableError,
)
from orders.application.ports import Deadline, OrderIndex, Pause, SettingsRepository
from orders.application.retries import attempts
from orders.domain.definition_names import DefinitionNames, not_defined, without
from orders.domain.order import Order
from orders.domain.problems import listed

# The newest orders of the account: those that shops send again, with the same fields.
RECENT_ORDERS = 1000
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Removal:
    """The settings before and after, and how many orders were searched for the definitions."""

    change: SettingsChange
    searched: int


@dataclass(frozen=True, slots=True)
class RemoveDefinitions:
    """The use case. `used_by` returns the custom fields and line statuses that an order uses."""

    settings: SettingsRepository
    index: OrderIndex
    used_by: Callable[[Order], DefinitionNames]
    pause: Pause

    def __call__(
        self, account: str, names: DefinitionNames, deadline: Deadline, *, force: bool = False
    ) -> Removal:
        """Remove the definitions, unless one of the newest RECENT_ORDERS orders uses one of them.

        With `force`, no order is searched. Orders keep the values that they hold. Raises
        NotFoundError if one of the names is not defined, DefinitionsInUseError, and
        StorageUnavailableError also when other writers keep winning.
        """
        _expect_defined(self.settings, account, names, deadline)
        searched = 0 if force else self._search(account, names, deadline)
        for _ in attempts(deadline, self.pause, at_most=MAX_ATTEMPTS):
            stored = self.settings.load(account, deadline, fresh=True)
            wanted = without(stored.settings, names)
            change = SettingsChange(stored.settings, wanted)
            if wanted == stored.settings or self.settings.save(
                account, wanted, stored.version, deadline
            ):
                return Removal(change, searched)
        raise StorageUnavailableError("The account's settings keep changing")

    def _search(self, account: str, names: DefinitionNames, deadline: Deadline) -> int:
        """Return how many orders were searched; raise DefinitionsInUseError if one uses a name."""
        uses: Counter[str] = Counter()
        searched, before = 0, None
        while searched < RECENT_ORDERS:
            page = self.index.list_orders(account, before, _PAGE, deadline)
            for stored in page.orders:
                uses.update((self.used_by(stored.order) & names).described())
            searched += len(page.orders)
            before = page.next_before
            if before is None:
                break
        if uses:
            raise DefinitionsInUseError(dict(uses), searched)
        return searched


def _expect_defined(
    settings: SettingsRepository, account: str, names: DefinitionNames, deadline: Deadline
) -> None:
    unknown = not_defined(settings.load(account, deadline, fresh=True).settings, names)
    if unknown:
        raise NotFoundError(f"The settings do not define {listed(list(unknown.described()))}")
