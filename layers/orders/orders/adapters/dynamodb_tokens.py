"""API tokens on DynamoDB: looked up by their SHA-256 hash, which is all that is stored of them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orders.adapters.aws_faults import call_patiently, pause_with_jitter
from orders.adapters.table_keys import token_key
from orders.application.ports import Deadline
from orders.domain.clients import Client, Role

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

CACHE_SECONDS = 30.0
CACHE_ENTRIES = 1000


def hash_of(token: str) -> str:
    """Return what is stored of a token. It is random, so its plain hash cannot be searched for."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(slots=True)
class DynamoTokens:
    """TokenRepository on the single table; a known token serves for 30 s, an unknown one never."""

    client: DynamoDBClient
    table: str
    seconds: Callable[[], float] = time.monotonic
    pause: Callable[[int, Deadline], bool] = pause_with_jitter
    _cache: dict[str, tuple[float, Client]] = field(default_factory=dict, init=False)

    def client_of(self, token: str, deadline: Deadline) -> Client | None:
        """Return whose token it is, None if it is unknown or revoked."""
        token_hash = hash_of(token)
        read_at, known = self._cache.get(token_hash, (0.0, None))
        if known and self.seconds() - read_at < CACHE_SECONDS:
            return known
        found = self._read(token_hash, deadline)
        self._cache.pop(token_hash, None)
        if found:
            if len(self._cache) >= CACHE_ENTRIES:
                self._cache.clear()
            self._cache[token_hash] = (self.seconds(), found)
        return found

    def _read(self, token_hash: str, deadline: Deadline) -> Client | None:
        answer = call_patiently(
            lambda: self.client.get_item(
                TableName=self.table, Key=token_key(token_hash), ConsistentRead=True
            ),
            deadline,
            self.pause,
        )
        item = answer.get("Item")
        if item is None or "revoked_at" in item:
            return None
        return Client(
            account=item["account"]["S"],
            client_id=item["client_id"]["S"],
            roles=frozenset(Role(name) for name in item["roles"]["SS"]),
        )
