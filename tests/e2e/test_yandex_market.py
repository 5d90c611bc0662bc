"""The deployed Yandex Market routes over HTTP: `template.yaml` on the embedded AWS."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import urllib3

from tests.support.samples import IMPORT_RESOURCE, order, request
from tests.support.triggers_log import wait_for_triggers
from tools.local_stack.stack import LocalStack

type Tree = dict[str, Any]
type Call = Callable[..., urllib3.BaseHTTPResponse]


@pytest.fixture(scope="session")
def call(stack: LocalStack) -> Call:
    """Return a function that calls the API with the Api-Key of the demo account."""
    http = urllib3.PoolManager(timeout=urllib3.Timeout(total=60), retries=False)

    def send(
        method: str, path: str, body: object = None, **headers: str
    ) -> urllib3.BaseHTTPResponse:
        sent = {"Api-Key": stack.endpoint.api_key, "Content-Type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return http.request(
            method,
            stack.endpoint.base_url + path,
            body=None if body is None else json.dumps(body).encode(),
            headers={name: value for name, value in sent.items() if value},
        )

    return send


def _import(call: Call, stack: LocalStack, *orders: Tree) -> list[Tree]:
    body = request(*orders, result_details=True, token=stack.endpoint.token)
    tree: Tree = call("POST", IMPORT_RESOURCE, body).json()
    results: list[Tree] = tree["result"]
    return results


def _new_order(call: Call, stack: LocalStack, external_id: str) -> str:
    [result] = _import(call, stack, order(external_id=external_id))
    return f"/campaigns/{stack.endpoint.campaign_id}/orders/{result['order_id']}"


def _triggers_of(stack: LocalStack, order_id: int, count: int) -> list[Tree]:
    return wait_for_triggers(stack.endpoint, lambda detail: detail["order_id"] == order_id, count)


def test_a_renamed_altcraft_order_is_found_by_both_ids(call: Call, stack: LocalStack) -> None:
    path = _new_order(call, stack, "first id")
    answer = call("POST", f"{path}/external-id", {"externalOrderId": "second id"})
    assert (answer.status, answer.json()) == (200, {"status": "OK"})
    assert int(answer.headers["X-RateLimit-Resource-Remaining"]) < 10_000
    shown = call("GET", path).json()["order"]
    assert shown["externalOrderId"] == "second id"
    for name, status in (("first id", "paid"), ("second id", "delivered")):
        [result] = _import(call, stack, order(external_id=name, status=status))
        assert (result["outcome"], result["order_id"]) == ("updated", shown["id"])
    triggers = _triggers_of(stack, shown["id"], 4)
    assert [event["detail-type"] for event in triggers] == [
        "OrderCreated",
        "OrderExternalIdChanged",
        "OrderStatusChanged",
        "OrderStatusChanged",
    ]
    assert triggers[1]["detail"]["changed"] == {
        "external_id": {"old": "first id", "new": "second id"}
    }
    refused = call("POST", f"{path}/external-id", {"externalOrderId": "third id"})
    assert refused.status == 400
    assert "status DELIVERED" in refused.json()["errors"][0]["message"]


@pytest.mark.parametrize("form", ["", "/v2"])
@pytest.mark.parametrize("suffix", ["", ".json"])
def test_every_form_of_the_paths_is_accepted(
    call: Call, stack: LocalStack, form: str, suffix: str
) -> None:
    path = form + _new_order(call, stack, f"form {form}{suffix}")
    body = {"externalOrderId": f"renamed {form}{suffix}"}
    assert call("POST", f"{path}/external-id{suffix}", body).status == 200
    assert call("GET", f"{path}{suffix}").status == 200
    moved = {"order": {"status": "PROCESSING", "substatus": "READY_TO_SHIP"}}
    assert call("PUT", f"{path}/status{suffix}", moved).status == 200
    orders, _, order_id = path.rpartition("/")
    several = {"orders": [{"id": int(order_id), "status": "PROCESSING", "substatus": "SHIPPED"}]}
    answer = call("POST", f"{orders}/status-update{suffix}", several).json()
    assert answer["result"]["orders"][0]["updateStatus"] == "OK"
    # The campaign is not of the model DBS.
    assert call("GET", f"{path}/buyer{suffix}").status == 400
    collection = f"{orders}{suffix}"
    assert call("GET", f"{collection}?limit=1&status=PROCESSING,DELIVERY").status == 200


@pytest.mark.parametrize(
    ("suffix", "headers", "expected"),
    [
        ("/external-id", {"Api_Key": ""}, (401, "UNAUTHORIZED")),
        ("/external-id", {"Api_Key": "wrong"}, (401, "UNAUTHORIZED")),
        ("/external-id", {"Api_Key": "", "Authorization": "Bearer wrong"}, (403, "FORBIDDEN")),
        ("/external-id", {"Content_Type": "text/plain"}, (415, "UNSUPPORTED_MEDIA_TYPE")),
        ("/no-such-thing", {}, (404, "NOT_FOUND")),
    ],
)
def test_invalid_requests_are_rejected(
    call: Call,
    stack: LocalStack,
    suffix: str,
    headers: dict[str, str],
    expected: tuple[int, str],
) -> None:
    path = _new_order(call, stack, "refusals")
    answer = call("POST", path + suffix, {"externalOrderId": "X"}, **headers)
    assert (answer.status, answer.json()["errors"][0]["code"]) == expected
    assert answer.json()["status"] == "ERROR"


@pytest.mark.parametrize("order_id", ["0", "-1", "abc", "99999999999999999999", "%31x", "1%2F2"])
def test_an_unknown_or_invalid_order_id_returns_400_or_404(
    call: Call, stack: LocalStack, order_id: str
) -> None:
    path = f"/campaigns/{stack.endpoint.campaign_id}/orders/{order_id}/external-id"
    assert call("POST", path, {"externalOrderId": "X"}).status in {400, 404}


def test_concurrent_renames_all_succeed_one_version_each(call: Call, stack: LocalStack) -> None:
    path = _new_order(call, stack, "raced")

    def rename(number: int) -> int:
        body = {"externalOrderId": f"raced {number}"}
        return call("POST", f"{path}/external-id", body).status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(rename, range(8))) == {200}
    shown = call("GET", path).json()["order"]
    triggers = _triggers_of(stack, shown["id"], 9)
    assert [event["detail"]["version"] for event in triggers] == list(range(1, 10))
    assert triggers[-1]["detail"]["external_id"] == shown["externalOrderId"]
    names = ["raced", *(f"raced {number}" for number in range(8))]
    results = _import(call, stack, *(order(external_id=name) for name in names))
    assert {result["order_id"] for result in results} == {shown["id"]}
