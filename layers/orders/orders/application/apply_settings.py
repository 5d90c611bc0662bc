"""Apply the settings that an operator declares."""

from dataclasses import dataclass

from orders.application.define_settings import MAX_ATTEMPTS
from orders.application.errors import DefinitionsRefusedError, StorageUnavailableError
from orders.application.ports import Deadline, Pause, SettingsRepository
from orders.application.retries import attempts
from orders.domain.settings import Declaration, Settings, declare


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """The settings before and after the call. They are equal if nothing changed."""

    before: Settings
    after: Settings


@dataclass(frozen=True, slots=True)
class ApplySettings:
    """Replaces the declared parts of an account's settings."""

    settings: SettingsRepository
    pause: Pause

    def __call__(
        self, account: str, declaration: Declaration, deadline: Deadline, *, dry_run: bool = False
    ) -> SettingsChange:
        """Store the declared settings and return the change. A `dry_run` stores nothing.

        Applying the same declaration again changes nothing. Raises NotFoundError for an unknown
        account, DefinitionsRefusedError, SettingsTooLargeError, and StorageUnavailableError, also
        if other requests changed the settings at every attempt.
        """
        for _ in attempts(deadline, self.pause, at_most=MAX_ATTEMPTS):
            stored = self.settings.load(account, deadline, fresh=True)
            wanted = declare(stored.settings, declaration)
            if not isinstance(wanted, Settings):
                raise DefinitionsRefusedError(wanted)
            change = SettingsChange(stored.settings, wanted)
            if dry_run or wanted == stored.settings:
                return change
            if self.settings.save(account, wanted, stored.version, deadline):
                return change
        raise StorageUnavailableError("other requests kept changing the account's settings")
