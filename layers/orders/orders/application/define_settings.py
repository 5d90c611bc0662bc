"""Define custom fields and line statuses in an account's settings, as an import sends them."""

from dataclasses import dataclass

from orders.application.errors import (
    DefinitionsRefusedError,
    SettingsTooLargeError,
    StorageUnavailableError,
)
from orders.application.ports import Deadline, Pause, SettingsRepository
from orders.application.retries import attempts
from orders.domain.definition_bounds import MAX_DEFINITIONS_BYTES
from orders.domain.definitions_by_import import define_by_import, leaves_no_room
from orders.domain.settings import Definitions, Settings

MAX_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class DefineSettings:
    """Adds definitions to an account's settings."""

    settings: SettingsRepository
    pause: Pause

    def __call__(
        self, account: str, definitions: Definitions, deadline: Deadline
    ) -> tuple[Settings, bool]:
        """Create or update the definitions. Return the settings, and whether they were written.

        Nothing is written if the stored definitions are equal. Raises DefinitionsRefusedError,
        SettingsTooLargeError, and StorageUnavailableError, also if other requests changed the
        settings at every attempt.
        """
        known = self.settings.load(account, deadline).settings
        if define_by_import(known, definitions) == known:
            return known, False
        # The cached settings may be old. A rejection and a write need the current ones.
        for _ in attempts(deadline, self.pause, at_most=MAX_ATTEMPTS):
            stored = self.settings.load(account, deadline, fresh=True)
            wanted = with_definitions(stored.settings, definitions)
            if wanted == stored.settings:
                return stored.settings, False
            if self.settings.save(account, wanted, stored.version, deadline):
                return wanted, True
        raise StorageUnavailableError("other requests kept changing the account's settings")


def with_definitions(settings: Settings, definitions: Definitions) -> Settings:
    """Return the settings with the definitions of an import.

    Raises DefinitionsRefusedError and SettingsTooLargeError.
    """
    wanted = define_by_import(settings, definitions)
    if wanted == settings:
        return settings
    if not isinstance(wanted, Settings):
        raise DefinitionsRefusedError(wanted)
    if leaves_no_room(settings, wanted):
        raise SettingsTooLargeError(
            "The custom fields and line statuses that imports define take at most "
            f"{MAX_DEFINITIONS_BYTES // 1024} KB of an account's settings"
        )
    return wanted
