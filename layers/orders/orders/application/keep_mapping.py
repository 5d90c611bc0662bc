"""Keep the mappings of columns in an account's settings, and find them by their names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orders.application.define_settings import MAX_ATTEMPTS
from orders.application.errors import (
    InvalidRequestError,
    StorageUnavailableError,
    UnknownMappingError,
)
from orders.application.ports import Deadline, Pause, SettingsRepository
from orders.application.retries import attempts
from orders.domain.kept_mappings import excess_of_mapping, with_mapping, without_mapping
from orders.domain.settings import Settings


@dataclass(frozen=True, slots=True)
class KeepMapping:
    """Adds, replaces and removes mappings. The caller has checked their content."""

    settings: SettingsRepository
    pause: Pause

    def __call__(
        self, account: str, name: str, tree: Mapping[str, object], deadline: Deadline
    ) -> bool:
        """Keep a mapping. Return whether something changed.

        Raises NotFoundError for an unknown account, InvalidRequestError for a name that breaks the
        rule and for too large or too many mappings, SettingsTooLargeError, and
        StorageUnavailableError, also if other requests changed the settings at every attempt.
        """

        def kept(settings: Settings) -> Settings:
            excess = excess_of_mapping(settings, name, tree)
            if excess:
                raise InvalidRequestError(excess)
            return with_mapping(settings, name, tree)

        return self._save(account, kept, deadline)

    def remove(self, account: str, name: str, deadline: Deadline) -> None:
        """Remove a mapping. Raises UnknownMappingError, and what a call raises."""

        def left(settings: Settings) -> Settings:
            if name not in settings.mappings:
                raise UnknownMappingError(name, settings.mappings)
            return without_mapping(settings, name)

        self._save(account, left, deadline)

    def _save(
        self, account: str, change: Callable[[Settings], Settings], deadline: Deadline
    ) -> bool:
        for _ in attempts(deadline, self.pause, at_most=MAX_ATTEMPTS):
            stored = self.settings.load(account, deadline, fresh=True)
            wanted = change(stored.settings)
            if wanted == stored.settings:
                return False
            if self.settings.save(account, wanted, stored.version, deadline):
                return True
        raise StorageUnavailableError("other requests kept changing the account's settings")


@dataclass(frozen=True, slots=True)
class FindMapping:
    """Finds the mappings of an account."""

    settings: SettingsRepository

    def __call__(self, account: str, name: str, deadline: Deadline) -> Mapping[str, object]:
        """Return the mapping that the account keeps now.

        Raises UnknownMappingError, NotFoundError for an unknown account, StorageUnavailableError
        and StorageRefusedError.
        """
        # The cached settings may have an old mapping, which would read the file wrongly.
        mappings = self.settings.load(account, deadline, fresh=True).settings.mappings
        if name not in mappings:
            raise UnknownMappingError(name, mappings)
        return mappings[name]
