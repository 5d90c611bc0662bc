"""The one place that creates clients and puts use cases and adapters together."""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from orders.adapters.aws_faults import pause_with_jitter
from orders.adapters.dynamodb_order_ids import DynamoOrderIds
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.dynamodb_settings import DynamoSettings
from orders.adapters.dynamodb_tokens import DynamoTokens
from orders.adapters.eventbridge import EventBridgePublisher
from orders.application.import_orders import ImportOrders
from orders.protocols.altcraft.import_orders import ImportEndpoint
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


@cache
def import_endpoint() -> ImportEndpoint:
    """Return the Altcraft import, built once an environment at its first request."""
    environment = Environment.read(os.environ)
    dynamodb: DynamoDBClient = boto3.client("dynamodb", config=CLIENT_CONFIG)
    events: EventBridgeClient = boto3.client("events", config=CLIENT_CONFIG)
    return build_import_endpoint(environment, dynamodb, events)


def build_import_endpoint(
    environment: Environment, dynamodb: DynamoDBClient, events: EventBridgeClient
) -> ImportEndpoint:
    """Put the import together with the given clients."""
    return ImportEndpoint(
        tokens=DynamoTokens(dynamodb, environment.table),
        import_orders=ImportOrders(
            orders=DynamoOrders(dynamodb, environment.table),
            order_ids=DynamoOrderIds(dynamodb, environment.table),
            settings=DynamoSettings(dynamodb, environment.table),
            publisher=EventBridgePublisher(events, environment.bus),
            clock=utc_now,
            pause=pause_with_jitter,
        ),
        new_request_id=new_request_id,
    )


def utc_now() -> datetime:
    """Return the time of day in UTC."""
    return datetime.now(UTC)


def new_request_id() -> str:
    """Return an id for one invocation: random, so that sample events sent twice differ."""
    return uuid.uuid4().hex
