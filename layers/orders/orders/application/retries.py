"""Retries: the number of attempts, and the pauses between them.

Every loop that tries again uses `attempts`, and every pause in production is `pause_with_jitter`.
"""

import time
from collections.abc import Callable, Iterator
from itertools import count
from random import SystemRandom

from orders.application.ports import Deadline, Pause

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
# Without a state of its own: environments that start from one snapshot would wait equally long.
_random = SystemRandom()


def attempts(deadline: Deadline, pause: Pause, *, at_most: int | None = None) -> Iterator[int]:
    """Yield the number of each attempt, from 1, with a pause between two attempts.

    The caller leaves the loop when its work is done:

        for _ in attempts(deadline, pause):
            if succeeds():
                return
        raise StorageUnavailableError("no attempt succeeded in time")

    The first attempt is always yielded, even if no time is left. The loop ends after `at_most`
    attempts, or when `pause` reports that the deadline does not allow another attempt. No pause
    follows the last one of `at_most` attempts.
    """
    for attempt in count(1):
        yield attempt
        if attempt == at_most or not pause(attempt, deadline):
            return


def pause_with_jitter(
    attempt: int, deadline: Deadline, sleep: Callable[[float], None] = time.sleep
) -> bool:
    """Wait a random time that grows with `attempt` (from 1). Return False if there is no time."""
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(attempt - 1, 10))
    seconds = _random.uniform(0, longest)
    if seconds >= deadline.remaining():
        return False
    sleep(seconds)
    return True
