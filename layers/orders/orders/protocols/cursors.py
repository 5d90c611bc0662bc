"""Cursors: how far a list was read, in a text that clients keep and send back unread.

A cursor has a version, a check value and its parts. The check value covers the list that it was
returned for, so that a cursor that was changed, cut off or sent to another list is rejected.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

type Part = int | None


class CursorError(ValueError):
    """A text is not a cursor of this list. `is_other_version` is true if it may have been one."""

    def __init__(self, *, is_other_version: bool = False) -> None:
        super().__init__()
        self.is_other_version = is_other_version


_VERSION = "1"
_FORM = re.compile(r"(?P<version>\d{1,4})\.(?P<data>[A-Za-z0-9_-]+)", re.ASCII)
_CHECK_BYTES = 9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# No time and no order id is greater.
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def write_cursor(of: str, parts: Sequence[Part]) -> str:
    """Return the cursor of a list. `of` identifies the list and all that selects its entries."""
    payload = json.dumps(list(parts), separators=(",", ":")).encode()
    data = base64.urlsafe_b64encode(_check(of, payload) + payload).rstrip(b"=").decode()
    return f"{_VERSION}.{data}"


def read_cursor(sent: str, of: str, most_characters: int) -> Sequence[Part]:
    """Return the parts of a cursor of this list. Raises CursorError."""
    found = _FORM.fullmatch(sent) if len(sent) <= most_characters else None
    if found is None:
        raise CursorError
    if found["version"] != _VERSION:
        raise CursorError(is_other_version=True)
    try:
        data = base64.urlsafe_b64decode(found["data"] + "=" * (-len(found["data"]) % 4))
    except binascii.Error:
        raise CursorError from None
    check, payload = data[:_CHECK_BYTES], data[_CHECK_BYTES:]
    if check != _check(of, payload):
        raise CursorError
    parts = _read_parts(payload)
    if sent != write_cursor(of, parts):
        raise CursorError
    return parts


def _read_parts(payload: bytes) -> Sequence[Part]:
    """Return the parts, none if they are not those of a cursor: the check value is no secret."""
    try:
        parts = json.loads(payload)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(parts, list) or not all(map(_is_part, parts)):
        return ()
    return parts


def _is_part(value: object) -> bool:
    return value is None or (type(value) is int and 0 <= value <= _LAST)


def microseconds(moment: datetime) -> int:
    """Return a time as a part of a cursor."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(part: int) -> datetime:
    """Return the time of a part."""
    return _EPOCH + part * _MICROSECOND


def _check(of: str, payload: bytes) -> bytes:
    return hashlib.sha256(of.encode(errors="backslashreplace") + b"\n" + payload).digest()[
        :_CHECK_BYTES
    ]
