"""Writes in batches of PartiQL statements. Each statement has a condition and an outcome."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from orders.adapters.aws_faults import (
    LOST_RACE_CODES,
    TRANSIENT_CODES,
    code_of,
    is_throttling,
    outcome_of,
)
from orders.application.ports import Deadline, WriteOutcome

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_log = logging.getLogger(__name__)

STATEMENTS_PER_BATCH = 25
BATCH_BYTES = 4 * 1024 * 1024
# A character of UTF-8 has at most 4 bytes.
_BYTES = 4


def packed[T](writes: Iterable[T], characters_of: Callable[[T], int]) -> Iterator[list[T]]:
    """Split writes into batches that respect the limits of DynamoDB.

    `characters_of` returns the length of a write's documents. Its other attributes are small in
    comparison.
    """
    batch: list[T] = []
    size = 0
    for write in writes:
        weight = _BYTES * characters_of(write)
        if batch and (len(batch) == STATEMENTS_PER_BATCH or size + weight > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(write)
        size += weight
    if batch:
        yield batch


def execute(
    client: DynamoDBClient, statements: Sequence[Mapping[str, Any]], what: str, deadline: Deadline
) -> list[WriteOutcome]:
    """Execute one batch. Return the outcome of each statement; `what` names the items in the log.

    No call is made after the deadline.
    """
    if not statements or deadline.remaining() <= 0:
        return [WriteOutcome.UNTRIED] * len(statements)
    try:
        answer = client.batch_execute_statement(Statements=statements)  # type: ignore[arg-type]
    except (ClientError, BotoCoreError) as error:
        # An exception would hide the outcomes of the other batches.
        outcome = outcome_of(error)
        level = logging.ERROR if outcome is WriteOutcome.REFUSED else logging.WARNING
        _log.log(level, "writing %s failed", what, extra={"code": code_of(error)})
        return [outcome] * len(statements)
    return [_outcome(response.get("Error"), what) for response in answer["Responses"]]


def _outcome(error: Mapping[str, Any] | None, what: str) -> WriteOutcome:
    if error is None:
        return WriteOutcome.COMMITTED
    code = str(error.get("Code", ""))
    if code in LOST_RACE_CODES:
        return WriteOutcome.CONFLICT
    if code in TRANSIENT_CODES:
        _log.warning("writing one of the %s failed", what, extra={"code": code})
        return WriteOutcome.UNTRIED if is_throttling(code) else WriteOutcome.UNKNOWN
    _log.error("the table rejected one of the %s", what, extra={"code": code})
    return WriteOutcome.REFUSED
