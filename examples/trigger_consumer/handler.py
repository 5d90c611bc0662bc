"""Keep one item an order that tells its latest state, whatever comes twice, late or out of order.

The item is made from one event alone, and only a newer version replaces it. So the newest event
decides, and the order in which events come does not matter.

An effect elsewhere, such as a mail, is no part of that write. Never make it depend on whether the
write was new: if the function ends between the two, the repetition finds the item written and the
mail is never sent. Make the effect with `detail["id"]` as its idempotency key instead. Services
that take such a key drop the copies themselves; for others keep the keys in a table of your own.
"""

import os
from typing import Any

import boto3
from botocore.config import Config

_TABLE = os.environ["TABLE_NAME"]
_dynamodb = boto3.client(
    "dynamodb",
    config=Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3}),
)


def lambda_handler(event: dict[str, Any], _context: object) -> None:
    """Store what one event says, if none newer was seen. Raises faults, so that AWS tries again."""
    try:
        _dynamodb.put_item(
            TableName=_TABLE,
            Item=_item(event["detail-type"], event["detail"]),
            ConditionExpression="attribute_not_exists(version) OR version < :version",
            ExpressionAttributeValues={":version": {"N": str(event["detail"]["version"])}},
        )
    except _dynamodb.exceptions.ConditionalCheckFailedException:
        return


def _item(kind: str, detail: dict[str, Any]) -> dict[str, Any]:
    """Return the order's item. Its number is unique in its account, and never changes."""
    item: dict[str, Any] = {
        "order_key": {"S": f"{detail['account']}#{detail['order_id']}"},
        "version": {"N": str(detail["version"])},
        "external_id": {"S": detail["external_id"]},
    }
    if kind == "OrderDeleted":
        # The item stays, for its version: an older event that comes late must not revive the order.
        return {**item, "deleted": {"BOOL": True}}
    status = _status(detail)
    return {**item, **({"unread": {"BOOL": True}} if status is None else {"status": {"S": status}})}


def _status(detail: dict[str, Any]) -> str | None:
    """Return the order's status, None if the event was too large to tell it."""
    known: str | None = detail.get("order", {}).get("status")
    return known or detail["changed"].get("status", {}).get("new")
