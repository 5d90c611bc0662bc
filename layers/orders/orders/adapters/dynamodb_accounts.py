"""Accounts, API clients and tokens in DynamoDB, for the operator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from orders.adapters.aws_faults import code_of, is_transient
from orders.adapters.dynamodb_tokens import grant_attributes, hash_of, read_client
from orders.adapters.table_keys import (
    account_key,
    client_key,
    clients_partition,
    key,
    listed_token_key,
    token_key,
)
from orders.adapters.transactions import CANCELLED, MISSED, reasons_of
from orders.application.deadlines import NoDeadline
from orders.application.errors import InvalidRequestError, NotFoundError, StorageUnavailableError
from orders.application.ports import Pause
from orders.application.retries import attempts, pause_with_jitter
from orders.domain.clients import MAX_TOKENS, Client, ClientRecord, Token
from orders.domain.problems import shown
from orders.domain.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

TOKEN_ID_CHARACTERS = 12
MAX_ATTEMPTS = 8


def token_id_of(token: str) -> str:
    """Return the public id of a token: the first characters of its hash."""
    return hash_of(token)[:TOKEN_ID_CHARACTERS]


class _ConditionFailedError(Exception):
    """A condition of a write, or of a transaction, was not met."""


@dataclass(slots=True)
class DynamoAccounts:
    """Implements AccountRepository with the single table."""

    client: DynamoDBClient
    table: str
    pause: Pause = pause_with_jitter

    def create_account(self, account: str, settings: Settings, now: datetime) -> bool:
        """Create an account with its settings. Return False if it already exists."""
        # Pydantic, which this imports, would slow down every command that reads accounts.
        from orders.adapters.settings_items import write_settings  # noqa: PLC0415

        created = {"created_at": {"S": now.isoformat()}}
        first_settings = {
            "type": {"S": "settings"},
            "version": {"N": "1"},
            "document": {"S": write_settings(settings)},
        }
        return self._succeeds(
            [
                self._put_new(
                    {**account_key(account, "ACCOUNT"), "type": {"S": "account"}, **created}
                ),
                self._put_new({**account_key(account, "SETTINGS"), **first_settings}),
                self._put_new({**key("ACCOUNTS", account), "type": {"S": "listed_account"}}),
            ]
        )

    def accounts(self) -> Sequence[str]:
        """Return the names of all accounts, sorted."""
        return [item["sk"]["S"] for item in self._query("ACCOUNTS", "")]

    def create_client(self, client: Client, now: datetime) -> bool:
        """Create a client of an account. Return False if it already exists or existed."""
        self._expect_account(client.account)
        item = {
            **client_key(client.account, client.client_id),
            "type": {"S": "client"},
            **grant_attributes(client),
            "created_at": {"S": now.isoformat()},
            "revision": {"N": "1"},
        }
        return self._succeeds([self._put_new(item)])

    def clients(self, account: str) -> Sequence[ClientRecord]:
        """Return the clients of an account, sorted."""
        self._expect_account(account)
        return [
            ClientRecord(
                client=_client(account, item),
                created_at=datetime.fromisoformat(item["created_at"]["S"]),
                revoked_at=_revoked_at(item),
                tokens=tuple(self._tokens(_client(account, item))),
            )
            for item in self._query(clients_partition(account), "CLIENT#")
        ]

    def add_token(self, client: Client, token: str, now: datetime) -> Token:
        """Store the hash of a token, with what the client is granted now."""
        token_hash = hash_of(token)
        added = Token(token_id_of(token), now)
        for stored in self._attempts(client):
            if stored is None:
                raise NotFoundError(
                    f"Client {shown(client.client_id)} does not exist in {shown(client.account)}"
                )
            if "revoked_at" in stored:
                raise NotFoundError(f"Client {shown(client.client_id)} is revoked")
            usable = [each for each in self._tokens(client) if each.revoked_at is None]
            if len(usable) >= MAX_TOKENS:
                raise InvalidRequestError(
                    f"A client can have at most {MAX_TOKENS} tokens; revoke one first"
                )
            items = _token_items(_client(client.account, stored), added, token_hash)
            if self._succeeds([self._touch(stored), *map(self._put_new, items)]):
                break
        return added

    def revoke_token(self, client: Client, token_id: str, now: datetime) -> bool:
        """Revoke a token. Return False if it does not exist or is already revoked."""
        for stored in self._attempts(client):
            listed = self._get(listed_token_key(client.account, client.client_id, token_id))
            if stored is None or listed is None or "revoked_at" in listed:
                return False
            if self._succeeds([self._touch(stored), *self._revoke(listed, now)]):
                break
        return True

    def revoke_client(self, client: Client, now: datetime) -> bool:
        """Revoke a client and all of its tokens in one transaction."""
        prefix = f"TOKEN#{client.client_id}#"
        for stored in self._attempts(client):
            if stored is None or "revoked_at" in stored:
                return False
            listed = [
                item
                for item in self._query(clients_partition(client.account), prefix)
                if "revoked_at" not in item
            ]
            tokens = [change for item in listed for change in self._revoke(item, now)]
            if self._succeeds([self._touch(stored, revoked_at=now), *tokens]):
                break
        return True

    def _attempts(self, client: Client) -> Iterator[dict[str, Any] | None]:
        """Yield the current item of the client for each attempt, None if it does not exist.

        Each change of a client or its tokens increments the client's `revision`, if the revision is
        still the one that was read. So no token can be added while all are being revoked, or above
        the limit.
        """
        for _ in attempts(NoDeadline(), self.pause, at_most=MAX_ATTEMPTS):
            yield self._get(client_key(client.account, client.client_id))
        raise StorageUnavailableError(
            f"other requests kept changing client {shown(client.client_id)}"
        )

    def _touch(self, stored: dict[str, Any], revoked_at: datetime | None = None) -> dict[str, Any]:
        revoked = {":now": {"S": revoked_at.isoformat()}} if revoked_at else {}
        return {
            "Update": {
                "TableName": self.table,
                "Key": {"pk": stored["pk"], "sk": stored["sk"]},
                "UpdateExpression": "SET revision = :next"
                + (", revoked_at = :now" if revoked else ""),
                "ConditionExpression": "revision = :read",
                "ExpressionAttributeValues": {
                    ":read": stored["revision"],
                    ":next": {"N": str(int(stored["revision"]["N"]) + 1)},
                    **revoked,
                },
            }
        }

    def _expect_account(self, account: str) -> None:
        if self._get(account_key(account, "ACCOUNT")) is None:
            raise NotFoundError(f"Account {shown(account)} does not exist")

    def _tokens(self, client: Client) -> Iterator[Token]:
        prefix = f"TOKEN#{client.client_id}#"
        for item in self._query(clients_partition(client.account), prefix):
            yield Token(
                token_id=item["sk"]["S"].removeprefix(prefix),
                created_at=datetime.fromisoformat(item["created_at"]["S"]),
                revoked_at=_revoked_at(item),
            )

    def _revoke(self, listed: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
        return [
            self._mark_revoked({"pk": listed["pk"], "sk": listed["sk"]}, now),
            self._mark_revoked(token_key(listed["hash"]["S"]), now),
        ]

    def _mark_revoked(self, item_key: dict[str, Any], now: datetime) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self.table,
                "Key": item_key,
                "UpdateExpression": "SET revoked_at = :now",
                "ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(revoked_at)",
                "ExpressionAttributeValues": {":now": {"S": now.isoformat()}},
            }
        }

    def _put_new(self, item: dict[str, Any]) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": self.table,
                "Item": item,
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def _get(self, item_key: dict[str, Any]) -> dict[str, Any] | None:
        with _translated_faults():
            answer = self.client.get_item(TableName=self.table, Key=item_key, ConsistentRead=True)
        return answer.get("Item")

    def _query(self, pk: str, prefix: str) -> Iterator[dict[str, Any]]:
        condition = "pk = :pk AND begins_with(sk, :prefix)" if prefix else "pk = :pk"
        values = {":pk": {"S": pk}} | ({":prefix": {"S": prefix}} if prefix else {})
        with _translated_faults():
            pages = self.client.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=values,
                ConsistentRead=True,
            )
            for page in pages:
                yield from page["Items"]

    def _succeeds(self, actions: list[dict[str, Any]]) -> bool:
        """Do all of the writes or none. Return False if a condition was not met."""
        try:
            with _translated_faults():
                self.client.transact_write_items(TransactItems=actions)  # type: ignore[arg-type]
        except _ConditionFailedError:
            return False
        return True


@contextmanager
def _translated_faults() -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        if MISSED in reasons_of(error):
            raise _ConditionFailedError from error
        if is_transient(error) or code_of(error) == CANCELLED:
            raise StorageUnavailableError(f"the table did not answer: {code_of(error)}") from error
        raise


def _token_items(client: Client, token: Token, token_hash: str) -> Iterator[dict[str, Any]]:
    """Yield the two items of a token. Requests find it by hash, the operator by client."""
    created = {"created_at": {"S": token.created_at.isoformat()}}
    yield {
        **token_key(token_hash),
        "type": {"S": "token"},
        "account": {"S": client.account},
        "client_id": {"S": client.client_id},
        **grant_attributes(client),
        **created,
    }
    yield {
        **listed_token_key(client.account, client.client_id, token.token_id),
        "type": {"S": "listed_token"},
        "hash": {"S": token_hash},
        **created,
    }


def _client(account: str, item: dict[str, Any]) -> Client:
    return read_client(account, item["sk"]["S"].removeprefix("CLIENT#"), item)


def _revoked_at(item: dict[str, Any]) -> datetime | None:
    return datetime.fromisoformat(item["revoked_at"]["S"]) if "revoked_at" in item else None
