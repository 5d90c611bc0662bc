"""A preview on every route that writes: no AWS call writes, and the real request does the same."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.domain.clients import Role
from orders.protocols.dry_run import DRY_RUN_HEADER
from orders.runtime.composition import connect
from tests.support.catalogue import product, sku
from tests.support.commercetools import draft
from tests.support.contract_schemas import DESCRIPTION
from tests.support.functions import Function, Tenant, deployed
from tests.support.routes import Route, RouteRequest, functions_of_routes
from tests.support.samples import IMPORT_RESOURCE, order, request, to_xml

type Tree = dict[str, Any]

SECRET = "secret of the shop"
SETTINGS: Tree = {
    "currencies": ["USD"],
    "endpoints": [{"external_id": "website", "campaign_id": 1001}],
}
READS = {"GetItem", "BatchGetItem", "Query"}
MARKET = "/api/v1.1/market"
CAMPAIGN = "/campaigns/{campaignId}/orders"
HUB = "/hub/v1/orders/{order_id}"
PROJECT = "/{projectKey}/orders/{ref+}"
XML = "application/xml"
DEFINITIONS = [
    {
        "external_id": "gift",
        "name": "Gift",
        "entity_type": "order",
        "value_type": "bool",
        "required": False,
    }
]


@dataclass
class Wire:
    """The requests that botocore sends."""

    written: list[str] = field(default_factory=list)
    sent: int = 0

    def note(self, request: AWSPreparedRequest, **_rest: object) -> None:
        self.sent += 1
        target = request.headers.get("X-Amz-Target", b"")
        operation = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
        if operation not in READS:
            self.written.append(operation)

    @contextmanager
    def watching(self) -> Iterator[None]:
        emitters = [connect().dynamodb.meta.events, connect().events.meta.events]
        for emitter in emitters:
            emitter.register("before-send", self.note)
        try:
            yield
        finally:
            for emitter in emitters:
                emitter.unregister("before-send", self.note)


@dataclass
class Hub:
    """The functions on one table."""

    functions: Mapping[str, Function]
    client: DynamoDBClient
    table: str
    numbers: dict[str, str] = field(default_factory=dict)

    def send(self, route: Route, preview: bool = False, **rest: Any) -> tuple[int, Any]:  # noqa: ANN401, FBT001, FBT002
        headers = {"Authorization": f"Bearer {SECRET}", **rest.pop("headers", {})}
        if preview:
            headers[DRY_RUN_HEADER] = "true"
        event = RouteRequest(route, headers=headers, **rest).event()
        answer = self.functions[functions_of_routes()[route]].invoke(event)
        body = answer["body"]
        if preview and answer["statusCode"] < 300:
            assert answer["headers"][DRY_RUN_HEADER] == "true"
        return answer["statusCode"], json.loads(body) if body.startswith("{") else body

    def items(self) -> list[Tree]:
        pages = self.client.get_paginator("scan").paginate(TableName=self.table)
        items = [item for page in pages for item in page["Items"]]
        return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


@pytest.fixture(scope="module")
def hub(dynamodb: DynamoDBClient) -> Iterator[Hub]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        tenants = (Tenant("demo", SECRET, (Role.ADMIN,), "shop"),)
        with deployed(dynamodb, patch, SETTINGS, tenants) as get:
            functions = {name: get(name) for name in set(functions_of_routes().values())}
            first = functions["import_orders"]
            hub = Hub(functions, first.client, first.table)
            for name in ("A", "B", "C", "D"):
                body = request(order(external_id=name), result_details=True)
                _, tree = hub.send(("POST", IMPORT_RESOURCE), body=body)
                hub.numbers[name] = str(tree["result"][0]["order_id"])
            project = {"projectKey": "demo"}
            for name in ("CT-1", "CT-2"):
                imports = ("POST", "/{projectKey}/orders/import")
                status, _ = hub.send(imports, path=project, body=draft(orderNumber=name))
                assert status == 201
            data = [product("p", sku=[product("s")])]
            hub.send(("POST", f"{MARKET}/products/import"), body={"data": data})
            yield hub


def _in_campaign(hub: Hub, name: str = "C") -> Tree:
    return {"campaignId": "1001", "orderId": hub.numbers[name]}


def _line(hub: Hub) -> Tree:
    return {"order_id": hub.numbers["B"], "line_id": "line_01"}


# The requests by route. Some depend on the state before.
REQUESTS: Mapping[str, Any] = {
    "import": lambda _hub: {
        "route": ("POST", IMPORT_RESOURCE),
        "body": request(
            order(external_id="A", status="paid"),
            order(external_id="B"),
            order(external_id="new"),
            order(external_id="bad", currency="???"),
            custom_fields=DEFINITIONS,
            result_details=True,
        ),
    },
    "import in XML": lambda _hub: {
        "route": ("POST", IMPORT_RESOURCE),
        "headers": {"Content-Type": XML},
        "body": to_xml(request(order(external_id="X"), order(external_id="Y"))).decode(),
    },
    "line status": lambda _hub: {
        "route": ("POST", f"{MARKET}/orders/update_order_line_status"),
        "body": {
            "order_external_id": "A",
            "order_line_external_id": "line_01",
            "status_external_id": "delivered",
        },
    },
    "products": lambda _hub: {
        "route": ("POST", f"{MARKET}/products/import"),
        "body": {
            "data": [product("p", price="3"), product("q")],
            "categories": [{"external_id": "k", "name": "K"}],
            "result_details": True,
        },
    },
    "SKUs": lambda _hub: {
        "route": ("POST", f"{MARKET}/sku/import"),
        "body": {"data": [sku("t", "p")], "result_details": True},
    },
    "deleted SKUs": lambda _hub: {
        "route": ("POST", f"{MARKET}/sku/delete"),
        "body": {"external_ids": ["s", "none"]},
    },
    "deleted products": lambda _hub: {
        "route": ("POST", f"{MARKET}/products/delete"),
        "body": {"external_ids": ["p"]},
    },
    "project import": lambda _hub: {
        "route": ("POST", "/{projectKey}/orders/import"),
        "path": {"projectKey": "demo"},
        "body": draft(orderNumber="CT-3"),
    },
    "project import without a number": lambda _hub: {
        "route": ("POST", "/{projectKey}/orders/import"),
        "path": {"projectKey": "demo"},
        "body": draft(orderNumber=None),
    },
    "project import of a duplicate": lambda _hub: {
        "route": ("POST", "/{projectKey}/orders/import"),
        "path": {"projectKey": "demo"},
        "body": draft(orderNumber="CT-1"),
    },
    "taken number": lambda _hub: {
        "route": ("POST", PROJECT),
        "path": {"projectKey": "demo", "ref": "order-number=CT-1"},
        "body": {"version": 1, "actions": [{"action": "setOrderNumber", "orderNumber": "B"}]},
    },
    "project update": lambda _hub: {
        "route": ("POST", PROJECT),
        "path": {"projectKey": "demo", "ref": "order-number=CT-1"},
        "body": {
            "version": 1,
            "actions": [
                {"action": "setOrderNumber", "orderNumber": "CT-1b"},
                {"action": "changeOrderState", "orderState": "Confirmed"},
            ],
        },
    },
    "project deletion": lambda _hub: {
        "route": ("DELETE", PROJECT),
        "path": {"projectKey": "demo", "ref": "order-number=CT-2"},
        "query": {"version": "1"},
    },
    "external id": lambda hub: {
        "route": ("POST", f"{CAMPAIGN}/{{orderId}}/external-id"),
        "path": _in_campaign(hub),
        "body": {"externalOrderId": "C2"},
    },
    "status": lambda hub: {
        "route": ("PUT", f"{CAMPAIGN}/{{orderId}}/status"),
        "path": _in_campaign(hub, "D"),
        "body": {"order": {"status": "PROCESSING", "substatus": "READY_TO_SHIP"}},
    },
    "statuses": lambda hub: {
        "route": ("POST", f"{CAMPAIGN}/status-update"),
        "path": {"campaignId": "1001"},
        "body": {
            "orders": [
                {"id": int(hub.numbers["D"]), "status": "PROCESSING", "substatus": "SHIPPED"},
                {"id": 7, "status": "PROCESSING", "substatus": "SHIPPED"},
            ]
        },
    },
    "hub line status": lambda hub: {
        "route": ("PUT", f"{HUB}/lines/{{line_id}}/status"),
        "path": _line(hub),
        "body": {"status": "delivered"},
    },
    "hub deletion": lambda hub: {"route": ("DELETE", HUB), "path": _line(hub)},
    "hub revival": lambda hub: {"route": ("POST", f"{HUB}/revive"), "path": _line(hub)},
    "hub restore": lambda hub: {
        "route": ("POST", f"{HUB}/restore"),
        "path": {"order_id": hub.numbers["A"]},
        "body": {"version": 1},
    },
    "undo": lambda _hub: {
        "route": ("POST", "/hub/v1/undo"),
        "body": {"request_id": "019bd8e2f1a07cc298f3a1b2c3d4e5f6", "dry_run": False},
    },
    "deletion": lambda _hub: {
        "route": ("POST", f"{MARKET}/orders/delete"),
        "body": {"external_id": "A"},
    },
}
# What only one of both answers has, and what follows from the time or the id of a new order.
_LEFT = {
    *("dry_run", "dryRun", "preview", "changes", "changes_cut", "undo_request_id"),
    *("id", "order_id", "createdAt", "lastModifiedAt", "updated_at", "request_id", "updatedAt"),
}


def _content(tree: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(tree, dict):
        return {name: _content(each) for name, each in tree.items() if name not in _LEFT}
    return [_content(each) for each in tree] if isinstance(tree, list) else tree


def test_a_preview_on_any_route_makes_no_write_call_and_agrees(hub: Hub) -> None:
    previewed = set()
    for name, make in REQUESTS.items():
        sent = make(hub)
        route = sent.pop("route")
        previewed.add(route)
        before, wire = hub.items(), Wire()
        with wire.watching():
            status, shown = hub.send(route, preview=True, **sent)
        assert wire.written == [], name
        assert wire.sent > 0, name
        assert hub.items() == before, name
        done_status, done = hub.send(route, **sent)
        assert status == (200 if done_status == 201 else done_status), (name, shown, done)
        if not isinstance(shown, str):
            assert _content(shown) == _content(done), name
    described = {
        (method.upper(), path.replace("{ref}", "{ref+}"))
        for path, operations in DESCRIPTION["paths"].items()
        for method, operation in operations.items()
        if any(each.get("name") == DRY_RUN_HEADER for each in operation.get("parameters", ()))
    }
    unlisted = {route for route in described - previewed if not _is_spelling(route[1])}
    assert unlisted == set()


def _is_spelling(path: str) -> bool:
    return path.startswith("/v2/") or path.endswith(".json")


def test_a_preview_counts_no_order(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    body = request(order(external_id="never"), dry_run=True)
    capsys.readouterr()
    status, tree = hub.send(("POST", IMPORT_RESOURCE), body=body)
    assert (status, tree["dry_run"]) == (200, True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    names = {name for line in lines for name in line if name[0].isupper()}
    assert names & {"OrdersCreated", "TriggersPublished"} == set()
    assert "RequestsPreviewed" in names
