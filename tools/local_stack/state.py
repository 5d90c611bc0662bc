"""The state folder, which one running stack at a time may use."""

import fcntl
import os
import shutil
import time
from io import TextIOWrapper

from tools.local_stack.errors import LocalStackError
from tools.local_stack.private_files import private_file, private_folder
from tools.local_stack.settings import StackSettings

# A stack that is stopping needs some time to end its processes.
PATIENCE_SECONDS = 5.0


class StateFolder:
    """Exclusive use of a state folder; the system releases it when the process ends."""

    def __init__(self, settings: StackSettings) -> None:
        """Claim nothing yet."""
        self._settings = settings
        self._lock: TextIOWrapper | None = None

    def claim(self) -> None:
        """Claim the folder; raise LocalStackError if another stack uses it."""
        self._settings.state.mkdir(parents=True, exist_ok=True)
        lock = (self._settings.state / "lock").open("a+")
        if not _locks(lock):
            lock.seek(0)
            raise LocalStackError(
                f"A local stack already runs in this folder, as process {lock.read().strip()}: "
                "use that stack, or stop it with Ctrl-C first."
            )
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock

    def is_claimed(self) -> bool:
        """Return whether this stack has claimed the folder."""
        return self._lock is not None

    def prepare(self) -> None:
        """Create the folders and remove what an earlier stack may have left."""
        self.clear()
        for folder in (self._settings.logs, self._settings.scratch):
            private_folder(folder)
        private_file(self._settings.events_log).close()

    def clear(self) -> None:
        """Remove the temporary files."""
        shutil.rmtree(self._settings.scratch, ignore_errors=True)

    def release(self) -> None:
        """Release the folder for the next stack."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _locks(lock: TextIOWrapper) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        else:
            return True
