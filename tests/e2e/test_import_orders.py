"""The deployed Altcraft import over HTTP: `template.yaml` on the embedded AWS."""

import gzip
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from tests.support.samples import IMPORT_RESOURCE, order, request, to_xml
from tests.support.triggers_log import wait_for_triggers
from tools.local_stack.accounts import create_local_account
from tools.local_stack.stack import LocalStack

EVENTS = Path(__file__).parents[2] / "events" / "import_orders"
ORDERS_COMMAND = Path(sys.executable).with_name("orders")
type Tree = dict[str, Any]


@pytest.fixture(scope="session")
def http() -> urllib3.PoolManager:
    return urllib3.PoolManager(timeout=urllib3.Timeout(total=60), retries=False)


def _post(
    http: urllib3.PoolManager, stack: LocalStack, body: bytes | Tree, **headers: str
) -> urllib3.BaseHTTPResponse:
    raw = json.dumps(body).encode() if isinstance(body, dict) else body
    sent = {"Content-Type": "application/json", "Authorization": f"Bearer {stack.endpoint.token}"}
    return http.request(
        "POST",
        stack.endpoint.base_url + IMPORT_RESOURCE,
        body=raw,
        headers=sent | {name.replace("_", "-"): value for name, value in headers.items()},
    )


def _import(http: urllib3.PoolManager, stack: LocalStack, *orders: Tree, **root: object) -> Tree:
    answer = _post(http, stack, request(*orders, result_details=True, **root))
    assert answer.status == 200
    tree: Tree = answer.json()
    return tree


def _triggers_of(stack: LocalStack, external_id: str, count: int) -> list[Tree]:
    return wait_for_triggers(
        stack.endpoint, lambda detail: detail["external_id"] == external_id, count
    )


@pytest.mark.parametrize("name", ["json", "xml"])
def test_the_documented_requests_are_accepted(
    http: urllib3.PoolManager, stack: LocalStack, name: str
) -> None:
    event = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    host = urlsplit(stack.endpoint.base_url).netloc
    answer = _post(http, stack, event["body"].encode(), **event["headers"] | {"Host": host})
    assert answer.status == 200
    assert b"1234000" in answer.data
    assert answer.headers["Content-Type"].startswith(f"application/{name}")


def test_an_order_publishes_one_trigger_for_each_change(
    http: urllib3.PoolManager, stack: LocalStack
) -> None:
    sent = order(external_id="published")
    first, second = (_import(http, stack, sent) for _ in range(2))
    assert [tree["result"][0]["outcome"] for tree in (first, second)] == ["created", "unchanged"]
    _import(http, stack, order(external_id="published", status="paid"))
    triggers = _triggers_of(stack, "published", 2)
    triggers.sort(key=lambda each: each["detail"]["version"])
    assert [each["detail-type"] for each in triggers] == ["OrderCreated", "OrderStatusChanged"]
    assert {each["source"] for each in triggers} == {"market.orders"}
    assert triggers[1]["detail"]["changed"] == {"status": {"old": "new", "new": "paid"}}


def test_skipped_triggers_are_not_published(http: urllib3.PoolManager, stack: LocalStack) -> None:
    _import(http, stack, order(external_id="skipped"), skip_triggers=True)
    _import(http, stack, order(external_id="after the skipped one"))
    assert len(_triggers_of(stack, "after the skipped one", 1)) == 1
    assert _triggers_of(stack, "skipped", 0) == []


def test_json_and_xml_of_one_request_store_equal_orders(
    http: urllib3.PoolManager, stack: LocalStack
) -> None:
    tree = request(order(external_id="same", tags=["один", "two"]), result_details=True)
    assert _post(http, stack, tree).json()["result"][0]["outcome"] == "created"
    answer = _post(http, stack, to_xml(tree), Content_Type="application/xml")
    assert b"<outcome>unchanged</outcome>" in answer.data


def test_one_invalid_order_of_fifty_fails_alone(
    http: urllib3.PoolManager, stack: LocalStack
) -> None:
    orders = [order(external_id=f"batch {n}") for n in range(50)]
    orders[31]["currency"] = "XXX"
    tree = _import(http, stack, *orders)
    assert tree["counts"] == {
        "received": 50,
        "created": 49,
        "updated": 0,
        "unchanged": 0,
        "failed": 1,
    }
    assert tree["result"][31]["errors"][0]["path"] == "/data/31/currency"


def test_a_gzip_body_passes_the_gateway(http: urllib3.PoolManager, stack: LocalStack) -> None:
    body = gzip.compress(json.dumps(request(order(external_id="packed"))).encode())
    answer = _post(http, stack, body, Content_Encoding="gzip")
    assert (answer.status, answer.json()["error"]) == (200, 0)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"{}", {"Authorization": "Bearer wrong"}, 401),
        (b"a=b", {"Content_Type": "text/plain"}, 415),
        (b" " * (4 * 1024 * 1024 + 1), {}, 413),
    ],
)
def test_invalid_requests_are_rejected(
    http: urllib3.PoolManager, stack: LocalStack, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = _post(http, stack, body, **headers)
    assert (answer.status, answer.json()["error"], answer.json()["result"]) == (status, status, [])


def test_an_unknown_path_returns_404_with_the_members_of_every_protocol(
    http: urllib3.PoolManager, stack: LocalStack
) -> None:
    answer = http.request("POST", f"{stack.endpoint.base_url}/api/nothing")
    assert answer.status == 404
    tree = answer.json()
    assert (tree["error"], tree["status"], tree["statusCode"]) == (404, "ERROR", 404)


def test_imported_orders_are_listed_and_have_a_status(
    http: urllib3.PoolManager, stack: LocalStack
) -> None:
    root = f"{stack.endpoint.base_url}/api/v1.1/market/orders"
    # An account without the orders of other tests: all of its pages are read here.
    token = create_local_account(stack, "listed").token

    def call(name: str, body: Tree, **headers: str) -> urllib3.BaseHTTPResponse:
        raw = json.dumps({"token": token, **body}).encode()
        sent = {"Content-Type": "application/json", **headers}
        return http.request("POST", f"{root}/{name}", body=raw, headers=sent)

    def store(*names: str) -> None:
        sent = request(*(order(external_id=name) for name in names), token=token)
        assert call("import", sent).status == 200

    names = [f"listed {n}" for n in range(5)]
    store(*names)
    seen: list[str] = []
    from_id = ""
    while True:
        tree = call("list", {"from_id": from_id, "limit": 2}).json()
        if not tree["result"]:
            break
        seen += [each["external_id"] for each in tree["result"]]
        from_id = tree["next_from_id"]
    assert sorted(seen) == names
    store("listed later")
    [later] = call("list", {"from_id": from_id}).json()["result"]
    assert later["external_id"] == "listed later"
    found = call("get_status", {"external_id": "listed later", "format": "xml"})
    assert b"<status>new</status>" in found.data
    by_id = call("get_status", {"id": later["id"]}).json()["result"]
    assert by_id == {"endpoint": "website", "status": "new"}
    for unknown in ("nothing", "lines/status"):
        answer = call(unknown, {})
        assert answer.status == 404
        assert "/market/orders/get_status" in answer.json()["error_text"]


def test_concurrent_imports_of_one_order_lose_no_change(
    http: urllib3.PoolManager, stack: LocalStack
) -> None:
    def send(n: int) -> str:
        tree = _import(http, stack, order(external_id="contested", tags=[f"writer {n}"]))
        outcome: str = tree["result"][0]["outcome"]
        return outcome

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(send, range(8)))
    assert sorted(outcomes) == ["created"] + ["updated"] * 7
    triggers = _triggers_of(stack, "contested", 8)
    assert sorted(each["detail"]["version"] for each in triggers) == list(range(1, 9))


def test_an_import_is_undone_once_its_history_is_recorded(
    http: urllib3.PoolManager, stack: LocalStack
) -> None:
    _import(http, stack, order(external_id="undone", status="new"))
    sent = request(order(external_id="undone", status="paid"), order(external_id="also undone"))
    request_id = _post(http, stack, sent).headers["X-Request-Id"]
    headers = {"Authorization": f"Bearer {stack.endpoint.token}"}
    outcomes: dict[str, str] = {}
    give_up = time.monotonic() + 60
    while outcomes.get("undone") not in {"restored", "unchanged"}:
        assert time.monotonic() < give_up, outcomes
        answer = http.request(
            "POST",
            f"{stack.endpoint.base_url}/hub/v1/undo",
            json={"request_id": request_id, "dry_run": False},
            headers=headers,
        )
        assert answer.status == 200, answer.data
        outcomes |= {each["external_id"]: each["outcome"] for each in answer.json()["orders"]}
        time.sleep(0.2)
    assert outcomes == {"undone": "restored", "also undone": "deleted"}
    kinds = [each["detail-type"] for each in _triggers_of(stack, "undone", 3)]
    assert sorted(kinds) == ["OrderCreated", "OrderStatusChanged", "OrderStatusChanged"]


def test_the_operator_can_show_an_order(http: urllib3.PoolManager, stack: LocalStack) -> None:
    _import(http, stack, order(external_id="shown"))
    shown = subprocess.run(  # noqa: S603 - a program of the virtual environment
        [
            ORDERS_COMMAND,
            "order",
            "show",
            "shown",
            "--endpoint-url",
            stack.endpoint.aws_endpoint,
            "--stack",
            stack.deployment.table_name.removesuffix("-orders"),
            # Other tests create accounts in the same stack.
            "--account",
            stack.endpoint.account,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    tree = json.loads(shown.stdout)
    assert tree["version"] == 1
    assert "shown" in shown.stdout
