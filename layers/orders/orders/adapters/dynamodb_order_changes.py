"""Change one order: move it to another external id, change its state, delete or revive it.

Each change is one transaction on the order, its index item and its aliases. It succeeds only if
they are unchanged since they were read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orders.adapters.aws_faults import MAX_ATTEMPTS, call_patiently
from orders.adapters.batches import BatchedTable
from orders.adapters.order_items import (
    alias_item,
    hidden_entry,
    listed,
    marker_item,
    of_renamed,
    order_item,
    read_order,
    revived_entry,
    tombstone_item,
)
from orders.adapters.table_keys import (
    Key,
    hidden_key,
    index_key,
    marker_key,
    order_key,
    tombstone_key,
)
from orders.adapters.transactions import (
    MISSED,
    PASSED,
    TOKEN_CHARACTERS,
    Transaction,
    outcome_of_cancellation,
    transact,
)
from orders.application.ports import Deadline, WriteOutcome
from orders.application.retries import attempts
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.order import Order
from orders.domain.triggers import trigger_id

# The index of the order's new item in the actions of a move.
_NEW_PLACE = 1


@dataclass(slots=True)
class DynamoOrderChanges(BatchedTable):
    """Implements OrderChanges with the single table."""

    def save(self, change: OrderChange, deadline: Deadline) -> WriteOutcome:
        """Write a change in one transaction.

        An attempt whose answer was lost is repeated, and then has the outcome of the first attempt.
        """
        tries = attempts(deadline, self.pause, at_most=MAX_ATTEMPTS)
        transaction = Transaction(actions_of(change, self.table), _token(change))
        return transact(self.client, transaction, _outcome, tries, deadline)

    def save_all(
        self, changes: Sequence[OrderChange], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        """Write the changes in parallel, each in its own transaction.

        One transaction for several orders would fail for all of them if one was changed.
        """
        return self._batches.in_parallel(lambda change: self.save(change, deadline), changes)

    def is_taken(self, change: OrderChange, deadline: Deadline) -> bool:
        """Return whether another order has the new external id, by the condition of a move."""
        after = change.after.order
        answer = call_patiently(
            lambda: self.client.get_item(
                TableName=self.table,
                Key=order_key(after.account, after.external_id),
                ConsistentRead=True,
                ProjectionExpression="#type, order_id",
                ExpressionAttributeNames={"#type": "type"},
            ),
            deadline,
            self.pause,
        )
        item = answer.get("Item")
        if item is None:
            return False
        is_own_alias = item["type"]["S"] == "alias" and int(item["order_id"]["N"]) == after.order_id
        return not is_own_alias

    def find_removed(self, account: str, order_id: int, deadline: Deadline) -> Order | None:
        """Read the tombstone of an order consistently."""
        answer = call_patiently(
            lambda: self.client.get_item(
                TableName=self.table, Key=tombstone_key(account, order_id), ConsistentRead=True
            ),
            deadline,
            self.pause,
        )
        item = answer.get("Item")
        return None if item is None else read_order(account, item)


def actions_of(change: OrderChange, table: str) -> list[dict[str, Any]]:
    """Return the actions of a change in one transaction."""
    if change.removes:
        return _removing(change, table)
    if change.hides:
        return _hiding(change, table)
    if change.revives:
        return _reviving(change, table)
    return _moving(change, table) if change.moves else [_staying(change, table)]


def _removing(change: OrderChange, table: str) -> list[dict[str, Any]]:
    """Return a permanent deletion: delete the order, its index item and its aliases.

    Two items are put: the tombstone with the trigger, and the marker for readers of changes.
    """
    before, last = change.before.order, change.after.order
    # They still belong to this order: every change of an alias also changes the index item.
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
        {"Put": {"TableName": table, "Item": marker_item(last, change.trigger, permanent=True)}},
        {"Delete": _index_unchanged(change.before) | {"TableName": table, "Key": _place(before)}},
        *aliases,
    ]


def _hiding(change: OrderChange, table: str) -> list[dict[str, Any]]:
    """Return a soft deletion: the order and its index item become hidden ones.

    No list, count or look-up reads these. The marker shows the deletion to readers of changes.
    """
    before, last = change.before.order, change.after.order
    return [
        _staying(change, table),
        {"Put": {"TableName": table, "Item": hidden_entry(change.after)}},
        {"Put": {"TableName": table, "Item": marker_item(last, change.trigger, permanent=False)}},
        {"Delete": _index_unchanged(change.before) | {"TableName": table, "Key": _place(before)}},
    ]


def _reviving(change: OrderChange, table: str) -> list[dict[str, Any]]:
    """Return the end of a soft deletion: what it hid comes back, and its marker goes."""
    before = change.before.order
    return [
        _staying(change, table),
        {"Put": {"TableName": table, "Item": revived_entry(change.after)}},
        {"Delete": {"TableName": table, "Key": marker_key(before.account, before.order_id)}},
        {"Delete": _index_unchanged(change.before) | {"TableName": table, "Key": _place(before)}},
    ]


def _place(order: Order) -> Key:
    """Return the key of the item that has the name and the aliases of an order."""
    key = hidden_key if order.is_hidden else index_key
    return key(order.account, order.order_id)


def _index_unchanged(stored: StoredOrder, **more: dict[str, Any]) -> dict[str, Any]:
    """Return the condition that an index item is unchanged. `more` are further values."""
    aliases = {":before": listed(stored.aliases)} if stored.aliases else {}
    return {
        "ConditionExpression": "#name = :old AND "
        + ("aliases = :before" if aliases else "attribute_not_exists(aliases)"),
        "ExpressionAttributeNames": {"#name": "name"},
        "ExpressionAttributeValues": {
            ":old": {"S": stored.order.external_id},
            **aliases,
            **{f":{name}": value for name, value in more.items()},
        },
    }


def _moving(change: OrderChange, table: str) -> list[dict[str, Any]]:
    """Return a move: the old item becomes an alias, the order gets a new item, the index changes.

    No other order may have the new external id. It may be an alias of the same order.
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
                "Item": of_renamed(order_item(after, change.trigger)),
                "ConditionExpression": (
                    "attribute_not_exists(pk) OR (#type = :alias AND order_id = :number)"
                ),
                "ExpressionAttributeNames": {"#type": "type"},
                "ExpressionAttributeValues": {":alias": {"S": "alias"}, ":number": number},
            }
        },
        {
            "Update": _index_unchanged(
                change.before,
                new={"S": after.external_id},
                after=listed(change.after.aliases),
                version={"N": str(after.version)},
            )
            | {
                "TableName": table,
                "Key": index_key(before.account, before.order_id),
                # The version makes each index item unique, even if the same names come back.
                "UpdateExpression": ("SET #name = :new, aliases = :after, moved_in = :version"),
            }
        },
    ]


def _staying(change: OrderChange, table: str) -> dict[str, Any]:
    """Return the write of an order whose external id does not change."""
    item = order_item(change.after.order, change.trigger)
    if change.after.was_renamed:
        item = of_renamed(item)
    return {"Put": {"TableName": table, "Item": item, **_unchanged(change)}}


def _unchanged(change: OrderChange) -> dict[str, Any]:
    """Return the condition that the order is unchanged since it was read."""
    return {
        "ConditionExpression": "version = :version AND order_id = :number",
        "ExpressionAttributeValues": {
            ":version": {"N": str(change.before.order.version)},
            ":number": {"N": str(change.before.order.order_id)},
        },
    }


def _token(change: OrderChange) -> str:
    """Return the idempotency token of a change. It is unique to a request, a version and its time.

    An import that tries a version again gives it another time.
    """
    after = change.after.order
    name = trigger_id(after.account, after.order_id, after.version)
    parts = f"{after.request_id}\n{name}\n{after.updated_at.isoformat()}"
    return hashlib.sha256(parts.encode()).hexdigest()[:TOKEN_CHARACTERS]


def _outcome(codes: Sequence[str]) -> WriteOutcome:
    """Return why the transaction of a change was cancelled."""
    failed = [number for number, code in enumerate(codes) if code == MISSED]
    # If another condition failed too, an earlier attempt of this change may have created the item.
    # Only a move has a condition at this index.
    if failed == [_NEW_PLACE] and codes.count(PASSED) == len(codes) - 1:
        return WriteOutcome.TAKEN
    return outcome_of_cancellation(codes)
