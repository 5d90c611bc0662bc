"""Request counters in DynamoDB: one atomic write for each request. They expire by TTL."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from orders.adapters.aws_faults import code_of
from orders.adapters.table_keys import requests_key
from orders.application.ports import Deadline

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_log = logging.getLogger(__name__)

# From the start of the window. After this time no clock is still inside the window.
KEPT = timedelta(days=1)


@dataclass(slots=True)
class DynamoRequestCounter:
    """Implements RequestCounter with the single table."""

    client: DynamoDBClient
    table: str

    def count(
        self, account: str, campaign_id: int, window: datetime, deadline: Deadline
    ) -> int | None:
        """Count one more request in a window. Return None if it could not be counted.

        The call is never repeated, because that could count the request twice.
        """
        if deadline.remaining() <= 0:
            return None
        try:
            answer = self.client.update_item(
                TableName=self.table,
                Key=requests_key(account, campaign_id, window),
                UpdateExpression="ADD requests :one SET expires_at = :expiry, #type = :type",
                ExpressionAttributeNames={"#type": "type"},
                ExpressionAttributeValues={
                    ":one": {"N": "1"},
                    ":expiry": {"N": str(int((window + KEPT).timestamp()))},
                    ":type": {"S": "requests"},
                },
                ReturnValues="UPDATED_NEW",
            )
        except (ClientError, BotoCoreError) as error:
            _log.warning("a request was not counted", extra={"code": code_of(error)})
            return None
        return int(answer["Attributes"]["requests"]["N"])
