"""The one place that creates clients and puts use cases and adapters together.

One module a function, so that none loads what only another one needs.
"""

from __future__ import annotations

import os
import uuid
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
    """The clients of an environment, and the stack's resources that they reach."""

    environment: Environment
    dynamodb: DynamoDBClient
    events: EventBridgeClient


@cache
def connect() -> Aws:
    """Return the clients, created once an environment at its first request."""
    return Aws(
        environment=Environment.read(os.environ),
        dynamodb=create_client("dynamodb"),
        events=create_client("events"),
    )


def utc_now() -> datetime:
    """Return the time of day in UTC."""
    return datetime.now(UTC)


def new_request_id() -> str:
    """Return an id for one invocation: random, so that sample events sent twice differ."""
    return uuid.uuid4().hex
