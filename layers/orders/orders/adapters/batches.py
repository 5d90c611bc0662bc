"""Read items in batches, repeat what DynamoDB left unprocessed, and run calls in parallel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import batched, chain, islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from orders.adapters.aws_faults import code_of, is_transient
from orders.adapters.order_items import Item
from orders.adapters.parallel_calls import ParallelCalls
from orders.adapters.table_keys import Key
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.ports import Deadline, Pause
from orders.application.read_sizes import MAX_IMPORT_CHARACTERS
from orders.application.retries import attempts, pause_with_jitter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_log = logging.getLogger(__name__)

KEYS_PER_READ = 100
# DynamoDB answers a read of 100 items with up to 16 MB, which is in memory several times. So
# few reads of documents go out together, and more only if the first ones were small.
FIRST_READS, MORE_READS = 1, 5

type Identity = tuple[str, str]


@dataclass(slots=True)
class _Seen:
    """Counts the characters of the documents that were read."""

    characters: int = 0

    @property
    def is_full(self) -> bool:
        return self.characters >= MAX_IMPORT_CHARACTERS

    def add(self, items: Iterable[Item]) -> None:
        self.characters += sum(len(each["document"]["S"]) for each in items if "document" in each)


@dataclass(slots=True)
class Batches:
    """Batched calls to the single table. Each call may raise StorageRefusedError."""

    client: DynamoDBClient
    table: str
    pause: Pause = pause_with_jitter
    in_parallel: ParallelCalls = field(default_factory=ParallelCalls, init=False)

    def read(
        self, keys: Iterable[Key], deadline: Deadline, attributes: Sequence[str] = ()
    ) -> tuple[list[Item], set[Identity]]:
        """Read items by key. Return them, and the keys that could not be read in time.

        With `attributes`, the items have only these and their keys.
        """
        answers = self.in_parallel(
            lambda chunk: self._read_chunk(list(chunk), deadline, attributes=attributes),
            batched(keys, KEYS_PER_READ, strict=False),
        )
        items = list(chain.from_iterable(found for found, _ in answers))
        return items, {identity_of(key) for _, unread in answers for key in unread}

    def read_all(
        self, keys: Iterable[Key], deadline: Deadline, attributes: Sequence[str] = ()
    ) -> list[Item]:
        """Read items by key. Raises StorageUnavailableError if one could not be read in time.

        With `attributes`, the items have only these and their keys.
        """
        items, unread = self.read(keys, deadline, attributes)
        if unread:
            raise StorageUnavailableError("the items could not be read in time")
        return items

    def read_some(
        self, keys: Iterable[Key], deadline: Deadline
    ) -> tuple[list[Item], set[Identity]]:
        """Read items as `read` does, but stop after MAX_IMPORT_CHARACTERS of their documents.

        The keys that are left then count as those that could not be read in time.
        """
        items: list[Item] = []
        unread: list[Key] = []
        chunks = batched(keys, KEYS_PER_READ, strict=False)
        seen = _Seen()
        at_once = FIRST_READS
        while not seen.is_full and (part := list(islice(chunks, at_once))):
            for found, left in self.in_parallel(
                lambda chunk: self._read_chunk(list(chunk), deadline, seen), part
            ):
                items += found
                unread += left
            at_once = MORE_READS
        unread += chain.from_iterable(chunks)
        return items, set(map(identity_of, unread))

    def _read_chunk(
        self,
        keys: list[Key],
        deadline: Deadline,
        seen: _Seen | None = None,
        attributes: Sequence[str] = (),
    ) -> tuple[list[Item], list[Key]]:
        """Read items by key. Once `seen` is full, no other call follows."""
        items: list[Item] = []
        too_much: list[Key] = []
        projection = _projection(attributes)

        def read(keys: list[Key]) -> list[Key]:
            request: Any = {"Keys": keys, "ConsistentRead": True, **projection}
            answer = self.client.batch_get_item(RequestItems={self.table: request})
            found = answer["Responses"].get(self.table, [])
            items.extend(found)
            unprocessed = answer.get("UnprocessedKeys", {}).get(self.table)
            left: list[Key] = list(unprocessed["Keys"]) if unprocessed else []  # type: ignore[arg-type]
            if seen is not None:
                seen.add(found)
                if seen.is_full:
                    too_much.extend(left)
                    return []
            return left

        return items, self.repeat(read, keys, "reading items failed", deadline) + too_much

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
        if left:
            _log.warning("no time was left", extra={"after": failure, "left": len(left)})
        return left


@dataclass(slots=True)
class BatchedTable:
    """An adapter of the single table that makes batched calls."""

    client: DynamoDBClient
    table: str
    pause: Pause = pause_with_jitter
    _batches: Batches = field(init=False)

    def __post_init__(self) -> None:
        """Create the batched calls with the same client and pause."""
        self._batches = Batches(self.client, self.table, self.pause)


def _projection(attributes: Sequence[str]) -> dict[str, Any]:
    """Return the parameters of a read that returns only these attributes, all without any."""
    if not attributes:
        return {}
    # Names of attributes may be reserved words, such as `type`.
    names = {f"#{name}": name for name in ("pk", "sk", *attributes)}
    return {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}


def identity_of(item: Item) -> Identity:
    """Return the primary key of an item or of a key, in a form that can be compared."""
    return item["pk"]["S"], item["sk"]["S"]


def key_of(identity: Identity) -> Key:
    """Return the key in the format of DynamoDB."""
    return {"pk": {"S": identity[0]}, "sk": {"S": identity[1]}}
