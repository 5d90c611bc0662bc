"""Hourly request limits. Each window starts at a full hour."""

from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(hours=1)


def window_of(now: datetime) -> datetime:
    """Return the start of the window that contains `now`. A window is WINDOW long."""
    return now.replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Allowance:
    """The number of requests that remain in a window after the current one.

    `until` is the end of the window. After it the full limit is available again.
    """

    limit: int
    remaining: int
    until: datetime
    exceeded: bool = False


def allowance_of(limit: int, count: int, window: datetime) -> Allowance:
    """Return the allowance of a window after `count` requests."""
    return Allowance(
        limit=limit,
        remaining=max(0, limit - count),
        until=window + WINDOW,
        exceeded=count > limit,
    )
