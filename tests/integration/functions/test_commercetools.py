"""The commercetools functions as Lambda runs them, on DynamoDB Local."""

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from jsonschema import Draft202012Validator
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.domain.clients import Role
from orders.domain.identifiers import order_id_of, uuid_of
from orders.runtime.composition import connect
from tests.support.aws_faults import answering, error_answer, failing
from tests.support.commercetools import (
    PROJECT,
    Answer,
    basic,
    draft,
    full_draft,
    line,
    money,
    project_event,
    referring_by,
    token_event,
)
from tests.support.drafts import lost
from tests.support.functions import EVENTS, Function, Tenant, Tree, deployed, sample
from tests.support.routes import Route, RouteRequest
from tests.support.stream import passes_filter, read_stream

SECRET, READER, OTHER = "secret of the shop", "secret of a reader", "secret of another"
SETTINGS: dict[str, Any] = {
    "currencies": ["USD", "EUR"],
    "endpoints": [{"external_id": "website", "campaign_id": 1001}, {"external_id": "shop"}],
    "policies": {"default_endpoint": "website"},
}
TENANTS = (
    Tenant("demo", SECRET, (Role.ADMIN,)),
    Tenant("other", OTHER, (Role.ADMIN,)),
)


@dataclass
class Project:
    """A project and its access token."""

    get: Callable[[str], Function]
    token: str
    published: list[Tree]

    def call(self, method: str, path: str, **rest: Any) -> Answer:  # noqa: ANN401
        function = "import_commercetools_order" if path.endswith("/import") else "manage_orders"
        headers = {"Authorization": f"Bearer {self.token}", **rest.pop("headers", {})}
        millis = rest.pop("millis", 27_000)
        event = project_event(method, f"/{PROJECT}{path}", headers=headers, **rest)
        return _answer(self.get(function).invoke(event, millis))

    def create(self, **changes: object) -> Answer:
        return self.call("POST", "/orders/import", body=draft(**changes))


def _answer(raw: Tree) -> Answer:
    return Answer(raw["statusCode"], raw["headers"], raw["body"])


def _token(get: Callable[[str], Function], form: dict[str, str], secret: str = SECRET) -> Answer:
    client = "client-0" if secret == SECRET else "client-1"
    return _answer(get("issue_token").invoke(token_event(basic(client, secret), form)))


@pytest.fixture
def project(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    with deployed(dynamodb, monkeypatch, SETTINGS, TENANTS, stream=True) as get:
        published: list[Tree] = []

        def see(params: Tree, **_rest: object) -> None:
            published.extend(params["Entries"])

        connect().events.meta.events.register("provide-client-params.events.PutEvents", see)
        token = _token(get, {"grant_type": "client_credentials"}).tree["access_token"]
        yield Project(get, token, published)


def test_an_order_is_imported_and_read_back(project: Project) -> None:
    created = project.create()
    assert created.status == 201, created.body
    order = created.tree
    assert (order["orderNumber"], order["version"], order["orderState"]) == ("CT-1", 1, "Open")
    for path in (f"/orders/{order['id']}", "/orders/order-number=CT-1"):
        read = project.call("GET", path)
        assert (read.status, read.tree) == (200, order)
        head = project.call("HEAD", path)
        assert (head.status, head.body) == (200, "")


def test_every_sent_member_is_returned(project: Project) -> None:
    sent = full_draft()
    answer = project.call("POST", "/orders/import", body=sent)
    assert answer.status == 201, answer.body
    assert_echoed(sent, answer.tree)
    order = answer.tree
    assert order["taxedPrice"]["totalTax"]["centAmount"] == 4480 - 3765
    # 2 x 9.90, the discounted price.
    assert order["lineItems"][0]["totalPrice"]["centAmount"] == 1980
    # 2 x 9.9501 is 19.9002.
    assert order["customLineItems"][0]["totalPrice"]["centAmount"] == 1990
    assert order["createdBy"] == {"clientId": "client-0", "isPlatformClient": False}
    ids = re.findall(r'"id":"([^"]+)"', answer.body)
    assert project.call("GET", f"/orders/{order['id']}").body == answer.body
    assert len(set(ids)) > 10


@pytest.mark.parametrize("names", [("key",), ("id", "key")])
def test_references_are_returned_with_their_keys_wherever_the_order_is_shown(
    project: Project, names: tuple[str, ...]
) -> None:
    sent = referring_by(names, full_draft() | {"store": {"typeId": "store", "key": "website"}})
    order = project.call("POST", "/orders/import", body=sent).tree
    assert list(lost(sent, order)) == []
    assert project.call("GET", f"/orders/{order['id']}").tree == order
    assert project.call("GET", "/orders").tree["results"] == [order]
    [message] = project.call("GET", "/messages").tree["results"]
    [entry] = project.published
    assert message["order"] == json.loads(entry["Detail"])["order"] == order


def test_an_order_of_many_lines_is_stored_and_read(project: Project) -> None:
    lines = [line(variant={"sku": f"mug-{n}"}, quantity=1) for n in range(700)]
    created = project.create(lineItems=lines, millis=60_000)
    assert created.status == 201, created.body[:500]
    assert len(created.tree["lineItems"]) == 700
    assert project.call("GET", f"/orders/{created.tree['id']}").body == created.body


def test_the_external_user_of_a_request_is_returned(project: Project) -> None:
    user = {"clientId": "client-0", "externalUserId": "user 7", "isPlatformClient": False}
    named = {"X-External-User-ID": " user 7 "}
    order = project.call("POST", "/orders/import", body=draft(), headers=named).tree
    assert order["createdBy"] == order["lastModifiedBy"] == user
    assert project.call("GET", f"/orders/{order['id']}").tree == order
    [message] = project.call("GET", "/messages").tree["results"]
    assert message["createdBy"] == user


def test_an_external_user_has_at_most_128_printable_characters(project: Project) -> None:
    for number, (user, status) in enumerate(
        [("x" * 128, 201), ("x" * 129, 400), ("a\x07b", 400), ("", 201)]
    ):
        body = draft(orderNumber=f"CT-{number}")
        named = {"X-External-User-ID": user}
        answer = project.call("POST", "/orders/import", body=body, headers=named)
        assert answer.status == status, answer.body
        if status == 400:
            [error] = answer.tree["errors"]
            assert error["code"] == "InvalidInput"
            assert "X-External-User-ID must have at most 128" in error["message"]
        else:
            assert answer.tree["createdBy"].get("externalUserId", "") == user


def test_the_header_names_the_ignored_members_of_a_draft(project: Project) -> None:
    body = draft(lineItems=[line(addedAt="2026-01-01")]) | {"locale": "de", "discountCodes": [1]}
    answer = project.call("POST", "/orders/import", body=body)
    assert answer.status == 201
    assert answer.headers["X-Ignored-Members"] == "/lineItems/0/addedAt, /locale, /discountCodes"
    assert "X-Ignored-Members" not in project.create(orderNumber="CT-2").headers


def test_the_members_have_the_documented_order(project: Project) -> None:
    custom = {"name": {"en": "x"}, "slug": "sl", "quantity": 1, "money": money(1990)}
    order = project.create(lineItems=None, customLineItems=[custom]).tree
    assert list(order) == [
        *("type", "id", "version", "createdAt", "lastModifiedAt", "lastModifiedBy", "createdBy"),
        *("orderNumber", "totalPrice", "orderState", "syncInfo", "returnInfo", "taxMode"),
        *("inventoryMode", "priceRoundingMode", "taxRoundingMode", "taxCalculationMode", "origin"),
        *("shippingMode", "shipping", "lineItems", "customLineItems", "transactionFee"),
        *("discountCodes", "directDiscounts", "itemShippingAddresses", "refusedGifts"),
    ]
    assert list(order["customLineItems"][0]) == [
        *("id", "name", "money", "slug", "quantity", "totalPrice", "discountedPricePerQuantity"),
        *("taxedPricePortions", "perMethodTaxRate", "state", "priceMode"),
    ]


def test_a_currency_without_cents_is_accepted(project: Project) -> None:
    yen = [line(price={"value": money(995, "JPY")})]
    order = project.create(totalPrice=money(1990, "JPY"), lineItems=yen)
    assert order.status == 201
    assert order.tree["totalPrice"]["fractionDigits"] == 0


def test_a_duplicate_order_number_is_rejected(project: Project) -> None:
    assert project.create().status == 201
    again = project.create(totalPrice=money(1))
    assert again.status == 400
    assert again.tree["errors"] == [
        {
            "code": "DuplicateField",
            "message": "A duplicate value '\"CT-1\"' exists for field 'orderNumber'.",
            "field": "orderNumber",
            "duplicateValue": "CT-1",
        }
    ]
    assert project.call("GET", "/orders").tree["total"] == 1


# The threads share the metrics. A Lambda environment handles one request at a time.
@pytest.mark.filterwarnings("ignore:No application metrics")
def test_one_of_concurrent_imports_creates_the_order(project: Project) -> None:
    project.create(orderNumber="warms everything up")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: project.create(totalPrice=money(n)), range(8)))
    assert sorted(answer.status for answer in answers) == [201, *[400] * 7]
    [winner] = [answer.tree for answer in answers if answer.status == 201]
    stored = project.call("GET", "/orders/order-number=CT-1").tree
    assert stored == winner
    assert {
        each["errors"][0]["code"] for each in (a.tree for a in answers) if "errors" in each
    } == {"DuplicateField"}


def test_an_order_without_a_number_is_returned_without_one(project: Project) -> None:
    first, second = project.create(orderNumber=None), project.create(orderNumber=None)
    assert (first.status, second.status) == (201, 201)
    order = first.tree
    assert order["id"] != second.tree["id"]
    assert "orderNumber" not in order
    assert project.call("GET", f"/orders/{order['id']}").tree == order
    detail = json.loads(project.published[0]["Detail"])
    assert (detail["external_id"], detail["order"]) == (order["id"], order)


def test_the_trigger_has_the_order_in_the_shape_of_the_protocol(project: Project) -> None:
    order = project.create().tree
    [entry] = project.published
    detail = json.loads(entry["Detail"])
    assert entry["DetailType"] == "OrderCreated"
    assert (detail["protocol"], detail["order"]) == ("commercetools", order)
    schema = json.loads((EVENTS / "schemas" / "OrderCreated.json").read_text())
    Draft202012Validator(schema).validate(detail)


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"totalPrice": None}, "totalPrice: Missing required value"),
        ({"orderState": "Closed"}, "orderState: Invalid enum value: 'Closed'. Expected one of: "),
        (
            {"lineItems": [line(quantity="two")]},
            "lineItems -> quantity: JSON Number in the range of a Long expected.",
        ),
        ({"customerEmail": 7}, "customerEmail: JSON String expected."),
        ({"lineItems": {}}, "lineItems: JSON Array expected."),
        ({"totalPrice": {"centAmount": 1}}, "totalPrice -> currencyCode: Missing required value"),
        (
            {"totalPrice": money(1, "XYZ")},
            "totalPrice -> currencyCode: Currency 'XYZ' not valid as ISO 4217",
        ),
        ({"completedAt": "soon"}, "completedAt: Failed to parse date/time: soon"),
        ({"billingAddress": {"city": "X"}}, "billingAddress -> country: Missing required value"),
    ],
)
def test_a_draft_of_the_wrong_shape_is_rejected(
    project: Project, changes: Tree, detail: str
) -> None:
    body = {**draft(), **changes}
    answer = project.call("POST", "/orders/import", body=body)
    assert answer.status == 400
    [error] = answer.tree["errors"]
    assert error["code"] == "InvalidJsonInput"
    assert answer.tree["message"] == "Request body does not contain valid JSON."
    assert error["detailedErrorMessage"].startswith(detail)


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"a": NaN}', '{"a": 1, "a": 1}'])
def test_a_body_without_a_draft_is_rejected(project: Project, body: str) -> None:
    answer = project.call("POST", "/orders/import", body=body)
    assert (answer.status, answer.tree["errors"][0]["code"]) == (400, "InvalidJsonInput")


def _variant(**variant: object) -> Tree:
    return {"lineItems": [line(variant=variant)]}


def _product(product_id: str, **variant: object) -> Tree:
    return {"lineItems": [line(productId=product_id, variant=variant)]}


TAXED = {"totalNet": money(1), "totalGross": money(1), "taxPortions": []}
RATE = {"name": "t", "amount": 0.2, "includedInPrice": True, "country": "DE"}
TARGET = {"targets": [{"addressKey": "home", "quantity": 1}]}
HOME = {"itemShippingAddresses": [{"key": "home", "country": "DE"}]}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lineItems": []}, "InvalidInput"),
        (_variant(), "InvalidOperation"),
        (_variant(id=1), "InvalidOperation"),
        (_product("p"), "InvalidOperation"),
        ({"orderNumber": "a\nb"}, "InvalidField"),
        ({"country": "de"}, "InvalidField"),
        ({"lineItems": [line(key="a b")]}, "InvalidField"),
        ({"lineItems": [line(key="ab"), line(key="ab")]}, "InvalidField"),
        ({"lineItems": [line(taxedPrice=TAXED)]}, "InvalidOperation"),
        ({"lineItems": [line(taxRate=RATE | {"amount": 1.2})]}, "InvalidField"),
        (
            {"lineItems": [line(taxRate=RATE | {"subRates": [{"name": "a", "amount": 0.1}]})]},
            "InvalidField",
        ),
        (HOME | {"lineItems": [line(shippingDetails=TARGET)]}, "InvalidItemShippingDetails"),
        (
            {"lineItems": [line(shippingDetails=TARGET, quantity=1)]},
            "InvalidItemShippingDetails",
        ),
        ({"itemShippingAddresses": [{"country": "DE"}]}, "InvalidInput"),
        ({"lineItems": [line(price={"value": money(1, "EUR")})]}, "InvalidInput"),
        (
            _variant(sku="s", prices=[{"value": money(1)}, {"value": money(2)}]),
            "DuplicatePriceScope",
        ),
        (
            _variant(
                sku="s",
                prices=[{"value": money(1), "key": "kk"}, {"value": money(2, "EUR"), "key": "kk"}],
            ),
            "DuplicatePriceKey",
        ),
        (
            {"lineItems": [line(price={"value": money(2**62)}, quantity=4)]},
            "MoneyOverflow",
        ),
        ({"store": {"typeId": "store", "key": "nowhere"}}, "ReferencedResourceNotFound"),
        ({"totalPrice": money(1) | {"type": "highPrecision"}}, "InvalidField"),
    ],
)
def test_a_draft_that_breaks_a_rule_is_rejected(project: Project, changes: Tree, code: str) -> None:
    answer = project.create(**changes)
    assert answer.status == 400, answer.body
    assert [each["code"] for each in answer.tree["errors"]] == [code]
    assert project.call("GET", "/orders").tree["total"] == 0


def test_an_order_that_is_too_large_is_rejected(project: Project) -> None:
    answer = project.create(purchaseOrderNumber="x" * 400_000)
    assert (answer.status, answer.tree["errors"][0]["code"]) == (400, "ResourceSizeLimitExceeded")
    huge = project.create(purchaseOrderNumber="x" * (4 * 1024 * 1024))
    assert (huge.status, huge.tree["errors"][0]["code"]) == (413, "ContentTooLarge")
    info = {
        "shippingMethodName": "Mail",
        "price": money(500),
        "shippingRate": {"price": money(500)},
        "deliveries": [{}] * 60_000,
    }
    unreadable = project.create(shippingInfo=info)
    assert (unreadable.status, unreadable.tree["errors"]) == (
        400,
        [
            {
                "code": "ResourceSizeLimitExceeded",
                "message": "The order must fit in an answer of 5 MB with its defaults and ids",
            }
        ],
    )


def test_orders_are_listed_in_both_sort_orders(project: Project) -> None:
    numbers = [f"CT-{n}" for n in range(5)]
    for number in numbers:
        assert project.create(orderNumber=number).status == 201

    def page(**query: object) -> Tree:
        return project.call("GET", "/orders", query=query).tree

    assert [each["orderNumber"] for each in page()["results"]] == numbers
    newest = page(sort="createdAt desc", limit=2, offset=1)
    assert [each["orderNumber"] for each in newest["results"]] == ["CT-3", "CT-2"]
    assert {name: newest[name] for name in ("limit", "offset", "count", "total")} == {
        "limit": 2,
        "offset": 1,
        "count": 2,
        "total": 5,
    }
    assert "total" not in page(withTotal="false")
    assert page(limit=0)["results"] == []
    assert page(offset=9)["count"] == 0
    [found] = page(where='orderNumber="CT-3"')["results"]
    assert found["orderNumber"] == "CT-3"
    assert page(where='orderNumber="nobody"')["total"] == 0


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 501},
        {"limit": "x"},
        {"offset": 10_001},
        {"sort": "totalPrice desc"},
        {"sort": "createdAt up"},
        {"where": 'purchaseOrderNumber="7"'},
        {"where": "orderNumber=CT-1"},
        {"where": 'orderNumber="a" or orderNumber="b"'},
        {"facet": "state"},
        {"withTotal": "perhaps"},
    ],
)
def test_unsupported_query_parameters_are_rejected(project: Project, query: Tree) -> None:
    answer = project.call("GET", "/orders", query=query)
    assert (answer.status, answer.tree["errors"][0]["code"]) == (400, "InvalidInput")


def test_expand_returns_the_id_and_the_key_of_a_reference(project: Project) -> None:
    order = project.create(customerGroup={"key": "vip"}, state={"id": "s"}).tree
    group = order["customerGroup"]
    assert (group["key"], group.keys()) == ("vip", {"typeId", "id", "key"})
    known = {"id": group["id"], "key": "vip"}
    query = {"expand": "customerGroup"}
    expanded = order | {"customerGroup": {**group, "obj": known}}
    path = f"/orders/{order['id']}"
    assert project.call("GET", path, query=query).tree == expanded
    assert project.call("GET", "/orders", query=query).tree["results"] == [expanded]
    [numbered] = project.call("GET", "/orders", query=query | {"where": 'orderNumber="CT-1"'}).tree[
        "results"
    ]
    assert numbered == expanded
    [message] = project.call("GET", "/messages", query={"expand": "order.customerGroup"}).tree[
        "results"
    ]
    assert message["order"] == expanded
    for other in ("state", "nothing", "resource", "lineItems["):
        assert project.call("GET", path, query={"expand": other}).tree == order
    initial = {"expand": "lineItems[*].state[*].state"}
    [state] = project.call("GET", path, query=initial).tree["lineItems"][0]["state"]
    assert state["state"]["obj"]["key"] == "Initial"
    assert project.call("DELETE", path, query=query | {"version": 1}).tree == expanded


def test_an_expanded_order_that_does_not_fit_in_an_answer_is_rejected_but_deleted(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = project.create(customerGroup={"key": "vip"})
    path = f"/orders/{created.tree['id']}"
    size = len(created.body) + created.body.count('"')
    for module in ("http", "commercetools.read_orders"):
        monkeypatch.setattr(f"orders.protocols.{module}.MAX_ANSWER_BYTES", size)
    query = {"expand": "customerGroup"}
    refused = project.call("GET", path, query=query)
    assert (refused.status, refused.tree["errors"][0]["code"]) == (413, "ContentTooLarge")
    assert "Send fewer paths in expand" in refused.tree["message"]
    assert project.call("GET", path).tree == created.tree
    deleted = project.call("DELETE", path, query=query | {"version": 1})
    assert (deleted.status, deleted.tree) == (200, created.tree)


@pytest.mark.parametrize("ref", ["no-uuid", "order-number=nobody", "order-number="])
def test_unknown_orders_are_not_found(project: Project, ref: str) -> None:
    for method in ("GET", "DELETE"):
        answer = project.call(method, f"/orders/{ref}", query={"version": 1})
        assert (answer.status, answer.tree["errors"][0]["code"]) == (404, "ResourceNotFound")


@pytest.mark.parametrize("ref", ["{id}", "order-number={orderNumber}"])
def test_an_order_is_deleted_only_at_its_current_version(project: Project, ref: str) -> None:
    order = project.create().tree
    path = f"/orders/{ref.format_map(order)}"
    missing = project.call("DELETE", path)
    assert (missing.status, missing.tree["errors"][0]["code"]) == (400, "InvalidInput")
    other = project.call("DELETE", path, query={"version": 2})
    assert other.status == 409
    assert other.tree["errors"][0]["code"] == "ConcurrentModification"
    assert other.tree["errors"][0]["currentVersion"] == 1
    deleted = project.call("DELETE", path, query={"version": 1})
    assert (deleted.status, deleted.tree) == (200, order)
    assert project.call("GET", path).status == 404
    assert project.call("DELETE", path, query={"version": 1}).status == 404
    kinds = [entry["DetailType"] for entry in project.published]
    assert kinds == ["OrderCreated", "OrderDeleted"]
    assert json.loads(project.published[1]["Detail"])["version"] == 2
    assert project.create().status == 201


def test_the_message_has_the_order_as_it_was_imported(project: Project) -> None:
    order = project.create().tree
    project.create(orderNumber=None)
    where = f'type="OrderImported" and resource(id="{order["id"]}")'
    [message] = project.call("GET", "/messages", query={"where": where}).tree["results"]
    assert message["order"] == order
    assert (message["type"], message["sequenceNumber"]) == ("OrderImported", 1)
    assert message["resource"] == {"typeId": "order", "id": order["id"]}
    assert message["resourceUserProvidedIdentifiers"] == {"orderNumber": "CT-1"}
    all_of_them = project.call("GET", "/messages", query={"where": 'type="OrderImported"'}).tree
    assert [each["id"] == message["id"] for each in all_of_them["results"]] == [False, True]
    none = project.call("GET", "/messages", query={"where": 'type="OrderCreated"'}).tree
    assert none["results"] == []


def test_missing_permissions_are_rejected(project: Project) -> None:
    def status(token: str | None, method: str, path: str) -> tuple[int, str]:
        headers = {"Authorization": token or ""}
        body = draft() if method == "POST" else None
        answer = project.call(method, path, headers=headers, body=body)
        return answer.status, answer.tree.get("error", "")

    view = _token(project.get, {"grant_type": "client_credentials", "scope": "view_orders:demo"})
    assert view.tree["scope"] == "view_orders:demo"
    viewer = f"Bearer {view.tree['access_token']}"
    other = _token(project.get, {"grant_type": "client_credentials"}, OTHER).tree["access_token"]
    assert status(None, "GET", "/orders") == (401, "access_denied")
    assert status("Bearer nonsense", "GET", "/orders") == (401, "invalid_token")
    for malformed in ("Basic x", "x", "Bearer"):
        assert status(malformed, "GET", "/orders") == (401, "invalid_token")
    assert status(viewer, "GET", "/orders") == (200, "")
    assert status(viewer, "POST", "/orders/import") == (403, "insufficient_scope")
    assert status(viewer, "GET", "/messages") == (403, "insufficient_scope")
    assert status(f"Bearer {other}", "GET", "/orders") == (403, "insufficient_scope")
    denied = project.call("POST", "/orders/import", headers={"Authorization": viewer}, body={})
    text = "Insufficient scope. One of the following scopes is missing: manage_orders."
    assert denied.tree["message"] == denied.tree["error_description"] == text


def test_a_correlation_id_is_returned(project: Project) -> None:
    headers = {"X-Correlation-ID": "ours/1"}
    assert project.call("GET", "/orders", headers=headers).headers["X-Correlation-ID"] == "ours/1"
    for path in ("/orders", "/orders/nobody"):
        assert project.call("GET", path).headers["X-Correlation-ID"]
    evil = {"X-Correlation-ID": "a\r\nb"}
    assert project.call("GET", "/orders", headers=evil).headers["X-Correlation-ID"] != "a\r\nb"


def test_a_failed_write_returns_503_and_an_unconfirmed_one_500(project: Project) -> None:
    client = connect().dynamodb
    project.create(orderNumber="warms everything up")
    fail = error_answer("InternalServerError", 500)
    with failing(client, "BatchGetItem", lambda _: fail):
        answer = project.call("POST", "/orders/import", body=draft(), millis=12_000)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.tree["errors"][0]["code"] == "OverCapacity"


def test_a_renamed_order_has_its_new_number_and_its_message_the_old_one(
    project: Project,
) -> None:
    order = project.create().tree
    number = order_id_of("demo", order["id"])
    event = sample("update_external_id", "api_key")
    event["pathParameters"]["orderId"] = str(number)
    event["headers"]["Api-Key"] = SECRET
    assert project.get("update_external_id").invoke(event)["statusCode"] == 200
    renamed = project.call("GET", f"/orders/{order['id']}").tree
    assert renamed["orderNumber"] == json.loads(event["body"])["externalOrderId"]
    assert (renamed["version"], renamed["lineItems"]) == (2, order["lineItems"])
    assert project.call("GET", "/orders/order-number=CT-1").tree == renamed
    [message] = project.call("GET", "/messages").tree["results"]
    assert message["order"] == order
    taken = project.create()
    assert taken.tree["errors"][0]["code"] == "DuplicateField"
    listed = project.call("GET", "/orders", query={"where": 'orderNumber="CT-1"'}).tree
    assert listed["results"] == []


def test_a_page_that_does_not_fit_in_an_answer_is_rejected(
    project: Project,
) -> None:
    quotes = {"type": {"typeId": "type", "id": "t"}, "fields": {"note": '"' * 90_000}}
    for number in range(15):
        assert project.create(orderNumber=f"CT-{number}", custom=quotes).status == 201
    # Each takes 360 KB: its 180 KB of quotes are escaped twice.
    refused = project.call("GET", "/orders")
    assert (refused.status, refused.tree["errors"][0]["code"]) == (413, "ContentTooLarge")
    part = project.call("GET", "/orders", query={"limit": 5}).tree
    assert (part["count"], part["total"]) == (5, 15)
    assert project.call("GET", "/messages").status == 413


def test_head_of_a_list_returns_whether_an_order_matches(project: Project) -> None:
    project.create()
    for number, status in (("CT-1", 200), ("nobody", 404)):
        answer = project.call("HEAD", "/orders", query={"where": f'orderNumber="{number}"'})
        assert (answer.status, answer.body) == (status, "")


def test_the_form_of_generated_ids_is_rejected_as_a_number(project: Project) -> None:
    order = project.create(orderNumber=None).tree
    answer = project.create(orderNumber=uuid_of("demo", 5))
    assert (answer.status, answer.tree["errors"][0]["code"]) == (400, "InvalidField")
    assert project.call("GET", f"/orders/order-number={order['id']}").status == 404
    where = {"where": f'orderNumber="{order["id"]}"'}
    assert project.call("GET", "/orders", query=where).tree["results"] == []


def _cancel(project: Project, number: int) -> int:
    event = sample("manage_orders", "ready_to_ship")
    event["pathParameters"]["orderId"] = str(number)
    event["headers"]["Api-Key"] = SECRET
    event["body"] = json.dumps({"order": {"status": "CANCELLED", "substatus": "SHOP_FAILED"}})
    status: int = project.get("manage_orders").invoke(event)["statusCode"]
    return status


def test_an_order_that_another_protocol_has_cancelled_is_cancelled_here(project: Project) -> None:
    order = project.create().tree
    assert _cancel(project, order_id_of("demo", order["id"]) or 0) == 200
    now = project.call("GET", f"/orders/{order['id']}").tree
    assert (now["orderState"], now["version"]) == ("Cancelled", 2)
    assert json.loads(project.published[-1]["Detail"])["order"] == now
    [message] = project.call("GET", "/messages").tree["results"]
    assert message["order"] == order


def test_a_token_for_messages_cannot_read_orders_in_another_protocol(project: Project) -> None:
    form = {"grant_type": "client_credentials", "scope": "view_messages:demo"}
    token = f"Bearer {_token(project.get, form).tree['access_token']}"
    headers = {"Authorization": token}
    assert project.call("GET", "/messages", headers=headers).status == 200
    assert project.call("GET", "/orders", headers=headers).status == 403
    event = sample("manage_orders", "list_orders")
    event["headers"] = {"Authorization": token}
    assert project.get("manage_orders").invoke(event)["statusCode"] == 403


def test_an_import_that_may_have_created_the_order_is_not_a_duplicate(
    project: Project,
) -> None:
    """The write is committed, its answer is lost, and another request changes the order."""
    project.create(orderNumber="warms everything up")
    # The test's own client changes the order, because roles do not restrict it.
    function = project.get("manage_orders")

    def lose(at: int, _parsed: Tree) -> None:
        if at == 2:  # after the index entry
            number = max(
                int(item["order_id"]["N"])
                for item in function.client.scan(TableName=function.table)["Items"]
                if item.get("type") == {"S": "order"}
            )
            assert _cancel(project, number) == 200
            raise ReadTimeoutError(endpoint_url="http://dynamodb")

    with answering(connect().dynamodb, "BatchExecuteStatement", lose):
        answer = project.create()
    assert (answer.status, answer.tree["errors"][0]["code"]) == (500, "General")
    assert project.call("GET", "/orders/order-number=CT-1").tree["version"] == 2


def assert_echoed(sent: object, returned: object, path: str = "") -> None:
    """Assert that every sent value is returned at the same place."""
    if isinstance(sent, dict):
        assert isinstance(returned, dict), path
        for name, value in sent.items():
            assert name in returned, f"{path}/{name}"
            assert_echoed(value, returned[name], f"{path}/{name}")
    elif isinstance(sent, list):
        assert isinstance(returned, list), path
        assert len(returned) == len(sent), path
        for number, (mine, theirs) in enumerate(zip(sent, returned, strict=True)):
            assert_echoed(mine, theirs, f"{path}/{number}")
    else:
        assert returned == sent, path


# The threads share the metrics. A Lambda environment handles one request at a time.
@pytest.mark.filterwarnings("ignore:No application metrics")
def test_of_two_clients_that_update_one_order_at_once_one_wins(project: Project) -> None:
    order = project.create().tree
    # An environment of Lambda opens a protocol in its first request, never in two at once.
    assert project.call("GET", f"/orders/{order['id']}").tree == order

    def update(locale: str) -> Answer:
        action = {"action": "setLocale", "locale": locale}
        number = {"action": "setOrderNumber", "orderNumber": f"CT-{locale}"}
        body = {"version": 1, "actions": [action, number]}
        return project.call("POST", f"/orders/{order['id']}", body=body)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(update, ("de", "en", "fr", "it")))
    [won] = [each for each in answers if each.status == 200]
    assert won.tree["orderNumber"] == f"CT-{won.tree['locale']}"
    assert project.call("GET", "/orders/order-number=CT-1").tree == won.tree
    for lost_race in answers:
        if lost_race is not won:
            assert lost_race.status == 409
            [error] = lost_race.tree["errors"]
            assert (error["code"], error["currentVersion"]) == ("ConcurrentModification", 2)
    kinds = [entry["DetailType"] for entry in project.published]
    assert kinds == ["OrderCreated", "OrderExternalIdChanged"]
    detail = json.loads(project.published[-1]["Detail"])
    assert detail["order"] == won.tree
    assert detail["changed"].keys() == {"external_id", "locale"}


def test_an_update_is_in_the_reads_of_every_protocol_at_once(project: Project) -> None:
    order = project.create(store={"key": "website"}).tree
    number = str(order_id_of(PROJECT, order["id"]))
    actions = [
        {"action": "setCustomerEmail", "email": "new@example.com"},
        {"action": "changeShipmentState", "shipmentState": "Shipped"},
        {"action": "setOrderNumber", "orderNumber": "CT-2"},
    ]
    path = "/orders/order-number=CT-1"
    updated = project.call("POST", path, body={"version": 1, "actions": actions})
    assert updated.status == 200, updated.body

    def ask(function: str, route: Route, body: object = None, **path: str) -> Tree:
        headers = {"Authorization": f"Bearer {project.token}"}
        sent = RouteRequest(route, path, headers=headers, body=body)
        tree: Tree = json.loads(project.get(function).invoke(sent.event())["body"])
        return tree

    partner = ask(
        "manage_orders",
        ("GET", "/campaigns/{campaignId}/orders/{orderId}"),
        campaignId="1001",
        orderId=number,
    )["order"]
    assert partner["externalOrderId"] == "CT-2"
    assert (partner["status"], partner["substatus"]) == ("PROCESSING", "SHIPPED")
    hub = ask("manage_orders", ("GET", "/hub/v1/orders/{order_id}"), order_id=number)
    assert (hub["email"], hub["version"], hub["document"]) == ("new@example.com", 2, updated.tree)
    assert hub["former_external_ids"] == ["CT-1"]
    [listed] = ask("read_hub", ("POST", "/api/v1.1/market/orders/list"), {})["result"]
    assert (listed["external_id"], listed["email"]) == ("CT-2", "new@example.com")
    where = {"where": 'customerEmail="new@example.com" and shipmentState="Shipped"'}
    assert project.call("GET", "/orders", query=where).tree["results"] == [updated.tree]


def test_the_relay_finds_nothing_to_publish_of_quiet_writes(project: Project) -> None:
    quiet = {"X-Skip-Triggers": "true"}
    order = project.call("POST", "/orders/import", body=draft(), headers=quiet).tree
    path = f"/orders/{order['id']}"
    actions = [
        {"action": "changeOrderState", "orderState": "Confirmed"},
        {"action": "setOrderNumber", "orderNumber": "CT-2"},
    ]
    body = {"version": 1, "actions": actions}
    assert project.call("POST", path, body=body, headers=quiet).status == 200

    def history() -> list[tuple[int, str | None]]:
        functions = {"record_history": "RecordHistoryFunction", "relay_triggers": ""}
        function = project.get("record_history")
        records = read_stream(function.client, function.table)
        for name, resource in functions.items():
            passed = [each for each in records if not resource or passes_filter(each, resource)]
            answer = project.get(name).invoke({"Records": passed}, millis=120_000)
            assert answer == {"batchItemFailures": []}
        headers = {"Authorization": f"Bearer {project.token}"}
        number = str(order_id_of(PROJECT, order["id"]))
        route = ("GET", "/hub/v1/orders/{order_id}/history")
        event = RouteRequest(route, {"order_id": number}, headers=headers).event()
        versions = json.loads(project.get("read_hub").invoke(event)["body"])["versions"]
        return [(each["version"], each["trigger"]) for each in versions]

    assert history() == [(2, None), (1, None)]
    deleted = project.call("DELETE", path, query={"version": 2}, headers=quiet)
    assert (deleted.status, project.call("GET", path).status) == (200, 404)
    assert history() == [(3, None)]
    assert project.published == []
    # Without the header, each change has its trigger.
    again = project.create().tree
    project.call("DELETE", f"/orders/{again['id']}", query={"version": 1})
    assert [each["DetailType"] for each in project.published] == ["OrderCreated", "OrderDeleted"]


def test_messages_of_changes_come_from_the_history(project: Project) -> None:
    order = project.create(customerEmail="a@example.com").tree
    path = f"/orders/{order['id']}"
    actions = [
        {"action": "changeOrderState", "orderState": "Confirmed"},
        {"action": "setCustomerEmail", "email": "b@example.com"},
    ]
    for version, action in enumerate([*actions, {"action": "setCustomerEmail"}], start=1):
        sent = project.call("POST", path, body={"version": version, "actions": [action]})
        assert sent.status == 200, sent.body
    project.create(orderNumber="CT-2")

    def messages(**query: str) -> list[Tree]:
        found: list[Tree] = project.call("GET", "/messages", query=query).tree["results"]
        return found

    def types(**query: str) -> list[str]:
        return [each["type"] for each in messages(sort="createdAt asc", **query)]

    # The history is not recorded yet.
    assert types() == ["OrderImported"] * 2
    recorder = project.get("record_history")
    records = read_stream(recorder.client, recorder.table)
    replaced = [each for each in records if passes_filter(each, "RecordHistoryFunction")]
    assert recorder.invoke({"Records": replaced}) == {"batchItemFailures": []}
    expected = [
        *("OrderImported", "OrderStateChanged", "OrderCustomerEmailSet", "OrderCustomerEmailSet"),
    ]
    mine = f'resource(id="{order["id"]}")'
    assert types(where=mine) == expected
    assert types() == [*expected, "OrderImported"]
    found = messages(sort="createdAt asc", where=mine)
    assert [each["sequenceNumber"] for each in found] == [1, 2, 3, 4]
    assert [each["resourceVersion"] for each in found] == [1, 2, 3, 4]
    assert found[-1]["oldEmail"] == "b@example.com"
    assert found[0]["order"] == order
    for each in found:
        assert project.call("GET", f"/messages/{each['id']}").tree == each
    assert messages(where=f'createdAt >= "{found[2]["createdAt"]}" and {mine}') == found[:1:-1]
    assert project.call("DELETE", path, query={"version": 4}).status == 200
    assert types(where=mine) == []
