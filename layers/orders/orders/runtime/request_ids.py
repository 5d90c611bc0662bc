"""The ids of requests: one id for the log, for the stored changes and for the answer."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# The header of every answer. Its value finds the request in the log and in histories.
REQUEST_ID_HEADER = "X-Request-Id"

_answered: ContextVar[str | None] = ContextVar("answered", default=None)


@contextmanager
def one_request() -> Iterator[str]:
    """Begin to answer a request. Yield its id, which `request_id` returns until the end."""
    token = _answered.set(_new_id())
    try:
        yield request_id()
    finally:
        _answered.reset(token)


def request_id() -> str:
    """Return the id of the request that is being answered, or a new id outside of requests."""
    return _answered.get() or _new_id()


def _new_id() -> str:
    """Return a UUID of version 7 (RFC 9562, 5.7) in hexadecimal digits. Its time is the present.

    Lambda's own id is not used: it repeats in replayed sample events.
    """
    # Python 3.14 has uuid.uuid7().
    milliseconds = time.time_ns() // 1_000_000
    version, variant = 0x7 << 76, 0b10 << 62
    random = secrets.randbits(76) & ~(0b11 << 62)
    return f"{milliseconds << 80 | version | variant | random:032x}"
