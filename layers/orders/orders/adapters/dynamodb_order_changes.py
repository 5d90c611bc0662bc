"""The changes of one order at a time: moves to another external id, new states, deletions.

Each is one transaction of the order, its index item and its aliases, on condition that they are as
they were read.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from orders.adapters.aws_faults import MAX_ATTEMPTS, TRANSIENT_CODES, code_of, outcome_of
from orders.adapters.order_items import alias_item, order_item, tombstone_item
from orders.adapters.table_keys import index_key, order_key
from orders.application.ports import Deadline, Pause, WriteOutcome
from orders.application.retries import attempts, pause_with_jitter
from orders.domain.changes import OrderChange, StoredOrder

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_log = logging.getLogger(__name__)

_TOKEN_CHARACTERS = 36
# The place of the order's new item among the actions of a move.
_NEW_PLACE = 1


@dataclass(frozen=True, slots=True)
class DynamoOrderChanges:
    """OrderChanges on the single table."""

    client: DynamoDBClient
    table: str
    pause: Pause = pause_with_jitter

    def save(self, change: OrderChange, deadline: Deadline) -> WriteOutcome:
        """Write a change in one transaction.

        Its token makes a repeated one harmless for ten minutes: a try whose answer was lost is
        repeated, and answered as what became of the first.
        """
        actions = _actions(change, self.table)
        outcome = WriteOutcome.UNTRIED
        for _ in attempts(deadline, self.pause, at_most=MAX_ATTEMPTS):
            if deadline.remaining() <= 0:
                break
            latest = self._transact(actions, _token(change))
            if latest is WriteOutcome.UNKNOWN:
                outcome = latest
            elif latest is WriteOutcome.REFUSED and outcome is WriteOutcome.UNKNOWN:
                return outcome
            elif latest is not WriteOutcome.UNTRIED:
                return latest
        return outcome

    def _transact(self, actions: list[dict[str, Any]], token: str) -> WriteOutcome:
        try:
            self.client.transact_write_items(
                TransactItems=actions,  # type: ignore[arg-type]
                ClientRequestToken=token,
            )
        except (ClientError, BotoCoreError) as error:
            outcome = _outcome(error)
            level = logging.ERROR if outcome is WriteOutcome.REFUSED else logging.INFO
            _log.log(level, "changing an order failed", extra={"code": code_of(error)})
            return outcome
        return WriteOutcome.COMMITTED


def _actions(change: OrderChange, table: str) -> list[dict[str, Any]]:
    if change.removes:
        return _removing(change, table)
    return _moving(change, table) if change.moves else [_staying(change, table)]


def _removing(change: OrderChange, table: str) -> list[dict[str, Any]]:
    """Return a removal: the order, its index item and its aliases go, a tombstone comes."""
    before, last = change.before.order, change.after.order
    # No other order can have taken these: whatever gives or takes an alias changes the index item.
    aliases = [
        {"Delete": {"TableName": table, "Key": order_key(before.account, alias)}}
        for alias in change.before.aliases
    ]
    return [
        {
            "Delete": _unchanged(change)
            | {"TableName": table, "Key": order_key(before.account, before.external_id)}
        },
        {"Put": {"TableName": table, "Item": tombstone_item(last, change.trigger)}},
        {
            "Delete": _same_names(change.before)
            | {"TableName": table, "Key": index_key(before.account, before.order_id)}
        },
        *aliases,
    ]


def _same_names(stored: StoredOrder, **more: dict[str, Any]) -> dict[str, Any]:
    """Return the condition that an index item is still as it was read; `more` are other values."""
    aliases = {":before": _listed(stored.aliases)} if stored.aliases else {}
    return {
        "ConditionExpression": "external_id = :old AND "
        + ("aliases = :before" if aliases else "attribute_not_exists(aliases)"),
        "ExpressionAttributeValues": {
            ":old": {"S": stored.order.external_id},
            **aliases,
            **{f":{name}": value for name, value in more.items()},
        },
    }


def _moving(change: OrderChange, table: str) -> list[dict[str, Any]]:
    """Return a move: alias out of the order, order to its new place, index to lead there.

    The new place must be free, or held by an alias of the same order.
    """
    before, after = change.before.order, change.after.order
    number = {"N": str(after.order_id)}
    return [
        {
            "Put": _unchanged(change)
            | {
                "TableName": table,
                "Item": alias_item(before.account, before.external_id, before.order_id),
            }
        },
        {
            "Put": {
                "TableName": table,
                "Item": order_item(after, change.trigger),
                "ConditionExpression": (
                    "attribute_not_exists(pk) OR (#type = :alias AND order_id = :number)"
                ),
                "ExpressionAttributeNames": {"#type": "type"},
                "ExpressionAttributeValues": {":alias": {"S": "alias"}, ":number": number},
            }
        },
        {
            "Update": _same_names(
                change.before,
                new={"S": after.external_id},
                after=_listed(change.after.aliases),
                version={"N": str(after.version)},
            )
            | {
                "TableName": table,
                "Key": index_key(before.account, before.order_id),
                # The version makes each entry another one, also where the names come back.
                "UpdateExpression": (
                    "SET external_id = :new, aliases = :after, moved_in = :version"
                ),
            }
        },
    ]


def _staying(change: OrderChange, table: str) -> dict[str, Any]:
    """Return the write of an order that keeps its external id."""
    item = order_item(change.after.order, change.trigger)
    return {"Put": {"TableName": table, "Item": item, **_unchanged(change)}}


def _unchanged(change: OrderChange) -> dict[str, Any]:
    """Return the condition that the order is still as it was read."""
    return {
        "ConditionExpression": "version = :version AND order_id = :number",
        "ExpressionAttributeValues": {
            ":version": {"N": str(change.before.order.version)},
            ":number": {"N": str(change.before.order.order_id)},
        },
    }


def _token(change: OrderChange) -> str:
    """Return the idempotency key of a change: one for each version that one request writes."""
    parts = f"{change.after.order.request_id}\n{change.trigger.id}"
    return hashlib.sha256(parts.encode()).hexdigest()[:_TOKEN_CHARACTERS]


def _outcome(error: Exception) -> WriteOutcome:
    if code_of(error) == "TransactionCanceledException":
        return _outcome_of_cancellation(error)
    return outcome_of(error)


def _outcome_of_cancellation(error: Exception) -> WriteOutcome:
    """Say why a transaction was cancelled; whatever the reason, nothing of it was written."""
    response: Mapping[str, Any] = error.response if isinstance(error, ClientError) else {}
    codes = [str(reason.get("Code")) for reason in response.get("CancellationReasons", [])]
    failed = [number for number, code in enumerate(codes) if code == "ConditionalCheckFailed"]
    # With anything else in the way the new place may be held by a twin of this very change. Only a
    # move has a condition there.
    if failed == [_NEW_PLACE] and codes.count("None") == len(codes) - 1:
        return WriteOutcome.TAKEN
    if failed:
        return WriteOutcome.CONFLICT
    passing = TRANSIENT_CODES | {"None"}
    return WriteOutcome.UNTRIED if passing.issuperset(codes) else WriteOutcome.REFUSED


def _listed(aliases: Iterable[str]) -> dict[str, Any]:
    return {"L": [{"S": alias} for alias in aliases]}
