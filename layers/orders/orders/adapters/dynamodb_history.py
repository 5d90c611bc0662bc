"""The history of orders: one item for each replaced version. They expire by TTL."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

from orders.adapters.aws_faults import call_patiently
from orders.adapters.batches import BatchedTable, identity_of, key_of
from orders.adapters.order_items import Item, contents_of, is_soft, read_deletion, read_order
from orders.adapters.table_keys import history_key, history_partition, marker_key
from orders.application.errors import StorageUnavailableError
from orders.application.ports import Deadline, HistoryPage, VersionKey
from orders.domain.deletions import Deletion
from orders.domain.history import OrderKey, ReplacedVersion, VersionMark
from orders.domain.triggers import TriggerKind

ITEMS_PER_WRITE = 25


@dataclass(slots=True)
class DynamoHistory(BatchedTable):
    """Implements HistoryRepository with the single table. Documents are compressed."""

    def keep(self, versions: Sequence[tuple[ReplacedVersion, int]], deadline: Deadline) -> None:
        """Put one item for each version. The same version always has the same item."""
        # A batch may have each key once. A record can be in a batch twice.
        items = {
            identity_of(item): item for version, days in versions for item in [_item(version, days)]
        }
        self._write([{"PutRequest": {"Item": item}} for item in items.values()], deadline)

    def find(
        self, order: OrderKey, before: int | None, limit: int, deadline: Deadline
    ) -> HistoryPage:
        """Read the newest versions consistently."""
        values: Any = {":order": {"S": history_partition(order.account, order.order_id)}}
        below = ""
        if before is not None:
            below = " AND sk < :before"
            values[":before"] = history_key(order.account, order.order_id, before)["sk"]
        answer = call_patiently(
            lambda: self.client.query(
                TableName=self.table,
                KeyConditionExpression=f"pk = :order{below}",
                ExpressionAttributeValues=values,
                ScanIndexForward=False,
                ConsistentRead=True,
                Limit=limit,
            ),
            deadline,
            self.pause,
        )
        versions = [read_version(order.account, item) for item in answer["Items"]]
        has_more = "LastEvaluatedKey" in answer and bool(versions)
        return HistoryPage(versions, versions[-1].order.version if has_more else None)

    def find_below(
        self, versions: Sequence[VersionKey], limit: int, deadline: Deadline
    ) -> Sequence[HistoryPage]:
        """Query the histories in parallel, consistently."""
        return self._batches.in_parallel(
            lambda version: self.find(version[0], version[1], limit, deadline), versions
        )

    def deletion_of(self, order: OrderKey, deadline: Deadline) -> Deletion | None:
        """Read the marker of a deleted order consistently."""
        markers = self._batches.read_all([marker_key(order.account, order.order_id)], deadline)
        permanent = [marker for marker in markers if not is_soft(marker)]
        return read_deletion(permanent[0]) if permanent else None

    def deleted_among(self, orders: Collection[OrderKey], deadline: Deadline) -> set[OrderKey]:
        """Read the markers of deleted orders consistently."""
        return set(self.deletions_among(orders, deadline))

    def deletions_among(
        self, orders: Collection[OrderKey], deadline: Deadline
    ) -> Mapping[OrderKey, Deletion]:
        """Read the markers of deleted orders consistently."""
        keys = {
            identity_of(key): (order, key)
            for order in orders
            for key in [marker_key(order.account, order.order_id)]
        }
        markers = self._batches.read_all([key for _, key in keys.values()], deadline)
        return {
            keys[identity_of(marker)][0]: read_deletion(marker)
            for marker in markers
            if not is_soft(marker)
        }

    def marks_of(
        self, orders: Collection[OrderKey], deadline: Deadline
    ) -> Mapping[OrderKey, Sequence[VersionMark]]:
        """Query the histories in parallel, without the documents."""
        asked = list(dict.fromkeys(orders))
        found = self._batches.in_parallel(
            lambda order: self._query_all(order, ("version", "request_id"), deadline), asked
        )
        return {
            order: [
                VersionMark(int(item["version"]["N"]), item["request_id"]["S"]) for item in items
            ]
            for order, items in zip(asked, found, strict=True)
        }

    def find_versions(
        self, versions: Collection[VersionKey], deadline: Deadline
    ) -> Mapping[VersionKey, ReplacedVersion]:
        """Read the versions together, consistently."""
        keys = {
            identity_of(key): (order, version)
            for order, version in versions
            for key in [history_key(order.account, order.order_id, version)]
        }
        items = self._batches.read_all(map(key_of, keys), deadline)
        wanted = {keys[identity_of(item)]: item for item in items}
        return {key: read_version(key[0].account, item) for key, item in wanted.items()}

    def erase(self, orders: Collection[OrderKey], deadline: Deadline) -> None:
        """Delete all versions of the orders."""
        found = self._batches.in_parallel(
            lambda order: self._query_all(order, ("pk", "sk"), deadline), orders
        )
        keys = [key for keys in found for key in keys]
        self._write([{"DeleteRequest": {"Key": key}} for key in keys], deadline)

    def _query_all(
        self, order: OrderKey, attributes: Sequence[str], deadline: Deadline
    ) -> list[Item]:
        """Return these attributes of all versions of an order, sorted by version."""
        items: list[Item] = []
        start: Any = {}
        while True:
            answer = call_patiently(
                lambda start=start: self.client.query(  # type: ignore[misc]
                    TableName=self.table,
                    KeyConditionExpression="pk = :order",
                    ExpressionAttributeValues={
                        ":order": {"S": history_partition(order.account, order.order_id)}
                    },
                    ProjectionExpression=", ".join(attributes),
                    ConsistentRead=True,
                    **start,
                ),
                deadline,
                self.pause,
            )
            items += answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return items
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _write(self, requests: Sequence[dict[str, Any]], deadline: Deadline) -> None:
        unwritten = self._batches.in_parallel(
            lambda chunk: self._batches.repeat(
                self._write_once, list(chunk), "writing the history failed", deadline
            ),
            batched(requests, ITEMS_PER_WRITE, strict=False),
        )
        if any(unwritten):
            raise StorageUnavailableError("the history could not be written in time")

    def _write_once(self, requests: list[Any]) -> list[Any]:
        """Write a batch. Return the requests that DynamoDB left unprocessed."""
        answer = self.client.batch_write_item(RequestItems={self.table: requests})
        return list(answer.get("UnprocessedItems", {}).get(self.table, []))


def _item(version: ReplacedVersion, days: int) -> dict[str, Any]:
    order = version.order
    expires_at = version.replaced_at + timedelta(days=days)
    item = {
        **contents_of(order, None),
        **history_key(order.account, order.order_id, order.version),
        "type": {"S": "version"},
        "external_id": {"S": order.external_id},
        "document": {"B": zlib.compress(order.document.encode())},
        "replaced_at": {"S": version.replaced_at.isoformat()},
        "expires_at": {"N": str(int(expires_at.timestamp()))},
    }
    if version.trigger is not None:
        item["trigger_kind"] = {"S": str(version.trigger)}
    return item


def read_version(account: str, item: Item) -> ReplacedVersion:
    """Return the replaced version in an item of the history."""
    document = zlib.decompress(item["document"]["B"]).decode()
    kind = item.get("trigger_kind")
    return ReplacedVersion(
        read_order(account, {**item, "document": {"S": document}}),
        TriggerKind(kind["S"]) if kind else None,
        datetime.fromisoformat(item["replaced_at"]["S"]),
    )
