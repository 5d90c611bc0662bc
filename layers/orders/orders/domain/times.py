"""Times in the formats that imports and settings accept. They are stored in UTC.

To accept another format, change the expressions, PATTERN and ALLOWED. commercetools has its own
rules in `protocols/commercetools/times.py`.
"""

import re
from datetime import UTC, date, datetime, timedelta

ALLOWED = (
    "an RFC 3339 time such as 2006-01-23T15:04:05.141Z or 2006-01-23T18:04:05+03:00 (also +0300), "
    "or 2006-01-25 15:04:05 or 2006-01-25 (both are read as UTC)"
)

# What clients should send, as one expression, for the published API description. More is accepted.
PATTERN = r"^\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})?)?$"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[Tt ](?P<clock>\d{2}:\d{2}):(?P<second>\d{2})"
    r"(?:\.(?P<fraction>\d+))?(?P<zone>[Zz]|[+-]\d{2}:?[0-5]\d)?",
    re.ASCII,
)
_MICROSECOND_DIGITS = 6
_LEAP_SECOND = "60"
_LAST_MINUTE = (23, 59)


def parse_time(sent: object) -> datetime:
    """Parse a time in one of the three formats (Altcraft, orders import). Return it aware, in UTC.

    A time without a zone is read as UTC. Digits below the microsecond are dropped. Raises
    ValueError with the accepted formats as its text.
    """
    text = sent.strip() if isinstance(sent, str) else ""
    try:
        if _DATE.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        return _parse_clock_time(text)
    except (ValueError, OverflowError):
        raise ValueError(ALLOWED) from None


def parse_date(sent: object) -> date | datetime:
    """Parse a date (returns a `date`), or a date with a time of day (returns a UTC `datetime`)."""
    text = sent.strip() if isinstance(sent, str) else ""
    if _DATE.fullmatch(text):
        return parse_time(text).date()
    return parse_time(text)


def format_time(moment: date | datetime) -> str:
    """Format a time as RFC 3339 in UTC, without trailing zeros in the fraction of a second."""
    if not isinstance(moment, datetime):
        return moment.isoformat()
    utc = moment.astimezone(UTC)
    fraction = f".{utc.microsecond:06}".rstrip("0") if utc.microsecond else ""
    return f"{utc.replace(microsecond=0, tzinfo=None).isoformat()}{fraction}Z"


def utc_time(minute: str, second: str, fraction: str, zone: str | None) -> datetime:
    """Return the time that these parts of an ISO 8601 time name, aware, in UTC.

    `fraction` has at most six digits. Without a zone, the time is UTC. A leap second, which is
    23:59:60 in UTC, becomes the second that follows it. Raises ValueError and OverflowError.
    """
    is_leap = second == _LEAP_SECOND
    text = f"{minute}:{'59' if is_leap else second}.{fraction:0<6}{(zone or 'Z').upper()}"
    moment = datetime.fromisoformat(text).astimezone(UTC)
    if not is_leap:
        return moment
    if (moment.hour, moment.minute) != _LAST_MINUTE:
        raise ValueError(text)
    return moment + timedelta(seconds=1)


def _parse_clock_time(text: str) -> datetime:
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(ALLOWED)
    fraction = (match["fraction"] or "0")[:_MICROSECOND_DIGITS]
    return utc_time(f"{match['day']}T{match['clock']}", match["second"], fraction, match["zone"])
