"""Receipts of requests on DynamoDB: one item each, forgotten by TTL."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orders.adapters.aws_faults import call_patiently
from orders.adapters.batches import Batches, identity_of
from orders.adapters.table_keys import receipt_key
from orders.application.errors import StorageUnavailableError
from orders.application.ports import Deadline, Pause, RequestKey
from orders.application.retries import pause_with_jitter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# A stream's records live for a day: after two no relay can ask for a receipt any more.
KEPT_SECONDS = 2 * 24 * 60 * 60
# The ids of more would not fit into an item. A request that could not send so many leaves no
# receipt at all: then the relay publishes whatever it has committed.
MAX_IDS = 10_000
_SEPARATOR = ","


@dataclass(slots=True)
class DynamoReceipts:
    """ReceiptRepository on the single table."""

    client: DynamoDBClient
    table: str
    seconds: Callable[[], float] = time.time
    pause: Pause = pause_with_jitter
    _batches: Batches = field(init=False)

    def __post_init__(self) -> None:
        """Share the client and its patience with the batched calls."""
        self._batches = Batches(self.client, self.table, self.pause)

    def leave(self, request: RequestKey, unsent: Collection[str], deadline: Deadline) -> None:
        """Put the request's receipt; a repeated one says the same."""
        if len(unsent) > MAX_IDS:
            raise StorageUnavailableError("the triggers that were not sent are too many to name")
        item = {
            **receipt_key(request.account, request.request_id),
            "type": {"S": "receipt"},
            "expires_at": {"N": str(int(self.seconds()) + KEPT_SECONDS)},
        }
        if unsent:
            item["unsent"] = {"S": _SEPARATOR.join(unsent)}
        call_patiently(
            lambda: self.client.put_item(TableName=self.table, Item=item), deadline, self.pause
        )

    def find(
        self, requests: Collection[RequestKey], deadline: Deadline
    ) -> Mapping[RequestKey, frozenset[str]]:
        """Read the receipts consistently."""
        keys = {
            identity_of(key): (request, key)
            for request in requests
            for key in [receipt_key(request.account, request.request_id)]
        }
        items, unread = self._batches.read([key for _, key in keys.values()], deadline)
        if unread:
            raise StorageUnavailableError("the receipts could not be read in time")
        return {
            keys[identity_of(item)][0]: frozenset(
                item["unsent"]["S"].split(_SEPARATOR) if "unsent" in item else ()
            )
            for item in items
        }
