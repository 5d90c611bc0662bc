"""Creates the AWS clients, and connects use cases, adapters and endpoints.

Each protocol has its own module, so that a function imports only what it needs.
"""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from orders.adapters.aws_clients import create_client
from orders.runtime.environment import Environment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_events.client import EventBridgeClient


@dataclass(frozen=True, slots=True)
class Aws:
    """The AWS clients of an execution environment, and the names of the stack's resources."""

    environment: Environment
    dynamodb: DynamoDBClient
    events: EventBridgeClient


@cache
def connect() -> Aws:
    """Return the clients. They are created once per environment, at its first request."""
    return Aws(
        environment=Environment.read(os.environ),
        dynamodb=create_client("dynamodb"),
        events=create_client("events"),
    )


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def new_request_id() -> str:
    """Return a UUID of version 7 (RFC 9562, 5.7) in hexadecimal digits. Its time is the present.

    Lambda's own id is not used: it repeats in replayed sample events.
    """
    # Python 3.14 has uuid.uuid7().
    milliseconds = time.time_ns() // 1_000_000
    version, variant = 0x7 << 76, 0b10 << 62
    random = secrets.randbits(76) & ~(0b11 << 62)
    return f"{milliseconds << 80 | version | variant | random:032x}"
