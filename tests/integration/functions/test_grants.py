"""The access of every role and every scope to every route, in all protocols.

A grant is what an operator gave to a client, whose secret is then sent to the routes, or what an
access token was issued for. The tables below are the contract; nothing in them is worked out from
the code.
"""

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_accounts import DynamoAccounts
from orders.application.create_client import create_client, create_scoped_client
from orders.domain.clients import Client, Role
from orders.protocols.commercetools.scopes import SCOPES as COMMERCETOOLS
from orders.runtime.composition import utc_now
from orders.runtime.scopes import SCOPES
from tests.support.commercetools import basic, draft
from tests.support.functions import Function, Tenant, Tree, deployed
from tests.support.log_leaks import WATCH
from tests.support.routes import Route, RouteRequest, functions_of_routes
from tests.support.samples import IMPORT_RESOURCE, order, request

ACCOUNT = "demo"
WRITE, READ, MESSAGES = "write orders", "read orders", "read messages"
ALL = frozenset({WRITE, READ, MESSAGES})

# The access of a secret by the grant of its client.
ROLES = {"orders:write": {WRITE}, "orders:read": {READ, MESSAGES}, "admin": ALL}
OPENS = {
    "manage_project": ALL,
    "manage_orders": {WRITE, READ},
    "view_orders": {READ},
    "view_messages": {MESSAGES},
    "all-methods": {WRITE, READ},
    "all-methods:read-only": {READ},
    "inventory-and-order-processing": {WRITE, READ},
    "inventory-and-order-processing:read-only": {READ},
}
# The scopes that a client can request for an access token, by its grant.
GRANTABLE = {
    "orders:write": set[str](),
    "orders:read": {"view_orders", "view_messages"},
    "admin": {"manage_project", "manage_orders", "view_orders", "view_messages"},
    "manage_project": {"manage_project", "manage_orders", "view_orders", "view_messages"},
    "manage_orders": {"manage_orders", "view_orders"},
    "view_orders": {"view_orders"},
    "view_messages": {"view_messages"},
    "all-methods": {"manage_orders", "view_orders"},
    "all-methods:read-only": {"view_orders"},
    "inventory-and-order-processing": {"manage_orders", "view_orders"},
    "inventory-and-order-processing:read-only": {"view_orders"},
}
SETTINGS: Tree = {
    "currencies": ["USD"],
    "endpoints": [{"external_id": "website", "campaign_id": 1001}],
    "business_id": 2001,
}
TENANTS = (Tenant(ACCOUNT, "secret of an admin", (Role.ADMIN,)),)
PUBLIC = {("GET", "/openapi.json"), ("GET", "/docs"), ("GET", "/docs/{asset}")}
TOKEN_ROUTE = ("POST", "/oauth/token")
ALTCRAFT_READS = {
    f"/api/v1.1/market/{call}"
    for call in ("orders/list", "orders/get_status", "products/list", "sku/list")
}
ROUTES = functions_of_routes()
GUARDED = sorted(set(ROUTES) - PUBLIC - {TOKEN_ROUTE})


def _needed(route: Route) -> set[str]:
    method, path = route
    if path.startswith("/hub/v1/import_jobs"):
        return {WRITE}
    changes_by_post = ("/revive", "/restore", "/undo")
    if path.startswith("/hub/") and (method in {"DELETE", "PUT"} or path.endswith(changes_by_post)):
        return {WRITE}
    if path.startswith(("/v1/businesses/", "/hub/")) or path in ALTCRAFT_READS:
        return {READ}
    if method not in {"GET", "HEAD"}:
        # commercetools returns the whole order for an import and a deletion.
        return {WRITE, READ} if path.startswith("/{projectKey}/") else {WRITE}
    return {MESSAGES} if "/messages" in path else {READ}


def _is_open(route: Route, opens: Collection[str]) -> bool:
    if route == ("GET", "/{projectKey}"):
        return bool({READ, MESSAGES} & set(opens))
    return _needed(route) <= set(opens)


@dataclass
class Hub:
    """The functions, and one client for each grant. The grant determines its id and secret."""

    get: Callable[[str], Function]

    def ask(self, sent: RouteRequest) -> Tree:
        return self.get(ROUTES[sent.route]).invoke(sent.event())

    def is_let_in(self, route: Route, token: str, headers: str) -> bool:
        path = {
            "campaignId": "1001",
            "businessId": "2001",
            "orderId": "1",
            "projectKey": ACCOUNT,
            "ref": "x",
            "id": "x",
            "order_id": "1",
            "line_id": "line_01",
            "job_id": "019b7e5c8a3f7d21b4c6e8f0a1b2c3d4",
        }
        bodies: dict[str, object] = {
            IMPORT_RESOURCE: request(order()),
            "/{projectKey}/orders/import": draft(orderNumber="CT-grants"),
            "/{projectKey}/orders/{ref+}": {"version": 1, "actions": []},
        }
        body = bodies.get(route[1], {}) if route[0] in {"POST", "PUT"} else None
        query = {"version": "1"} if route[0] == "DELETE" else {}
        sent = {"Authorization": f"Bearer {token}"} if headers == "Bearer" else {"Api-Key": token}
        status = self.ask(RouteRequest(route, path, query, sent, body))["statusCode"]
        assert status not in {401, 500}, (route, status)
        return bool(status != 403)

    def token(self, grant: str, scope: str = "") -> str | None:
        """Return an access token, None if the scope is not granted to the client."""
        query = {"grant_type": "client_credentials"}
        if scope:
            query["scope"] = f"{scope}:{ACCOUNT}"
        headers = {"Authorization": basic(_client_id(grant), _secret(grant))}
        answer = self.ask(RouteRequest(TOKEN_ROUTE, query=query, headers=headers))
        body = json.loads(answer["body"])
        if answer["statusCode"] == 400:
            assert body["error"] == "invalid_scope"
            return None
        assert answer["statusCode"] == 200, body
        return str(body["access_token"])

    def default_scopes(self, grant: str) -> set[str]:
        query = {"grant_type": "client_credentials"}
        headers = {"Authorization": basic(_client_id(grant), _secret(grant))}
        answer = self.ask(RouteRequest(TOKEN_ROUTE, query=query, headers=headers))
        if answer["statusCode"] == 400:
            return set()
        names = str(json.loads(answer["body"])["scope"]).split()
        return {name.removesuffix(f":{ACCOUNT}") for name in names}


def _client_id(grant: str) -> str:
    return f"client-of-{list(GRANTABLE).index(grant)}"


def _secret(grant: str) -> str:
    return f"secret of {grant}"


@pytest.fixture(scope="module")
def hub(dynamodb: DynamoDBClient) -> Iterator[Hub]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        with deployed(dynamodb, patch, SETTINGS, TENANTS) as get:
            accounts = DynamoAccounts(dynamodb, get("import_orders").table)
            for role in ROLES:
                client_id = _client_id(role)
                assert create_client(accounts, ACCOUNT, client_id, [Role(role)], utc_now)
            for name in OPENS:
                scopes = [SCOPES[name]]
                assert create_scoped_client(accounts, ACCOUNT, _client_id(name), scopes, utc_now)
            for grant in (*ROLES, *OPENS):
                client = Client(ACCOUNT, _client_id(grant), frozenset())
                accounts.add_token(client, _secret(grant), utc_now())
                WATCH.know(_secret(grant))
            yield Hub(get)


def test_the_tables_have_every_grant() -> None:
    assert set(ROLES) == set(Role)
    assert set(OPENS) == set(SCOPES)
    assert set(GRANTABLE) == {*ROLES, *OPENS}


@pytest.mark.parametrize("route", GUARDED, ids=" ".join)
def test_a_secret_has_exactly_the_access_of_its_client(hub: Hub, route: Route) -> None:
    kinds = ["Bearer", "Api-Key"] if "campaigns" in route[1] else ["Bearer"]
    for grant, opens in (ROLES | OPENS).items():
        for kind in kinds:
            let_in = hub.is_let_in(route, _secret(grant), kind)
            assert let_in is _is_open(route, opens), (grant, kind)


@pytest.mark.parametrize("scope", COMMERCETOOLS)
def test_an_access_token_has_exactly_the_access_of_its_scope(hub: Hub, scope: str) -> None:
    token = hub.token("admin", scope)
    assert token is not None
    for route in GUARDED:
        assert hub.is_let_in(route, token, "Bearer") is _is_open(route, OPENS[scope]), route


@pytest.mark.parametrize("grant", GRANTABLE)
def test_a_client_can_request_exactly_its_granted_scopes(hub: Hub, grant: str) -> None:
    assert {scope for scope in COMMERCETOOLS if hub.token(grant, scope)} == GRANTABLE[grant]
    assert hub.default_scopes(grant) == GRANTABLE[grant]
    # The issued token has no access that the secret lacks.
    for scope in GRANTABLE[grant]:
        assert (ROLES | OPENS)[grant] >= OPENS[scope]
