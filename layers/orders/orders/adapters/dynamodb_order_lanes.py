"""The lanes of order ids: one item for each account and window. It expires by TTL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orders.adapters.aws_faults import call_patiently, code_of
from orders.adapters.order_items import Item
from orders.adapters.table_keys import lanes_key
from orders.application.ports import Deadline, Pause
from orders.application.retries import pause_with_jitter
from orders.domain.order_numbers import window_ends_at

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# After this time no clock is still inside the window.
KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class DynamoOrderLanes:
    """Implements OrderLanes with the single table. A repeated call only uses up more of a lane."""

    client: DynamoDBClient
    table: str
    pause: Pause = pause_with_jitter

    def open(self, account: str, window: int, deadline: Deadline) -> int:
        """Take the next lane with one atomic addition."""
        item = self._update(_Change(account, window, "ADD lanes :one SET", {":one": 1}), deadline)
        if item is None:
            raise AssertionError("unreachable: the change has no condition")
        return int(item["lanes"]["N"]) - 1

    def share(
        self, account: str, window: int, room: range, count: int, deadline: Deadline
    ) -> range | None:
        """Take the places from `room.start` on, or those after the last place that is taken."""
        end, most = room.start + count, room.stop - count
        if room.start > most:
            return None
        moving = _Change(
            account,
            window,
            "SET shared_until = :end,",
            {":end": end, ":start": room.start},
            "attribute_not_exists(shared_until) OR shared_until < :start",
        )
        if self._update(moving, deadline):
            return range(room.start, end)
        adding = _Change(
            account,
            window,
            "ADD shared_until :count SET",
            {":count": count, ":most": most},
            "shared_until <= :most",
        )
        item = self._update(adding, deadline)
        if item is None:
            return None
        end = int(item["shared_until"]["N"])
        return range(end - count, end)

    def _update(self, change: _Change, deadline: Deadline) -> Item | None:
        """Return the item after the change, None if its condition is not met."""
        expires_at = int((window_ends_at(change.window) + KEPT).timestamp())
        values = {**change.values, ":expiry": expires_at}
        condition: Any = {"ConditionExpression": change.condition} if change.condition else {}

        def update() -> Item | None:
            try:
                answer = self.client.update_item(
                    TableName=self.table,
                    Key=lanes_key(change.account, change.window),
                    UpdateExpression=f"{change.update} expires_at = :expiry, #type = :type",
                    ExpressionAttributeNames={"#type": "type"},
                    ExpressionAttributeValues={
                        **{name: {"N": str(value)} for name, value in values.items()},
                        ":type": {"S": "lanes"},
                    },
                    ReturnValues="ALL_NEW",
                    **condition,
                )
            except ClientError as error:
                if code_of(error) == "ConditionalCheckFailedException":
                    return None
                raise
            return answer["Attributes"]

        return call_patiently(update, deadline, self.pause)


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of one item. `update` is followed by further assignments."""

    account: str
    window: int
    update: str
    values: Mapping[str, int]
    condition: str | None = None
