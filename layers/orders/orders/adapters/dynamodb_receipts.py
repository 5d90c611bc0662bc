"""Receipts in DynamoDB: one item for each request. They expire by TTL."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from orders.adapters.aws_faults import CONDITION_FAILED, call_patiently
from orders.adapters.batches import BatchedTable, identity_of
from orders.adapters.table_keys import receipt_key
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.ports import Deadline, RequestKey

# Stream records expire after one day, so the relay needs no receipt after two days.
KEPT_SECONDS = 2 * 24 * 60 * 60
# More ids do not fit in an item. A request with more unsent triggers leaves no receipt, so the
# relay publishes all of its triggers.
MAX_IDS = 10_000
_SEPARATOR = ","


@dataclass(slots=True)
class DynamoReceipts(BatchedTable):
    """Implements ReceiptRepository with the single table."""

    seconds: Callable[[], float] = time.time

    def leave(self, request: RequestKey, unsent: Collection[str], deadline: Deadline) -> None:
        """Store the receipt of a request. It is safe to repeat the call."""
        if len(unsent) > MAX_IDS:
            raise StorageUnavailableError(f"a receipt has at most {MAX_IDS} unsent triggers")
        item = {
            **receipt_key(request.account, request.request_id),
            "type": {"S": "receipt"},
            "expires_at": {"N": str(int(self.seconds()) + KEPT_SECONDS)},
        }
        if unsent:
            item["unsent"] = {"S": _SEPARATOR.join(unsent)}
        try:
            call_patiently(
                lambda: self.client.put_item(
                    TableName=self.table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(withdrawn)",
                ),
                deadline,
                self.pause,
            )
        except StorageRefusedError as refusal:
            if str(refusal) != CONDITION_FAILED:
                raise

    def withdraw(self, request: RequestKey, deadline: Deadline) -> None:
        """Put an item in place of the receipt that counts as none. It is safe to repeat the call.

        An earlier writer with the same request id may still leave a receipt, which would not speak
        for the writes of this one.
        """
        item: Any = {
            **receipt_key(request.account, request.request_id),
            "type": {"S": "receipt"},
            "withdrawn": {"BOOL": True},
            "expires_at": {"N": str(int(self.seconds()) + KEPT_SECONDS)},
        }
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
        items = self._batches.read_all([key for _, key in keys.values()], deadline)
        return {
            keys[identity_of(item)][0]: frozenset(
                item["unsent"]["S"].split(_SEPARATOR) if "unsent" in item else ()
            )
            for item in items
            if "withdrawn" not in item
        }
