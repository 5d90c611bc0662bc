"""The order store on DynamoDB.

Orders are read in batches of 100 and written in batches of 25 PartiQL statements, each with its own
condition: that costs one write unit per KB and lets one order fail without the others, where a
transaction costs two and fails as a whole.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched, chain
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from orders.adapters.aws_faults import (
    TRANSIENT_CODES,
    code_of,
    did_nothing,
    is_throttling,
    is_transient,
    pause_with_jitter,
)
from orders.adapters.table_keys import Key, index_key, order_key
from orders.application.ports import Deadline, Lookup, StorageRefusedError, WriteOutcome
from orders.domain.importing import Write
from orders.domain.order import Order
from orders.domain.triggers import Trigger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_log = logging.getLogger(__name__)

type Item = Mapping[str, Any]

KEYS_PER_READ = 100
PUTS_PER_BATCH = 25
STATEMENTS_PER_BATCH = 25
BATCH_BYTES = 4 * 1024 * 1024
MAX_THREADS = 16
_LOST_RACE_CODES = frozenset({"DuplicateItem", "ConditionalCheckFailed"})


@dataclass(slots=True)
class DynamoOrders:
    """OrderRepository on the single table."""

    client: DynamoDBClient
    table: str
    pause: Callable[[int, Deadline], bool] = pause_with_jitter
    _pool: ThreadPoolExecutor | None = field(default=None, init=False)

    def find(self, account: str, external_ids: Collection[str], deadline: Deadline) -> Lookup:
        """Read orders consistently; an alias leads to its order by way of the index."""
        keys = {_identity(key): name for name in external_ids for key in [order_key(account, name)]}
        items, unread = self._read(map(_key, keys), deadline)
        found = {keys[_identity(item)]: _order(account, item) for item in items if _is_order(item)}
        aliases = {
            keys[_identity(item)]: int(item["order_id"]["N"])
            for item in items
            if item["type"]["S"] == "alias"
        }
        missing = {keys[identity] for identity in unread}
        if aliases:
            behind, lost = self._behind_aliases(account, aliases, deadline)
            found |= behind
            missing |= lost
        return Lookup(found, frozenset(missing))

    def save(
        self, account: str, writes: Sequence[Write], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        """Write the index items of new orders, then every order under its own condition."""
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
            self._all(
                lambda batch: self._execute([writes[position] for position in batch], deadline),
                batches,
            ),
            strict=True,
        ):
            for position, outcome in zip(batch, answers, strict=True):
                outcomes[position] = outcome
        return outcomes

    def _behind_aliases(
        self, account: str, aliases: Mapping[str, int], deadline: Deadline
    ) -> tuple[dict[str, Order], set[str]]:
        index_keys = [index_key(account, order_id) for order_id in set(aliases.values())]
        entries, unread_entries = self._read(index_keys, deadline)
        current = {int(entry["sk"]["S"]): entry["external_id"]["S"] for entry in entries}
        order_keys = [order_key(account, name) for name in set(current.values())]
        items, unread_orders = self._read(order_keys, deadline)
        # Another rename between the reads leaves an alias here: its order is simply not found.
        behind = (_order(account, item) for item in items if _is_order(item))
        orders = {order.order_id: order for order in behind}
        found = {name: orders[number] for name, number in aliases.items() if number in orders}
        incomplete = bool(unread_entries or unread_orders)
        return found, {name for name in aliases if name not in found} if incomplete else set()

    def _read(
        self, keys: Iterable[Key], deadline: Deadline
    ) -> tuple[list[Item], set[tuple[str, str]]]:
        """Read items by their keys; return them and the keys that could not be read in time."""
        answers = self._all(
            lambda chunk: self._read_chunk(list(chunk), deadline),
            batched(keys, KEYS_PER_READ, strict=False),
        )
        items = list(chain.from_iterable(found for found, _ in answers))
        return items, {_identity(key) for _, unread in answers for key in unread}

    def _read_chunk(self, keys: list[Key], deadline: Deadline) -> tuple[list[Item], list[Key]]:
        items: list[Item] = []
        attempt = 0
        while keys and deadline.remaining() > 0:
            try:
                answer = self.client.batch_get_item(
                    RequestItems={self.table: {"Keys": keys, "ConsistentRead": True}}
                )
            except (ClientError, BotoCoreError) as error:
                if not is_transient(error):
                    raise StorageRefusedError(code_of(error)) from error
                _log.warning("reading orders failed", extra={"code": code_of(error)})
            else:
                items += answer["Responses"].get(self.table, [])
                unprocessed = answer.get("UnprocessedKeys", {}).get(self.table)
                keys = list(unprocessed["Keys"]) if unprocessed else []  # type: ignore[arg-type]
            attempt += 1
            if keys and not self.pause(attempt, deadline):
                break
        return items, keys

    def _write_index(self, account: str, orders: Sequence[Order], deadline: Deadline) -> set[int]:
        """Write the index items of new orders; return the numbers of those that were not written.

        They go first: an order must never be there without its index item. One whose order does not
        follow leads to an order with another number and is ignored.
        """
        answers = self._all(
            lambda chunk: self._put_chunk(
                [_index_item(account, order) for order in chunk], deadline
            ),
            batched(orders, PUTS_PER_BATCH, strict=False),
        )
        return {int(item["sk"]["S"]) for left in answers for item in left}

    def _put_chunk(self, items: list[dict[str, Any]], deadline: Deadline) -> list[dict[str, Any]]:
        attempt = 0
        while items and deadline.remaining() > 0:
            try:
                answer = self.client.batch_write_item(
                    RequestItems={self.table: [{"PutRequest": {"Item": item}} for item in items]}
                )
            except (ClientError, BotoCoreError) as error:
                if not is_transient(error):
                    raise StorageRefusedError(code_of(error)) from error
                _log.warning("writing index items failed", extra={"code": code_of(error)})
            else:
                left = answer.get("UnprocessedItems", {}).get(self.table, [])
                items = [dict(request["PutRequest"]["Item"]) for request in left]
            attempt += 1
            if items and not self.pause(attempt, deadline):
                break
        return items

    def _execute(self, writes: Sequence[Write], deadline: Deadline) -> list[WriteOutcome]:
        if deadline.remaining() <= 0:
            return [WriteOutcome.UNTRIED] * len(writes)
        try:
            answer = self.client.batch_execute_statement(
                Statements=[self._statement(write) for write in writes]  # type: ignore[misc]
            )
        except (ClientError, BotoCoreError) as error:
            # Raising would hide what the other batches have committed.
            passing = is_transient(error)
            level = logging.WARNING if passing else logging.ERROR
            _log.log(level, "writing orders failed", extra={"code": code_of(error)})
            if not passing:
                return [WriteOutcome.REFUSED] * len(writes)
            outcome = WriteOutcome.UNTRIED if did_nothing(error) else WriteOutcome.UNKNOWN
            return [outcome] * len(writes)
        return [_outcome(response.get("Error")) for response in answer["Responses"]]

    def _statement(self, write: Write) -> dict[str, Any]:
        item = _order_item(write)
        if write.base_version is None:
            members = ", ".join(f"'{name}': ?" for name in item)
            return {
                "Statement": f'INSERT INTO "{self.table}" VALUE {{{members}}}',
                "Parameters": list(item.values()),
            }
        key = order_key(write.order.account, write.order.external_id)
        values = {name: value for name, value in item.items() if name not in key}
        removed = [name for name in ("trigger", "update_time") if name not in values]
        clauses = [
            *(f'SET "{name}" = ?' for name in values),
            *(f'REMOVE "{name}"' for name in removed),
        ]
        return {
            "Statement": (
                f'UPDATE "{self.table}" {" ".join(clauses)} '
                'WHERE "pk" = ? AND "sk" = ? AND "version" = ?'
            ),
            "Parameters": [
                *values.values(),
                *key.values(),
                {"N": str(write.base_version)},
            ],
        }

    def _all[A, B](self, call: Callable[[A], B], arguments: Iterable[A]) -> list[B]:
        """Make the calls at the same time, results in order; a single one needs no thread."""
        calls = list(arguments)
        if len(calls) <= 1:
            return [call(argument) for argument in calls]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="dynamodb")
        return list(self._pool.map(call, calls))


def _packed(positions: Iterable[int], writes: Sequence[Write]) -> Iterator[list[int]]:
    """Split writes into batches by their number and the bytes of their documents."""
    batch: list[int] = []
    size = 0
    for position in positions:
        # A character takes at most 4 bytes; the other attributes are small beside that.
        weight = 4 * len(writes[position].order.document)
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
    _log.error("an order was refused by the table", extra={"code": code})
    return WriteOutcome.REFUSED


def _identity(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def _key(identity: tuple[str, str]) -> Key:
    return {"pk": {"S": identity[0]}, "sk": {"S": identity[1]}}


def _is_order(item: Item) -> bool:
    return bool(item["type"]["S"] == "order")


def _index_item(account: str, order: Order) -> dict[str, Any]:
    return {
        **index_key(account, order.order_id),
        "type": {"S": "index"},
        "external_id": {"S": order.external_id},
    }


def _order_item(write: Write) -> dict[str, Any]:
    order = write.order
    item: dict[str, Any] = {
        **order_key(order.account, order.external_id),
        "type": {"S": "order"},
        "order_id": {"N": str(order.order_id)},
        "version": {"N": str(order.version)},
        "status": {"S": order.status},
        "protocol": {"S": order.protocol},
        "document": {"S": order.document},
        "created_at": {"S": order.created_at.isoformat()},
        "updated_at": {"S": order.updated_at.isoformat()},
        "request_id": {"S": order.request_id},
    }
    if order.update_time is not None:
        item["update_time"] = {"S": order.update_time.isoformat()}
    if write.trigger is not None:
        item["trigger"] = {"M": _envelope(write.trigger)}
    return item


def _envelope(trigger: Trigger) -> dict[str, Any]:
    """Return what makes the written item an outbox entry: see the relay of the table's stream."""
    return {
        "id": {"S": trigger.id},
        "kind": {"S": trigger.kind},
        "request_id": {"S": trigger.order.request_id},
    }


def _order(account: str, item: Item) -> Order:
    external_id = item["pk"]["S"].removeprefix(order_key(account, "")["pk"]["S"])
    return Order(
        account=account,
        external_id=external_id,
        order_id=int(item["order_id"]["N"]),
        version=int(item["version"]["N"]),
        status=item["status"]["S"],
        protocol=item["protocol"]["S"],
        document=item["document"]["S"],
        created_at=datetime.fromisoformat(item["created_at"]["S"]),
        updated_at=datetime.fromisoformat(item["updated_at"]["S"]),
        request_id=item["request_id"]["S"],
        update_time=(
            datetime.fromisoformat(item["update_time"]["S"]) if "update_time" in item else None
        ),
    )
