"""A method that a path does not have is answered with 405 in the protocol of the path."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from market_orders_testing.stack import functions_of_paths
from orders.protocols.altcraft.unknown_call import CALLS
from tests.support.functions import Function, deployed
from tests.support.routes import UNKNOWN_CALLS, RouteRequest, functions_of_routes

type Tree = dict[str, Any]

# What API Gateway passes for a route with every method.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SERVED = set(functions_of_routes())
REFUSED = [
    (method, path)
    for path in functions_of_paths()
    if path not in UNKNOWN_CALLS
    for method in METHODS
    if (method, path) not in SERVED and not (method == "HEAD" and ("GET", path) in SERVED)
]


@pytest.fixture(scope="module")
def get(dynamodb: DynamoDBClient) -> Iterator[Callable[[str], Function]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        with deployed(dynamodb, patch, {}, ()) as running:
            yield running


def _answer(get: Callable[[str], Function], method: str, path: str, **headers: str) -> Tree:
    sent = RouteRequest((method, path), headers=headers, body="not read")
    return get(functions_of_paths()[path]).invoke(sent.event())


@pytest.mark.parametrize(("method", "path"), REFUSED, ids=" ".join)
def test_another_method_gets_405_in_the_shape_of_the_protocol(
    get: Callable[[str], Function], method: str, path: str
) -> None:
    """The function checks too that Allow names the methods of the API description."""
    answer = _answer(get, method, path, **{"X-Correlation-ID": "mine"})
    assert answer["statusCode"] == 405
    assert answer["headers"]["Allow"]
    if method == "HEAD":
        assert answer["body"] == ""
        return
    tree = json.loads(answer["body"])
    root = path.removeprefix("/v2").removesuffix(".json").split("/")[1]
    if root in {"{projectKey}", "oauth"}:
        assert tree == {"statusCode": 405, "message": "Method Not Allowed"}
        assert answer["headers"]["X-Correlation-ID"] == "mine"
    elif root == "api":
        assert (tree["error"], tree["result"]) == (405, [])
        assert tree["error_text"] == f"The method must be POST; got {method}"
    elif root in {"campaigns", "v1"}:
        message = f"Request method {method} not supported"
        error = {"code": "METHOD_NOT_ALLOWED", "message": message}
        assert tree == {"status": "ERROR", "errors": [error]}
    elif root == "hub":
        assert (tree["status"], tree["code"]) == (405, "method_not_allowed")
        assert answer["headers"]["Content-Type"] == "application/problem+json"
    else:
        assert (tree["error"], tree["status"], tree["statusCode"]) == (405, "ERROR", 405)


def test_the_answer_to_another_method_has_the_accepted_format(
    get: Callable[[str], Function],
) -> None:
    path = "/api/v1.1/market/orders/import"
    answer = _answer(get, "PUT", path, Accept="application/xml")
    assert answer["body"].startswith("<xml><error>405</error><error_text>The method must be POST")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("path", "call"),
    [
        *((UNKNOWN_CALLS[0], call) for call in ("lisst", "get", "lines/status", "import/", "")),
        *((UNKNOWN_CALLS[0], call) for call in ("x" * 500, "ü<")),
        *((path, "lisst/x") for path in UNKNOWN_CALLS[1:]),
    ],
)
def test_an_unknown_altcraft_call_is_answered_with_the_calls_that_exist(
    get: Callable[[str], Function], method: str, path: str, call: str
) -> None:
    route = (method, path)
    sent = RouteRequest(route, {"call": call}, body="not read")
    answer = get(functions_of_paths()[route[1]]).invoke(sent.event())
    assert answer["statusCode"] == 404
    if method == "HEAD":
        assert answer["body"] == ""
        return
    tree = json.loads(answer["body"])
    assert (tree["error"], tree["result"]) == (404, [])
    paths = {path for _method, path in SERVED if path.startswith("/api/")}
    assert all(path in tree["error_text"] for path in paths)
    assert paths == {f"/api/v1.1/market/{each}" for each in CALLS}
    assert len(tree["error_text"]) < 700


def test_an_unknown_altcraft_call_is_answered_in_the_accepted_format(
    get: Callable[[str], Function],
) -> None:
    headers = {"Content-Type": "application/xml"}
    sent = RouteRequest(
        ("POST", UNKNOWN_CALLS[0]), {"call": "orders"}, headers=headers, body="<xml/>"
    )
    answer = get("read_hub").invoke(sent.event())
    assert answer["body"].startswith("<xml><error>404</error><error_text>The path must be one of")


def test_every_path_rejects_other_methods_and_has_some() -> None:
    assert {path for _method, path in SERVED} == {path for _method, path in REFUSED}
    update = "/{projectKey}/orders/{ref+}"
    assert {method for method, path in REFUSED if path == update} == {"PUT", "PATCH", "OPTIONS"}


@pytest.mark.parametrize("path", sorted({path for method, path in SERVED if method == "GET"}))
def test_a_path_with_get_has_head(get: Callable[[str], Function], path: str) -> None:
    function = functions_of_routes()["GET", path]
    get_answer, head = (
        get(function).invoke(RouteRequest((method, path), PATH_VALUES).event())
        for method in ("GET", "HEAD")
    )
    assert head["statusCode"] == get_answer["statusCode"]
    assert head["body"] == ""


PATH_VALUES = {
    "projectKey": "demo",
    "campaignId": "1",
    "businessId": "1",
    "orderId": "1",
    "ref": "x",
    "asset": "no-such-file",
}
