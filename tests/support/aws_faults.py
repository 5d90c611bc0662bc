"""Inject errors that no emulator produces into the calls of botocore."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import (
    ConnectionClosedError,
    HTTPClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
)
from mypy_boto3_dynamodb.client import DynamoDBClient

type Parsed = dict[str, Any]

# Everything that botocore raises while it sends a request or reads its answer: whether the call had
# its effect cannot be known.
LOST_ANSWERS: dict[str, Exception] = {
    type(error).__name__: error
    for error in (
        ConnectionClosedError(endpoint_url="http://injected"),
        HTTPClientError(error="injected"),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
        ReadTimeoutError(endpoint_url="http://injected"),
        ResponseStreamingError(error="injected"),
        SSLError(endpoint_url="http://injected", error=OSError("injected")),
    )
}


@contextmanager
def answering(
    client: DynamoDBClient, operation: str, change: Callable[[int, Parsed], Parsed | None]
) -> Iterator[list[Parsed]]:
    """Replace the parsed answers of an operation. `change` also gets the call number, from 1."""
    seen: list[Parsed] = []

    def after_call(parsed: Parsed, **_rest: object) -> None:
        seen.append(parsed)
        replaced = change(len(seen), parsed)
        if replaced is not None:
            parsed.clear()
            parsed.update(replaced)

    event = f"after-call.dynamodb.{operation}"
    client.meta.events.register(event, after_call)
    try:
        yield seen
    finally:
        client.meta.events.unregister(event, after_call)


@contextmanager
def failing(
    client: DynamoDBClient, operation: str, fail: Callable[[int], AWSResponse | Exception | None]
) -> Iterator[list[int]]:
    """Make calls of an operation fail before they are sent. `fail` gets their number, from 1."""
    calls: list[int] = []

    def before_send(**_rest: object) -> Any:  # noqa: ANN401 - the stubs know no answering hook
        calls.append(len(calls) + 1)
        failure = fail(calls[-1])
        if isinstance(failure, Exception):
            raise failure
        return failure

    event = f"before-send.dynamodb.{operation}"
    client.meta.events.register(event, before_send)
    try:
        yield calls
    finally:
        client.meta.events.unregister(event, before_send)


class _Body:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_rest: object) -> Iterator[bytes]:
        yield self.content


def error_answer(code: str, status: int = 400, **members: object) -> AWSResponse:
    """Return the answer of DynamoDB to a call that fails with this code."""
    kind = f"com.amazonaws.dynamodb.v20120810#{code}"
    body = json.dumps({"__type": kind, "message": "injected", **members})
    headers = HTTPHeaders()
    headers["content-type"] = "application/x-amz-json-1.0"
    return AWSResponse("http://injected", status, headers, _Body(body.encode()))
