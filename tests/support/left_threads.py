"""Fails the last test of a file whose threads are still running after it.

Such a thread continues while the tests of other files run in its process. There it draws from the
random generator that Hypothesis watches, or finds that sockets are blocked, and another test fails.
"""

import sys
import threading
import time
from collections.abc import Collection, Generator
from pathlib import Path
from threading import Thread

import pytest

STEP_SECONDS = 0.02


def left_threads(before: set[Thread], patience: float) -> list[str]:
    """Return the names of the threads that did not run before and do not end in this time.

    The threads of a pool end with the pool, and do nothing while they wait for a call.
    """
    give_up = time.monotonic() + patience
    while (working := _working(before)) and time.monotonic() < give_up:
        working[0].join(STEP_SECONDS)
    return sorted(each.name for each in working)


def _working(before: set[Thread]) -> list[Thread]:
    known = before | {threading.current_thread()}
    return [each for each in threading.enumerate() if each not in known and not _is_idle(each)]


def _is_idle(thread: Thread) -> bool:
    """Return whether it is the thread of a pool that waits for a call."""
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - documented, in spite of its name
    if frame is None:
        return False
    function = frame.f_globals["__name__"], frame.f_code.co_name
    return function == ("concurrent.futures.thread", "_worker")


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
