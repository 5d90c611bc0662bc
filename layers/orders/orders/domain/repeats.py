"""Requests that a client repeats under one key: each is carried out once.

A request with a key is recorded. Its repetition gets the answer of the first run, or finishes a run
that was cut off.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

# A key may be used for another request after this time.
KEPT = timedelta(hours=24)

# The end of an attempt that has ended.
NO_TIME = datetime.min.replace(tzinfo=UTC)

_SERVER_ERROR = 500
# A request that was rejected for its token or its rate was not carried out. 420 is Yandex Market's
# status.
_NOT_CARRIED_OUT = frozenset({401, 403, 420, 429})


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A key that a client has given to a request, and what tells the request from another."""

    account: str
    client: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer that each repetition of its request gets."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """What is known of a request with a key.

    `fingerprint` tells one request from another. `request_id` is the same in all runs, `attempt`
    names the last one, which ends at `ends_at` at the latest. `noted` are order ids that the runs
    have noted. `answer` is None until a run has ended with an answer to keep.
    """

    fingerprint: str
    request_id: str
    attempt: str
    ends_at: datetime
    noted: tuple[int, ...] = ()
    answer: KeptAnswer | None = None


class Verdict(Enum):
    """What a repetition of a request gets."""

    ANSWERED = "answered"  # the kept answer
    RUNNING = "running"  # another run has not ended
    CUT_OFF = "cut_off"  # the last run ended without an answer to keep: the request runs again
    OTHER_REQUEST = "other_request"  # the key belongs to another request


def judge(record: RequestRecord, fingerprint: str, now: datetime) -> Verdict:
    """Decide what a request with this fingerprint gets if its key has a record."""
    if record.fingerprint != fingerprint:
        return Verdict.OTHER_REQUEST
    if record.answer is not None:
        return Verdict.ANSWERED
    return Verdict.RUNNING if now < record.ends_at else Verdict.CUT_OFF


def is_final(status: int, *, retryable: bool) -> bool:
    """Return whether an answer is kept. `retryable` says that a retry may give a better one."""
    return status < _SERVER_ERROR and status not in _NOT_CARRIED_OUT and not retryable
