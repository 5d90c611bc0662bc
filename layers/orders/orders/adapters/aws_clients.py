"""AWS clients that cost little: to create, and a call.

They are the clients that boto3 gives out, made by botocore's session itself: boto3 would add its
transfer manager to every start.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal, overload

import orjson
from botocore import __version__ as botocore_version
from botocore.config import Config
from botocore.session import Session

from orders.adapters.timed_connections import limit_calls

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_sqs.client import SQSClient

CONNECT_SECONDS = 1
READ_SECONDS = 3
# The two limit each step of a call; this limits all of its steps together.
CALL_SECONDS = CONNECT_SECONDS + READ_SECONDS
# The adapters repeat calls themselves, by the deadline, and never one whose repetition would meet
# its own first attempt as a lost race.
CLIENT_CONFIG = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    retries={"mode": "standard", "total_max_attempts": 1},
    max_pool_connections=32,
    parameter_validation=False,
    # Botocore puts its own together anew for every call, from a dozen parts.
    user_agent=f"market-orders Botocore/{botocore_version}",
)
_BODY = "market_orders_body"
_ONLY_WHAT_IS_PLAIN = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


@overload
def create_client(service: Literal["dynamodb"]) -> DynamoDBClient: ...
@overload
def create_client(service: Literal["events"]) -> EventBridgeClient: ...
@overload
def create_client(service: Literal["sqs"]) -> SQSClient: ...
def create_client(service: str) -> Any:
    """Return a client; settings and credentials are those of the environment."""
    client = _session().create_client(service, config=CLIENT_CONFIG)
    limit_calls(client, CALL_SECONDS)
    client.meta.events.register_last("before-parameter-build", _write_body)
    client.meta.events.register_first("before-call", _send_body)
    return client


@cache
def _session() -> Session:
    return Session()


def _write_body(params: dict[str, Any], context: dict[str, Any], **_rest: object) -> None:
    """Write the parameters as JSON in one go, which is how these services take them.

    Botocore would copy them member by member as their model says. That is left to it where there
    is anything that JSON has no form for.
    """
    try:
        context[_BODY] = orjson.dumps(params, option=_ONLY_WHAT_IS_PLAIN)
    except TypeError:
        return
    # What picks the endpoint still asks for the members, not for what is in them.
    params |= {name: type(each)() for name, each in params.items() if isinstance(each, dict | list)}


def _send_body(params: dict[str, Any], context: dict[str, Any], **_rest: object) -> None:
    body = context.pop(_BODY, None)
    if body is not None:
        params["body"] = body
