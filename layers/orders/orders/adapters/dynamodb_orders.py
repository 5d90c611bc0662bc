"""The order store in DynamoDB.

Orders are read in batches of 100, and written in batches of 25 PartiQL statements. Each statement
has its own condition, so one order can fail without the others. It costs one write unit per KB. A
transaction would cost two, and would fail as a whole.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from orders.adapters.batches import BatchedTable, identity_of, key_of
from orders.adapters.dynamodb_index_entries import IndexEntries
from orders.adapters.dynamodb_order_changes import DynamoOrderChanges
from orders.adapters.order_items import (
    OPTIONAL_ATTRIBUTES,
    Item,
    indexed_id,
    indexed_name,
    insertion,
    is_alias,
    is_hidden,
    is_order,
    order_item,
    read_aliases,
    read_order,
    read_stored,
)
from orders.adapters.statements import execute, packed
from orders.adapters.table_keys import hidden_key, index_key, order_key, tombstone_key
from orders.application.errors import StorageRefusedError
from orders.application.ports import Deadline, Lookup, WriteOutcome
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.importing import Write
from orders.domain.order import Order

_log = logging.getLogger(__name__)

# After these outcomes a new order is certainly not stored.
_NEVER_WRITTEN = frozenset({WriteOutcome.CONFLICT, WriteOutcome.REFUSED})
_MAYBE_WRITTEN = frozenset({WriteOutcome.COMMITTED, WriteOutcome.UNKNOWN})


@dataclass(frozen=True, slots=True)
class _Answer:
    """The outcomes of one batch, and the error with which the table refused its index entries."""

    outcomes: Sequence[WriteOutcome]
    refusal: StorageRefusedError | None


@dataclass(slots=True)
class DynamoOrders(BatchedTable):
    """Implements OrderRepository with the single table."""

    _entries: IndexEntries = field(init=False)
    _changes: DynamoOrderChanges = field(init=False)

    def __post_init__(self) -> None:
        """Create the batched calls with the same client and pause."""
        BatchedTable.__post_init__(self)
        self._entries = IndexEntries(self.client, self.table, self._batches)
        self._changes = DynamoOrderChanges(self.client, self.table, self.pause)

    def find_by_external_ids(
        self, account: str, external_ids: Collection[str], deadline: Deadline
    ) -> Lookup:
        """Read orders consistently. The order of an alias is found through the index.

        Softly deleted orders are found through their entries, which only they have. Many large
        orders are read in several calls: each leaves the rest unread.
        """
        keys = {
            identity_of(key): name for name in external_ids for key in [order_key(account, name)]
        }
        items, unread = self._batches.read_some(map(key_of, keys), deadline)
        found = {
            keys[identity_of(item)]: read_order(account, item) for item in items if is_order(item)
        }
        aliases = {
            keys[identity_of(item)]: int(item["order_id"]["N"]) for item in items if is_alias(item)
        }
        deleted = {keys[identity_of(item)]: item for item in items if is_hidden(item)}
        missing = {keys[identity] for identity in unread}
        if aliases:
            aliased, lost = self._orders_of_aliases(account, aliases, deadline)
            found |= aliased
            missing |= lost
        known = found.keys() | missing
        unresolved = {name: number for name, number in aliases.items() if name not in known}
        if not deleted and not unresolved:
            return Lookup(found, frozenset(missing))
        hidden, lost = self._hidden_orders(account, deleted, unresolved, deadline)
        return Lookup(found, frozenset(missing | lost), hidden)

    def save(
        self, account: str, writes: Sequence[Write], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        """Write each order with its own condition, a new one after its index entry.

        The revival of an order is a transaction of its own. The batches are independent, so a
        request that runs out of time has stored some orders.
        """
        revivals = {
            position: OrderChange(hidden, replace(hidden, order=write.order), write.trigger)
            for position, write in enumerate(writes)
            for hidden in [write.revives]
            if hidden is not None
        }
        # New orders share batches, because their entries need a call too.
        positions = sorted(
            (position for position in range(len(writes)) if position not in revivals),
            key=lambda each: writes[each].base_version is not None,
        )
        batches = list(packed(positions, lambda each: _characters_of(writes[each].order)))
        parts: list[list[Write] | OrderChange] = [
            *([writes[position] for position in batch] for batch in batches),
            *revivals.values(),
        ]
        answers = self._batches.in_parallel(lambda part: self._write_part(part, deadline), parts)
        outcomes = dict(
            zip(
                chain(*batches, revivals),
                chain(*(answer.outcomes for answer in answers)),
                strict=True,
            )
        )
        refusal = next((answer.refusal for answer in answers if answer.refusal), None)
        if refusal and _MAYBE_WRITTEN.isdisjoint(outcomes.values()):
            raise refusal
        lost = [
            writes[position].order
            for position, outcome in outcomes.items()
            if writes[position].base_version is None and outcome in _NEVER_WRITTEN
        ]
        if lost:
            self._entries.take_back(account, lost, deadline)
        return [outcomes[position] for position in range(len(writes))]

    def find_deleted(
        self, account: str, order_ids: Collection[int], deadline: Deadline
    ) -> frozenset[int]:
        """Read the tombstones of orders."""
        keys = [tombstone_key(account, order_id) for order_id in order_ids]
        items = self._batches.read_all(keys, deadline)
        return frozenset(int(item["order_id"]["N"]) for item in items)

    def _hidden_orders(
        self,
        account: str,
        items: Mapping[str, Item],
        aliases: Mapping[str, int],
        deadline: Deadline,
    ) -> tuple[dict[str, StoredOrder], set[str]]:
        """Return the softly deleted orders by the requested ids, and the ids that were not read.

        `items` are those that were found by their external id, `aliases` the order ids of aliases.
        """
        direct = {name: int(item["order_id"]["N"]) for name, item in items.items()}
        numbers = {**direct, **aliases}
        keys = [hidden_key(account, number) for number in set(numbers.values())]
        entries, unread_entries = self._batches.read(keys, deadline)
        by_number = {identity_of(entry): entry for entry in entries}
        found = {identity_of(item): item for item in items.values()}
        wanted = {identity_of(order_key(account, indexed_name(entry))) for entry in entries}
        more, unread_orders = self._batches.read_some(map(key_of, wanted - found.keys()), deadline)
        found |= {identity_of(item): item for item in more if is_hidden(item)}
        hidden = {}
        for name, number in numbers.items():
            entry = by_number.get(identity_of(hidden_key(account, number)))
            item = entry and found.get(identity_of(order_key(account, indexed_name(entry))))
            # An order that was revived or deleted between the reads counts as not found.
            if entry and item and item["order_id"]["N"] == str(number):
                hidden[name] = read_stored(account, item, read_aliases(entry))
        incomplete = bool(unread_entries or unread_orders)
        return hidden, numbers.keys() - hidden.keys() if incomplete else set()

    def _orders_of_aliases(
        self, account: str, aliases: Mapping[str, int], deadline: Deadline
    ) -> tuple[dict[str, Order], set[str]]:
        index_keys = [index_key(account, order_id) for order_id in set(aliases.values())]
        entries, unread_entries = self._batches.read(index_keys, deadline)
        current = {indexed_id(entry): indexed_name(entry) for entry in entries}
        order_keys = [order_key(account, name) for name in set(current.values())]
        items, unread_orders = self._batches.read_some(order_keys, deadline)
        # An order that was renamed between the reads is now an alias here: it counts as not found.
        aliased = (read_order(account, item) for item in items if is_order(item))
        orders = {order.order_id: order for order in aliased}
        found = {name: orders[number] for name, number in aliases.items() if number in orders}
        incomplete = bool(unread_entries or unread_orders)
        return found, {name for name in aliases if name not in found} if incomplete else set()

    def _write_part(self, part: Sequence[Write] | OrderChange, deadline: Deadline) -> _Answer:
        """Write one batch, or revive one order."""
        if isinstance(part, OrderChange):
            return _Answer([self._changes.save(part, deadline)], None)
        return self._write(part, deadline)

    def _write(self, writes: Sequence[Write], deadline: Deadline) -> _Answer:
        """Write one batch: the index entries of its new orders, then the orders."""
        new = [write.order for write in writes if write.base_version is None]
        kept: Mapping[int, WriteOutcome] = {}
        refusal = None
        if new:
            try:
                kept = self._entries.insert(new[0].account, new, deadline)
            except StorageRefusedError as error:
                refusal = error
                kept = {order.order_id: WriteOutcome.REFUSED for order in new}
        ready = [
            write
            for write in writes
            if write.base_version is not None or write.order.order_id not in kept
        ]
        statements = [self._statement(write) for write in ready]
        answers = iter(execute(self.client, statements, "orders", deadline))
        outcomes = [
            kept[write.order.order_id]
            if write.base_version is None and write.order.order_id in kept
            else next(answers)
            for write in writes
        ]
        return _Answer(outcomes, refusal)

    def _statement(self, write: Write) -> dict[str, Any]:
        item = order_item(write.order, write.trigger)
        if write.base_version is None:
            return insertion(self.table, item)
        key = order_key(write.order.account, write.order.external_id)
        values = {name: value for name, value in item.items() if name not in key}
        removed = [name for name in OPTIONAL_ATTRIBUTES if name not in values]
        clauses = [
            *(f'SET "{name}" = ?' for name in values),
            *(f'REMOVE "{name}"' for name in removed),
        ]
        return {
            "Statement": (
                f'UPDATE "{self.table}" {" ".join(clauses)} '
                'WHERE "pk" = ? AND "sk" = ? AND "version" = ? AND "order_id" = ?'
            ),
            "Parameters": [
                *values.values(),
                *key.values(),
                {"N": str(write.base_version)},
                # The order may have been deleted and created again with the same version.
                item["order_id"],
            ],
        }


def _characters_of(order: Order) -> int:
    return len(order.document) + len(order.defaults) + len(order.overrides)
