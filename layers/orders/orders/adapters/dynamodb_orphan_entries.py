"""Removes index entries whose orders were never written, because their writers were interrupted."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from orders.adapters.aws_faults import code_of
from orders.adapters.batches import Batches
from orders.adapters.table_keys import index_key, order_key
from orders.application.ports import Clock, Deadline, IndexEntry
from orders.domain.order_numbers import time_of
from orders.domain.relaying import WriterLifetime

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_log = logging.getLogger(__name__)

# The entry of an order id never lies before its writer's time by that writer's clock. This is for
# the difference to the reader's clock.
_CLOCK_DIFFERENCE = timedelta(seconds=60)
# Of the entries that one read of orders meets. The others are removed by the next ones.
MOST_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class OrphanEntries:
    """Removes entries that a reader met without their orders."""

    client: DynamoDBClient
    table: str
    writer_lifetime: WriterLifetime
    clock: Clock

    def remove(
        self, account: str, entries: Sequence[IndexEntry], batches: Batches, deadline: Deadline
    ) -> None:
        """Remove the entries that no writer can complete any more. Raises nothing."""
        due = [entry for entry in entries if self._is_due(entry)][:MOST_AT_ONCE]
        batches.in_parallel(lambda entry: self._remove(account, entry, deadline), due)

    def _is_due(self, entry: IndexEntry) -> bool:
        ended_at = self.writer_lifetime.ends_at(time_of(entry.order_id))
        return entry.moved_in is None and self.clock() >= ended_at + _CLOCK_DIFFERENCE

    def _remove(self, account: str, entry: IndexEntry, deadline: Deadline) -> None:
        """Remove an entry, unless it or its order was written since it was read."""
        if deadline.remaining() <= 0:
            return
        number, name = entry.order_id, entry.external_id
        try:
            self.client.transact_write_items(
                TransactItems=[
                    {
                        "ConditionCheck": {
                            "TableName": self.table,
                            "Key": order_key(account, name),
                            "ConditionExpression": (
                                "attribute_not_exists(pk) OR order_id <> :number"
                            ),
                            "ExpressionAttributeValues": {":number": {"N": str(number)}},
                        }
                    },
                    {
                        "Delete": {
                            "TableName": self.table,
                            "Key": index_key(account, number),
                            "ConditionExpression": (
                                "#name = :name AND attribute_not_exists(moved_in)"
                            ),
                            "ExpressionAttributeNames": {"#name": "name"},
                            "ExpressionAttributeValues": {":name": {"S": name}},
                        }
                    },
                ]
            )
        except (ClientError, BotoCoreError) as error:
            _log.info("an index item was not removed", extra={"code": code_of(error)})
        else:
            _log.warning("an index item without its order was removed", extra={"order_id": number})
