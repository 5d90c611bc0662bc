"""Define custom fields and line statuses in an account's settings."""

from orders.application.ports import Deadline, SettingsRepository, StorageUnavailableError
from orders.domain.problems import Problem
from orders.domain.settings import Definitions, Settings, define

MAX_ATTEMPTS = 8


class DefinitionsRefusedError(Exception):
    """The definitions contradict those that stored orders may use. Nothing was written."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("The definitions contradict the stored ones")
        self.problems = problems


def define_settings(
    repository: SettingsRepository, account: str, definitions: Definitions, deadline: Deadline
) -> tuple[Settings, bool]:
    """Create or update the definitions; return the settings and whether anything was written.

    Definitions equal to the stored ones write nothing. Raises DefinitionsRefusedError,
    SettingsTooLargeError, and StorageUnavailableError also when other writers keep winning.
    """
    for attempt in range(MAX_ATTEMPTS):
        stored = repository.load(account, deadline, fresh=attempt > 0)
        wanted = define(stored.settings, definitions)
        if wanted == stored.settings:
            return stored.settings, False
        if attempt == 0:
            # The copy at hand may be old: a refusal or a write needs the settings of now.
            continue
        if not isinstance(wanted, Settings):
            raise DefinitionsRefusedError(wanted)
        if repository.save(account, wanted, stored.version, deadline):
            return wanted, True
    raise StorageUnavailableError("The account's settings keep changing")
