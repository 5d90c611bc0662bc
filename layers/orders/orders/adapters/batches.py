"""Reads of many items at once, what an answer leaves over repeated; calls at the same time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import batched, chain
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from orders.adapters.aws_faults import code_of, is_transient
from orders.adapters.order_items import Item
from orders.adapters.table_keys import Key
from orders.application.errors import StorageRefusedError
from orders.application.ports import Deadline, Pause
from orders.application.retries import attempts, pause_with_jitter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_log = logging.getLogger(__name__)

KEYS_PER_READ = 100
MAX_THREADS = 16

type Identity = tuple[str, str]


@dataclass(slots=True)
class Batches:
    """Batched calls to the single table. Every call may raise StorageRefusedError."""

    client: DynamoDBClient
    table: str
    pause: Pause = pause_with_jitter
    _pool: ThreadPoolExecutor | None = field(default=None, init=False)

    def read(self, keys: Iterable[Key], deadline: Deadline) -> tuple[list[Item], set[Identity]]:
        """Read items by their keys; return them and the keys that could not be read in time."""
        answers = self.in_parallel(
            lambda chunk: self._read_chunk(list(chunk), deadline),
            batched(keys, KEYS_PER_READ, strict=False),
        )
        items = list(chain.from_iterable(found for found, _ in answers))
        return items, {identity_of(key) for _, unread in answers for key in unread}

    def _read_chunk(self, keys: list[Key], deadline: Deadline) -> tuple[list[Item], list[Key]]:
        items: list[Item] = []

        def read(keys: list[Key]) -> list[Key]:
            answer = self.client.batch_get_item(
                RequestItems={self.table: {"Keys": keys, "ConsistentRead": True}}
            )
            items.extend(answer["Responses"].get(self.table, []))
            unprocessed = answer.get("UnprocessedKeys", {}).get(self.table)
            return list(unprocessed["Keys"]) if unprocessed else []  # type: ignore[arg-type]

        return items, self.repeat(read, keys, "reading items failed", deadline)

    def repeat[T](
        self, call: Callable[[list[T]], list[T]], left: list[T], failure: str, deadline: Deadline
    ) -> list[T]:
        """Make a call for what is left until nothing is; return what is left when time is up.

        `call` returns what it leaves over, and may be repeated for it. A passing fault of the call
        is logged as `failure` and leaves everything over. Raises StorageRefusedError for another.
        """
        for _ in attempts(deadline, self.pause):
            if deadline.remaining() <= 0:
                break
            try:
                left = call(left)
            except (ClientError, BotoCoreError) as error:
                if not is_transient(error):
                    raise StorageRefusedError(code_of(error)) from error
                _log.warning(failure, extra={"code": code_of(error)})
            if not left:
                break
        return left

    def in_parallel[A, B](self, call: Callable[[A], B], arguments: Iterable[A]) -> list[B]:
        """Make the calls at the same time, results in order; a single one needs no thread."""
        calls = list(arguments)
        if len(calls) <= 1:
            return [call(argument) for argument in calls]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="dynamodb")
        return list(self._pool.map(call, calls))


def identity_of(item: Item) -> Identity:
    """Return the primary key of an item, or of a key, as something that can be compared."""
    return item["pk"]["S"], item["sk"]["S"]


def key_of(identity: Identity) -> Key:
    """Return the key in DynamoDB's notation."""
    return {"pk": {"S": identity[0]}, "sk": {"S": identity[1]}}
