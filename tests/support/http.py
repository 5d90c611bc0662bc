"""Requests as `runtime/serve.py` passes them to an endpoint, and the endpoint's answers."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from orders.protocols.http import Endpoint, EndpointResult, HttpAnswer, HttpRequest
from orders.runtime.serve import Service
from tests.support.deadlines import FixedDeadline
from tests.support.plain_messages import faults_of_answer

NOTHING: Mapping[str, str] = MappingProxyType({})


def request(
    body: bytes = b"",
    headers: Mapping[str, str] = NOTHING,
    query: Mapping[str, str] = NOTHING,
    path: Mapping[str, str] = NOTHING,
    method: str = "POST",
) -> HttpRequest:
    """Return a request whose body is read at the first access."""
    return HttpRequest(
        headers=headers, query=query, path=path, method=method, read_body=lambda: body
    )


def answered(
    endpoint: Endpoint,
    sent: HttpRequest,
    answer_error: Callable[[Exception, HttpRequest], HttpAnswer],
    headers: Callable[[HttpRequest], Mapping[str, str]] = lambda _request: NOTHING,
) -> EndpointResult:
    """Return the result of an endpoint, with errors turned into answers.

    The test fails if a message of the answer is not plain English.
    """
    service = Service(("",), lambda _aws: {}, answer_error, headers)
    result = service.answer(sent, FixedDeadline(), lambda: endpoint)
    unclear = faults_of_answer(sent, result.answer)
    assert not unclear, unclear
    return result
