"""Composes the recording of the history."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from orders.adapters.aws_clients import create_client
from orders.adapters.dynamodb_history import DynamoHistory
from orders.adapters.sqs_parking import SqsParking
from orders.adapters.stream_records import read_history_record
from orders.application.ports import Unreadable
from orders.application.record_history import HistoryRecord, RecordHistory
from orders.runtime.composition import connect
from orders.runtime.composition.stored_settings import settings_of
from orders.runtime.environment import ParkingEnvironment


@cache
def record_history() -> RecordHistory:
    """Return the use case. It is created once per environment, at its first batch."""
    environment = ParkingEnvironment.of_history(os.environ)
    aws = connect()
    table = aws.environment.table
    return RecordHistory(
        history=DynamoHistory(aws.dynamodb, table),
        settings=settings_of(aws),
        parking=SqsParking(create_client("sqs"), environment.queue_url),
    )


def read_version(record: Mapping[str, Any]) -> HistoryRecord | Unreadable | None:
    """Read a record, as Lambda delivers it. Return None if no order was replaced or deleted."""
    return read_history_record(record)
