"""Requests as the door hands them on, and what an endpoint makes of them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from orders.protocols.http import Endpoint, EndpointResult, HttpAnswer, HttpRequest
from orders.runtime.serve import Service
from tests.support.deadlines import FixedDeadline

NOTHING: Mapping[str, str] = MappingProxyType({})


def request(
    body: bytes = b"",
    headers: Mapping[str, str] = NOTHING,
    query: Mapping[str, str] = NOTHING,
    path: Mapping[str, str] = NOTHING,
    method: str = "POST",
) -> HttpRequest:
    """Return a request whose body is read when it is asked for."""
    return HttpRequest(
        headers=headers, query=query, path=path, method=method, read_body=lambda: body
    )


def answered(
    endpoint: Endpoint,
    sent: HttpRequest,
    answer_error: Callable[[Exception, HttpRequest], HttpAnswer],
    headers: Callable[[HttpRequest], Mapping[str, str]] = lambda _request: NOTHING,
) -> EndpointResult:
    """Return what the door answers with when an endpoint is asked."""
    service = Service("", lambda _aws: {}, answer_error, headers)
    return service.answer(sent, FixedDeadline(), lambda: endpoint)
