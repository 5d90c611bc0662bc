"""Connects a command to its stack, on AWS or on this machine."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from operator_cli.aws_failures import explain
from operator_cli.errors import OperatorError
from orders.adapters.dynamodb_accounts import DynamoAccounts
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.dynamodb_settings import DynamoSettings
from orders.application.apply_settings import ApplySettings
from orders.application.errors import StorageError, StorageUnavailableError
from orders.application.remove_definitions import RemoveDefinitions
from orders.application.retries import pause_with_jitter
from orders.runtime.composition.order_protocols import definitions_used_by

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

DEFAULT_STACK = "market-orders"
LOCAL_REGION = "us-east-1"
PATIENCE_SECONDS = 30.0
CLIENT_CONFIG = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
)


@dataclass(frozen=True, slots=True)
class Connection:
    """The stack that a command uses, and how to reach it; without a URL, the stack is on AWS.

    A profile and a Region that are not given come from the AWS configuration.
    """

    endpoint_url: str | None = None
    stack: str = DEFAULT_STACK
    region: str | None = None
    profile: str | None = None

    @property
    def table(self) -> str:
        """The name that `template.yaml` gives the stack's table."""
        return f"{self.stack}-orders"

    def is_local(self) -> bool:
        """Return whether the URL is one of this machine."""
        host = urlsplit(self.endpoint_url or "").hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


@dataclass(frozen=True, slots=True)
class Operator:
    """The repositories and use cases that the commands call."""

    accounts: DynamoAccounts
    settings: DynamoSettings
    orders: DynamoOrders
    apply_settings: ApplySettings
    remove_definitions: RemoveDefinitions


@dataclass(frozen=True, slots=True)
class CommandDeadline:
    """The deadline of one command; `at` is a time of the clock `time.monotonic`."""

    at: float

    @classmethod
    def from_now(cls) -> CommandDeadline:
        """Return the deadline of a command that starts now."""
        return cls(monotonic() + PATIENCE_SECONDS)

    def remaining(self) -> float:
        """Return the seconds left."""
        return self.at - monotonic()


@contextmanager
def connected(
    connection: Connection, environment: Mapping[str, str] = os.environ
) -> Iterator[Operator]:
    """Connect to the stack; inside the context, every AWS error becomes an OperatorError."""
    where = f" at {connection.endpoint_url}" if connection.endpoint_url else ""
    try:
        client = _client(connection, environment)
        settings = DynamoSettings(client, connection.table)
        yield Operator(
            DynamoAccounts(client, connection.table),
            settings,
            DynamoOrders(client, connection.table),
            ApplySettings(settings, pause_with_jitter),
            RemoveDefinitions(
                settings,
                DynamoOrderIndex(client, connection.table),
                definitions_used_by,
                pause_with_jitter,
            ),
        )
    except StorageError as error:
        cause = error.__cause__
        throttled = isinstance(error, StorageUnavailableError) and isinstance(cause, ClientError)
        if isinstance(cause, BotoCoreError | ClientError) and not throttled:
            raise OperatorError(explain(cause, connection.table, where)) from error
        raise OperatorError(
            f"The table did not return a complete answer ({error}): try again."
        ) from error
    except ValidationError as error:
        raise OperatorError(
            "The table holds data in a format that this version of the command does not support: "
            "update the command."
        ) from error
    except (BotoCoreError, ClientError) as error:
        raise OperatorError(explain(error, connection.table, where)) from error


def _client(connection: Connection, environment: Mapping[str, str]) -> DynamoDBClient:
    if not connection.is_local():
        return boto3.Session(profile_name=connection.profile).client(
            "dynamodb",
            endpoint_url=connection.endpoint_url,
            # The AWS CLI reads AWS_REGION, and boto3 does not.
            region_name=connection.region or environment.get("AWS_REGION") or None,
            config=CLIENT_CONFIG,
        )
    return local_session(environment).client(
        "dynamodb",
        endpoint_url=connection.endpoint_url,
        region_name=connection.region or LOCAL_REGION,
        config=CLIENT_CONFIG.merge(Config(proxies={})),
    )


def local_session(environment: Mapping[str, str]) -> boto3.Session:
    """Return a session that ignores the developer's AWS profiles.

    The local stack must work with an expired login, and with a Region that is configured for AWS.
    """
    nowhere: dict[str, Any] = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    return boto3.Session(
        botocore_session=botocore.session.Session(session_vars=nowhere),
        aws_access_key_id=environment.get("AWS_ACCESS_KEY_ID") or "local",
        aws_secret_access_key=environment.get("AWS_SECRET_ACCESS_KEY") or "local",
        aws_session_token=environment.get("AWS_SESSION_TOKEN"),
    )
