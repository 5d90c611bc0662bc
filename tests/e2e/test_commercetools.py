"""The deployed commercetools routes, called by the vendor's TypeScript SDK and a Python client."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import urllib3
from commercetools.exceptions import CommercetoolsError
from commercetools.platform import models
from commercetools.platform.client import Client
from oauthlib.oauth2 import OAuth2Error

from orders.domain.identifiers import order_id_of
from tests.support.commercetools import basic, draft, full_draft
from tests.support.samples import IMPORT_RESOURCE, order, request
from tests.support.triggers_log import wait_for_triggers
from tools.local_stack.stack import LocalStack

ORDERS_COMMAND = Path(sys.executable).with_name("orders")
SDK = Path(__file__).parent / "sdk"
ROUND_TRIP, PROCESS = SDK / "round_trip.mjs", SDK / "process.mjs"
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


def _run_script(stack: LocalStack, script: Path, argument: str) -> Tree:
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
            argument,
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    seen: Tree = json.loads(ended.stdout)
    return seen


@pytest.fixture(scope="module")
def seen(stack: LocalStack) -> Tree:
    """Return what the TypeScript SDK received; the order number needs URL encoding."""
    return _run_script(stack, ROUND_TRIP, "SDK 1/2")


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


def test_unknown_paths_and_methods_return_404(call: Call) -> None:
    for method, path in (
        ("GET", "/carts"),
        ("PUT", "/orders"),
        ("GET", "/orders/import/more"),
        ("POST", "/messages"),
    ):
        assert call(method, path).status == 404


def test_the_sdk_reads_pages_of_500_orders_of_13_kb(
    http: urllib3.PoolManager, stack: LocalStack
) -> None:
    """A page of them has more than the 6 MB that Lambda returns."""
    line = order()["lines"][0]
    lines = [line | {"external_id": str(n), "product": f"product {n}"} for n in range(20)]
    numbers = [f"large {n}" for n in range(520)]
    orders = [order(external_id=number, lines=lines) for number in numbers]
    body = json.dumps(request(*orders, token=stack.endpoint.token)).encode()
    answer = http.request(
        "POST",
        f"{stack.endpoint.base_url}{IMPORT_RESOURCE}",
        body=body,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status == 200, answer.data
    seen = _run_script(stack, PROCESS, "500")
    assert seen["pages"][0]["count"] == 500
    assert max(page["size"] for page in seen["pages"]) > 6_500_000
    read = [number for number in seen["numbers"] if number and number.startswith("large ")]
    assert sorted(read) == sorted(numbers)
