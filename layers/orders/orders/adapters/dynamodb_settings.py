"""Accounts' settings on DynamoDB: one item an account, guarded by a version."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from orders.adapters.aws_faults import code_of, is_transient
from orders.adapters.settings_document import SettingsDocument, document_of
from orders.adapters.table_keys import account_key
from orders.application.ports import StorageUnavailableError
from orders.domain.settings import Settings, StoredSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

CACHE_SECONDS = 30.0


@dataclass(slots=True)
class DynamoSettings:
    """SettingsRepository on the single table; what was read serves for 30 s."""

    client: DynamoDBClient
    table: str
    seconds: Callable[[], float] = time.monotonic
    _cache: dict[str, tuple[float, StoredSettings]] = field(default_factory=dict, init=False)

    def load(self, account: str, *, fresh: bool = False) -> StoredSettings:
        """Return the settings; LookupError for an unknown account."""
        read_at, cached = self._cache.get(account, (0.0, None))
        if cached and not fresh and self.seconds() - read_at < CACHE_SECONDS:
            return cached
        stored = self._read(account)
        self._cache[account] = (self.seconds(), stored)
        return stored

    def save(self, account: str, settings: Settings, base_version: int) -> bool:
        """Store the settings if the stored version is `base_version`; tell whether it was."""
        try:
            self.client.put_item(
                TableName=self.table,
                Item={
                    **account_key(account, "SETTINGS"),
                    "type": {"S": "settings"},
                    "version": {"N": str(base_version + 1)},
                    "document": {"S": document_of(settings).model_dump_json()},
                },
                ConditionExpression="version = :base",
                ExpressionAttributeValues={":base": {"N": str(base_version)}},
            )
        except (ClientError, BotoCoreError) as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return False
            if is_transient(error):
                raise StorageUnavailableError("settings could not be written") from error
            raise
        self._cache[account] = (self.seconds(), StoredSettings(settings, base_version + 1))
        return True

    def _read(self, account: str) -> StoredSettings:
        try:
            answer = self.client.get_item(
                TableName=self.table, Key=account_key(account, "SETTINGS"), ConsistentRead=True
            )
        except (ClientError, BotoCoreError) as error:
            if is_transient(error):
                raise StorageUnavailableError("settings could not be read") from error
            raise
        item = answer.get("Item")
        if item is None:
            raise LookupError(f"There is no account {account!r}")
        document = SettingsDocument.model_validate_json(item["document"]["S"])
        return StoredSettings(document.settings(), int(item["version"]["N"]))
