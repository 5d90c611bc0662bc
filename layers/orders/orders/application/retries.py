"""Repeated attempts: pause after each that failed, until the deadline."""

from collections.abc import Iterator
from itertools import count

from orders.application.ports import Deadline, Pause


def attempts(deadline: Deadline, pause: Pause, *, at_most: int | None = None) -> Iterator[int]:
    """Yield the number of each attempt, from 1, with a pause between two attempts.

    The caller leaves the loop when its work is done:

        for _ in attempts(deadline, pause):
            if succeeds():
                return
        raise StorageUnavailableError("no attempt succeeded in time")

    The first attempt is always yielded, whatever time is left. The loop ends after `at_most`
    attempts, or when `pause` reports that the deadline does not allow another attempt. No pause
    follows the last one of `at_most` attempts.
    """
    for attempt in count(1):
        yield attempt
        if attempt == at_most or not pause(attempt, deadline):
            return
