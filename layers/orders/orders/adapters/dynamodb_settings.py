"""Settings in DynamoDB: one item for each account. Writes are conditional on its version."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from orders.adapters.aws_faults import call_patiently, code_of, expect_time, is_transient
from orders.adapters.order_items import Item
from orders.adapters.settings_items import read_settings, write_settings
from orders.adapters.table_keys import account_key
from orders.application.errors import (
    NotFoundError,
    SettingsTooLargeError,
    StorageRefusedError,
    StorageUnavailableError,
)
from orders.application.ports import Deadline, Pause
from orders.application.retries import pause_with_jitter
from orders.domain.problems import shown
from orders.domain.settings import Settings, StoredSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

CACHE_SECONDS = 30.0
# A DynamoDB item has at most 400 KB.
MAX_DOCUMENT_BYTES = 390 * 1024


@dataclass(slots=True)
class DynamoSettings:
    """Implements SettingsRepository with the single table and a cache of 30 seconds."""

    client: DynamoDBClient
    table: str
    seconds: Callable[[], float] = time.monotonic
    pause: Pause = pause_with_jitter
    _cache: dict[str, tuple[float, StoredSettings]] = field(default_factory=dict, init=False)

    def load(self, account: str, deadline: Deadline, *, fresh: bool = False) -> StoredSettings:
        """Return the settings. Raises NotFoundError for an unknown account."""
        cached = None if fresh else self._cached(account)
        if cached:
            return cached
        stored = self._read(account, deadline)
        self._cache[account] = (self.seconds(), stored)
        return stored

    def knows(self, account: str) -> bool:
        """Return whether the cache has the settings."""
        return self._cached(account) is not None

    def _cached(self, account: str) -> StoredSettings | None:
        read_at, cached = self._cache.get(account, (0.0, None))
        return cached if cached and self.seconds() - read_at < CACHE_SECONDS else None

    def created_at(self, account: str, deadline: Deadline) -> datetime:
        """Return the time of the account's creation. Raises NotFoundError for an unknown one."""
        item = self._item(account, "ACCOUNT", deadline)
        return datetime.fromisoformat(item["created_at"]["S"])

    def save(self, account: str, settings: Settings, base_version: int, deadline: Deadline) -> bool:
        """Store the settings. Return False if the stored version is not `base_version`.

        The call is never repeated: if the first attempt succeeded and its answer was lost, a second
        attempt would look like a conflict.
        """
        change = settings_put(self.table, account, settings, base_version)
        expect_time(deadline)
        try:
            self.client.put_item(**change)
        except (ClientError, BotoCoreError) as error:
            self._cache.pop(account, None)
            if code_of(error) == "ConditionalCheckFailedException":
                return False
            kind = StorageUnavailableError if is_transient(error) else StorageRefusedError
            raise kind(code_of(error)) from error
        self._cache[account] = (self.seconds(), StoredSettings(settings, base_version + 1))
        return True

    def expect_room(self, settings: Settings) -> None:
        """Raise SettingsTooLargeError if the settings are too large to be stored."""
        _document_of(settings)

    def _read(self, account: str, deadline: Deadline) -> StoredSettings:
        item = self._item(account, "SETTINGS", deadline)
        settings = read_settings(item["document"]["S"])
        return StoredSettings(settings, int(item["version"]["N"]))

    def _item(self, account: str, part: str, deadline: Deadline) -> Item:
        answer = call_patiently(
            lambda: self.client.get_item(
                TableName=self.table, Key=account_key(account, part), ConsistentRead=True
            ),
            deadline,
            self.pause,
        )
        item = answer.get("Item")
        if item is None:
            raise NotFoundError(f"Account {shown(account)} does not exist")
        return item


def settings_put(table: str, account: str, settings: Settings, base_version: int) -> dict[str, Any]:
    """Return the write of settings, which fails if the stored version is not `base_version`.

    Raises SettingsTooLargeError.
    """
    document = _document_of(settings)
    return {
        "TableName": table,
        "Item": {
            **account_key(account, "SETTINGS"),
            "type": {"S": "settings"},
            "version": {"N": str(base_version + 1)},
            "document": {"S": document},
        },
        "ConditionExpression": "version = :base",
        "ExpressionAttributeValues": {":base": {"N": str(base_version)}},
    }


def _document_of(settings: Settings) -> str:
    document = write_settings(settings)
    if len(document.encode()) > MAX_DOCUMENT_BYTES:
        raise SettingsTooLargeError(
            f"The settings must have at most {MAX_DOCUMENT_BYTES // 1024} KB"
        )
    return document
