"""Apply settings as the operator declares them."""

from dataclasses import dataclass

from orders.application.define_settings import (
    MAX_ATTEMPTS,
    DefinitionsRefusedError,
)
from orders.application.ports import Deadline, SettingsRepository, StorageUnavailableError
from orders.domain.settings import Declaration, Settings, declare


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """The settings before and after; equal if there was nothing to do."""

    before: Settings
    after: Settings


def apply_settings(
    repository: SettingsRepository,
    account: str,
    declaration: Declaration,
    deadline: Deadline,
    *,
    dry_run: bool = False,
) -> SettingsChange:
    """Store the settings as declared and return the change; with `dry_run` only return it.

    Applying the same declaration again changes nothing. Raises LookupError for an unknown account,
    DefinitionsRefusedError, SettingsTooLargeError, and StorageUnavailableError also when other
    writers keep winning.
    """
    for _ in range(MAX_ATTEMPTS):
        stored = repository.load(account, deadline, fresh=True)
        wanted = declare(stored.settings, declaration)
        if not isinstance(wanted, Settings):
            raise DefinitionsRefusedError(wanted)
        change = SettingsChange(stored.settings, wanted)
        if dry_run or wanted == stored.settings:
            return change
        if repository.save(account, wanted, stored.version, deadline):
            return change
    raise StorageUnavailableError("The account's settings keep changing")
