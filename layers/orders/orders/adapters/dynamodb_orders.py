"""The order store in DynamoDB.

Orders are read in batches of 100, and written in batches of 25 PartiQL statements. Each statement
has its own condition, so one order can fail without the others. It costs one write unit per KB. A
transaction would cost two, and would fail as a whole.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from orders.adapters.aws_faults import TRANSIENT_CODES, code_of, is_throttling, outcome_of
from orders.adapters.batches import BatchedTable, identity_of, key_of
from orders.adapters.order_items import (
    OPTIONAL_ATTRIBUTES,
    Item,
    index_item,
    is_order,
    order_item,
    read_order,
)
from orders.adapters.table_keys import index_key, order_key
from orders.application.errors import StorageRefusedError
from orders.application.ports import Deadline, Lookup, WriteOutcome
from orders.domain.importing import Write
from orders.domain.order import Order

_log = logging.getLogger(__name__)

STATEMENTS_PER_BATCH = 25
BATCH_BYTES = 4 * 1024 * 1024
_LOST_RACE_CODES = frozenset({"DuplicateItem", "ConditionalCheckFailed"})


@dataclass(slots=True)
class DynamoOrders(BatchedTable):
    """Implements OrderRepository with the single table."""

    def find_by_external_ids(
        self, account: str, external_ids: Collection[str], deadline: Deadline
    ) -> Lookup:
        """Read orders consistently. The order of an alias is found through the index.

        Many large orders are read in several calls: each leaves the rest unread.
        """
        keys = {
            identity_of(key): name for name in external_ids for key in [order_key(account, name)]
        }
        items, unread = self._batches.read_some(map(key_of, keys), deadline)
        found = {
            keys[identity_of(item)]: read_order(account, item) for item in items if is_order(item)
        }
        aliases = {
            keys[identity_of(item)]: int(item["order_id"]["N"])
            for item in items
            if item["type"]["S"] == "alias"
        }
        missing = {keys[identity] for identity in unread}
        if aliases:
            aliased, lost = self._orders_of_aliases(account, aliases, deadline)
            found |= aliased
            missing |= lost
        return Lookup(found, frozenset(missing))

    def save(
        self, account: str, writes: Sequence[Write], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        """Write the index items of new orders, then each order with its own condition."""
        new = [write.order for write in writes if write.base_version is None]
        unindexed = self._write_index(account, new, deadline) if new else set()
        outcomes = [WriteOutcome.UNTRIED] * len(writes)
        ready = [
            position
            for position, write in enumerate(writes)
            if write.base_version is not None or write.order.order_id not in unindexed
        ]
        batches = list(_packed(ready, writes))
        for batch, answers in zip(
            batches,
            self._batches.in_parallel(
                lambda batch: self._execute([writes[position] for position in batch], deadline),
                batches,
            ),
            strict=True,
        ):
            for position, outcome in zip(batch, answers, strict=True):
                outcomes[position] = outcome
        return outcomes

    def _orders_of_aliases(
        self, account: str, aliases: Mapping[str, int], deadline: Deadline
    ) -> tuple[dict[str, Order], set[str]]:
        index_keys = [index_key(account, order_id) for order_id in set(aliases.values())]
        entries, unread_entries = self._batches.read(index_keys, deadline)
        current = {int(entry["sk"]["S"]): entry["external_id"]["S"] for entry in entries}
        order_keys = [order_key(account, name) for name in set(current.values())]
        items, unread_orders = self._batches.read_some(order_keys, deadline)
        # An order that was renamed between the reads is now an alias here: it counts as not found.
        aliased = (read_order(account, item) for item in items if is_order(item))
        orders = {order.order_id: order for order in aliased}
        found = {name: orders[number] for name, number in aliases.items() if number in orders}
        incomplete = bool(unread_entries or unread_orders)
        return found, {name for name in aliases if name not in found} if incomplete else set()

    def _write_index(self, account: str, orders: Sequence[Order], deadline: Deadline) -> set[int]:
        """Write the index items of new orders. Return the order ids of the unwritten ones.

        They are written first, so that each stored order has an index item. If the order is not
        written afterwards, readers ignore the index item. An existing index item is not replaced,
        because the order may have been stored by an earlier attempt and renamed since.
        """
        answers = self._batches.in_parallel(
            lambda chunk: self._insert_index(account, list(chunk), deadline),
            batched(orders, STATEMENTS_PER_BATCH, strict=False),
        )
        return {order.order_id for left in answers for order in left}

    def _insert_index(self, account: str, orders: list[Order], deadline: Deadline) -> list[Order]:
        """Insert index items until all exist. Return the orders that are still without one."""

        def insert(orders: list[Order]) -> list[Order]:
            statements = [self._insertion(index_item(account, order)) for order in orders]
            answer = self.client.batch_execute_statement(Statements=statements)  # type: ignore[arg-type]
            codes = [each.get("Error", {}).get("Code") for each in answer["Responses"]]
            refused = {str(code) for code in codes if code} - TRANSIENT_CODES - _LOST_RACE_CODES
            if refused:
                raise StorageRefusedError(", ".join(sorted(refused)))
            return [
                order for order, code in zip(orders, codes, strict=True) if code in TRANSIENT_CODES
            ]

        return self._batches.repeat(insert, orders, "writing index items failed", deadline)

    def _execute(self, writes: Sequence[Write], deadline: Deadline) -> list[WriteOutcome]:
        if deadline.remaining() <= 0:
            return [WriteOutcome.UNTRIED] * len(writes)
        try:
            answer = self.client.batch_execute_statement(
                Statements=[self._statement(write) for write in writes]  # type: ignore[misc]
            )
        except (ClientError, BotoCoreError) as error:
            # An exception would hide the outcomes of the other batches.
            outcome = outcome_of(error)
            level = logging.ERROR if outcome is WriteOutcome.REFUSED else logging.WARNING
            _log.log(level, "writing orders failed", extra={"code": code_of(error)})
            return [outcome] * len(writes)
        return [_outcome(response.get("Error")) for response in answer["Responses"]]

    def _insertion(self, item: Item) -> dict[str, Any]:
        """Return the statement that inserts an item, and fails if the key exists."""
        members = ", ".join(f"'{name}': ?" for name in item)
        return {
            "Statement": f'INSERT INTO "{self.table}" VALUE {{{members}}}',
            "Parameters": list(item.values()),
        }

    def _statement(self, write: Write) -> dict[str, Any]:
        item = order_item(write.order, write.trigger)
        if write.base_version is None:
            return self._insertion(item)
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


def _packed(positions: Iterable[int], writes: Sequence[Write]) -> Iterator[list[int]]:
    """Split the writes into batches that respect the limits of DynamoDB."""
    batch: list[int] = []
    size = 0
    for position in positions:
        # A character has at most 4 bytes. The other attributes are small in comparison.
        order = writes[position].order
        weight = 4 * (len(order.document) + len(order.defaults))
        if batch and (len(batch) == STATEMENTS_PER_BATCH or size + weight > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(position)
        size += weight
    if batch:
        yield batch


def _outcome(error: Mapping[str, Any] | None) -> WriteOutcome:
    if error is None:
        return WriteOutcome.COMMITTED
    code = str(error.get("Code", ""))
    if code in _LOST_RACE_CODES:
        return WriteOutcome.CONFLICT
    if code in TRANSIENT_CODES:
        _log.warning("writing an order failed", extra={"code": code})
        return WriteOutcome.UNTRIED if is_throttling(code) else WriteOutcome.UNKNOWN
    _log.error("the table rejected an order", extra={"code": code})
    return WriteOutcome.REFUSED
