"""Create or update the custom fields and line statuses in an account's settings."""

from dataclasses import dataclass

from orders.application.errors import DefinitionsRefusedError, StorageUnavailableError
from orders.application.ports import Deadline, Pause, SettingsRepository
from orders.application.retries import attempts
from orders.domain.settings import Definitions, Settings, define

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
        if define(known, definitions) == known:
            return known, False
        # The cached settings may be old. A rejection and a write need the current ones.
        for _ in attempts(deadline, self.pause, at_most=MAX_ATTEMPTS):
            stored = self.settings.load(account, deadline, fresh=True)
            wanted = define(stored.settings, definitions)
            if wanted == stored.settings:
                return stored.settings, False
            if not isinstance(wanted, Settings):
                raise DefinitionsRefusedError(wanted)
            if self.settings.save(account, wanted, stored.version, deadline):
                return wanted, True
        raise StorageUnavailableError("other requests kept changing the account's settings")
