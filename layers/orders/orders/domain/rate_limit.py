"""How many requests an hour allows, counted in windows that are aligned to the clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(hours=1)


def window_of(now: datetime) -> datetime:
    """Return the start of the window that `now` lies in; the next one starts WINDOW later."""
    return now.replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a window has left after the request at hand, which counts too.

    `until` is the end of the window, when the full limit is there again.
    """

    limit: int
    remaining: int
    until: datetime
    exceeded: bool = False


def allowance_of(limit: int, count: int, window: datetime) -> Allowance:
    """Return what is left of a window after its request number `count`."""
    return Allowance(
        limit=limit,
        remaining=max(0, limit - count),
        until=window + WINDOW,
        exceeded=count > limit,
    )
