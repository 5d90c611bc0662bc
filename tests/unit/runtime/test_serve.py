"""`serve` answers every request and every error in the protocol of its route."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from market_orders_testing.stack import functions_of_paths
from orders.adapters.dynamodb_tokens import DynamoTokens
from orders.application.errors import StorageUnavailableError
from orders.application.ports import Deadline
from orders.protocols.http import BodyRefusedError, EndpointResult, HttpAnswer, HttpRequest
from orders.runtime import serve as door
from orders.runtime.composition import (
    Aws,
    altcraft,
    commercetools,
    hub,
    hub_orders,
    import_jobs,
    new_request_id,
    yandex_market,
)
from orders.runtime.environment import Environment
from orders.runtime.observability import logger
from orders.runtime.serve import Route, Service, allowed_methods, serve, writes
from tests.support.lambda_context import Context
from tests.support.routes import UNKNOWN_CALLS, functions_of_routes
from tools.api_contract.document import document
from tools.api_contract.keys import KEY

type Tree = dict[str, Any]


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what the functions read when they open their endpoints."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("IMPORT_FILES_BUCKET", "files")
    monkeypatch.setenv("IMPORT_FILES_STATE_MACHINE_ARN", "arn:aws:states:::stateMachine:files")


@dataclass
class Shelf:
    """A protocol with one route. `opened` counts how often the service was opened."""

    root: str
    answer: Callable[[HttpRequest], HttpAnswer]
    opened: int = 0
    built: int = 0
    errors: list[Exception] = field(default_factory=list)

    def open(self) -> Service:
        self.opened += 1
        return Service(
            (self.root,), self._endpoints, self._answer_error, lambda _request: {"X-Id": "1"}
        )

    def _endpoints(self, _aws: Aws) -> Mapping[Route, Any]:
        self.built += 1
        return {("GET", f"{self.root}orders"): self._ask}

    def _ask(self, request: HttpRequest, _deadline: Deadline) -> EndpointResult:
        return EndpointResult(self.answer(request))

    def _answer_error(self, error: Exception, _request: HttpRequest) -> HttpAnswer:
        self.errors.append(error)
        return HttpAnswer(400 if isinstance(error, BodyRefusedError) else 500, b"no", {})


@pytest.fixture(autouse=True)
def _no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "connect", lambda: None)


def _event(resource: str = "/a/orders", method: str = "GET", **more: object) -> Tree:
    return {"resource": resource, "httpMethod": method, "headers": {}, **more}


def _ok(_request: HttpRequest) -> HttpAnswer:
    return HttpAnswer(200, b"yes", {"Content-Type": "text/plain"})


def _headers(answered: Tree) -> Tree:
    """Return the headers but for the id of the request, which every answer has."""
    headers = dict(answered["headers"])
    del headers["X-Request-Id"]
    return headers


def test_a_service_is_opened_once_and_composed_at_its_first_request() -> None:
    shelf = Shelf("/a/", _ok)
    handler = serve(shelf.open)
    assert (shelf.opened, shelf.built) == (1, 0)
    for _ in range(2):
        assert handler(_event(), Context())["body"] == "yes"
    assert (shelf.opened, shelf.built) == (1, 1)


def test_another_protocol_is_opened_at_its_first_request() -> None:
    first, second = Shelf("/a/", _ok), Shelf("/b/", _ok)
    handler = serve(first.open, second.open)
    handler(_event(), Context())
    assert second.opened == 0
    for _ in range(2):
        assert handler(_event("/b/orders"), Context())["statusCode"] == 200
    assert second.opened == 1


def test_head_returns_the_answer_of_get_without_the_body() -> None:
    seen = []

    def answer(request: HttpRequest) -> HttpAnswer:
        seen.append(request.method)
        return _ok(request)

    answered = serve(Shelf("/a/", answer).open)(_event(method="HEAD"), Context())
    assert answered["body"] == ""
    assert _headers(answered) == {"Content-Type": "text/plain", "X-Id": "1"}
    assert seen == ["HEAD"]


def test_every_error_is_answered_with_the_headers_of_the_service() -> None:
    def fail(_request: HttpRequest) -> HttpAnswer:
        raise ZeroDivisionError

    shelf = Shelf("/a/", fail)
    answered = serve(shelf.open)(_event(), Context())
    assert (answered["statusCode"], _headers(answered)) == (500, {"X-Id": "1"})
    assert [type(error) for error in shelf.errors] == [ZeroDivisionError]


def test_a_request_has_one_id_in_its_changes_in_its_answer_and_in_the_log() -> None:
    stored: list[str] = []

    def write(request: HttpRequest) -> HttpAnswer:
        stored.append(new_request_id())
        if len(stored) > 1:
            raise ZeroDivisionError
        return _ok(request)

    handler = serve(Shelf("/a/", write).open)
    answered = [handler(_event(), Context()) for _ in range(2)]
    assert [each["statusCode"] for each in answered] == [200, 500]
    assert [each["headers"]["X-Request-Id"] for each in answered] == stored
    assert stored[0] != stored[1]
    # Every line of the request's log has these.
    assert logger.get_current_keys()["request_id"] == stored[1]


def test_an_unknown_path_and_a_wrong_method_have_a_request_id() -> None:
    handler = serve(Shelf("/a/", _ok).open)
    for event in (_event("/elsewhere"), _event(method="POST"), _event(method="HEAD")):
        assert len(handler(event, Context())["headers"]["X-Request-Id"]) == 32


def test_an_unknown_route_is_answered() -> None:
    shelf = Shelf("/a/", _ok)
    assert serve(shelf.open)(_event("/elsewhere"), Context())["statusCode"] == 500
    assert [type(error) for error in shelf.errors] == [KeyError]


def test_a_method_that_the_path_does_not_have_is_answered_with_those_that_it_has() -> None:
    shelf = Shelf("/a/", _ok)
    answered = serve(shelf.open)(_event(method="POST"), Context())
    assert _headers(answered) == {"X-Id": "1", "Allow": "GET, HEAD"}
    [error] = shelf.errors
    assert str(error) == "The method must be GET or HEAD; got POST"


def test_an_allow_header_names_the_methods_of_a_path() -> None:
    assert allowed_methods(["POST"]) == ["POST"]
    assert allowed_methods(["GET", "DELETE"]) == ["DELETE", "GET", "HEAD"]


@pytest.mark.parametrize(
    ("open_service", "scheme"),
    [
        (altcraft.import_orders, "Bearer"),
        (commercetools.import_orders, "Bearer"),
        (commercetools.manage_orders, "Bearer"),
        (commercetools.issue_token, "Basic"),
        (yandex_market.manage_orders, "Bearer"),
        (yandex_market.update_external_id, "Bearer"),
        (hub.read_hub, "Bearer"),
        (altcraft.change_orders, "Bearer"),
        (hub_orders.manage_order, "Bearer"),
        (import_jobs.manage_import_jobs, "Bearer"),
    ],
)
@pytest.mark.usefixtures("variables")
def test_a_401_names_the_authentication_scheme(
    open_service: Callable[[], Service], scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws = Aws(Environment("table", "bus", 27), None, None)  # type: ignore[arg-type]
    monkeypatch.setattr(door, "connect", lambda: aws)
    service = open_service()
    for method, resource in service.endpoints(aws):
        answered = serve(lambda: service)(_event(resource, method, body='{"data":[]}'), Context())
        assert answered["statusCode"] == 401
        challenge = answered["headers"]["WWW-Authenticate"]
        assert challenge.startswith(f'{scheme} realm="market-orders"')


def test_an_unread_body_is_not_decoded() -> None:
    event = _event(body="%%%", isBase64Encoded=True)
    assert serve(Shelf("/a/", _ok).open)(event, Context())["statusCode"] == 200
    reading = Shelf("/a/", lambda request: HttpAnswer(200, request.body, {}))
    assert serve(reading.open)(event, Context())["statusCode"] == 400


@pytest.mark.parametrize("status", [500, 503])
def test_the_cause_of_every_5xx_is_logged(
    status: int, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_request: HttpRequest) -> HttpAnswer:
        raise StorageUnavailableError

    shelf = Shelf("/a/", fail)
    service = shelf.open()
    answering = Service(
        service.roots, service.endpoints, lambda _error, _request: HttpAnswer(status, b"", {})
    )
    serve(lambda: answering)(_event(), Context())
    causes = [each.exc_info[0] for each in caplog.records if each.exc_info]
    assert causes == [StorageUnavailableError]
    assert ('"Faults"' in capsys.readouterr().out) is (status == 500)


@pytest.mark.parametrize("encoding", ["br", "gzip"])
@pytest.mark.parametrize(
    ("open_service", "resource", "status"),
    [
        (altcraft.import_orders, "/api/v1.1/market/orders/import", 401),
        (commercetools.import_orders, "/{projectKey}/orders/import", 401),
        (
            yandex_market.update_external_id,
            "/campaigns/{campaignId}/orders/{orderId}/external-id",
            403,
        ),
    ],
)
def test_an_invalid_bearer_token_is_rejected_before_the_body_is_read(
    open_service: Callable[[], Service],
    resource: str,
    status: int,
    encoding: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door, "connect", lambda: Aws(Environment("table", "bus", 27), None, None))  # type: ignore[arg-type]
    monkeypatch.setattr(DynamoTokens, "client_of", lambda *_: None)
    event = _event(
        resource,
        "POST",
        pathParameters={"projectKey": "demo", "campaignId": "1", "orderId": "1"},
        body=base64.b64encode(b"neither of them").decode(),
        isBase64Encoded=True,
    )
    event["headers"] = {"Authorization": "Bearer wrong", "Content-Encoding": encoding}
    assert serve(open_service)(event, Context())["statusCode"] == status


def test_each_request_gets_one_correlation_id() -> None:
    service = commercetools.issue_token()
    first, second = (service.headers(HttpRequest()) for _ in range(2))
    assert first.keys() == {"X-Correlation-ID"}
    assert first != second
    sent = HttpRequest(headers={"x-correlation-id": "from-the-shop"})
    assert service.headers(sent) == {"X-Correlation-ID": "from-the-shop"}


@pytest.mark.usefixtures("variables")
def test_every_write_of_every_protocol_may_have_an_idempotency_key() -> None:
    """The door needs the authentication of the protocol, and the description has the header."""
    aws = Aws(Environment("table", "bus", 27), None, None)  # type: ignore[arg-type]
    writing = set()
    for service in (each() for opened in SERVICES.values() for each in opened):
        for route, endpoint in service.endpoints(aws).items():
            if writes(route[0], endpoint):
                assert service.identify is not None, route
                writing.add(route)
    described = {
        (method.upper(), path.removeprefix("/v2").removesuffix(".json").replace("ref}", "ref+}"))
        for path, item in document()["paths"].items()
        for method, operation in item.items()
        if KEY in operation.get("parameters", ())
    }
    assert writing == described
    assert len(writing) >= 18


SERVICES: Mapping[str, Sequence[Callable[[], Service]]] = {
    "import_orders": [altcraft.import_orders],
    "import_commercetools_order": [commercetools.import_orders],
    "issue_token": [commercetools.issue_token],
    "manage_orders": [
        yandex_market.manage_orders,
        commercetools.manage_orders,
        altcraft.change_orders,
        hub_orders.manage_order,
    ],
    "update_external_id": [yandex_market.update_external_id],
    "read_hub": [hub.read_hub, altcraft.read_orders],
    "manage_catalogue": [altcraft.manage_catalogue],
    "manage_import_jobs": [import_jobs.manage_import_jobs],
}


@pytest.mark.usefixtures("variables")
def test_the_services_have_the_routes_of_their_functions() -> None:
    aws = Aws(Environment("table", "bus", 27), None, None)  # type: ignore[arg-type]
    for function, opened in SERVICES.items():
        described = {
            ("GET" if method == "HEAD" else method, path.removeprefix("/v2").removesuffix(".json"))
            for (method, path), each in functions_of_routes().items()
            if each == function
        }
        served = {route for each in opened for route in each().endpoints(aws)}
        # API Gateway passes unknown calls with every method.
        assert described == {route for route in served if route[1] not in UNKNOWN_CALLS}
    assert set(functions_of_paths().values()) == {*SERVICES, "describe_api"}
