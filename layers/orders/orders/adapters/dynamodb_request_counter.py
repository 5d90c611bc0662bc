"""Requests counted on DynamoDB: one atomic write each, forgotten by TTL."""

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

# Counted from the start of a window: long enough that no clock is in it any more.
KEPT = timedelta(days=1)


@dataclass(slots=True)
class DynamoRequestCounter:
    """RequestCounter on the single table."""

    client: DynamoDBClient
    table: str

    def count(
        self, account: str, campaign_id: int, window: datetime, deadline: Deadline
    ) -> int | None:
        """Count one more request of a window; None if that failed, which refuses nobody.

        The call is made once: a repeated one could count one request twice.
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
