"""The ids of requests: one id for the log, for the stored changes and for the answer."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

# The header of every answer. Its value finds the request in the log and in histories.
REQUEST_ID_HEADER = "X-Request-Id"


@dataclass(frozen=True, slots=True)
class _Ids:
    """The id of the request that is being answered, and its own if it repeats another request."""

    answered: str
    own: str


_ids: ContextVar[_Ids | None] = ContextVar("ids", default=None)


@contextmanager
def one_request() -> Iterator[str]:
    """Begin to answer a request. Yield its id, which `request_id` returns until the end."""
    own = _new_id()
    token = _ids.set(_Ids(own, own))
    try:
        yield own
    finally:
        _ids.reset(token)


def repeat_request(first_id: str) -> None:
    """Give the request that is being answered the id of the one that it repeats."""
    ids = _ids.get()
    if ids is not None:
        _ids.set(replace(ids, answered=first_id))


def is_repeated_request() -> bool:
    """Return whether the request that is being answered repeats another one."""
    ids = _ids.get()
    return ids is not None and ids.answered != ids.own


def request_id() -> str:
    """Return the id of the request that is being answered, or a new id outside of requests."""
    ids = _ids.get()
    return _new_id() if ids is None else ids.answered


def _new_id() -> str:
    """Return a UUID of version 7 (RFC 9562, 5.7) in hexadecimal digits. Its time is the present.

    Lambda's own id is not used: it repeats in replayed sample events.
    """
    # Python 3.14 has uuid.uuid7().
    milliseconds = time.time_ns() // 1_000_000
    version, variant = 0x7 << 76, 0b10 << 62
    random = secrets.randbits(76) & ~(0b11 << 62)
    return f"{milliseconds << 80 | version | variant | random:032x}"
