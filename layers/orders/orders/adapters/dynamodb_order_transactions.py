"""Write orders together, and definitions with them, in one transaction.

The index entries of new orders are written before it, as those of all new orders. So an order takes
one action, and a transaction takes a hundred of them. It costs two write units per KB.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import batched
from typing import Any

from orders.adapters.batches import BatchedTable
from orders.adapters.dynamodb_index_entries import IndexEntries
from orders.adapters.dynamodb_order_changes import actions_of
from orders.adapters.dynamodb_settings import settings_put
from orders.adapters.order_items import OPTIONAL_ATTRIBUTES, order_item
from orders.adapters.settings_items import write_settings
from orders.adapters.statements import STATEMENTS_PER_BATCH
from orders.adapters.table_keys import order_key
from orders.adapters.transactions import (
    TOKEN_CHARACTERS,
    Action,
    Transaction,
    outcome_of_cancellation,
    transact,
)
from orders.application.errors import TransactionTooLargeError
from orders.application.ports import Deadline, JointWrite, WriteOutcome
from orders.application.retries import attempts
from orders.domain.changes import OrderChange
from orders.domain.importing import Write
from orders.domain.order import Order
from orders.domain.triggers import trigger_id

MAX_ACTIONS = 100
MAX_BYTES = 4 * 1024 * 1024
# What DynamoDB adds to the size of a value in a map or a list, and to that of the map or the list.
_ELEMENT_BYTES, _CONTAINER_BYTES = 1, 3


@dataclass(slots=True)
class DynamoOrderTransactions(BatchedTable):
    """Implements OrderTransactions with the single table."""

    _entries: IndexEntries = field(init=False)

    def __post_init__(self) -> None:
        """Create the batched calls with the same client and pause."""
        BatchedTable.__post_init__(self)
        self._entries = IndexEntries(self.client, self.table, self._batches)

    def save_together(self, account: str, joint: JointWrite, deadline: Deadline) -> WriteOutcome:
        """Write the index entries of the new orders, then all orders in one transaction.

        Entries without their orders are invisible. They are taken back if the transaction is
        cancelled, and a reader removes those that are left behind.
        """
        actions = self._fitting_actions(account, joint)
        new = [write.order for write in joint.writes if write.base_version is None]
        outcome = self._insert_entries(account, new, deadline)
        if outcome is WriteOutcome.COMMITTED:
            tries = attempts(deadline, self.pause)
            transaction = Transaction(actions, _token(account, joint))
            outcome = transact(self.client, transaction, outcome_of_cancellation, tries, deadline)
        if new and outcome in {WriteOutcome.CONFLICT, WriteOutcome.REFUSED}:
            self._entries.take_back(account, new, deadline)
        return outcome

    def expect_room(self, account: str, joint: JointWrite) -> None:
        """Check the number and the size of the items."""
        self._fitting_actions(account, joint)

    def _fitting_actions(self, account: str, joint: JointWrite) -> list[Action]:
        actions = _actions_of(account, joint, self.table)
        _expect_few(actions)
        _expect_small(joint, actions)
        return actions

    def _insert_entries(
        self, account: str, orders: Sequence[Order], deadline: Deadline
    ) -> WriteOutcome:
        """Write the index entries. The outcome is COMMITTED if all of them are written."""
        answers = self._batches.in_parallel(
            lambda batch: self._entries.insert(account, batch, deadline),
            batched(orders, STATEMENTS_PER_BATCH, strict=False),
        )
        kept = {outcome for answer in answers for outcome in answer.values()}
        if WriteOutcome.CONFLICT in kept:
            return WriteOutcome.CONFLICT
        return WriteOutcome.UNTRIED if kept else WriteOutcome.COMMITTED


def _actions_of(account: str, joint: JointWrite, table: str) -> list[Action]:
    actions = [action for write in joint.writes for action in _actions(write, table)]
    actions += [_check(order, table) for order in joint.unchanged]
    if joint.settings:
        change = joint.settings
        actions.append({"Put": settings_put(table, account, change.settings, change.base_version)})
    return actions


def _check(order: Order, table: str) -> Action:
    return {
        "ConditionCheck": {
            "TableName": table,
            "Key": order_key(order.account, order.external_id),
            "ConditionExpression": "version = :version AND order_id = :order_id",
            "ExpressionAttributeValues": {
                ":version": {"N": str(order.version)},
                ":order_id": {"N": str(order.order_id)},
            },
        }
    }


def _actions(write: Write, table: str) -> list[Action]:
    order = write.order
    if write.revives is not None:
        revived = replace(write.revives, order=order)
        return actions_of(OrderChange(write.revives, revived, write.trigger), table)
    item = order_item(order, write.trigger)
    if write.base_version is None:
        put = {"TableName": table, "Item": item}
        return [{"Put": {**put, "ConditionExpression": "attribute_not_exists(pk)"}}]
    key = order_key(order.account, order.external_id)
    # An update keeps the attributes that do not come with an import.
    values = {name: value for name, value in item.items() if name not in key}
    removed = [name for name in OPTIONAL_ATTRIBUTES if name not in values]
    setting = ", ".join(f"#{name} = :{name}" for name in values)
    removing = ", ".join(f"#{name}" for name in removed)
    return [
        {
            "Update": {
                "TableName": table,
                "Key": key,
                "UpdateExpression": f"SET {setting}" + (f" REMOVE {removing}" if removed else ""),
                # The order may have been deleted and created again with the same version.
                "ConditionExpression": "#version = :base AND #order_id = :order_id",
                "ExpressionAttributeNames": {f"#{name}": name for name in (*values, *removed)},
                "ExpressionAttributeValues": {
                    **{f":{name}": value for name, value in values.items()},
                    ":base": {"N": str(write.base_version)},
                },
            }
        }
    ]


def _expect_few(actions: Sequence[Action]) -> None:
    """Raise TransactionTooLargeError if the transaction has more actions than DynamoDB takes."""
    if len(actions) > MAX_ACTIONS:
        raise TransactionTooLargeError(
            f"Orders that are written together must take at most {MAX_ACTIONS} items: one for each "
            "order, four for one that ends a soft deletion, one for definitions; got "
            f"{len(actions)}"
        )


def _expect_small(joint: JointWrite, actions: Sequence[Action]) -> None:
    """Raise TransactionTooLargeError if the items are larger than DynamoDB takes."""
    size = sum(map(_size_of_action, actions))
    size += sum(_size_of_item(order_item(order, None)) for order in joint.unchanged)
    if size > MAX_BYTES:
        raise TransactionTooLargeError(
            "Orders that are written together, with the settings if the request defines something, "
            f"must have at most {MAX_BYTES // 1024} KB; got {-(-size // 1024)} KB"
        )


def _size_of_action(action: Action) -> int:
    """Return the size of the item that an action writes."""
    [parts] = action.values()
    if "Item" in parts:
        return _size_of_item(parts["Item"])
    return _size_of_item(parts["Key"]) + _size_of_item(parts.get("ExpressionAttributeValues", {}))


def _size_of_item(item: Mapping[str, Any]) -> int:
    return sum(len(name.encode()) + _size_of_value(value) for name, value in item.items())


def _size_of_value(value: Mapping[str, Any]) -> int:
    [(kind, content)] = value.items()
    match kind:
        case "M":
            return _CONTAINER_BYTES + _ELEMENT_BYTES * len(content) + _size_of_item(content)
        case "L":
            return _CONTAINER_BYTES + sum(_ELEMENT_BYTES + _size_of_value(each) for each in content)
        case "S" | "N":
            return len(content.encode())
        case _:
            return 1


def _token(account: str, joint: JointWrite) -> str:
    """Return the idempotency token of a transaction. It is unique to what is written, and when."""
    written = (
        f"{trigger_id(account, each.order_id, each.version)} {each.request_id} "
        f"{each.updated_at.isoformat()} {each.digest}"
        for each in (write.order for write in joint.writes)
    )
    checked = (f"{each.order_id} {each.version}" for each in joint.unchanged)
    change = joint.settings
    settings = (f"{change.base_version} {write_settings(change.settings)}",) if change else ()
    parts = "\n".join((account, *settings, *written, "", *checked))
    return hashlib.sha256(parts.encode()).hexdigest()[:TOKEN_CHARACTERS]
