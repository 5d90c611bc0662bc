"""API Gateway in front of the functions: HTTP requests to events, and results to answers."""

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from market_orders_testing.http_server import Asked, Given
from market_orders_testing.stack import Tree, functions_of_paths, load_handler, response_of_gateway

_STAGE = "prod"


@dataclass
class LambdaContext:
    """The context that Lambda gives to a handler. Its remaining time decreases."""

    function_name: str
    aws_request_id: str = field(default_factory=lambda: str(uuid4()))
    memory_limit_in_mb: int = 1769
    seconds: float = 27.0
    begun: float = field(default_factory=time.monotonic)

    @property
    def invoked_function_arn(self) -> str:
        """The ARN of the function."""
        return f"arn:aws:lambda:us-east-1:123456789012:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds that the function has left."""
        return int((self.seconds - (time.monotonic() - self.begun)) * 1000)


@dataclass(frozen=True)
class Match:
    """The resource of a path, the values of its variables, and its function."""

    resource: str
    path: Mapping[str, str]
    function: str


@dataclass
class Gateway:
    """Answers requests as the stack's API does, with handlers of its own."""

    handlers: dict[str, Callable[[Tree, LambdaContext], Tree]] = field(default_factory=dict)

    def answer(self, asked: Asked) -> Given:
        """Return the answer of the function behind the route, or the gateway's own."""
        match = self.match(urlsplit(asked.target).path)
        if match is None:
            status, body = response_of_gateway("MISSING_AUTHENTICATION_TOKEN")
            return Given(status, body.encode())
        if match.function not in self.handlers:
            self.handlers[match.function] = load_handler(match.function)
        context = LambdaContext(match.function)
        return given_by(self.handlers[match.function](event_of(asked, match), context))

    def match(self, path: str) -> Match | None:
        """Return the resource of a path. Literal parts come before variables, as in the API."""
        steps = path.split("/")
        found = [
            (_rank(resource), Match(resource, variables, function))
            for resource, function in functions_of_paths().items()
            if (variables := _variables(resource.split("/"), steps)) is not None
        ]
        return min(found, key=lambda each: each[0])[1] if found else None


def _rank(resource: str) -> list[int]:
    return [
        2 if part.endswith("+}") else 1 if part.startswith("{") else 0
        for part in resource.split("/")
    ]


def _variables(parts: list[str], steps: list[str]) -> dict[str, str] | None:
    """Return the variables of a path, not decoded. None if the resource does not match."""
    if parts[-1].endswith("+}") and len(steps) >= len(parts):
        rest = "/".join(steps[len(parts) - 1 :])
        steps = [*steps[: len(parts) - 1], rest]
    if len(parts) != len(steps):
        return None
    pairs = list(zip(parts, steps, strict=True))
    if any(not step if part.startswith("{") else part != step for part, step in pairs[1:]):
        return None
    return {part[1:-1].removesuffix("+"): step for part, step in pairs if part.startswith("{")}


def event_of(asked: Asked, match: Match) -> Tree:
    """Return the event of a request. All media types of the API are binary."""
    parts = urlsplit(asked.target)
    query = parse_qs(parts.query, keep_blank_values=True)
    return {
        "resource": match.resource,
        "path": parts.path,
        "httpMethod": asked.method,
        "headers": {**asked.headers, "X-Forwarded-Proto": "http"},
        "multiValueHeaders": {name: [value] for name, value in asked.headers.items()},
        "pathParameters": dict(match.path) or None,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "stageVariables": None,
        "requestContext": {
            "requestId": str(uuid4()),
            "resourcePath": match.resource,
            "httpMethod": asked.method,
            "path": parts.path,
            "stage": _STAGE,
            "domainName": asked.headers.get("host", ""),
            "protocol": "HTTP/1.1",
            "identity": {"sourceIp": "127.0.0.1"},
        },
        "body": base64.b64encode(asked.body).decode() or None,
        "isBase64Encoded": bool(asked.body),
    }


def given_by(result: Mapping[str, object]) -> Given:
    """Return the answer in the result of a handler."""
    text = str(result["body"])
    body = base64.b64decode(text) if result["isBase64Encoded"] else text.encode()
    headers = result["headers"]
    if not isinstance(headers, Mapping):
        raise TypeError("the headers of an answer must be a mapping")
    return Given(int(str(result["statusCode"])), body, headers)
