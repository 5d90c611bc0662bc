"""No client can use ids that are reserved for orders without a number."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.domain.clients import Role
from orders.domain.identifiers import uuid_of
from tests.support.commercetools import draft
from tests.support.functions import Function, Tenant, deployed
from tests.support.routes import Route, RouteRequest, functions_of_routes
from tests.support.samples import IMPORT_RESOURCE, order, request, to_xml

type Tree = dict[str, Any]

ACCOUNT, SECRET = "demo", "secret of the shop"
SETTINGS: Tree = {
    "currencies": ["USD"],
    "endpoints": [{"external_id": "website", "campaign_id": 1001}],
}
TENANTS = (Tenant(ACCOUNT, SECRET, (Role.ADMIN,)),)
ROUTES = functions_of_routes()
ALTCRAFT, COMMERCETOOLS = ("POST", IMPORT_RESOURCE), ("POST", "/{projectKey}/orders/import")
RENAMES = sorted(route for route in ROUTES if "external-id" in route[1])


@dataclass
class Shop:
    """A shop whose client has the role admin."""

    get: Callable[[str], Function]

    def ask(self, route: Route, body: object, **rest: Any) -> tuple[int, Tree]:  # noqa: ANN401
        headers = {
            "Authorization": f"Bearer {SECRET}",
            "Api-Key": SECRET,
            **rest.pop("headers", {}),
        }
        sent = RouteRequest(route, headers=headers, body=body, **rest)
        answer = self.get(ROUTES[route]).invoke(sent.event())
        return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture
def shop(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with deployed(dynamodb, monkeypatch, SETTINGS, TENANTS) as get:
        yield Shop(get)


@pytest.mark.parametrize("spelled", [str.lower, str.upper])
def test_the_form_of_generated_ids_is_reserved_in_every_protocol(
    shop: Shop, spelled: Callable[[str], str]
) -> None:
    generated = spelled(uuid_of(ACCOUNT, 1000))
    body = request(order(external_id=generated), result_details=True)
    _, answer = shop.ask(ALTCRAFT, body)
    [entry] = answer["result"]
    assert (entry["outcome"], entry["error"]) == ("failed", 400)
    assert [(each["code"], each["path"]) for each in entry["errors"]] == [
        ("invalid_value", "/data/0/external_id")
    ]
    xml = {"Content-Type": "application/xml"}
    text = to_xml({**body, "format": "json"}).decode()
    _, answer = shop.ask(ALTCRAFT, text, headers=xml)
    assert answer["result"][0]["errors"][0]["code"] == "invalid_value"
    path = {"projectKey": ACCOUNT}
    status, answer = shop.ask(COMMERCETOOLS, draft(orderNumber=generated), path=path)
    assert (status, answer["errors"][0]["code"]) == (400, "InvalidField")
    _, answer = shop.ask(ALTCRAFT, request(order(external_id="A"), result_details=True))
    place = {"campaignId": "1001", "orderId": str(answer["result"][0]["order_id"])}
    for route in RENAMES:
        status, answer = shop.ask(route, {"externalOrderId": generated}, path=place)
        assert (status, answer["errors"][0]["code"]) == (400, "EXTERNAL_ORDER_ID_UPDATE_ERROR")
    assert shop.get("import_orders").stored(generated) is None
    assert shop.get("import_orders").stored("A") is not None
