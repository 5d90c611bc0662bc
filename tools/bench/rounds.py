"""Counts the rounds of AWS calls of a request, and injects the time of each call.

Calls that run at the same time are one round. A call belongs to the round after those of the calls
that had ended when it began, so the number of rounds is the longest chain of calls that wait for
each other.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

# What a call takes in a Region is assumed: see costs.CALL_MS.
CALL_SECONDS = 0.010


@dataclass(slots=True)
class Rounds:
    """The calls of one request. `count` is the number of rounds."""

    seconds: float = 0.0
    calls: int = 0
    count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _mine: threading.local = field(default_factory=threading.local)

    def begin(self, **_rest: object) -> None:
        """Begin a call of this thread, and wait as long as it takes."""
        with self._lock:
            self.calls += 1
            self._mine.round = self.count + 1
        time.sleep(self.seconds)

    def end(self, **_rest: object) -> None:
        """End the call of this thread."""
        with self._lock:
            self.count = max(self.count, self._mine.round)


@contextmanager
def in_rounds(*clients: Any, seconds: float = CALL_SECONDS) -> Iterator[Rounds]:  # noqa: ANN401 - of any service
    """Count the calls of the clients inside the context. Each takes so many seconds longer."""
    rounds = Rounds(seconds)
    for client in clients:
        client.meta.events.register_first("before-send", rounds.begin)
        client.meta.events.register_first("response-received", rounds.end)
    try:
        yield rounds
    finally:
        for client in clients:
            client.meta.events.unregister("before-send", rounds.begin)
            client.meta.events.unregister("response-received", rounds.end)
