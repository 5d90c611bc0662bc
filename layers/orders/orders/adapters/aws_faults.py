"""Classify the errors of AWS calls, and retry the calls that may succeed later."""

from collections.abc import Callable, Mapping
from typing import Any

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

# All timeouts, connection errors and truncated answers are subclasses of one of these.
TRANSPORT_FAULTS = (HTTPClientError, NoConnectionError, IncompleteReadError)
# The faults that end a call before any of it is sent. Botocore's other connection error, SSLError,
# is not among them: it is also raised while an answer is read.
_NOTHING_SENT = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)
# With these codes AWS guarantees that the call had no effect.
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
    "ConditionalRequestConflict",
    "InternalFailure",
    "InternalServerError",
    "InternalException",
    "ReplicatedWriteConflictException",
    "RequestTimeout",
    "ServiceUnavailable",
    "TransactionInProgressException",
}
# The condition of a PartiQL statement was not met: the item exists, or another request changed it.
LOST_RACE_CODES = frozenset({"DuplicateItem", "ConditionalCheckFailed"})
# The condition of a single call was not met.
CONDITION_FAILED = "ConditionalCheckFailedException"
_SERVER_ERROR = 500
MAX_ATTEMPTS = 4


def is_transient(error: Exception) -> bool:
    """Return whether the same call may succeed later. See outcome_of for its effect."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return code_of(error) in TRANSIENT_CODES or status >= _SERVER_ERROR
    return isinstance(error, TRANSPORT_FAULTS)


def _had_no_effect(error: Exception) -> bool:
    """Return whether a transient error guarantees that the call had no effect."""
    if isinstance(error, ClientError):
        return is_throttling(code_of(error))
    return isinstance(error, _NOTHING_SENT)


def outcome_of(error: Exception) -> WriteOutcome:
    """Return the outcome of a write whose call failed with this error."""
    if not is_transient(error):
        return WriteOutcome.REFUSED
    return WriteOutcome.UNTRIED if _had_no_effect(error) else WriteOutcome.UNKNOWN


def is_throttling(code: str) -> bool:
    """Return whether AWS rejected the call with this code before it had any effect."""
    return code in _THROTTLING_CODES


def call_patiently[T](
    call: Callable[[], T],
    deadline: Deadline,
    pause: Pause,
) -> T:
    """Make a call that is safe to repeat: at most MAX_ATTEMPTS times, never after the deadline.

    Raises StorageUnavailableError if no attempt succeeds in time, and StorageRefusedError for a
    permanent error.
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


def existing_item(refusal: StorageRefusedError) -> Mapping[str, Any] | None:
    """Return the item for which a condition was not met, None if AWS did not return it."""
    cause = refusal.__cause__
    response: Mapping[str, Any] = cause.response if isinstance(cause, ClientError) else {}
    return response.get("Item")


def expect_time(deadline: Deadline) -> None:
    """Raise StorageUnavailableError if there is no time left for a call."""
    if deadline.remaining() <= 0:
        raise StorageUnavailableError("no time was left")


def code_of(error: Exception) -> str:
    """Return the error code of AWS, or the name of the exception class."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return type(error).__name__
