"""Copies lost orders from a restored table back into the stack's table, without their triggers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from operator_cli.composition import CommandDeadline
from orders.adapters.aws_faults import code_of
from orders.adapters.batches import Batches, identity_of
from orders.adapters.dynamodb_history import DynamoHistory
from orders.adapters.dynamodb_settings import DynamoSettings
from orders.adapters.order_items import (
    Item,
    alias_item,
    hidden_entry,
    index_item,
    indexed_name,
    is_hidden,
    is_order,
    is_renamed,
    is_soft,
    of_renamed,
    order_item,
    read_aliases,
    read_envelope,
    read_order,
)
from orders.adapters.table_keys import (
    Key,
    account_of_order,
    hidden_key,
    index_key,
    marker_key,
    order_key,
)
from orders.domain.changes import StoredOrder
from orders.domain.history import OrderKey, ReplacedVersion
from orders.domain.order import Cause, Order
from orders.domain.triggers import TriggerKind

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# Versions that were lost have published triggers. A consumer ignores a version that it knows, so a
# restored order continues far above them.
VERSION_GAP = 1000
CLIENT = "operator"
_HISTORY_PAGE = 25


class Outcome(StrEnum):
    """What the restore does with one order."""

    RESTORED = "restored"
    EXISTS = "exists"  # the order, or another one with its external id
    DELETED = "deleted"  # a client deleted it within the last 90 days
    CONFLICT = "conflict"  # it was renamed later, and the renamed order is lost


@dataclass(frozen=True, slots=True)
class Restored:
    """An order as the restored table has it, and what the restore does with it."""

    order: Order
    outcome: Outcome


@dataclass(slots=True)
class RestoreOrders:
    """Copies the orders of the table `source` that the table `target` has lost."""

    client: DynamoDBClient
    source: str
    target: str
    request_id: str
    clock: Callable[[], datetime]
    deadline: Callable[[], CommandDeadline] = CommandDeadline.from_now
    _days: dict[str, int] = field(default_factory=dict)

    def __call__(self, *, is_trial: bool) -> Iterator[Restored]:
        """Yield each order of the restored table. A trial writes nothing.

        It can be repeated, and never replaces an item. Raises StorageError.
        """
        batches = Batches(self.client, self.target)
        pages = self.client.get_paginator("scan").paginate(TableName=self.source)
        for page in pages:
            items = [each for each in page["Items"] if is_order(each) or is_hidden(each)]
            orders = [read_order(account_of_order(each["pk"]["S"]), each) for each in items]
            decided = self._decide(batches, orders)
            lost = [
                (order, item)
                for order, item in zip(orders, items, strict=True)
                if decided[_key(order)] is Outcome.RESTORED
            ]
            if not is_trial:
                for account in {order.account for order, _item in lost}:
                    self._load_days(account)
                done = batches.in_parallel(lambda each: self._restore(*each), lost)
                decided |= {_key(order): done for (order, _), done in zip(lost, done, strict=True)}
            yield from (Restored(order, decided[_key(order)]) for order in orders)

    def _decide(self, batches: Batches, orders: Sequence[Order]) -> dict[OrderKey, Outcome]:
        """Compare the orders with the target. RESTORED means that they are lost."""
        keys = [key for order in orders for key in _keys_of(order)]
        found = {identity_of(each): each for each in batches.read_all(keys, self.deadline())}
        entries = {
            _key(order): found.get(identity_of(index_key(order.account, order.order_id)))
            for order in orders
        }
        renamed = [
            order_key(order.account, indexed_name(entry))
            for order in orders
            if (entry := entries[_key(order)]) and indexed_name(entry) != order.external_id
        ]
        found |= {identity_of(each): each for each in batches.read_all(renamed, self.deadline())}
        return {_key(order): _outcome(order, entries[_key(order)], found) for order in orders}

    def _restore(self, order: Order, item: Item) -> Outcome:
        """Write the order as a new version without a trigger, after everything that leads to it."""
        key = _key(order)
        place = _place(order)
        entry = self._read_source(place)
        new = (
            hidden_entry(StoredOrder(order)) if order.is_hidden else index_item(key.account, order)
        )
        self._insert(entry or new)
        marker = self._read_source(marker_key(key.account, key.order_id))
        if order.is_hidden and marker:
            self._insert(marker)
        for alias in read_aliases(entry) if entry else ():
            self._insert(alias_item(order.account, alias, order.order_id))
        after = order.next_version(Cause(self.request_id, CLIENT, self.clock(), order.protocol))
        after = replace(after, version=order.version + VERSION_GAP)
        self._copy_history(key)
        kind = TriggerKind(read_envelope(item).kind) if "trigger" in item else None
        self._keep(key.account, [ReplacedVersion(order, kind, after.updated_at)])
        written = order_item(after, None)
        is_new = self._insert(of_renamed(written) if is_renamed(item) else written)
        return Outcome.RESTORED if is_new else Outcome.EXISTS

    def _copy_history(self, key: OrderKey) -> None:
        history = DynamoHistory(self.client, self.source)
        before: int | None = None
        while True:
            page = history.find(key, before, _HISTORY_PAGE, self.deadline())
            self._keep(key.account, page.versions)
            before = page.next_before
            if before is None:
                return

    def _keep(self, account: str, versions: Sequence[ReplacedVersion]) -> None:
        kept = [(each, self._days[account]) for each in versions]
        if kept:
            DynamoHistory(self.client, self.target).keep(kept, self.deadline())

    def _load_days(self, account: str) -> None:
        if account not in self._days:
            settings = DynamoSettings(self.client, self.target).load(account, self.deadline())
            self._days[account] = settings.settings.policies.history_days

    def _read_source(self, key: Key) -> Item | None:
        answer = self.client.get_item(TableName=self.source, Key=key, ConsistentRead=True)
        return answer.get("Item")

    def _insert(self, item: dict[str, Any] | Item) -> bool:
        """Put an item if its key is free. Return whether it was."""
        try:
            self.client.put_item(
                TableName=self.target, Item=item, ConditionExpression="attribute_not_exists(pk)"
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True


def _keys_of(order: Order) -> tuple[Key, Key, Key]:
    return (
        order_key(order.account, order.external_id),
        index_key(order.account, order.order_id),
        marker_key(order.account, order.order_id),
    )


def _place(order: Order) -> Key:
    """Return the key of the item that has the name and the aliases of an order."""
    key = hidden_key if order.is_hidden else index_key
    return key(order.account, order.order_id)


def _outcome(order: Order, entry: Item | None, found: dict[tuple[str, str], Item]) -> Outcome:
    marker = found.get(identity_of(marker_key(order.account, order.order_id)))
    # The marker of a soft deletion does not mean that the hidden order still exists.
    if marker is not None and not (order.is_hidden and is_soft(marker)):
        return Outcome.DELETED
    if identity_of(order_key(order.account, order.external_id)) in found:
        return Outcome.EXISTS
    if entry is None or indexed_name(entry) == order.external_id:
        return Outcome.RESTORED
    is_there = identity_of(order_key(order.account, indexed_name(entry))) in found
    return Outcome.EXISTS if is_there else Outcome.CONFLICT


def _key(order: Order) -> OrderKey:
    return OrderKey(order.account, order.order_id)
