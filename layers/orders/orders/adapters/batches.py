"""Read items in batches, repeat what DynamoDB left unprocessed, and run calls in parallel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import batched, chain, islice
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from orders.adapters.aws_faults import code_of, is_transient
from orders.adapters.order_items import Item
from orders.adapters.parallel_calls import run_all
from orders.adapters.table_keys import Key
from orders.application.errors import StorageRefusedError
from orders.application.ports import Deadline, Pause
from orders.application.retries import attempts, pause_with_jitter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_log = logging.getLogger(__name__)

KEYS_PER_READ = 100
MAX_THREADS = 16
# DynamoDB answers a read of 100 items with up to 16 MB, which is in memory several times at once.
READS_AT_ONCE = 4
MAX_READ_CHARACTERS = 24 * 1024 * 1024
LARGE_CHARACTERS = 4 * 1024 * 1024

type Identity = tuple[str, str]


@dataclass(slots=True)
class Batches:
    """Batched calls to the single table. Each call may raise StorageRefusedError."""

    client: DynamoDBClient
    table: str
    pause: Pause = pause_with_jitter
    _pool: ThreadPoolExecutor | None = field(default=None, init=False)

    def read(self, keys: Iterable[Key], deadline: Deadline) -> tuple[list[Item], set[Identity]]:
        """Read items by key. Return them, and the keys that could not be read in time."""
        answers = self.in_parallel(
            lambda chunk: self._read_chunk(list(chunk), deadline),
            batched(keys, KEYS_PER_READ, strict=False),
        )
        items = list(chain.from_iterable(found for found, _ in answers))
        return items, {identity_of(key) for _, unread in answers for key in unread}

    def read_some(
        self, keys: Iterable[Key], deadline: Deadline
    ) -> tuple[list[Item], set[Identity]]:
        """Read items as `read` does, but stop after MAX_READ_CHARACTERS of their documents.

        The keys that are left then count as those that could not be read in time.
        """
        items: list[Item] = []
        unread: list[Key] = []
        chunks = batched(keys, KEYS_PER_READ, strict=False)
        characters = 0
        while characters < MAX_READ_CHARACTERS and (part := list(islice(chunks, READS_AT_ONCE))):
            answers = self.in_parallel(
                lambda chunk: self._read_chunk(list(chunk), deadline, only_once=True), part
            )
            for found, left in answers:
                items += found
                unread += left
                characters += sum(map(_characters, found))
        unread += chain.from_iterable(chunks)
        return items, set(map(identity_of, unread))

    def _read_chunk(
        self, keys: list[Key], deadline: Deadline, *, only_once: bool = False
    ) -> tuple[list[Item], list[Key]]:
        """Read items by key. With `only_once`, the keys after the first large answer are left."""
        items: list[Item] = []
        too_large: list[Key] = []

        def read(keys: list[Key]) -> list[Key]:
            answer = self.client.batch_get_item(
                RequestItems={self.table: {"Keys": keys, "ConsistentRead": True}}
            )
            items.extend(answer["Responses"].get(self.table, []))
            unprocessed = answer.get("UnprocessedKeys", {}).get(self.table)
            left: list[Key] = list(unprocessed["Keys"]) if unprocessed else []  # type: ignore[arg-type]
            if only_once and sum(map(_characters, items)) > LARGE_CHARACTERS:
                too_large.extend(left)
                return []
            return left

        return items, self.repeat(read, keys, "reading items failed", deadline) + too_large

    def repeat[T](
        self, call: Callable[[list[T]], list[T]], left: list[T], failure: str, deadline: Deadline
    ) -> list[T]:
        """Repeat a call until nothing is left to process. Return what is left at the deadline.

        `call` processes the entries of a list and returns those that it must process again. A
        transient error is logged as `failure`, and the call is repeated. Raises
        StorageRefusedError for a permanent error.
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
        """Make the calls in parallel. Return the results in the order of the arguments.

        All calls end before this one, also if one of them raises an error.
        """
        calls = list(arguments)
        if len(calls) <= 1:
            return [call(argument) for argument in calls]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="dynamodb")
        return run_all(self._pool, call, calls)


def _characters(item: Item) -> int:
    return len(item["document"]["S"]) if "document" in item else 0


def identity_of(item: Item) -> Identity:
    """Return the primary key of an item or of a key, in a form that can be compared."""
    return item["pk"]["S"], item["sk"]["S"]


def key_of(identity: Identity) -> Key:
    """Return the key in the format of DynamoDB."""
    return {"pk": {"S": identity[0]}, "sk": {"S": identity[1]}}
