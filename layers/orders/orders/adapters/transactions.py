"""Send a transaction until its outcome is known, and read why one was cancelled."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from orders.adapters.aws_faults import TRANSIENT_CODES, code_of, outcome_of
from orders.application.ports import Deadline, WriteOutcome

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_log = logging.getLogger(__name__)

TOKEN_CHARACTERS = 36
CANCELLED = "TransactionCanceledException"
MISSED = "ConditionalCheckFailed"
PASSED = "None"

type Action = dict[str, Any]
type Outcomes = Callable[[Sequence[str]], WriteOutcome]


@dataclass(frozen=True, slots=True)
class Transaction:
    """Writes that are done all or none, and their idempotency token."""

    actions: Sequence[Action]
    token: str


def transact(
    client: DynamoDBClient,
    transaction: Transaction,
    outcome_of_codes: Outcomes,
    tries: Iterable[int],
    deadline: Deadline,
) -> WriteOutcome:
    """Repeat a transaction until its outcome is known, with the same idempotency token.

    If an attempt without an answer was committed, DynamoDB answers a later one as the first,
    although the conditions are no longer met. It keeps a token for ten minutes. `tries` makes the
    pauses between attempts, and `outcome_of_codes` reads the codes of a cancelled transaction.
    """
    outcome = WriteOutcome.UNTRIED
    for _ in tries:
        if deadline.remaining() <= 0:
            break
        latest = _attempt(client, transaction, outcome_of_codes)
        if latest is WriteOutcome.UNKNOWN:
            outcome = latest
        elif latest is WriteOutcome.REFUSED and outcome is WriteOutcome.UNKNOWN:
            break
        elif latest is not WriteOutcome.UNTRIED:
            return latest
    return outcome


def outcome_of_cancellation(codes: Sequence[str]) -> WriteOutcome:
    """Return why a transaction was cancelled. A cancelled transaction writes nothing."""
    if MISSED in codes:
        return WriteOutcome.CONFLICT
    passing = TRANSIENT_CODES | {PASSED}
    return WriteOutcome.UNTRIED if passing.issuperset(codes) else WriteOutcome.REFUSED


def reasons_of(error: Exception) -> list[str]:
    """Return the code of each action of a cancelled transaction, "None" for one that could pass."""
    response: Mapping[str, Any] = error.response if isinstance(error, ClientError) else {}
    return [str(reason.get("Code")) for reason in response.get("CancellationReasons", [])]


def _attempt(
    client: DynamoDBClient, transaction: Transaction, outcome_of_codes: Outcomes
) -> WriteOutcome:
    try:
        client.transact_write_items(
            TransactItems=transaction.actions,  # type: ignore[arg-type]
            ClientRequestToken=transaction.token,
        )
    except (ClientError, BotoCoreError) as error:
        code = code_of(error)
        is_cancelled = code == CANCELLED
        outcome = outcome_of_codes(reasons_of(error)) if is_cancelled else outcome_of(error)
        level = logging.ERROR if outcome is WriteOutcome.REFUSED else logging.INFO
        _log.log(level, "writing orders in a transaction failed", extra={"code": code})
        return outcome
    return WriteOutcome.COMMITTED
