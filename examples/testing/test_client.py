"""Tests of a shop's client against a hub in the process of the tests.

Put your own client in the place of `call`. Every test has an empty hub with the demo account, whose
settings are `examples/demo/settings.yaml`.
"""

import json
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from typing import Any

from market_orders_testing.hub import Hub

type Tree = dict[str, Any]

ORDER = {
    "external_id": "1001",
    "email": "johndoe@example.com",
    "endpoint": "website",
    "status": "new",
    "total_price": "1900.50",
    "currency": "USD",
    "lines": [{"external_id": "1", "sku": "mug", "final_price_per_item": "950.25", "count": 2}],
}
JSON = {"Content-Type": "application/json"}


def call(url: str, headers: dict[str, str], body: bytes | None = None) -> tuple[int, Tree]:
    """Send a request; return the status and the JSON of the answer."""
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - the hub is on 127.0.0.1
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - same
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def imported(hub: Hub, *orders: Tree) -> list[Tree]:
    """Import orders with the Altcraft protocol; return the result of each."""
    body = json.dumps({"result_details": True, "data": orders}).encode()
    headers = {**JSON, "Authorization": f"Bearer {hub.token}"}
    _status, answer = call(f"{hub.base_url}/api/v1.1/market/orders/import", headers, body)
    result: list[Tree] = answer["result"]
    return result


def test_a_bad_order_does_not_block_a_good_one(hub: Hub) -> None:
    """The result of each order tells the client what to repeat."""
    good, bad = imported(hub, ORDER, {**ORDER, "external_id": "1002", "currency": "EURO"})
    assert good["outcome"] == "created"
    assert bad["errors"][0]["code"] == "unknown_currency"


def test_a_repeated_import_changes_nothing(hub: Hub) -> None:
    """A client may repeat a request whose answer it has lost."""
    imported(hub, ORDER)
    assert [each["outcome"] for each in imported(hub, ORDER)] == ["unchanged"]
    assert [each["detail-type"] for each in hub.triggers()] == ["OrderCreated"]


def test_the_external_id_changes(hub: Hub) -> None:
    """The Yandex Market protocol renames the order that the Altcraft protocol imported."""
    [created] = imported(hub, ORDER)
    order = f"{hub.base_url}/campaigns/{hub.campaign_id}/orders/{created['order_id']}"
    headers = {**JSON, "Api-Key": hub.api_key}
    assert call(f"{order}/external-id", headers, b'{"externalOrderId": "SHOP-77"}')[0] == 200
    assert call(order, headers)[1]["order"]["externalOrderId"] == "SHOP-77"


def test_an_order_is_read_with_commercetools(hub: Hub) -> None:
    """The token comes from `/oauth/token`, as an SDK gets it."""
    imported(hub, ORDER)
    form = {"grant_type": "client_credentials", "scope": f"manage_orders:{hub.project_key}"}
    secret = b64encode(f"{hub.client_id}:{hub.client_secret}".encode()).decode()
    headers = {
        "Authorization": f"Basic {secret}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    body = urllib.parse.urlencode(form).encode()
    _status, token = call(hub.token_url, headers, body)
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    status, order = call(f"{hub.base_url}/{hub.project_key}/orders/order-number=1001", headers)
    assert (status, order["totalPrice"]["centAmount"]) == (200, 190050)


def test_the_history_has_every_version(hub: Hub) -> None:
    """The hub records a replaced version before it answers, so that a test need not wait."""
    [created] = imported(hub, ORDER)
    imported(hub, {**ORDER, "status": "paid"})
    headers = {"Authorization": f"Bearer {hub.token}"}
    url = f"{hub.base_url}/hub/v1/orders/{created['order_id']}/history"
    versions = call(url, headers)[1]["versions"]
    assert [each["status"] for each in versions] == ["paid", "new"]


def test_a_wrong_token_is_rejected(hub: Hub) -> None:
    """The hub answers as the deployed one does, also with its errors."""
    headers = {**JSON, "Authorization": "Bearer wrong"}
    status, _answer = call(f"{hub.base_url}/api/v1.1/market/orders/import", headers, b"{}")
    assert status == 401
