"""Every route returns its protocol's 503 in time if the store does not answer."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.domain.clients import Role
from orders.runtime.composition import connect, new_request_id
from tests.hostile.corpus import SECRET
from tests.support.aws_faults import error_answer, failing
from tests.support.catalogue import product, sku
from tests.support.commercetools import basic, draft
from tests.support.functions import Function, Tenant, deployed
from tests.support.routes import Route, RouteRequest, functions_of_routes
from tests.support.samples import IMPORT_RESOURCE, order, request

type Tree = dict[str, Any]

SETTINGS: Tree = {
    "currencies": ["USD"],
    "endpoints": [
        {"external_id": "website", "campaign_id": 1001},
        {"external_id": "couriers", "campaign_id": 1002, "sales_model": "DBS"},
    ],
}
ORDER_PATH = "/campaigns/{campaignId}/orders/{orderId}"
MARKET = "/api/v1.1/market"
ALTCRAFT = f"{MARKET}/orders"
BODIES: dict[Route, object] = {
    ("POST", IMPORT_RESOURCE): request(order(), token=SECRET),
    ("POST", "/{projectKey}/orders/import"): draft(),
    ("POST", f"{ORDER_PATH}/external-id"): {"externalOrderId": "B"},
    ("PUT", f"{ORDER_PATH}/status"): {
        "order": {"status": "PROCESSING", "substatus": "READY_TO_SHIP"}
    },
    ("POST", "/campaigns/{campaignId}/orders/status-update"): {
        "orders": [{"id": 1, "status": "PROCESSING", "substatus": "READY_TO_SHIP"}]
    },
    ("GET", f"{ORDER_PATH}/buyer"): None,
    ("POST", "/oauth/token"): None,
    ("GET", ORDER_PATH): None,
    ("GET", "/campaigns/{campaignId}/orders"): None,
    ("GET", "/{projectKey}/orders/{ref+}"): None,
    ("GET", "/{projectKey}/orders"): None,
    ("GET", "/{projectKey}/messages"): None,
    ("DELETE", "/{projectKey}/orders/{ref+}"): None,
    ("POST", "/{projectKey}/orders/{ref+}"): {
        "version": 1,
        "actions": [{"action": "setOrderNumber", "orderNumber": "CT-9"}],
    },
    ("GET", "/hub/v1/orders"): None,
    ("GET", "/hub/v1/orders/{order_id}"): None,
    ("GET", "/hub/v1/orders/{order_id}/history"): None,
    ("GET", "/hub/v1/changes"): None,
    ("POST", "/hub/v1/reconcile"): {"orders": [{"external_id": "A", "version": 1}]},
    ("DELETE", "/hub/v1/orders/{order_id}"): None,
    ("POST", "/hub/v1/orders/{order_id}/revive"): None,
    ("POST", "/hub/v1/orders/{order_id}/restore"): {"version": 1},
    ("POST", "/hub/v1/undo"): {"request_id": new_request_id(), "dry_run": False},
    ("POST", "/hub/v1/import_jobs"): {"file": {"name": "orders.csv", "size": 10}},
    ("GET", "/hub/v1/import_jobs"): None,
    ("POST", "/hub/v1/import_jobs/{job_id}/start"): {"mode": "import"},
    ("PUT", "/hub/v1/orders/{order_id}/lines/{line_id}/status"): {"status": "delivered"},
    ("POST", f"{ALTCRAFT}/delete"): {"external_id": "A"},
    ("POST", f"{ALTCRAFT}/update_order_line_status"): {
        "order_external_id": "A",
        "order_line_external_id": "line_01",
        "status_external_id": "delivered",
    },
    ("POST", f"{ALTCRAFT}/list"): {},
    ("POST", f"{ALTCRAFT}/get_status"): {"external_id": "A"},
    ("POST", f"{MARKET}/products/import"): {"data": [product("p", sku=[product("a")])]},
    ("POST", f"{MARKET}/sku/import"): {"data": [sku("a", "p")]},
    ("POST", f"{MARKET}/products/list"): {},
    ("POST", f"{MARKET}/sku/list"): {},
    ("POST", f"{MARKET}/products/delete"): {"external_ids": ["p"]},
    ("POST", f"{MARKET}/sku/delete"): {"ids": [1]},
}
# Routes with POST that write nothing.
READING = {
    *("/oauth/token", "/hub/v1/reconcile", f"{ALTCRAFT}/list", f"{ALTCRAFT}/get_status"),
    *(f"{MARKET}/products/list", f"{MARKET}/sku/list"),
}
FAULTS: dict[str, Callable[[int], AWSResponse | Exception]] = {
    "throttled": lambda _n: error_answer("ProvisionedThroughputExceededException"),
    "failing": lambda _n: error_answer("InternalServerError", 500),
    "silent": lambda _n: ReadTimeoutError(endpoint_url="injected"),
}
# This leaves about a second for the store: the rest is reserved for the answer and triggers.
READING_MILLIS, WRITING_MILLIS = 5_500, 13_500
NAMES = (
    *("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"),
    *("BatchExecuteStatement", "BatchWriteItem", "TransactWriteItems"),
)


@pytest.fixture(scope="module")
def get(dynamodb: DynamoDBClient) -> Iterator[Callable[[str], Function]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        tenants = (Tenant("demo", SECRET, (Role.ADMIN,), "shop"),)
        with deployed(dynamodb, patch, SETTINGS, tenants) as running:
            yield running


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("route", BODIES, ids=" ".join)
def test_an_unavailable_store_is_answered_in_time(
    get: Callable[[str], Function],
    route: Route,
    fault: Callable[[int], AWSResponse | Exception],
) -> None:
    function = get(functions_of_routes()[route])
    before = function.client.scan(TableName=function.table)["Items"]
    sent = _sent(route)
    is_reading = route[0] == "GET" or route[1] in READING
    millis = READING_MILLIS if is_reading else WRITING_MILLIS
    client = connect().dynamodb
    with ExitStack() as faults:
        calls = [faults.enter_context(failing(client, name, fault)) for name in NAMES]
        begun = time.monotonic()
        answer = function.invoke(sent.event(), millis)
        spent = time.monotonic() - begun
    assert answer["statusCode"] == 503, answer["body"]
    assert int(answer["headers"]["Retry-After"]) > 0
    assert any(calls)
    assert spent < millis / 1000
    assert function.client.scan(TableName=function.table)["Items"] == before


def _sent(route: Route) -> RouteRequest:
    headers = {"Authorization": f"Bearer {SECRET}"}
    if route[1] == "/oauth/token":
        headers = {"Authorization": basic("shop", SECRET)}
    return RouteRequest(
        route,
        {
            "campaignId": "1002" if route[1].endswith("/buyer") else "1001",
            "orderId": "1",
            "projectKey": "demo",
            "ref": "order-number=A",
            "order_id": "1",
            "line_id": "line_01",
            "job_id": new_request_id(),
        },
        {"version": "1"} if route[0] == "DELETE" else {},
        headers,
        BODIES[route],
    )


def test_a_partly_stored_import_returns_the_outcome_of_each_order(
    get: Callable[[str], Function],
) -> None:
    """Only the first batch of orders is written. The other orders are retryable."""
    function = get("import_orders")
    orders = [order(external_id=f"part {number}") for number in range(60)]

    def before_send(**sent: Any) -> Any:  # noqa: ANN401 - the stubs lack hooks with a result
        body = bytes(sent["request"].body)
        is_of_orders = b"document" in body
        is_first = b'#O#part 0"' in body
        return error_answer("InternalServerError", 500) if is_of_orders and not is_first else None

    events, name = connect().dynamodb.meta.events, "before-send.dynamodb.BatchExecuteStatement"
    events.register(name, before_send)
    try:
        sent = RouteRequest(
            ("POST", IMPORT_RESOURCE),
            headers={"Authorization": f"Bearer {SECRET}"},
            body=request(*orders, result_details=True),
        )
        answer = function.invoke(sent.event(), WRITING_MILLIS + 3_000)
    finally:
        events.unregister(name, before_send)
    tree = json.loads(answer["body"])
    assert (answer["statusCode"], tree["error"]) == (200, 503)
    outcomes = {entry["external_id"]: entry for entry in tree["result"]}
    assert tree["counts"]["created"] == 25
    for external_id, entry in outcomes.items():
        is_stored = function.stored(external_id) is not None
        assert is_stored == (entry["outcome"] == "created")
        assert is_stored or entry["retryable"]
