"""No account can read, guess, rename, overwrite or delete data of another account.

An intruder calls every route of the template with the identifiers of another account and, for
comparison, with unknown ones. The answers must be equal, and the other account's items in the
table must not change.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.domain.clients import Role
from orders.domain.identifiers import uuid_of
from orders.domain.known_products import EntryKind, EntryName
from orders.runtime.composition import new_request_id
from tests.support.catalogue import product, sku
from tests.support.commercetools import basic, draft
from tests.support.functions import Function, Tenant, deployed
from tests.support.routes import Route, RouteRequest, functions_of_routes
from tests.support.samples import IMPORT_RESOURCE, order, request

type Tree = dict[str, Any]

VICTIM, INTRUDER, NOBODY = "victim", "intruder", "nobody-at-all"
VICTIM_SECRET, INTRUDER_SECRET = "secret of the victim", "secret of the intruder"
# A second intruder, whose imports store orders and definitions under the names that it tries.
IMPORTER, IMPORTER_SECRET = "importer", "secret of the importer"
# Both accounts have campaign 1001. The victim also has one of its own.
OWN_CAMPAIGN, SHARED_CAMPAIGN, NO_CAMPAIGN = "2001", "1001", "9999"
ENDPOINT: Tree = {"external_id": "website", "campaign_id": 1001, "sales_model": "DBS"}
SETTINGS: Tree = {"currencies": ["USD"], "endpoints": [ENDPOINT]}
VICTIM_SETTINGS: Tree = {
    "currencies": ["USD", "SEK"],
    "endpoints": [ENDPOINT, {"external_id": "second", "campaign_id": 2001}],
    "regions": [{"external_id": "victims-north"}],
    "custom_fields": [
        {"external_id": "victims-field", "entity_type": "order", "value_type": "int"},
    ],
    "custom_line_statuses": [{"external_id": "victims-status", "type": "in_process"}],
    "business_id": 77,
}
TENANTS = (
    Tenant(VICTIM, VICTIM_SECRET, (Role.ADMIN,), "victim-shop", VICTIM_SETTINGS),
    Tenant(INTRUDER, INTRUDER_SECRET, (Role.ADMIN,), "intruder-shop", SETTINGS),
    Tenant(IMPORTER, IMPORTER_SECRET, (Role.ADMIN,), "importer-shop", SETTINGS),
)
MARKET = "/api/v1.1/market"
JOBS = "/hub/v1/import_jobs"
EMAIL = "only-the-victim-knows@example.com"
ROUTES = functions_of_routes()
# These routes return the same to everybody.
PUBLIC: frozenset[Route] = frozenset(
    {("GET", "/openapi.json"), ("GET", "/docs"), ("GET", "/docs/{asset}")}
)


@dataclass(frozen=True)
class Target:
    """Identifiers of an account and of one of its orders, which the intruder knows or invents."""

    account: str
    client_id: str
    campaign: str
    business: str
    message: str
    order_id: str
    uuid: str
    number: str
    alias: str
    secret: str
    currency: str
    endpoint: str
    region: str
    field: str
    line_status: str
    request_id: str
    job_id: str


NOTHING = Target(
    account=NOBODY,
    client_id="nobody-s-shop",
    campaign=NO_CAMPAIGN,
    business="88",
    message=uuid_of(f"{NOBODY}/OrderImported", 888_888),
    order_id="888888",
    uuid=uuid_of(NOBODY, 888_888),
    number="no-number",
    alias="no-alias",
    secret="secret of nobody",
    currency="NOK",
    endpoint="no-endpoint",
    region="nowhere",
    field="no-field",
    line_status="no-status",
    request_id=new_request_id(),
    job_id=new_request_id(),
)


@dataclass
class World:
    """The deployed functions, the victim's order and the intruder's access token."""

    get: Callable[[str], Function]
    dynamodb: DynamoDBClient
    table: str
    target: Target
    token: str

    def ask(self, sent: RouteRequest) -> Tree:
        return self.get(ROUTES[sent.route]).invoke(sent.event())

    def partition(self) -> list[Tree]:
        """Return every item of the victim, in a fixed order."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table)
        items = [item for page in pages for item in page["Items"]]
        own = [
            item
            for item in items
            if item["pk"]["S"].split("#")[1:2] == [VICTIM]
            or item.get("account", {}).get("S") == VICTIM
        ]
        return sorted((dict(item) for item in own), key=lambda item: json.dumps(item, default=str))


def _token(get: Callable[[str], Function], client_id: str, secret: str) -> str:
    sent = RouteRequest(
        ("POST", "/oauth/token"),
        headers={"Authorization": basic(client_id, secret)},
        query={"grant_type": "client_credentials"},
    )
    token: str = json.loads(get("issue_token").invoke(sent.event())["body"])["access_token"]
    return token


@pytest.fixture(scope="module")
def world(dynamodb: DynamoDBClient) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        with deployed(dynamodb, patch, {}, TENANTS) as get:
            imports = get("import_orders")
            # With this many orders, the last one has an order id that the intruder's orders lack.
            orders = [order(external_id=f"V-{n}", email=EMAIL) for n in range(30)]
            sent = RouteRequest(
                ("POST", IMPORT_RESOURCE),
                headers={"Authorization": f"Bearer {VICTIM_SECRET}"},
                body=request(*orders, result_details=True),
            )
            answer = json.loads(imports.invoke(sent.event())["body"])
            order_id = answer["result"][-1]["order_id"]
            assert order_id > 20
            path = "/campaigns/{campaignId}/orders/{orderId}/external-id"
            renamed = RouteRequest(
                ("POST", path),
                {"campaignId": SHARED_CAMPAIGN, "orderId": str(order_id)},
                headers={"Api-Key": VICTIM_SECRET},
                body={"externalOrderId": "V-NEW"},
            )
            answered = get("update_external_id").invoke(renamed.event())
            assert answered["statusCode"] == 200
            catalogue = RouteRequest(
                ("POST", f"{MARKET}/products/import"),
                headers={"Authorization": f"Bearer {VICTIM_SECRET}"},
                body={"data": [product("V-NEW", url=EMAIL, sku=[product("V-29", url=EMAIL)])]},
            )
            assert get("manage_catalogue").invoke(catalogue.event())["statusCode"] == 200
            job = RouteRequest(
                ("POST", JOBS),
                headers={"Authorization": f"Bearer {VICTIM_SECRET}"},
                body={"file": {"name": EMAIL, "size": 10}},
            )
            created = get("manage_import_jobs").invoke(job.event())
            assert created["statusCode"] == 201
            token = _token(get, "intruder-shop", INTRUDER_SECRET)
            victim = Target(
                VICTIM,
                "victim-shop",
                OWN_CAMPAIGN,
                "77",
                uuid_of(f"{VICTIM}/OrderImported", order_id),
                str(order_id),
                uuid_of(VICTIM, order_id),
                "V-NEW",
                "V-29",
                VICTIM_SECRET[::-1],
                "SEK",
                "second",
                "victims-north",
                "victims-field",
                "victims-status",
                answered["headers"]["X-Request-Id"],
                json.loads(created["body"])["job_id"],
            )
            yield World(get, dynamodb, imports.table, victim, token)


type Attempt = Callable[[Route, Target, str], Iterator[RouteRequest]]
_fresh = count(1)


def _key() -> Mapping[str, str]:
    return {"Api-Key": INTRUDER_SECRET}


def _campaign_route(route: Route, target: Target, _token: str) -> Iterator[RouteRequest]:
    bodies: Tree = {
        "external-id": {"externalOrderId": "stolen"},
        "status": {"order": {"status": "DELIVERY"}},
        "status-update": {"orders": [{"id": int(target.order_id), "status": "DELIVERY"}]},
    }
    body = bodies.get(route[1].split("/")[-1].removesuffix(".json"))
    if route[0] == "GET" and route[1].removesuffix(".json").endswith("/orders"):
        query = {"orderIds": target.order_id}
        yield RouteRequest(route, {"campaignId": SHARED_CAMPAIGN}, query, _key())
    if "{orderId}" not in route[1] and body is None:
        yield RouteRequest(route, {"campaignId": target.campaign}, headers=_key(), body=body)
        return
    for campaign in (target.campaign, SHARED_CAMPAIGN):
        path = {"campaignId": campaign, "orderId": target.order_id}
        yield RouteRequest(route, path, headers=_key(), body=body)


def _business_route(route: Route, target: Target, _token: str) -> Iterator[RouteRequest]:
    for body in ({}, {"orderIds": [int(target.order_id)]}, {"externalOrderIds": [target.number]}):
        yield RouteRequest(route, {"businessId": target.business}, headers=_key(), body=body)


def _own_project(route: Route, target: Target, token: str) -> Iterator[RouteRequest]:
    """Request the victim's order in the intruder's own project."""
    own = RouteRequest(
        route, {"projectKey": INTRUDER}, headers={"Authorization": f"Bearer {token}"}
    )
    version = {"version": "1"} if route[0] == "DELETE" else {}
    if "{ref+}" in route[1]:
        for ref in (
            target.uuid,
            target.order_id,
            f"order-number={target.number}",
            f"order-number={target.alias}",
            f"order-number={target.uuid}",
        ):
            yield replace(
                own,
                path={"projectKey": INTRUDER, "ref": ref},
                query=version,
                body=_update(route, target),
            )
    elif route[1].endswith("/messages"):
        for where in (f'resource(id="{target.uuid}")', f'id="{target.message}"'):
            yield replace(own, query={"where": where})
    elif route[1].endswith("/{id}"):
        yield replace(own, path={"projectKey": INTRUDER, "id": target.message})
    elif route[1] == "/{projectKey}":
        return
    else:
        for number in (target.number, target.alias, target.uuid):
            yield replace(own, query={"where": f'orderNumber="{number}"'})


def _update(route: Route, target: Target) -> Tree | None:
    """Return the body of an update to what the victim has, None for other methods."""
    actions = [
        {"action": "setStore", "store": {"key": target.endpoint}},
        {"action": "setOrderNumber", "orderNumber": target.alias},
    ]
    return {"version": 2, "actions": actions} if route[0] == "POST" else None


def _project_route(route: Route, target: Target, token: str) -> Iterator[RouteRequest]:
    for bearer in (token, INTRUDER_SECRET):
        others = RouteRequest(
            route,
            {"projectKey": target.account, "ref": target.uuid, "id": target.message},
            {"version": "1"} if route[0] == "DELETE" else {},
            {"Authorization": f"Bearer {bearer}"},
            _update(route, target),
        )
        yield others
    yield from _own_project(route, target, token)


def _project_import(route: Route, target: Target, token: str) -> Iterator[RouteRequest]:
    headers = {"Authorization": f"Bearer {token}"}
    project = {"projectKey": target.account}
    yield RouteRequest(route, project, headers=headers, body=draft(orderNumber="new"))


def _token_route(route: Route, target: Target, _token: str) -> Iterator[RouteRequest]:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    grant = "grant_type=client_credentials"
    guessed = basic(target.client_id, INTRUDER_SECRET)
    yield RouteRequest(route, headers={**form, "Authorization": guessed}, body=grant)
    own = basic("intruder-shop", INTRUDER_SECRET)
    scope = f"{grant}&scope=manage_orders:{target.account}"
    yield RouteRequest(route, headers={**form, "Authorization": own}, body=scope)


def _import_route(route: Route, target: Target, _token: str) -> Iterator[RouteRequest]:
    """Import the intruder's own orders and definitions under the victim's names.

    The answers say whether the account knows an order, a part of the settings or a definition.
    """
    own = {"Authorization": f"Bearer {IMPORTER_SECRET}"}
    line = order()["lines"][0]

    def sent(*orders: Tree, **root: object) -> Tree:
        return request(*orders, result_details=True, **root)

    # The second import of a name replaces the order of the first, if it was stored.
    for status in ("new", "paid"):
        for name in (target.number, target.alias, target.uuid, target.order_id):
            body = sent(order(external_id=name, status=status))
            yield RouteRequest(route, headers=own, body=body)
    for known in (
        {"currency": target.currency},
        {"endpoint": target.endpoint},
        {"region": target.region},
        {"custom_fields": {target.field: 1}},
        {"lines": [line | {"status": target.line_status}]},
    ):
        yield RouteRequest(route, headers=own, body=sent(order(external_id="own", **known)))
    # Another value type and another status type than in the victim's definitions.
    field = {"external_id": target.field, "name": "x", "entity_type": "order", "required": False}
    line_status = {"external_id": target.line_status, "name": "x", "type": "canceled"}
    definitions = {
        "custom_fields": [field | {"value_type": "unicode"}],
        "custom_line_statuses": [line_status],
    }
    yield RouteRequest(route, headers=own, body={"data": [], **definitions})
    for root in (
        {"token": target.secret},
        {"token": target.client_id},
        {"account": target.account},
    ):
        headers = {} if "token" in root else own
        body = sent(order(external_id=target.account), **root)
        yield RouteRequest(route, headers=headers, body=body)


def _hub_route(route: Route, target: Target, _token: str) -> Iterator[RouteRequest]:
    headers = {"Authorization": f"Bearer {INTRUDER_SECRET}"}
    if "{order_id}" in route[1]:
        yield from _hub_order(route, target, headers)
        return
    if route[1].startswith(JOBS):
        yield from _job_route(route, target, headers)
        return
    if route[1].endswith("/undo"):
        for dry_run in (True, False):
            undo = {"request_id": target.request_id, "dry_run": dry_run}
            yield RouteRequest(route, headers=headers, body=undo)
        return
    if route[0] == "POST":
        for external_id in (target.number, target.alias):
            body = {"orders": [{"external_id": external_id, "version": 2}]}
            yield RouteRequest(route, headers=headers, body=body)
        return
    yield RouteRequest(route, headers=headers)
    if route[1].endswith("/orders"):
        for query in (
            {"external_id": target.number},
            {"external_id": target.alias},
            {"endpoint": target.endpoint},
        ):
            yield RouteRequest(route, {}, query, headers)


def _job_route(route: Route, target: Target, headers: Mapping[str, str]) -> Iterator[RouteRequest]:
    """Ask for the victim's job. A job of the intruder's own knows nothing of others."""
    if route == ("POST", JOBS):
        file = {"name": f"{target.number}.csv", "size": 10}
        yield RouteRequest(route, headers=headers, body={"file": file})
    elif route[1] == JOBS:
        yield RouteRequest(route, headers=headers)
    elif route[0] != "POST":
        yield RouteRequest(route, {"job_id": target.job_id}, headers=headers)
    else:
        bodies: list[Tree] = [{"mode": "preview"}, {"mode": "import"}]
        if route[1].endswith("/undo"):
            bodies = [{"dry_run": True}, {"dry_run": False}]
        for body in bodies:
            yield RouteRequest(route, {"job_id": target.job_id}, {}, headers, body)


def _hub_order(route: Route, target: Target, headers: Mapping[str, str]) -> Iterator[RouteRequest]:
    path = {"order_id": target.order_id, "line_id": "line_01"}
    bodies: Tree = {"PUT": {"status": "delivered"}, "POST": {"version": 1}}
    body = None if route[1].endswith("/revive") else bodies.get(route[0])
    queries: list[dict[str, str]] = [{}]
    if route[0] == "DELETE":
        queries += [{"mode": "permanent"}, {"mode": "soft", "version": "2"}]
    for query in queries:
        yield RouteRequest(route, path, query, headers, body)


def _altcraft_route(route: Route, target: Target, _token: str) -> Iterator[RouteRequest]:
    headers = {"Authorization": f"Bearer {INTRUDER_SECRET}"}
    if route[1].endswith("/list"):
        bodies: list[Tree] = [{}, {"endpoint": target.endpoint}]
    elif route[1].endswith("/update_order_line_status"):
        line = {"order_line_external_id": "line_01", "status_external_id": target.line_status}
        names = (target.number, target.alias, target.uuid)
        bodies = [{"order_external_id": name, **line} for name in names]
        bodies += [{**body, "status_external_id": "delivered"} for body in bodies]
    else:
        names = (target.number, target.alias, target.uuid)
        bodies = [{"id": target.order_id}, *({"external_id": name} for name in names)]
    for body in bodies:
        yield RouteRequest(route, headers=headers, body=body)
        yield RouteRequest(route, body={**body, "token": target.secret})


def _catalogue_route(route: Route, target: Target, _token: str) -> Iterator[RouteRequest]:
    """List and delete entries under the victim's names, and import own ones under them."""
    kind = EntryKind.PRODUCT if "/products/" in route[1] else EntryKind.SKU
    names = (target.number, target.alias, target.uuid)
    if route[1].endswith("/list"):
        bodies: list[Tree] = [{"limit": 1}, {"limit": 2, "result_details": True}]
    elif route[1].endswith("/delete"):
        numbers = [EntryName(kind, name).number for name in names]
        bodies = [{"ids": numbers}, *({"external_ids": [name]} for name in names)]
    else:
        sent = [sku(name, target.number) for name in names]
        if kind is EntryKind.PRODUCT:
            sent = [product(name, sku=[product(name)]) for name in names]
        sent += [
            {**sent[0], "currency": target.currency},
            {**sent[0], "regional_data": [{"external_id": target.region}]},
            {**sent[0], "custom_fields": {target.field: 1}},
        ]
        bodies = [{"data": [each], "result_details": True} for each in (*sent, sent[0])]
    secret = IMPORTER_SECRET if route[1].endswith("/import") else INTRUDER_SECRET
    for body in bodies:
        yield RouteRequest(route, headers={"Authorization": f"Bearer {secret}"}, body=body)
        yield RouteRequest(route, body={**body, "token": target.secret})


def attempts(route: Route) -> Attempt:
    """Return the attempts on a route. Raises LookupError for a route without attempts."""
    prefixes: dict[str, Attempt] = {
        "/campaigns": _campaign_route,
        "/v2/campaigns": _campaign_route,
        "/v1/businesses/": _business_route,
        "/{projectKey}/orders/import": _project_import,
        "/{projectKey}": _project_route,
        "/oauth/token": _token_route,
        "/hub/": _hub_route,
        IMPORT_RESOURCE: _import_route,
        f"{MARKET}/orders/": _altcraft_route,
        MARKET: _catalogue_route,
    }
    known = [attempt for prefix, attempt in prefixes.items() if route[1].startswith(prefix)]
    return known[0]


@pytest.mark.parametrize("route", sorted(set(ROUTES) - PUBLIC), ids=" ".join)
def test_a_route_neither_returns_nor_changes_data_of_another_account(
    world: World, route: Route
) -> None:
    before = world.partition()
    assert len(before) > 60
    attempt = attempts(route)
    # The undo of an old request would have another answer, whose orders are settled.
    nothing = replace(NOTHING, request_id=new_request_id())
    theirs = list(attempt(route, world.target, world.token))
    nobodys = list(attempt(route, nothing, world.token))
    assert theirs
    for their, nobody in zip(theirs, nobodys, strict=True):
        answers = (world.ask(their), world.ask(nobody))
        seen, comparison = (
            _comparable(answer, target)
            for answer, target in zip(answers, (world.target, nothing), strict=True)
        )
        assert seen == comparison
        assert EMAIL not in answers[0]["body"]
    assert world.partition() == before


# The intruder's own order ids, which differ too.
ORDER_ID = re.compile(r'(?<="order_id":)\d+')
# A cursor of changes and of Altcraft's list holds the time of the answer.
CURSOR = re.compile(r'(?<="next":")1\.[\w-]+|(?<="next_from_id":")1\.[\w-]+')
# An undo is a request of its own.
UNDO = re.compile(r'(?<="undo_request_id":)"\w+"')
# The id, the times and the links of an import job of the intruder's own.
OF_JOB = re.compile(r'(?<="job_id":)"\w+"|(?<="url":)"[^"]+"|(?<=_at":)"[^"]+"')
# These differ in every answer.
PASSING = {"X-Correlation-ID", "X-RateLimit-Resource-Remaining", "X-Request-Id"}


def _comparable(answer: Tree, target: Target) -> Tree:
    """Return the answer without the identifiers of the target, which the request contained."""
    body = ORDER_ID.sub("0", answer["body"])
    body = UNDO.sub("undo", CURSOR.sub("cursor", body))
    body = OF_JOB.sub("of a job", body) if '"job_id"' in body else body
    for name, value in vars(target).items():
        body = re.sub(rf"(?<![\w-]){re.escape(value)}(?![\w-])", f"<{name}>", body)
    headers = {name: value for name, value in answer["headers"].items() if name not in PASSING}
    return {**answer, "body": body, "headers": headers}


@pytest.mark.parametrize("name", ["number", "alias", "uuid"])
def test_the_same_external_id_is_another_order_in_another_account(world: World, name: str) -> None:
    before = world.partition()
    external_id = getattr(world.target, name)
    sent = RouteRequest(
        ("POST", IMPORT_RESOURCE),
        headers={"Authorization": f"Bearer {INTRUDER_SECRET}"},
        body=request(order(external_id=external_id), result_details=True),
    )
    [entry] = json.loads(world.ask(sent)["body"])["result"]
    assert (entry["outcome"], entry["version"]) == ("created", 1)
    stored = world.get("import_orders").stored(external_id, INTRUDER)
    assert stored is not None
    assert stored.account == INTRUDER
    assert world.partition() == before


def test_the_same_order_number_is_accepted_in_another_project(world: World) -> None:
    before = world.partition()
    sent = RouteRequest(
        ("POST", "/{projectKey}/orders/import"),
        {"projectKey": INTRUDER},
        headers={"Authorization": f"Bearer {world.token}"},
        body=draft(orderNumber="V-3"),
    )
    assert world.ask(sent)["statusCode"] == 201
    assert world.partition() == before


def _with(credentials: Mapping[str, str]) -> list[RouteRequest]:
    """Return a request with these credentials to each private route."""
    path = {
        "campaignId": SHARED_CAMPAIGN,
        "businessId": "77",
        "orderId": "1",
        "projectKey": INTRUDER,
        "ref": "x",
        "id": "x",
        "order_id": "1",
        "job_id": NOTHING.job_id,
    }
    query = {"version": "1"}
    bodies: Tree = {IMPORT_RESOURCE: request(order())}
    return [
        RouteRequest(
            route,
            path,
            query if route[0] == "DELETE" else {},
            credentials,
            bodies.get(route[1], {}) if route[0] in {"POST", "PUT"} else None,
        )
        for route in sorted(set(ROUTES) - PUBLIC)
    ]


STRANGERS: dict[str, Mapping[str, str]] = {
    "none": {},
    "an unknown token": {"Authorization": "Bearer guessed", "Api-Key": "guessed"},
    "an unknown client": {"Authorization": basic("nobody", "guessed")},
    "another's id with a guess": {"Authorization": basic("victim-shop", "guessed")},
    "an empty token": {"Authorization": "Bearer ", "Api-Key": " "},
}


@pytest.mark.parametrize("credentials", STRANGERS.values(), ids=STRANGERS)
def test_every_private_route_rejects_unknown_credentials(
    world: World, credentials: Mapping[str, str]
) -> None:
    before = world.partition()
    for sent in _with(credentials):
        assert world.ask(sent)["statusCode"] in {401, 403}, sent.route
    assert world.partition() == before


@pytest.mark.parametrize("client_id", ["victim-shop", "intruder-shop", "nobody"])
def test_an_invalid_secret_and_an_unknown_client_get_the_same_answer(
    world: World, client_id: str
) -> None:
    def asked(authorization: str) -> tuple[int, str]:
        sent = RouteRequest(
            ("POST", "/oauth/token"),
            headers={"Authorization": authorization},
            query={"grant_type": "client_credentials"},
        )
        answer = world.ask(sent)
        return answer["statusCode"], answer["body"]

    assert asked(basic(client_id, "guessed")) == asked(basic(f"no-{next(_fresh)}", "guessed"))


def test_every_private_route_is_attacked() -> None:
    assert set(ROUTES) >= PUBLIC
    for route in set(ROUTES) - PUBLIC:
        assert callable(attempts(route))
    with pytest.raises(LookupError):
        attempts(("GET", "/new"))
