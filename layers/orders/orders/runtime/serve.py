"""The one door: a Lambda event becomes a request, and whatever happens to it one answer.

A handler is `serve(service)`. Endpoints return an answer or raise; this is the only place where an
error becomes an answer, in the protocol of the request's route. It is also the only place that
logs and counts what a request came to.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPMethod
from typing import Any

from orders.application.ports import Deadline
from orders.protocols.http import Endpoint, EndpointResult, HttpAnswer, HttpRequest, WrappedError
from orders.runtime.api_gateway import read_request, write_answer
from orders.runtime.composition import Aws, connect
from orders.runtime.deadlines import LambdaContext, LambdaDeadline
from orders.runtime.observability import logger, metrics, record_answered

# A method, and a resource of the API without the version before it and the `.json` after it.
type Route = tuple[str, str]
type Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def _no_headers(_request: HttpRequest) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Service:
    """The routes of one protocol in one function.

    `root` is what their resources begin with. `endpoints` puts them together. `answer_error`
    answers whatever an endpoint raises, and raises nothing itself. `headers` are those of every
    answer to a request, also of one to an error.
    """

    root: str
    endpoints: Callable[[Aws], Mapping[Route, Endpoint]]
    answer_error: Callable[[Exception, HttpRequest], HttpAnswer]
    headers: Callable[[HttpRequest], Mapping[str, str]] = _no_headers

    def answer(
        self, request: HttpRequest, deadline: Deadline, open_endpoint: Callable[[], Endpoint]
    ) -> EndpointResult:
        """Answer a request by an endpoint, and what that raises in the protocol's shape.

        Opening the endpoint may fail too: where the function's environment is incomplete.
        """
        try:
            answered = open_endpoint()(request, deadline)
        except Exception as error:  # noqa: BLE001 - every error has an answer in the protocol
            cause = error.error if isinstance(error, WrappedError) else error
            answered = EndpointResult(self.answer_error(error, request), error=cause)
        answered = answered.with_headers(self.headers(request))
        return _without_body(answered) if request.method == HTTPMethod.HEAD else answered


type OpenService = Callable[[], Service]


def serve(open_service: OpenService, *open_others: OpenService) -> Handler:
    """Return the handler of a function.

    The first service is opened while Lambda starts the environment, the others with the first
    request that is for none of those before: opening one loads its protocol's modules.
    """
    opened = [open_service()]
    unopened = list(open_others)
    put_together = cache(lambda service, aws: service.endpoints(aws))

    def service_of(request: HttpRequest) -> Service:
        while True:
            for service in opened:
                if request.resource.startswith(service.root):
                    return service
            if not unopened:
                return opened[0]
            opened.append(unopened.pop(0)())

    @logger.inject_lambda_context(clear_state=True, correlation_id_path="requestContext.requestId")
    @metrics.log_metrics
    def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        request = read_request(event)
        service = service_of(request)
        answered = service.answer(
            request,
            LambdaDeadline(context),
            lambda: put_together(service, connect())[route_of(request)],
        )
        record_answered(answered)
        return write_answer(answered.answer)

    return lambda_handler


def route_of(request: HttpRequest) -> Route:
    """Return the route of a request; HEAD is answered by the endpoint of GET."""
    method = HTTPMethod.GET if request.method == HTTPMethod.HEAD else request.method
    return str(method), request.resource


def _without_body(answered: EndpointResult) -> EndpointResult:
    return replace(answered, answer=replace(answered.answer, body=b""))
