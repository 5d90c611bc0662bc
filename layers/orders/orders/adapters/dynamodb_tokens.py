"""API tokens in DynamoDB. Only their SHA-256 hashes are stored."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from orders.adapters.aws_faults import call_patiently
from orders.adapters.parallel_calls import ParallelCalls
from orders.adapters.table_keys import issued_tokens_key, token_key
from orders.application.errors import StorageRefusedError
from orders.application.ports import AccessGrant, Deadline, Pause
from orders.application.retries import pause_with_jitter
from orders.domain.clients import Client, Role

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

CACHE_SECONDS = 30.0
CACHE_ENTRIES = 1000
# For so long after it was read, a token probably still has the same client.
PRESUMED_SECONDS = 15 * 60.0
# From the start of the window. After this time no clock is still inside the window.
COUNTER_KEPT = timedelta(days=1)


def hash_of(token: str) -> str:
    """Return the SHA-256 hash of a token. Tokens are random, so the hash needs no salt."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def grant_attributes(client: Client) -> dict[str, Any]:
    """Return the attributes that keep what a client was granted, on its own item and its tokens'.

    DynamoDB stores no empty set: a client whose scopes give no role has no `roles`.
    """
    scopes = {} if client.scopes is None else {"scopes": {"SS": sorted(client.scopes)}}
    return {**({"roles": {"SS": sorted(client.roles)}} if client.roles else {}), **scopes}


def read_client(account: str, client_id: str, item: Mapping[str, Any]) -> Client:
    """Return the client whose grant an item keeps, as `grant_attributes` wrote it."""
    return Client(
        account,
        client_id,
        roles=frozenset(Role(name) for name in item.get("roles", {}).get("SS", ())),
        scopes=frozenset(item["scopes"]["SS"]) if "scopes" in item else None,
        by_access_token="expires_at" in item,
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """A token that was read, and how long it counts as valid without being read again.

    `secret` is the hash of the secret that an access token was issued for.
    """

    read_at: float
    good_until: float
    client: Client
    secret: str | None = None


@dataclass(slots=True)
class DynamoTokens:
    """Implements TokenRepository with the single table. Known tokens are cached for 30 seconds.

    Unknown tokens are never cached. An access token is invalid after its expiry, or if its secret
    is revoked.
    """

    client: DynamoDBClient
    table: str
    seconds: Callable[[], float] = time.monotonic
    pause: Pause = pause_with_jitter
    now: Callable[[], float] = time.time
    _cache: dict[str, _Known] = field(default_factory=dict, init=False)
    # A token and its secret.
    _in_parallel: ParallelCalls = field(default_factory=lambda: ParallelCalls(2), init=False)

    def client_of(self, token: str, deadline: Deadline) -> Client | None:
        """Return the client that owns the token, None if it is unknown, expired or revoked."""
        token_hash = hash_of(token)
        known = self._cache.get(token_hash)
        if known and self.seconds() < known.good_until:
            return known.client
        self._cache.pop(token_hash, None)
        # The cache time starts before the reads, so that a slow read does not prolong it.
        asked_at = self.seconds()
        # The secret of an access token is known from the last time, and read beside it.
        hashes = [token_hash, known.secret] if known and known.secret else [token_hash]
        item, *secrets = self._in_parallel(lambda each: self._read(each, deadline), hashes)
        if item is None:
            return None
        lifetime, secret = CACHE_SECONDS, None
        if "expires_at" in item:
            lifetime = min(lifetime, int(item["expires_at"]["N"]) - self.now())
            secret = item["secret"]["S"]
            if lifetime <= 0:
                return None
            if secret not in hashes:
                secrets = [self._read(secret, deadline)]
            if secrets[-1] is None:
                return None
        if len(self._cache) >= CACHE_ENTRIES:
            self._cache.clear()
        found = read_client(item["account"]["S"], item["client_id"]["S"], item)
        self._cache[token_hash] = _Known(asked_at, asked_at + lifetime, found, secret)
        return found

    def presumed(self, token: str) -> Client | None:
        """Return the client of a token that was read in the last PRESUMED_SECONDS, but must be now.

        It needs no call.
        """
        known = self._cache.get(hash_of(token))
        if known is None or not 0 <= self.seconds() - known.read_at < PRESUMED_SECONDS:
            return None
        return None if self.seconds() < known.good_until else known.client

    def _read(self, token_hash: str, deadline: Deadline) -> Mapping[str, Any] | None:
        """Return the item of a token, None if it does not exist or is revoked."""
        answer = call_patiently(
            lambda: self.client.get_item(
                TableName=self.table, Key=token_key(token_hash), ConsistentRead=True
            ),
            deadline,
            self.pause,
        )
        item = answer.get("Item")
        return None if item is None or "revoked_at" in item else item


@dataclass(slots=True)
class DynamoAccessTokens:
    """Implements AccessTokenRepository with the single table. Tokens expire by TTL."""

    client: DynamoDBClient
    table: str
    pause: Pause = pause_with_jitter

    def reserve(self, client: Client, window: datetime, limit: int, deadline: Deadline) -> bool:
        """Count one more access token of a client in a window. Return False at the limit.

        A call whose answer is lost is repeated, so it may count twice, but never above the limit.
        """
        try:
            call_patiently(
                lambda: self.client.update_item(
                    TableName=self.table,
                    Key=issued_tokens_key(client.account, client.client_id, window),
                    UpdateExpression="ADD tokens :one SET expires_at = :expiry, #type = :type",
                    ConditionExpression="attribute_not_exists(tokens) OR tokens < :limit",
                    ExpressionAttributeNames={"#type": "type"},
                    ExpressionAttributeValues={
                        ":one": {"N": "1"},
                        ":limit": {"N": str(limit)},
                        ":expiry": {"N": str(int((window + COUNTER_KEPT).timestamp()))},
                        ":type": {"S": "issued_tokens"},
                    },
                ),
                deadline,
                self.pause,
            )
        except StorageRefusedError as refusal:
            if str(refusal) != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def add(self, token: str, grant: AccessGrant, deadline: Deadline) -> None:
        """Store the item of an access token. It contains only hashes of token and secret."""
        item = {
            **token_key(hash_of(token)),
            "type": {"S": "access_token"},
            "account": {"S": grant.client.account},
            "client_id": {"S": grant.client.client_id},
            **grant_attributes(grant.client),
            "secret": {"S": hash_of(grant.secret)},
            "expires_at": {"N": str(int(grant.expires_at.timestamp()))},
        }
        call_patiently(
            lambda: self.client.put_item(TableName=self.table, Item=item),
            deadline,
            self.pause,
        )
