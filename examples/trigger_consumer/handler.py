"""Stores one item per order with its latest state, even if events are late, repeated or unordered.

The function builds the item from one event only, and only a newer version replaces the item. So the
newest event wins, and the order in which events arrive does not matter.

Another effect, such as an email, is not part of that write. Do not make it depend on whether the
write changed the item: if the function ends between the write and the email, the retry finds the
item and never sends the email. Use `detail["id"]` as the idempotency key of the effect instead.
Services with idempotency keys discard the copies; for other services, store the keys in a table.
"""

import os
from typing import Any

import boto3
from botocore.config import Config

# The member that holds the status of an order, by the protocol that wrote the order.
_STATUS_MEMBERS = {"altcraft": "status", "commercetools": "orderState"}

_TABLE = os.environ["TABLE_NAME"]
_dynamodb = boto3.client(
    "dynamodb",
    config=Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3}),
)


def lambda_handler(event: dict[str, Any], _context: object) -> None:
    """Store the state of one event, unless a newer one is stored. Raise errors, so AWS retries."""
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
    """Return the order's item. The key is unique, because an order id is unique in its account."""
    item: dict[str, Any] = {
        "order_key": {"S": f"{detail['account']}#{detail['order_id']}"},
        "version": {"N": str(detail["version"])},
        "external_id": {"S": detail["external_id"]},
    }
    if kind == "OrderDeleted":
        # The item keeps the version: a late event must not restore the order.
        return {**item, "deleted": {"BOOL": True}}
    status = _status(detail)
    return {**item, **({"unread": {"BOOL": True}} if status is None else {"status": {"S": status}})}


def _status(detail: dict[str, Any]) -> str | None:
    """Return the order's status, or None if the event does not include it.

    Events of large orders have no order, and new protocols may be added.
    """
    member = _STATUS_MEMBERS.get(detail["protocol"], "status")
    known: str | None = detail.get("order", {}).get(member)
    return known or detail["changed"].get(member, {}).get("new")
