"""Creates the AWS clients, and connects use cases, adapters and endpoints.

Each protocol has its own module, so that a function imports only what it needs.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from orders.adapters.aws_clients import create_client
from orders.runtime.environment import Environment
from orders.runtime.request_ids import request_id

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
    """Return the id for the changes of a request: that of the request which is being answered.

    Outside of requests, each call returns a new id.
    """
    return request_id()
