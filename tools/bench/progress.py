"""Prints what the benchmark is doing, so that a long measurement is not silent."""

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_SECONDS_BETWEEN_LINES = 5.0


def announce(what: str) -> None:
    """Print what is measured next."""
    _print(f"{what} ...")


@dataclass(frozen=True, slots=True)
class Progress:
    """Prints a line every few seconds: what is done, how fast, and how much time is left."""

    what: str
    total: int
    seconds: Callable[[], float] = time.monotonic

    def follow(self, done: Iterable[int], first: int = 0) -> None:
        """Read the numbers of what is done until the end. `first` were done before."""
        started = printed = self.seconds()
        for number in done:
            now = self.seconds()
            if number < self.total and now - printed < _SECONDS_BETWEEN_LINES:
                continue
            printed = now
            _print(progress_line(self.what, number, self.total, number - first, now - started))


def progress_line(what: str, done: int, total: int, counted: int, seconds: float) -> str:
    """Return a line. The rate is that of the `counted` ones, which took `seconds`."""
    rate = counted / seconds if seconds else 0.0
    left = (total - done) / rate if rate else 0.0
    return f"{done:,} of {total:,} {what}, {rate:,.0f} a second, {_duration(left)} left"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
