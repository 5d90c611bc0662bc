"""Calls are retried after transient errors, until the deadline."""

from collections.abc import Callable

import pytest
from botocore import exceptions
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ProxyConnectionError,
)

from orders.adapters.aws_faults import (
    MAX_ATTEMPTS,
    TRANSPORT_FAULTS,
    call_patiently,
    code_of,
    outcome_of,
)
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.ports import WriteOutcome
from tests.support.aws_faults import LOST_ANSWERS
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


@pytest.mark.parametrize("name", LOST_ANSWERS)
def test_a_fault_that_may_have_come_after_the_effect_leaves_doubt(name: str) -> None:
    assert outcome_of(LOST_ANSWERS[name]) is WriteOutcome.UNKNOWN


@pytest.mark.parametrize(
    "fault",
    [
        UNREACHED,
        EndpointConnectionError(endpoint_url="http://nowhere"),
        ProxyConnectionError(proxy_url="http://nowhere"),
        THROTTLED,
    ],
    ids=code_of,
)
def test_a_fault_that_came_before_the_effect_leaves_none(fault: Exception) -> None:
    assert outcome_of(fault) is WriteOutcome.UNTRIED


def test_no_transport_fault_of_botocore_is_unknown_to_the_tests() -> None:
    """A new one must be put to one side or the other."""
    known = {type(fault) for fault in LOST_ANSWERS.values()}
    before = {ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError}
    faults = {
        kind
        for kind in vars(exceptions).values()
        if isinstance(kind, type) and issubclass(kind, TRANSPORT_FAULTS)
    }
    assert faults - {exceptions.ConnectionError} == known | before
