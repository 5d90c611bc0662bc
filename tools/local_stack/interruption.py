"""Requests to stop. The stack checks for them between its steps, so that each step completes."""

import os
import signal
import time
from types import FrameType

POLL_SECONDS = 0.05


class StopRequestedError(Exception):
    """Somebody asked the stack to stop."""


class Interruption:
    """Detects a signal to stop, and the end of the process that started this one."""

    def __init__(self) -> None:
        """Remember the parent process, whose end counts as a request to stop."""
        self._signalled = False
        self._parent = os.getppid()

    def listen(self) -> None:
        """Record signals from now on, instead of ending at once."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def is_requested(self) -> bool:
        """Return whether the stack must stop."""
        return self._signalled or os.getppid() != self._parent

    def check(self) -> None:
        """Raise StopRequestedError if the stack must stop."""
        if self.is_requested():
            raise StopRequestedError

    def pause(self) -> None:
        """Sleep for POLL_SECONDS, then check."""
        time.sleep(POLL_SECONDS)
        self.check()

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._signalled = True
