"""Calls are retried after transient errors, until the deadline."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from orders.adapters.aws_faults import MAX_ATTEMPTS, call_patiently
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from tests.support.deadlines import DEADLINE, CountingPause, FixedDeadline

THROTTLED = ClientError({"Error": {"Code": "ThrottlingException"}}, "GetItem")
DENIED = ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetItem")
UNREACHED = ConnectTimeoutError(endpoint_url="http://nowhere")


def _answering(*answers: str | Exception) -> Callable[[], str]:
    left = list(answers)

    def call() -> str:
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return call


def test_a_call_is_retried_after_a_transient_error() -> None:
    pause = CountingPause()
    assert call_patiently(_answering(THROTTLED, UNREACHED, "here"), DEADLINE, pause) == "here"
    assert pause.attempts == [1, 2]


def test_the_number_of_attempts_is_limited() -> None:
    pause = CountingPause()
    with pytest.raises(StorageUnavailableError, match="ThrottlingException"):
        call_patiently(_answering(*[THROTTLED] * MAX_ATTEMPTS), DEADLINE, pause)
    assert len(pause.attempts) == MAX_ATTEMPTS - 1


def test_there_is_no_attempt_after_the_deadline() -> None:
    with pytest.raises(StorageUnavailableError):
        call_patiently(_answering(THROTTLED), DEADLINE, CountingPause(limit=1))
    with pytest.raises(StorageUnavailableError, match="no time"):
        call_patiently(_answering(), FixedDeadline(0), CountingPause())


def test_a_permanent_error_is_raised_at_once() -> None:
    with pytest.raises(StorageRefusedError, match="AccessDeniedException"):
        call_patiently(_answering(DENIED), DEADLINE, CountingPause())
