"""Which failures of an AWS call pass by themselves, and how long to wait for that."""

import random
import time
from collections.abc import Callable

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from orders.application.ports import Deadline

# Every timeout, refused or broken connection descends from one of the two.
TRANSPORT_FAULTS = (HTTPClientError, NoConnectionError)
TRANSIENT_CODES = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "InternalException",
        "LimitExceededException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "ThrottlingError",
        "ThrottlingException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_SERVER_ERROR = 500
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


def is_transient(error: Exception) -> bool:
    """Tell whether the same call may succeed later. Its effect is unknown in that case."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return code_of(error) in TRANSIENT_CODES or status >= _SERVER_ERROR
    return isinstance(error, TRANSPORT_FAULTS)


def code_of(error: Exception) -> str:
    """Return AWS's code of an error, or the name of its class."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return type(error).__name__


def pause_with_jitter(
    attempt: int, deadline: Deadline, sleep: Callable[[float], None] = time.sleep
) -> bool:
    """Wait a random time that grows with `attempt` (from 1); False at once if the time is up."""
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(attempt - 1, 10))
    seconds = random.uniform(0, longest)  # noqa: S311 - spreads retries, protects nothing
    if seconds >= deadline.remaining():
        return False
    sleep(seconds)
    return True
