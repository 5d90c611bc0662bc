"""Connects a command to its stack, on AWS or on this machine.

The AWS SDK and the adapters are imported when a command connects, because they take most of the
time of a start.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, overload
from urllib.parse import urlsplit

from operator_cli.errors import OperatorError
from orders.application.errors import StorageError, StorageUnavailableError

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_sqs.client import SQSClient

    from orders.adapters.dynamodb_accounts import DynamoAccounts
    from orders.adapters.dynamodb_orders import DynamoOrders
    from orders.adapters.dynamodb_settings import DynamoSettings
    from orders.application.apply_settings import ApplySettings
    from orders.application.keep_mapping import KeepMapping
    from orders.application.remove_definitions import RemoveDefinitions

DEFAULT_STACK = "market-orders"
LOCAL_REGION = "us-east-1"
PATIENCE_SECONDS = 30.0
CLIENT_CONFIG: dict[str, Any] = {
    "connect_timeout": 3,
    "read_timeout": 10,
    "retries": {"mode": "standard", "total_max_attempts": 3},
    # The reads of a page go out together.
    "max_pool_connections": 40,
    # Large reads make many calls, and both of these take much of the time of a call.
    "parameter_validation": False,
    "user_agent": "market-orders",
}


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

    @property
    def triggers(self) -> str:
        """The name that `template.yaml` gives the bus of the triggers, and its archive."""
        return f"{self.stack}-triggers"

    @property
    def triggers_log(self) -> str:
        """The name that `template.yaml` gives the log of the triggers."""
        return f"/aws/events/{self.triggers}"

    @property
    def parked_triggers(self) -> str:
        """The name that `template.yaml` gives the queue of parked triggers."""
        return f"{self.stack}-parked-triggers"

    def is_local(self) -> bool:
        """Return whether the URL is one of this machine."""
        host = urlsplit(self.endpoint_url or "").hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


@dataclass(frozen=True)
class Operator:
    """The repositories and use cases that the commands call.

    Each is created when it is first used, so that a command imports only what it needs.
    """

    client: DynamoDBClient
    table: str

    @cached_property
    def accounts(self) -> DynamoAccounts:
        """The accounts with their clients and tokens."""
        from orders.adapters.dynamodb_accounts import DynamoAccounts

        return DynamoAccounts(self.client, self.table)

    @cached_property
    def settings(self) -> DynamoSettings:
        """The settings of the accounts."""
        from orders.adapters.dynamodb_settings import DynamoSettings

        return DynamoSettings(self.client, self.table)

    @cached_property
    def orders(self) -> DynamoOrders:
        """The orders."""
        from orders.adapters.dynamodb_orders import DynamoOrders

        return DynamoOrders(self.client, self.table)

    @cached_property
    def apply_settings(self) -> ApplySettings:
        """The use case that changes settings."""
        from orders.application.apply_settings import ApplySettings
        from orders.application.retries import pause_with_jitter

        return ApplySettings(self.settings, pause_with_jitter)

    @cached_property
    def keep_mapping(self) -> KeepMapping:
        """The use case that keeps mappings of columns in settings."""
        from orders.application.keep_mapping import KeepMapping
        from orders.application.retries import pause_with_jitter

        return KeepMapping(self.settings, pause_with_jitter)

    @cached_property
    def remove_definitions(self) -> RemoveDefinitions:
        """The use case that removes definitions from settings."""
        from orders.adapters.dynamodb_order_index import DynamoOrderIndex
        from orders.application.remove_definitions import RemoveDefinitions
        from orders.application.retries import pause_with_jitter
        from orders.runtime.composition.order_protocols import definitions_used_by

        index = DynamoOrderIndex(self.client, self.table)
        return RemoveDefinitions(self.settings, index, definitions_used_by, pause_with_jitter)

    def clock(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(UTC)


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
    with explained(connection):
        yield Operator(aws_client("dynamodb", connection, environment), connection.table)


@contextmanager
def explained(connection: Connection) -> Iterator[None]:
    """Turn each error of AWS and of the table into an OperatorError that explains it."""
    from botocore.exceptions import BotoCoreError, ClientError

    from operator_cli.aws_failures import explain

    where = f" at {connection.endpoint_url}" if connection.endpoint_url else ""
    try:
        yield
    except StorageError as error:
        cause = error.__cause__
        throttled = isinstance(error, StorageUnavailableError) and isinstance(cause, ClientError)
        if isinstance(cause, BotoCoreError | ClientError) and not throttled:
            raise OperatorError(explain(cause, connection.table, where)) from error
        raise OperatorError(
            f"The table did not return a complete answer ({error}): try again."
        ) from error
    except (BotoCoreError, ClientError) as error:
        raise OperatorError(explain(error, connection.table, where)) from error
    except ValueError as error:
        from pydantic import ValidationError

        if not isinstance(error, ValidationError):
            raise
        raise OperatorError(
            "The table holds data in a format that this version of the command does not support: "
            "update the command."
        ) from error


@overload
def aws_client(
    service: Literal["dynamodb"], connection: Connection, environment: Mapping[str, str] = ...
) -> DynamoDBClient: ...
@overload
def aws_client(
    service: Literal["events"], connection: Connection, environment: Mapping[str, str] = ...
) -> EventBridgeClient: ...
@overload
def aws_client(
    service: Literal["sqs"], connection: Connection, environment: Mapping[str, str] = ...
) -> SQSClient: ...
@overload
def aws_client(
    service: Literal["dynamodbstreams", "logs"],
    connection: Connection,
    environment: Mapping[str, str] = ...,
) -> Any: ...  # noqa: ANN401 - the stubs of these services are not installed
def aws_client(
    service: str, connection: Connection, environment: Mapping[str, str] = os.environ
) -> Any:
    """Return a client of a service of AWS, where the connection's stack is."""
    # boto3 returns the same clients, but it takes longer to import.
    from botocore.config import Config
    from botocore.session import Session

    if connection.is_local():
        session = local_session(environment)
        region: str | None = connection.region or LOCAL_REGION
        config = Config(**CLIENT_CONFIG, proxies={})
    else:
        session = Session(profile=connection.profile)
        # The AWS CLI reads AWS_REGION, and botocore does not.
        region = connection.region or environment.get("AWS_REGION")
        config = Config(**CLIENT_CONFIG)
    create: Any = session.create_client
    return create(
        service,
        endpoint_url=connection.endpoint_url,
        region_name=region or None,
        config=config,
    )


def local_session(environment: Mapping[str, str]) -> Session:
    """Return a session that ignores the developer's AWS profiles.

    The local stack must work with an expired login, and with a Region that is configured for AWS.
    """
    from botocore.session import Session

    nowhere: dict[str, Any] = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    session = Session(session_vars=nowhere)
    session.set_credentials(
        environment.get("AWS_ACCESS_KEY_ID") or "local",
        environment.get("AWS_SECRET_ACCESS_KEY") or "local",
        environment.get("AWS_SESSION_TOKEN"),
    )
    return session
