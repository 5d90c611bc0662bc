"""Reads incomplete ISO 8601 times, and writes times in UTC with exactly three fraction digits."""

import re
from datetime import UTC, datetime

from orders.domain.times import utc_time

_TIME = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d))?)?"
    r"(?:[Tt ](?P<hour>\d\d)(?::(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?)?"
    r"(?P<zone>[Zz]|[+-]\d\d(?::?[0-5]\d)?)?)?",
    re.ASCII,
)
_MILLISECOND_DIGITS = 3


def read_time(sent: str) -> datetime:
    """Read an ISO 8601 time, in which everything but the year is optional.

    A time without a zone is UTC. Digits below the millisecond are dropped. A leap second becomes
    the second that follows it. Raises ValueError.
    """
    found = _TIME.fullmatch(sent)
    if found is None:
        raise ValueError(sent)
    year, month, day = (found[name] or "01" for name in ("year", "month", "day"))
    hour, minute, second = (found[name] or "00" for name in ("hour", "minute", "second"))
    fraction = (found["fraction"] or "0")[:_MILLISECOND_DIGITS]
    try:
        return utc_time(f"{year}-{month}-{day}T{hour}:{minute}", second, fraction, found["zone"])
    except OverflowError:
        raise ValueError(sent) from None


def wire_time(moment: datetime) -> str:
    """Write a time in UTC with exactly three fraction digits."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return f"{utc.isoformat(timespec='milliseconds')}Z"
