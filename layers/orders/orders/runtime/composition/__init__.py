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

import boto3
from botocore.config import Config

from orders.runtime.deadlines import CONNECT_SECONDS, READ_SECONDS
from orders.runtime.environment import Environment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_events.client import EventBridgeClient

# The adapters repeat calls themselves, by the deadline, and never one whose repetition would meet
# its own first attempt as a lost race.
CLIENT_CONFIG = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    retries={"mode": "standard", "total_max_attempts": 1},
    max_pool_connections=32,
    parameter_validation=False,
)


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
        dynamodb=boto3.client("dynamodb", config=CLIENT_CONFIG),
        events=boto3.client("events", config=CLIENT_CONFIG),
    )


def utc_now() -> datetime:
    """Return the time of day in UTC."""
    return datetime.now(UTC)


def new_request_id() -> str:
    """Return an id for one invocation: random, so that sample events sent twice differ."""
    return uuid.uuid4().hex
