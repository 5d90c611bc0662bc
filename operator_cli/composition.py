"""The operator's composition root: which AWS a command talks to, and what it works with."""

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
    """Which stack, and where its AWS answers; without a URL that is AWS itself."""

    endpoint_url: str | None = None
    stack: str = DEFAULT_STACK
    region: str | None = None

    @property
    def table(self) -> str:
        """Name of the stack's table, as template.yaml gives it."""
        return f"{self.stack}-orders"

    def is_local(self) -> bool:
        """Tell whether the URL leads to this machine."""
        host = urlsplit(self.endpoint_url or "").hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


@dataclass(frozen=True, slots=True)
class Operator:
    """What the commands work with."""

    accounts: DynamoAccounts
    settings: DynamoSettings
    orders: DynamoOrders
    apply_settings: ApplySettings
    remove_definitions: RemoveDefinitions


@dataclass(frozen=True, slots=True)
class CommandDeadline:
    """Deadline of one command; `at` is on the clock of time.monotonic."""

    at: float

    @classmethod
    def from_now(cls) -> CommandDeadline:
        """Return the deadline of a command that begins now."""
        return cls(monotonic() + PATIENCE_SECONDS)

    def remaining(self) -> float:
        """Return the seconds left."""
        return self.at - monotonic()


@contextmanager
def connected(
    connection: Connection, environment: Mapping[str, str] = os.environ
) -> Iterator[Operator]:
    """Give what the commands work with; every AWS fault inside becomes an OperatorError."""
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
            f"The table gave no answer to count on ({error}): try again."
        ) from error
    except ValidationError as error:
        raise OperatorError(
            "What the table holds does not fit this version of the command: update the command."
        ) from error
    except (BotoCoreError, ClientError) as error:
        raise OperatorError(explain(error, connection.table, where)) from error


def _client(connection: Connection, environment: Mapping[str, str]) -> DynamoDBClient:
    if not connection.is_local():
        return boto3.client(
            "dynamodb",
            endpoint_url=connection.endpoint_url,
            # The AWS CLI heeds AWS_REGION, boto3 by itself does not.
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
    """Return a session that knows none of the developer's profiles.

    An expired login must not stop local work, nor must a Region that is meant for AWS hide what was
    deployed locally.
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
