"""The deployed commercetools routes, called by the vendor's TypeScript SDK and a Python client."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Container
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import batched
from pathlib import Path
from typing import Any

import pytest
import urllib3
from commercetools.exceptions import CommercetoolsError
from commercetools.platform import models
from commercetools.platform.client import Client
from oauthlib.oauth2 import OAuth2Error

from orders.domain.identifiers import order_id_of
from tests.support.commercetools import basic, draft, full_draft, referring_by
from tests.support.drafts import lost, places
from tests.support.samples import IMPORT_RESOURCE, order, request
from tests.support.triggers_log import wait_for_triggers
from tools.local_stack.stack import LocalStack

ORDERS_COMMAND = Path(sys.executable).with_name("orders")
SDK = Path(__file__).parent / "sdk"
ROUND_TRIP, PROCESS = SDK / "round_trip.mjs", SDK / "process.mjs"
IMPORT_DRAFTS = SDK / "import_drafts.mjs"
# The Python client is older than the version of marshmallow that it uses here.
pytestmark = pytest.mark.filterwarnings("ignore::marshmallow.warnings.RemovedInMarshmallow4Warning")
type Tree = dict[str, Any]
type Call = Callable[..., urllib3.BaseHTTPResponse]


@pytest.fixture(scope="session")
def http() -> urllib3.PoolManager:
    return urllib3.PoolManager(timeout=urllib3.Timeout(total=60), retries=False)


@pytest.fixture(scope="session")
def call(http: urllib3.PoolManager, stack: LocalStack) -> Call:
    """Return a function that calls the routes of the demo project with an access token."""
    endpoint = stack.endpoint
    answer = http.request(
        "POST",
        endpoint.token_url,
        fields={"grant_type": "client_credentials"},
        encode_multipart=False,
        headers={"Authorization": basic(endpoint.client_id, endpoint.client_secret)},
    )
    token = answer.json()["access_token"]

    def send(method: str, path: str, body: object = None) -> urllib3.BaseHTTPResponse:
        return http.request(
            method,
            f"{endpoint.base_url}/{endpoint.project_key}{path}",
            body=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )

    return send


def _run_sdk(stack: LocalStack, script: Path, *arguments: str, drafts: object = None) -> Any:  # noqa: ANN401 - the JSON that the script prints
    """Return what a script of the TypeScript SDK printed. It reads the drafts as its input."""
    endpoint = stack.endpoint
    node = shutil.which("node")
    assert node, "node is missing: install Node.js 18 or later"
    ended = subprocess.run(  # noqa: S603 - the script is part of the suite
        [
            node,
            str(script),
            endpoint.base_url,
            endpoint.project_key,
            endpoint.client_id,
            endpoint.client_secret,
            *arguments,
        ],
        input=json.dumps(drafts),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def seen(stack: LocalStack) -> Tree:
    """Return what the TypeScript SDK received; the order number needs URL encoding."""
    results: Tree = _run_sdk(stack, ROUND_TRIP, "SDK 1/2")
    return results


def test_the_typescript_sdk_imports_reads_and_deletes_an_order(seen: Tree) -> None:
    imported = seen["imported"]
    assert imported["statusCode"] == 201
    body = imported["body"]
    assert body["orderNumber"] == "SDK 1/2"
    assert body["lineItems"][0]["taxedPrice"]["totalNet"]["centAmount"] == 1672
    for read in ("byId", "byNumber", "deleted"):
        assert (seen[read]["statusCode"], seen[read]["body"]) == (200, body)
    assert seen["head"]["statusCode"] == 200
    assert seen["listed"]["body"]["results"] == [body]
    [message] = seen["messages"]["body"]["results"]
    assert (message["type"], message["order"]) == ("OrderImported", body)


IDENTIFIED_BY = (("id",), ("key",), ("id", "key"))


# The types to which the Python client's models refer by id only.
REFERRED_TO_BY_ID = ("state", "payment", "product-discount", "cart-discount", "direct-discount")


def _full_drafts(client: str, without_keys: Container[str] = ()) -> list[Tree]:
    """Return full drafts whose references are by id, by key, and by both."""
    drafts = []
    for names in IDENTIFIED_BY:
        tree = referring_by(names, full_draft(), without_keys)
        # The hub knows a store by its key.
        tree["store"] |= {"key": "website"} if "key" in names else {"id": "website"}
        drafts.append(tree | {"orderNumber": f"{client} full, by {names}"})
    return drafts


def test_full_drafts_of_the_typescript_sdk_come_back_equal(stack: LocalStack) -> None:
    drafts = _full_drafts("TS")
    results = _run_sdk(
        stack, IMPORT_DRAFTS, "customerGroup", "lineItems[*].supplyChannel", drafts=drafts
    )
    for draft_of_sdk, seen in zip(drafts, results, strict=True):
        assert list(lost(draft_of_sdk, seen["imported"])) == []
        assert seen["read"] == seen["imported"]
        group = seen["read"]["customerGroup"]
        known = {name: group[name] for name in ("id", "key") if name in group}
        assert seen["expanded"]["customerGroup"].get("obj") == (known if "key" in known else None)
        [item] = seen["expanded"]["lineItems"]
        assert ("obj" in item["supplyChannel"]) == ("key" in known)


@pytest.mark.parametrize(
    ("step", "name", "code", "status"),
    [
        ("duplicate", "BadRequest", "DuplicateField", 400),
        ("bad", "BadRequest", "InvalidJsonInput", 400),
        ("missing", "NotFound", "ResourceNotFound", 404),
        ("gone", "NotFound", "ResourceNotFound", 404),
        ("otherVersion", "ConcurrentModification", "ConcurrentModification", 409),
        ("wrongScope", "Forbidden", "insufficient_scope", 403),
        ("wrongSecret", "Unauthorized", "invalid_client", 401),
        ("refusedScope", "BadRequest", "invalid_scope", 400),
    ],
)
def test_the_typescript_sdk_reports_the_errors_of_the_hub(
    seen: Tree, step: str, name: str, code: str, status: int
) -> None:
    error = seen[step]
    assert (error["name"], error["code"], error["statusCode"]) == (name, code, status)


@pytest.fixture
def project(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a function that connects the Python client to the project with the given scopes."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    endpoint = stack.endpoint

    def connect(*scopes: str, secret: str = endpoint.client_secret) -> Any:  # noqa: ANN401
        client = Client(  # type: ignore[no-untyped-call]
            client_id=endpoint.client_id,
            client_secret=secret,
            scope=[f"{scope}:{endpoint.project_key}" for scope in scopes],
            url=endpoint.base_url,
            token_url=endpoint.token_url,
        )
        return client.with_project_key(endpoint.project_key)

    return connect


def _draft(number: str, **changes: Any) -> models.OrderImportDraft:  # noqa: ANN401
    price = models.Money(cent_amount=995, currency_code="USD")
    line = models.LineItemImportDraft(
        name=models.LocalizedString(en="Mug"),
        variant=models.ProductVariantImportDraft(sku="mug"),
        quantity=2,
        price=models.PriceDraft(value=price),
    )
    total = models.Money(cent_amount=1990, currency_code="USD")
    members: Tree = {"order_number": number, "total_price": total, "line_items": [line]} | changes
    return models.OrderImportDraft(**members)


def test_the_python_client_imports_reads_and_deletes_an_order(project: Callable[..., Any]) -> None:
    orders = project("manage_orders").orders()
    imported = orders.import_order().post(_draft("PY/1 ü"))
    assert (imported.order_number, imported.version) == ("PY/1 ü", 1)
    assert imported.line_items[0].total_price.cent_amount == 1990
    assert orders.with_id(imported.id).get() == imported
    assert orders.with_order_number("PY/1 ü").get() == imported
    assert orders.get(where='orderNumber="PY/1 ü"').results == [imported]
    assert orders.with_id(imported.id).delete(version=1) == imported
    assert orders.with_id(imported.id).get() is None


def _typed(tree: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a copy in which every amount has its type, which the Python client requires."""
    if isinstance(tree, list):
        return [_typed(each) for each in tree]
    if not isinstance(tree, dict):
        return tree
    members = {name: _typed(each) for name, each in tree.items()}
    return {"type": "centPrecision", **members} if "centAmount" in tree else members


def _with_times(tree: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a copy in which texts that are times are times, whatever their time zone."""
    if isinstance(tree, list):
        return [_with_times(each) for each in tree]
    if isinstance(tree, dict):
        return {name: _with_times(each) for name, each in tree.items()}
    try:
        return datetime.fromisoformat(tree) if isinstance(tree, str) else tree
    except ValueError:
        return tree


@pytest.mark.parametrize("position", range(len(IDENTIFIED_BY)))
def test_full_drafts_of_the_python_client_come_back_equal(
    project: Callable[..., Any], call: Call, position: int
) -> None:
    tree = _typed(_full_drafts("PY", REFERRED_TO_BY_ID)[position])
    sent = models.OrderImportDraft.deserialize(tree)
    imported = project("manage_orders").orders().import_order().post(sent)
    members = _with_times(sent.serialize())
    assert len(list(places(members))) > 250
    answer = call("GET", f"/orders/{imported.id}").json()
    assert list(lost(members, _with_times(answer))) == []


def test_the_python_client_reads_an_order_that_has_every_member(
    project: Callable[..., Any], call: Call
) -> None:
    # The client ignores members that are newer than its models.
    body = full_draft() | {"orderNumber": "PY full"}
    assert call("POST", "/orders/import", body).status == 201
    read = project("view_orders").orders().with_order_number("PY full").get()
    assert read.line_items[0].variant.sku == "mug-white"
    assert read.custom_line_items[0].money.precise_amount == 99_501
    assert read.shipping_info.deliveries[0].parcels[0].tracking_data.tracking_id == "T-1"


def test_the_python_client_reports_the_errors_of_the_hub(project: Callable[..., Any]) -> None:
    orders = project("manage_orders").orders()
    orders.import_order().post(_draft("PY twice"))
    with pytest.raises(CommercetoolsError) as twice:
        orders.import_order().post(_draft("PY twice"))
    assert twice.value.code == "DuplicateField"
    assert twice.value.correlation_id
    with pytest.raises(CommercetoolsError) as bad:
        orders.import_order().post(_draft("PY bad", country="de"))
    assert bad.value.code == "InvalidField"
    with pytest.raises(CommercetoolsError) as scope:
        project("view_orders").orders().import_order().post(_draft("PY scope"))
    assert scope.value.code == "insufficient_scope"
    # The client caches a token for each scope: only a new scope makes it request one.
    with pytest.raises(OAuth2Error, match="invalid_client"):
        project("manage_project", secret="wrong")


def test_all_protocols_share_one_store(
    call: Call, http: urllib3.PoolManager, stack: LocalStack
) -> None:
    endpoint = stack.endpoint
    imported = call("POST", "/orders/import", draft(orderNumber="one store")).json()
    number = order_id_of(endpoint.account, imported["id"])
    renamed = http.request(
        "POST",
        f"{endpoint.base_url}/campaigns/{endpoint.campaign_id}/orders/{number}/external-id",
        json={"externalOrderId": "one store, renamed"},
        headers={"Api-Key": endpoint.api_key},
    )
    assert (renamed.status, renamed.json()) == (200, {"status": "OK"})
    shown = subprocess.run(  # noqa: S603 - a program of the virtual environment
        [
            ORDERS_COMMAND,
            *("order", "show", "one store"),
            *("--endpoint-url", endpoint.aws_endpoint, "--account", endpoint.account),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    tree = json.loads(shown.stdout)
    assert (tree["external_id"], tree["protocol"]) == ("one store, renamed", "commercetools")
    triggers = wait_for_triggers(endpoint, lambda detail: detail["order_id"] == number, 2)
    kinds = [event["detail-type"] for event in triggers]
    assert kinds == ["OrderCreated", "OrderExternalIdChanged"]
    assert triggers[0]["detail"]["order"] == imported
    now = call("GET", f"/orders/{imported['id']}").json()
    assert triggers[1]["detail"]["order"] == now
    assert now["orderNumber"] == "one store, renamed"


def test_an_altcraft_order_can_be_read(
    call: Call, http: urllib3.PoolManager, stack: LocalStack
) -> None:
    body = request(order(external_id="from altcraft"), token=stack.endpoint.token)
    assert http.request("POST", stack.endpoint.base_url + IMPORT_RESOURCE, json=body).status == 200
    answer = call("GET", "/orders/order-number=from%20altcraft")
    assert answer.status == 200
    assert answer.json()["store"] == {"typeId": "store", "key": "website"}
    taken = call("POST", "/orders/import", draft(orderNumber="from altcraft"))
    assert taken.json()["errors"][0]["code"] == "DuplicateField"


def test_one_of_several_concurrent_imports_succeeds(call: Call) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda n: call("POST", "/orders/import", draft(orderNumber="race", country=n)),
                ["DE", "AT", "CH", "FR", "IT", "ES", "PT", "NL"],
            )
        )
    assert sorted(answer.status for answer in answers) == [201, *[400] * 7]


def test_unknown_paths_return_404(call: Call) -> None:
    for method, path in (("GET", "/carts"), ("GET", "/orders/import/more")):
        assert call(method, path).status == 404


OTHER_METHODS = [
    ("PUT", "/{key}/orders", "GET, HEAD"),
    ("POST", "/{key}/messages", "GET, HEAD"),
    ("PUT", "/{key}/orders/x", "DELETE, GET, HEAD, POST"),
    ("GET", "/{key}/orders/import", "POST"),
    ("GET", "/oauth/token", "POST"),
    ("GET", IMPORT_RESOURCE, "POST"),
    ("DELETE", "/campaigns/1001/orders/1", "GET, HEAD"),
    ("PATCH", "/v2/campaigns/1001/orders/1/status.json", "PUT"),
    ("GET", "/campaigns/1001/orders/1/external-id", "POST"),
    ("POST", "/docs", "GET, HEAD"),
    ("DELETE", "/openapi.json", "GET, HEAD"),
]


@pytest.mark.parametrize(("method", "path", "allow"), OTHER_METHODS)
def test_the_gateway_passes_other_methods_of_a_path_to_its_function(
    http: urllib3.PoolManager, stack: LocalStack, method: str, path: str, allow: str
) -> None:
    url = stack.endpoint.base_url + path.replace("{key}", stack.endpoint.project_key)
    answer = http.request(method, url, headers={"X-Correlation-ID": "mine"})
    assert (answer.status, answer.headers["Allow"]) == (405, allow)
    tree = answer.json()
    assert "405" in str(tree) or tree["errors"][0]["code"] == "METHOD_NOT_ALLOWED"
    if "{key}" in path:
        assert answer.headers["X-Correlation-ID"] == "mine"


def test_the_typescript_sdk_updates_an_order(seen: Tree) -> None:
    body = seen["updated"]["body"]
    assert (seen["updated"]["statusCode"], body["version"]) == (200, 2)
    assert (body["orderState"], body["locale"]) == ("Confirmed", "de-DE")
    [delivery] = body["shippingInfo"]["deliveries"]
    assert delivery["items"] == [{"id": body["lineItems"][0]["id"], "quantity": 1}]
    assert seen["deletedUpdated"]["body"] == body


def test_the_python_client_updates_an_order(project: Callable[..., Any]) -> None:
    orders = project("manage_orders").orders()
    order = orders.with_id(orders.import_order().post(_draft("PY update")).id)
    state = models.OrderChangeOrderStateAction(order_state=models.OrderState.COMPLETE)
    number = models.OrderSetOrderNumberAction(order_number="PY updated")
    updated = order.post(models.OrderUpdate(version=1, actions=[state, number]))
    assert (updated.version, updated.order_state) == (2, models.OrderState.COMPLETE)
    assert orders.with_order_number("PY updated").get() == updated
    with pytest.raises(CommercetoolsError) as late:
        order.post(models.OrderUpdate(version=1, actions=[state]))
    assert late.value.code == "ConcurrentModification"
    with pytest.raises(CommercetoolsError) as refused:
        order.post(models.OrderUpdate(version=2, actions=[models.OrderRemoveDeliveryAction()]))
    assert refused.value.code == "InvalidOperation"


def test_the_sdk_reads_pages_of_500_orders_of_13_kb(
    http: urllib3.PoolManager, stack: LocalStack
) -> None:
    """A page of them has more than the 6 MB that Lambda returns, so it is sent compressed."""
    line = order()["lines"][0]
    lines = [line | {"external_id": str(n), "product": f"product {n}"} for n in range(20)]
    numbers = [f"large {n}" for n in range(600)]
    for batch in batched(numbers, 300, strict=True):
        orders = [order(external_id=number, lines=lines) for number in batch]
        body = json.dumps(request(*orders, token=stack.endpoint.token)).encode()
        answer = http.request(
            "POST",
            f"{stack.endpoint.base_url}{IMPORT_RESOURCE}",
            body=body,
            headers={"Content-Type": "application/json"},
        )
        assert answer.status == 200, answer.data
    seen = _run_sdk(stack, PROCESS, "500")
    assert seen["pages"][0]["count"] == 500
    assert max(page["size"] for page in seen["pages"]) > 6_500_000
    # Lambda returns at most 6 MB, and a compressed body is in Base64.
    assert max(page["sent"] for page in seen["pages"]) * 4 / 3 < 6_000_000
    read = [each["orderNumber"] for each in seen["orders"]]
    assert sorted(name for name in read if name and name.startswith("large ")) == sorted(numbers)
