"""The entry point of every HTTP function: one Lambda event in, one answer out.

A handler is `serve(service)`. Endpoints return an answer or raise an error. Only this module turns
errors into answers, in the protocol of the request's route, and logs and counts every request. The
id of a request is in its log lines, in the changes that it stores, and in a header of its answer.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPMethod, HTTPStatus
from typing import Any

from orders.application.ports import Deadline
from orders.protocols.http import (
    Endpoint,
    EndpointResult,
    HttpAnswer,
    HttpRequest,
    MethodNotAllowedError,
    WrappedError,
    is_read,
)
from orders.protocols.idempotency import Identify, KeyRefusedError, has_key
from orders.runtime.api_gateway import read_request, write_answer
from orders.runtime.composition import Aws, connect
from orders.runtime.deadlines import LambdaContext, LambdaDeadline
from orders.runtime.observability import logger, metrics, record_answered
from orders.runtime.repeatable import RepeatableEndpoint
from orders.runtime.request_ids import REQUEST_ID_HEADER, one_request, request_id

# A method, and a resource of the API without `/v2` and `.json`.
type Route = tuple[str, str]
_SAFE_METHODS = frozenset({HTTPMethod.GET, HTTPMethod.HEAD, HTTPMethod.OPTIONS})
type Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def _no_headers(_request: HttpRequest) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Service:
    """The routes of one protocol in one function.

    `roots` are the prefixes of their resources. `endpoints` creates the endpoints. `answer_error`
    returns the answer to any error of an endpoint and must not raise. `headers` returns headers for
    every answer, also for errors. `challenge` is the WWW-Authenticate header of every 401.
    `identify` authenticates the clients of writes. A service without writes needs none.
    """

    roots: tuple[str, ...]
    endpoints: Callable[[Aws], Mapping[Route, Endpoint]]
    answer_error: Callable[[Exception, HttpRequest], HttpAnswer]
    headers: Callable[[HttpRequest], Mapping[str, str]] = _no_headers
    challenge: str = 'Bearer realm="market-orders"'
    identify: Callable[[Aws], Identify] | None = None

    def answer(
        self, request: HttpRequest, deadline: Deadline, open_endpoint: Callable[[], Endpoint]
    ) -> EndpointResult:
        """Return the endpoint's answer, or the protocol's answer to any error.

        `open_endpoint` may raise too, for example if an environment variable is missing.
        """
        answered = self.answer_errors(request, lambda: open_endpoint()(request, deadline))
        answered = answered.with_headers({**self.headers(request), **self._required(answered)})
        return _without_body(answered) if request.method == HTTPMethod.HEAD else answered

    def answer_errors(
        self, request: HttpRequest, call: Callable[[], EndpointResult]
    ) -> EndpointResult:
        """Return the result of a call, or the protocol's answer to any error that it raises."""
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - the protocol has an answer to every error
            cause = error.error if isinstance(error, WrappedError) else error
            return EndpointResult(self.answer_error(error, request), error=cause)

    def _required(self, answered: EndpointResult) -> Mapping[str, str]:
        """Return the headers that HTTP requires of an answer with this status (RFC 9110)."""
        if answered.answer.status == HTTPStatus.UNAUTHORIZED:
            return {"WWW-Authenticate": self.challenge}
        if isinstance(answered.error, MethodNotAllowedError):
            return {"Allow": ", ".join(answered.error.allowed)}
        if isinstance(answered.error, KeyRefusedError) and answered.error.retry_after:
            return {"Retry-After": answered.error.retry_after}
        return {}


type OpenService = Callable[[], Service]


def serve(open_service: OpenService, *open_others: OpenService) -> Handler:
    """Return the handler of a function.

    The first service is opened at the cold start. Each other service is opened at the first request
    that none of the opened services handles, because opening one imports its protocol's modules.
    """
    opened = [open_service()]
    unopened = list(open_others)
    endpoints_of = cache(lambda service, aws: service.endpoints(aws))

    def service_of(request: HttpRequest) -> Service:
        while True:
            for service in opened:
                if request.resource.startswith(service.roots):
                    return service
            if not unopened:
                return opened[0]
            opened.append(unopened.pop(0)())

    @logger.inject_lambda_context(clear_state=True, correlation_id_path="requestContext.requestId")
    @metrics.log_metrics
    def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        request = read_request(event)
        service = service_of(request)
        with one_request() as own_id:
            logger.append_keys(request_id=own_id)
            answered = service.answer(
                request,
                LambdaDeadline(context),
                lambda: _opened(service, connect(), request, endpoints_of),
            )
            # A repetition has the id of the request that it repeats.
            answered = answered.with_headers({REQUEST_ID_HEADER: request_id()})
            record_answered(answered)
        return write_answer(answered.answer)

    return lambda_handler


def _opened(
    service: Service,
    aws: Aws,
    request: HttpRequest,
    endpoints_of: Callable[[Service, Aws], Mapping[Route, Endpoint]],
) -> Endpoint:
    """Return the endpoint of a request. A write with an Idempotency-Key is carried out once."""
    endpoint = endpoint_of(request, endpoints_of(service, aws))
    if service.identify is None or not has_key(request) or not writes(request.method, endpoint):
        return endpoint
    # Few requests have a key, and importing the adapters would slow down the others' cold starts.
    from orders.runtime.composition.repeating import repeat_requests  # noqa: PLC0415

    return RepeatableEndpoint(
        endpoint, service.identify(aws), repeat_requests(aws), service.answer_errors
    )


def writes(method: str, endpoint: Endpoint) -> bool:
    """Return whether a route writes: every one but those of reads."""
    return method not in _SAFE_METHODS and not is_read(endpoint)


def endpoint_of(request: HttpRequest, endpoints: Mapping[Route, Endpoint]) -> Endpoint:
    """Return the endpoint of a request.

    Raises MethodNotAllowedError if the path has only other methods, and KeyError if no endpoint has
    the path, which is a fault of the stack.
    """
    route = route_of(request)
    methods = {method for method, resource in endpoints if resource == request.resource}
    if methods and route not in endpoints:
        raise MethodNotAllowedError(request.method, allowed_methods(methods))
    return endpoints[route]


def allowed_methods(methods: Iterable[str]) -> list[str]:
    """Return the methods for an Allow header. A path with GET has HEAD too."""
    heads = {str(HTTPMethod.HEAD)} if HTTPMethod.GET in methods else set()
    return sorted({*methods, *heads})


def route_of(request: HttpRequest) -> Route:
    """Return the route of a request. HEAD has the route of GET."""
    method = HTTPMethod.GET if request.method == HTTPMethod.HEAD else request.method
    return str(method), request.resource


def _without_body(answered: EndpointResult) -> EndpointResult:
    return replace(answered, answer=replace(answered.answer, body=b""))
