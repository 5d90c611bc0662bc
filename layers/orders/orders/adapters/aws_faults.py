"""Which failures of an AWS call pass by themselves, and how long to wait for that."""

from collections.abc import Callable

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ProxyConnectionError,
)
from botocore.exceptions import ConnectionError as NoConnectionError

from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.ports import Deadline, Pause, WriteOutcome
from orders.application.retries import attempts

# Every timeout, refused or broken connection and every answer cut short descends from one of these.
TRANSPORT_FAULTS = (HTTPClientError, NoConnectionError, IncompleteReadError)
# The faults that end a call before any of it is sent. Botocore's other connection error, SSLError,
# is not among them: it is also raised while an answer is read.
_NOTHING_SENT = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)
# Answers that promise that the call did nothing.
_THROTTLING_CODES = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingError",
        "ThrottlingException",
        "TransactionConflict",
        "TransactionConflictException",
    }
)
TRANSIENT_CODES = _THROTTLING_CODES | {
    "InternalFailure",
    "InternalServerError",
    "InternalException",
    "ReplicatedWriteConflictException",
    "RequestTimeout",
    "ServiceUnavailable",
    "TransactionInProgressException",
}
_SERVER_ERROR = 500
MAX_ATTEMPTS = 4


def is_transient(error: Exception) -> bool:
    """Tell whether the same call may succeed later; for its effect see outcome_of."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return code_of(error) in TRANSIENT_CODES or status >= _SERVER_ERROR
    return isinstance(error, TRANSPORT_FAULTS)


def _did_nothing(error: Exception) -> bool:
    """Tell whether a passing fault is sure to have come before any effect of the call."""
    if isinstance(error, ClientError):
        return is_throttling(code_of(error))
    return isinstance(error, _NOTHING_SENT)


def outcome_of(error: Exception) -> WriteOutcome:
    """Return what became of a write whose call failed as a whole."""
    if not is_transient(error):
        return WriteOutcome.REFUSED
    return WriteOutcome.UNTRIED if _did_nothing(error) else WriteOutcome.UNKNOWN


def is_throttling(code: str) -> bool:
    """Tell whether AWS refuses with this code what it has not begun to do."""
    return code in _THROTTLING_CODES


def call_patiently[T](
    call: Callable[[], T],
    deadline: Deadline,
    pause: Pause,
) -> T:
    """Make a call that may be repeated, up to MAX_ATTEMPTS times and not after the deadline.

    Raises StorageUnavailableError if it does not succeed in that time, StorageRefusedError for a
    fault that does not pass.
    """
    fault: Exception = AssertionError("unreachable: the first attempt is always made")
    for _ in attempts(deadline, pause, at_most=MAX_ATTEMPTS):
        expect_time(deadline)
        try:
            return call()
        except (ClientError, BotoCoreError) as error:
            if not is_transient(error):
                raise StorageRefusedError(code_of(error)) from error
            fault = error
    raise StorageUnavailableError(code_of(fault)) from fault


def expect_time(deadline: Deadline) -> None:
    """Raise StorageUnavailableError if there is no time left to make a call."""
    if deadline.remaining() <= 0:
        raise StorageUnavailableError("no time was left")


def code_of(error: Exception) -> str:
    """Return AWS's code of an error, or the name of its class."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return type(error).__name__
