"""Every route reads a body in each form in which API Gateway delivers it."""

import base64
import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.domain.clients import Role
from tests.hostile.corpus import SECRET
from tests.support.catalogue import sku
from tests.support.commercetools import basic, draft
from tests.support.functions import Function, Tenant, count_order_ids, deployed
from tests.support.routes import Route, RouteRequest, functions_of_routes
from tests.support.samples import IMPORT_RESOURCE, order, request, to_xml

type Tree = dict[str, Any]
type Deliver = Callable[[bytes], Tree]

SETTINGS: Tree = {
    "currencies": ["USD"],
    "endpoints": [{"external_id": "website", "campaign_id": 1001}],
    "business_id": 7,
}
ORDER_PATH = "/campaigns/{campaignId}/orders/{orderId}"
ALTCRAFT = "/api/v1.1/market/orders"
JOBS = "/hub/v1/import_jobs"
GRANT = {"grant_type": "client_credentials"}
STATUS = {"order": {"status": "PROCESSING", "substatus": "READY_TO_SHIP"}}
# A body for each route that reads one, and its media type.
BODIES: dict[str, tuple[Route, str, bytes]] = {
    "import_orders": (
        ("POST", IMPORT_RESOURCE),
        "application/json",
        json.dumps(request(order(external_id="A"))).encode(),
    ),
    "import_orders_xml": (
        ("POST", IMPORT_RESOURCE),
        "application/xml",
        to_xml(request(order(external_id="A"))),
    ),
    "import_commercetools_order": (
        ("POST", "/{projectKey}/orders/import"),
        "application/json",
        json.dumps(draft(orderNumber=None)).encode(),
    ),
    "update_commercetools_order": (
        ("POST", "/{projectKey}/orders/{ref+}"),
        "application/json",
        b'{"version": 1, "actions": []}',
    ),
    "update_external_id": (
        ("POST", f"{ORDER_PATH}/external-id"),
        "application/json",
        b'{"externalOrderId": "A"}',
    ),
    "update_order_status": (
        ("PUT", f"{ORDER_PATH}/status"),
        "application/json",
        json.dumps(STATUS).encode(),
    ),
    "update_order_statuses": (
        ("POST", "/campaigns/{campaignId}/orders/status-update"),
        "application/json",
        json.dumps({"orders": [{"id": 1, **STATUS["order"]}]}).encode(),
    ),
    "list_business_orders": (
        ("POST", "/v1/businesses/{businessId}/orders"),
        "application/json",
        b'{"statuses": ["PROCESSING"]}',
    ),
    "reconcile": (
        ("POST", "/hub/v1/reconcile"),
        "application/json",
        b'{"orders": [{"external_id": "A", "version": 1}]}',
    ),
    "list_orders": (("POST", f"{ALTCRAFT}/list"), "application/json", b'{"limit": 1}'),
    "list_orders_xml": (
        ("POST", f"{ALTCRAFT}/list"),
        "application/xml",
        b"<xml><limit>1</limit></xml>",
    ),
    "undo": (
        ("POST", "/hub/v1/undo"),
        "application/json",
        b'{"request_id": "019b7e5c8a3f7d21b4c6e8f0a1b2c3d4"}',
    ),
    "create_import_job": (
        ("POST", JOBS),
        "application/json",
        b'{"file": {"name": "orders.csv", "size": 10}}',
    ),
    "start_import_job": (("POST", f"{JOBS}/{{job_id}}/start"), "application/json", b"{}"),
    "undo_import_job": (
        ("POST", f"{JOBS}/{{job_id}}/undo"),
        "application/json",
        b'{"dry_run": true}',
    ),
    "restore_order": (
        ("POST", "/hub/v1/orders/{order_id}/restore"),
        "application/json",
        b'{"version": 1}',
    ),
    "hub_line_status": (
        ("PUT", "/hub/v1/orders/{order_id}/lines/{line_id}/status"),
        "application/json",
        b'{"status": "new"}',
    ),
    "delete_order": (
        ("POST", f"{ALTCRAFT}/delete"),
        "application/json",
        b'{"external_id": "to delete", "with_fire": false}',
    ),
    "line_status_xml": (
        ("POST", f"{ALTCRAFT}/update_order_line_status"),
        "application/xml",
        (
            b"<xml><order_external_id>A</order_external_id>"
            b"<order_line_external_id>line_01</order_line_external_id>"
            b"<status_external_id>new</status_external_id></xml>"
        ),
    ),
    "get_status": (
        ("POST", f"{ALTCRAFT}/get_status"),
        "application/json",
        b'{"external_id": "A"}',
    ),
    **{
        f"{call} {folder}": (
            ("POST", f"/api/v1.1/market/{folder}/{call}"),
            "application/json",
            body,
        )
        for folder in ("products", "sku")
        for call, body in (
            ("import", json.dumps({"data": [sku("a", "p")]}).encode()),
            ("list", b'{"limit": 1}'),
            ("delete", b'{"external_ids": ["a"]}'),
        )
    },
    "issue_token": (
        ("POST", "/oauth/token"),
        "application/x-www-form-urlencoded",
        urlencode(GRANT).encode(),
    ),
}


# A POST whose body is not read.
BODILESS = {("POST", "/hub/v1/orders/{order_id}/revive")}


def _binary(body: bytes, coding: str) -> Tree:
    sent = {"Content-Encoding": coding} if coding else {}
    return {"headers": sent, "body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _text(body: bytes, coding: str) -> Tree:
    return {**_binary(b"", coding), "body": body.decode(), "isBase64Encoded": False}


def _halves(body: bytes) -> bytes:
    middle = len(body) // 2
    return gzip.compress(body[:middle]) + gzip.compress(body[middle:])


ACCEPTED: dict[str, Deliver] = {
    "gzip": lambda body: _binary(gzip.compress(body), "gzip"),
    "gzip of two members": lambda body: _binary(_halves(body), "gzip"),
    "decoded gzip": lambda body: _binary(body, "gzip"),
    "decoded gzip as text": lambda body: _text(body, "gzip"),
    "decoded deflate": lambda body: _binary(body, "deflate"),
    "decoded deflate as text": lambda body: _text(body, "deflate"),
    "decoded br": lambda body: _binary(body, "br"),
    "decoded br as text": lambda body: _text(body, "br"),
    "identity": lambda body: _binary(body, "identity"),
}
REJECTED: dict[str, tuple[int, str, Deliver]] = {
    "truncated gzip": (400, "truncated", lambda body: _binary(gzip.compress(body)[:-9], "gzip")),
    "data after gzip": (
        400,
        "must end with its last member",
        lambda body: _binary(gzip.compress(body) + b"tail", "gzip"),
    ),
    "another binary body": (400, "must be gzip", lambda _body: _binary(bytes(99), "gzip")),
    "gzip that is not declared": (
        400,
        "it looks like gzip data",
        lambda body: _binary(gzip.compress(body), ""),
    ),
    "gzip in gzip": (
        400,
        "it looks like gzip data",
        lambda body: _binary(gzip.compress(gzip.compress(body)), "gzip"),
    ),
    "UTF-16": (
        400,
        "it looks like UTF-16",
        lambda body: _binary(body.decode().encode("utf-16"), ""),
    ),
    "two codings": (415, "Content-Encoding", lambda body: _binary(body, "gzip, gzip")),
    "an unknown coding": (415, "Content-Encoding", lambda body: _binary(body, "zstd")),
    "deflate": (415, "Content-Encoding", lambda body: _binary(zlib.compress(body), "deflate")),
}


@pytest.fixture(scope="module")
def get(dynamodb: DynamoDBClient) -> Iterator[Callable[[str], Function]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        tenants = (Tenant("demo", SECRET, (Role.ADMIN,), "shop"),)
        with deployed(dynamodb, patch, SETTINGS, tenants) as running:
            count_order_ids(patch)
            created = _send(running, "import_orders", ACCEPTED["identity"])
            assert created["statusCode"] == 200, created["body"]
            yield running


def _send(get: Callable[[str], Function], name: str, deliver: Deliver) -> Tree:
    route, media, body = BODIES[name]
    secret = f"Bearer {SECRET}" if route[1] != "/oauth/token" else basic("shop", SECRET)
    path = {
        "campaignId": "1001",
        "orderId": "1",
        "projectKey": "demo",
        "businessId": "7",
        "order_id": "1",
        "line_id": "line_01",
        "job_id": "019b7e5c8a3f7d21b4c6e8f0a1b2c3d4",
        "ref": "order-number=A",
    }
    event = RouteRequest(route, path, headers={"Authorization": secret}).event()
    delivered = deliver(body)
    headers = event["headers"] | {"Content-Type": media} | delivered["headers"]
    answer: Tree = get(functions_of_routes()[route]).invoke(
        event | delivered | {"headers": headers}
    )
    return answer


def test_the_bodies_cover_every_route_that_reads_one() -> None:
    reading = {route for route in functions_of_routes() if route[0] in {"POST", "PUT"}}
    plain = {(method, path.removeprefix("/v2").removesuffix(".json")) for method, path in reading}
    assert {route for route, _media, _body in BODIES.values()} == plain - BODILESS


@pytest.mark.parametrize("deliver", ACCEPTED.values(), ids=ACCEPTED)
@pytest.mark.parametrize("name", BODIES)
def test_every_form_of_a_body_is_the_same_request(
    get: Callable[[str], Function], name: str, deliver: Deliver
) -> None:
    if name == "delete_order":
        headers = {"Authorization": f"Bearer {SECRET}"}
        body = request(order(external_id="to delete"))
        imports = RouteRequest(("POST", IMPORT_RESOURCE), headers=headers, body=body)
        # The import ends the soft deletion of the test before.
        get("import_orders").invoke(imports.event())
    answer = _send(get, name, deliver)
    # No history is written here, so that only the present version can be restored, and the version
    # of the order has risen since it was created.
    has_conflict = name in {"restore_order", "update_commercetools_order"}
    read = {200, 201, 409} if has_conflict else {200, 201}
    # The job is not known. A body that cannot be read is rejected before that.
    read |= {404} if name in {"start_import_job", "undo_import_job"} else set()
    assert answer["statusCode"] in read, answer["body"]


@pytest.mark.parametrize(("status", "text", "deliver"), REJECTED.values(), ids=REJECTED)
@pytest.mark.parametrize("name", BODIES)
def test_an_unreadable_body_is_rejected_with_the_reason(
    get: Callable[[str], Function], name: str, status: int, text: str, deliver: Deliver
) -> None:
    if name.endswith("_xml") and text == "it looks like UTF-16":
        status, text = 200, ""
    answer = _send(get, name, deliver)
    assert answer["statusCode"] == status, answer["body"]
    assert text in answer["body"]
