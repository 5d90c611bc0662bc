"""Requests to stop, noticed between steps: nothing is ever cut off in the middle."""

import os
import signal
import time
from types import FrameType

POLL_SECONDS = 0.05


class StopRequestedError(Exception):
    """Somebody asked the stack to stop."""


class Interruption:
    """A signal to stop, or the end of the process that started this one."""

    def __init__(self) -> None:
        """Take the present parent for the one whose end is to be noticed."""
        self._signalled = False
        self._parent = os.getppid()

    def listen(self) -> None:
        """Note signals from here on, instead of dying of them."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def is_requested(self) -> bool:
        """Whether the stack is to stop."""
        return self._signalled or os.getppid() != self._parent

    def check(self) -> None:
        """Raise StopRequestedError if the stack is to stop."""
        if self.is_requested():
            raise StopRequestedError

    def pause(self) -> None:
        """Let a moment pass, then check."""
        time.sleep(POLL_SECONDS)
        self.check()

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._signalled = True
