"""AWS clients that start fast and have a small overhead for each call.

They are created from botocore directly. boto3 returns the same clients, but it also imports its
transfer manager at every cold start.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, overload

import orjson
from botocore import __version__ as botocore_version
from botocore.config import Config
from botocore.session import Session

from orders.adapters.call_log import log_failed_calls
from orders.adapters.timed_connections import limit_calls

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_stepfunctions.client import SFNClient

CONNECT_SECONDS = 1
READ_SECONDS = 3
# The two limit each step of a call; this limits all of its steps together.
CALL_SECONDS = CONNECT_SECONDS + READ_SECONDS
# The adapters retry calls themselves. They respect the deadline, and never repeat a conditional
# write whose first attempt may have succeeded.
CLIENT_CONFIG = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    retries={"mode": "standard", "total_max_attempts": 1},
    # As many as parallel_calls has threads, which this module does not import at every start.
    max_pool_connections=40,
    parameter_validation=False,
    # A fixed text is faster: botocore builds its own from a dozen parts at every call.
    user_agent=f"market-orders Botocore/{botocore_version}",
)
# S3 takes longer to put the parts of a large file together.
S3_SECONDS = 10
_BODY = "market_orders_body"
_ONLY_WHAT_IS_PLAIN = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


@overload
def create_client(service: Literal["dynamodb"]) -> DynamoDBClient: ...
@overload
def create_client(service: Literal["events"]) -> EventBridgeClient: ...
@overload
def create_client(service: Literal["s3"]) -> S3Client: ...
@overload
def create_client(service: Literal["sqs"]) -> SQSClient: ...
@overload
def create_client(service: Literal["stepfunctions"]) -> SFNClient: ...
def create_client(service: str) -> Any:
    """Return a client with the configuration and credentials of the environment."""
    if service == "s3":
        return _s3_client()
    client = _session().create_client(service, config=CLIENT_CONFIG)
    limit_calls(client, CALL_SECONDS)
    log_failed_calls(client)
    client.meta.events.register_last("before-parameter-build", _write_body)
    client.meta.events.register_first("before-call", _send_body)
    return client


def _s3_client() -> BaseClient:
    """Return a client that sends the bytes of objects, and signs links to them."""
    # Another endpoint than that of AWS has no host names of buckets.
    has_endpoint = any(os.environ.get(f"AWS_ENDPOINT_URL{each}") for each in ("", "_S3"))
    config = CLIENT_CONFIG.merge(
        Config(
            read_timeout=max(S3_SECONDS, CLIENT_CONFIG.read_timeout),  # type: ignore[attr-defined]
            signature_version="s3v4",
            s3={"addressing_style": "path" if has_endpoint else "virtual"},
            # The size and the checksum of an uploaded file are checked when it is read.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
    )
    client = _session().create_client("s3", config=config)
    limit_calls(client, max(S3_SECONDS, CALL_SECONDS))
    log_failed_calls(client)
    return client


@cache
def _session() -> Session:
    return Session()


def _write_body(params: dict[str, Any], context: dict[str, Any], **_rest: object) -> None:
    """Serialize the parameters with orjson, because these services accept plain JSON.

    botocore would copy each member according to the service model, which is slow. It still does so
    for parameters that are not plain JSON, such as a datetime.
    """
    try:
        context[_BODY] = orjson.dumps(params, option=_ONLY_WHAT_IS_PLAIN)
    except TypeError:
        return
    # The endpoint rules need the names of the members, but not their content.
    params |= {name: type(each)() for name, each in params.items() if isinstance(each, dict | list)}


def _send_body(params: dict[str, Any], context: dict[str, Any], **_rest: object) -> None:
    body = context.pop(_BODY, None)
    if body is not None:
        params["body"] = body
