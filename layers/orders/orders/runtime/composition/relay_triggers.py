"""Composes the relay of triggers."""

import os
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from orders.adapters.aws_clients import create_client
from orders.adapters.dynamodb_receipts import DynamoReceipts
from orders.adapters.sqs_parking import SqsParking
from orders.adapters.stream_records import read_record
from orders.application.ports import Unreadable
from orders.application.relay_triggers import CommittedChange, RelayTriggers
from orders.runtime.composition import connect, utc_now
from orders.runtime.composition.publishing import event_bus
from orders.runtime.composition.trigger_rules import TRIGGER_RULES
from orders.runtime.environment import ParkingEnvironment


@cache
def relay_triggers() -> RelayTriggers:
    """Return the relay. It is created once per environment, at its first batch."""
    environment = ParkingEnvironment.of_relay(os.environ)
    aws = connect()
    return RelayTriggers(
        publisher=event_bus(aws),
        receipts=DynamoReceipts(aws.dynamodb, aws.environment.table),
        parking=SqsParking(create_client("sqs"), environment.queue_url),
        writer_lifetime=aws.environment.writer_lifetime(),
        clock=utc_now,
        sleep=time.sleep,
    )


def read_change(record: Mapping[str, Any]) -> CommittedChange | Unreadable | None:
    """Read a record, as Lambda delivers it. Return None if it has no trigger."""
    return read_record(record, TRIGGER_RULES)
