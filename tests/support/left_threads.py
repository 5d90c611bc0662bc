"""Fails the last test of a file whose threads are still running after it.

Such a thread continues while the tests of other files run in its process. There it draws from the
random generator that Hypothesis watches, or finds that sockets are blocked, and another test fails.
"""

import threading
import time
from collections.abc import Collection, Generator
from pathlib import Path
from threading import Thread

import pytest


def left_threads(before: set[Thread], patience: float) -> list[str]:
    """Return the names of the threads that did not run before and do not end in this time."""
    give_up = time.monotonic() + patience
    known = before | {threading.current_thread()}
    new = [each for each in threading.enumerate() if each not in known]
    for each in new:
        each.join(max(0.0, give_up - time.monotonic()))
    return sorted(each.name for each in new if each.is_alive())


class LeftThreads:
    """A plugin of pytest. The files of a shared folder may use the same threads."""

    def __init__(self, patience: float, shared_folders: Collection[Path]) -> None:
        """Wait for threads that are about to end for `patience` seconds."""
        self._patience = patience
        self._shared_folders = shared_folders
        self._before: set[Thread] | None = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Generator[None]:
        """Remember which threads run before a file."""
        if self._before is None:
            self._before = set(threading.enumerate())
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None]:
        """Fail the last test of a file with threads, after all fixtures of the file have ended."""
        yield
        place = self._place(item)
        if nextitem is not None and self._place(nextitem) == place:
            return
        before, self._before = self._before, None
        left = left_threads(before or set(), self._patience)
        if left:
            pytest.fail(f"{place.name} must end its threads; still running: {', '.join(left)}")

    def _place(self, item: pytest.Item) -> Path:
        """Return what must end its threads: the file of a test, or the shared folder."""
        folder = item.path.parent
        return folder if folder in self._shared_folders else item.path
