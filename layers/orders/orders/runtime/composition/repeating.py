"""Composes the use case of requests with an Idempotency-Key."""

import time

from orders.adapters.dynamodb_receipts import DynamoReceipts
from orders.adapters.dynamodb_request_records import DynamoRequestRecords
from orders.application.repeat_requests import RepeatRequests
from orders.runtime.composition import Aws, new_request_id, utc_now


def repeat_requests(aws: Aws) -> RepeatRequests:
    """Return the use case that carries each request with a key out once."""
    table = aws.environment.table
    return RepeatRequests(
        records=DynamoRequestRecords(aws.dynamodb, table),
        receipts=DynamoReceipts(aws.dynamodb, table),
        writer_lifetime=aws.environment.writer_lifetime(),
        new_request_id=new_request_id,
        clock=utc_now,
        sleep=time.sleep,
    )
