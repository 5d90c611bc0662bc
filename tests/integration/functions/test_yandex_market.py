"""The Yandex Market functions as API Gateway calls them, on DynamoDB Local."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from operator_cli.demo import TOKEN
from orders.domain.clients import Role
from orders.runtime import observability, serve
from orders.runtime.composition import Aws
from tests.support.functions import (
    EVENTS,
    Function,
    Tenant,
    Tree,
    count_order_ids,
    deployed,
    sample,
)
from tests.support.samples import api_event, order, request

SETTINGS: dict[str, Any] = {
    "currencies": ["USD"],
    "endpoints": [
        {"external_id": "website", "campaign_id": 1001},
        {"external_id": "couriers", "campaign_id": 1002, "sales_model": "DBS"},
    ],
    "business_id": 2001,
    "regions": [{"external_id": "region_YnCrJj8Y1"}],
}


@dataclass
class Stack:
    """The functions. Order A, with the order id 1, is already imported."""

    import_orders: Function
    update_external_id: Function
    manage_orders: Function
    import_commercetools_order: Function
    issue_token: Function
    read_hub: Function
    manage_catalogue: Function

    def send(self, *orders: Tree) -> Tree:
        event = api_event(request(*orders, token=TOKEN, result_details=True))
        tree: Tree = json.loads(self.import_orders.invoke(event)["body"])
        return tree

    def rename(self, external_id: str, order_id: int = 1) -> Tree:
        event = sample("update_external_id", "api_key")
        event["pathParameters"]["orderId"] = str(order_id)
        event["body"] = json.dumps({"externalOrderId": external_id})
        return self.update_external_id.invoke(event)


@pytest.fixture
def stack(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    roles = (Role.ORDERS_WRITE, Role.ORDERS_READ)
    tenants = (Tenant("demo", TOKEN, roles, "demo-shop"),)
    with deployed(dynamodb, monkeypatch, SETTINGS, tenants) as get:
        count_order_ids(monkeypatch)
        running = Stack(
            get("import_orders"),
            get("update_external_id"),
            get("manage_orders"),
            get("import_commercetools_order"),
            get("issue_token"),
            get("read_hub"),
            get("manage_catalogue"),
        )
        assert running.send(order(external_id="A"))["result"][0]["order_id"] == 1
        yield running


MOVED = (
    '{"status":"OK","result":{"orders":[{"id":1,"status":"PROCESSING","substatus":"READY_TO_SHIP",'
    '"updateStatus":"OK"},{"id":999,"updateStatus":"ERROR",'
    '"errorDetails":"Order not found: 999"}]}}'
)
# The expected answer to each file of events/.
ANSWERS: dict[str, dict[str, tuple[int, str]]] = {
    "update_external_id": {
        "api_key": (200, '{"status":"OK"}'),
        "bearer_token": (200, '{"status":"OK"}'),
        "v2_json_suffix": (200, '{"status":"OK"}'),
        "base64": (200, '{"status":"OK"}'),
        "json_suffix": (200, '{"status":"OK"}'),
        "v2": (200, '{"status":"OK"}'),
        "empty_id": (400, "externalOrderId must not be empty"),
        "missing_credentials": (401, "Credentials are not specified"),
        "wrong_api_key": (401, "Api-Key token is invalid"),
        "campaign_of_others": (403, "Access denied"),
        "unknown_order": (404, "Order not found: 9007199254740993"),
        "order_id_is_no_number": (400, "Type mismatch: abc"),
        "unsupported_media_type": (415, "Content type text/plain not supported"),
        "gzip": (200, '{"status":"OK"}'),
        "gzip_decoded_by_gateway": (200, '{"status":"OK"}'),
        "gzip_not_declared": (400, "it looks like gzip data: compress the text once"),
        "preview": (200, '{"status":"OK","dryRun":true,"preview":{"outcome":"updated"'),
        "legacy_oauth": (200, '{"status":"OK"}'),
        "other_method": (405, "Request method PUT not supported"),
    },
    "manage_orders": {
        "get_order": (200, '"externalOrderId":"A"'),
        "list_orders": (200, '"orders":[{"id":1,'),
        "ready_to_ship": (200, '"substatus":"READY_TO_SHIP"'),
        "project_order": (200, '"orderNumber":"A"'),
        "project_orders": (200, '"count":1,"total":1,"results":[{"type":"Order"'),
        "delete_project_order": (200, '"orderNumber":"A"'),
        "delete_project_order_preview": (200, '"preview":{"outcome":"deleted","triggers":1'),
        "messages": (200, '"count":0'),
        "ready_to_ship_gzip": (200, '"substatus":"READY_TO_SHIP"'),
        "ready_to_ship_gzip_decoded_by_gateway": (200, '"substatus":"READY_TO_SHIP"'),
        "ready_to_ship_base64": (200, '"substatus":"READY_TO_SHIP"'),
        "ready_to_ship_json": (200, '"substatus":"READY_TO_SHIP"'),
        "ready_to_ship_v2": (200, '"substatus":"READY_TO_SHIP"'),
        "ready_to_ship_v2_json": (200, '"substatus":"READY_TO_SHIP"'),
        "status_update": (200, MOVED),
        "status_update_base64": (200, MOVED),
        "status_update_json": (200, MOVED),
        "status_update_v2": (200, MOVED),
        "status_update_v2_json": (200, MOVED),
        "status_update_preview": (200, '"dryRun":true,"preview":{"triggers":1,'),
        "status_update_empty": (400, "orders must not be empty"),
        "buyer": (200, '{"status":"OK","result":{"type":"PERSON"}}'),
        "buyer_json": (200, '{"status":"OK","result":{"type":"PERSON"}}'),
        "buyer_v2": (200, '{"status":"OK","result":{"type":"PERSON"}}'),
        "buyer_v2_json": (200, '{"status":"OK","result":{"type":"PERSON"}}'),
        "buyer_of_another_model": (400, "Campaign type is not allowed"),
        "get_order_v2": (200, '"externalOrderId":"A"'),
        "list_orders_old_path": (200, '"orders":[{"id":1,'),
        "list_orders_old_path_json": (200, '"orders":[{"id":1,'),
        "list_orders_v2_json": (200, '"orders":[{"id":1,'),
        "campaign": (200, '"id":1001'),
        "campaign_v2": (200, '"id":1001'),
        "campaigns": (200, '"id":1001'),
        "campaigns_json": (200, '"id":1001'),
        "campaigns_v2": (200, '"id":1001'),
        "campaigns_v2_json": (200, '"id":1001'),
        "business_orders": (200, '"orders":[{'),
        "business_orders_base64": (200, '"orders":[{'),
        "project": (200, '"key":"demo"'),
        "head_project_order": (200, ""),
        "head_project_orders": (200, ""),
        "unknown_message": (404, '"statusCode":404'),
        "update_project_order": (200, '"orderState":"Complete"'),
        "update_project_order_preview": (200, '"preview":{"outcome":"updated","triggers":1'),
        "update_project_order_another_version": (409, '"currentVersion":1'),
        "update_project_order_unknown_action": (400, "Invalid enum value: 'changeEverything'"),
        "other_method": (405, "Request method DELETE not supported"),
        "hub_order": (200, '"order_id":1,"external_id":"A"'),
        "hub_order_unknown": (404, '"detail":"Order 999 does not exist"'),
        "hub_order_other_method": (405, "must be DELETE or GET or HEAD; got PATCH"),
        "hub_delete": (200, '"version":2,"mode":"soft"'),
        "hub_delete_permanently": (200, '"version":2,"mode":"permanent"'),
        "hub_delete_another_version": (409, "version must be 1, the present version of order 1"),
        "hub_revive": (200, '"order_id":1,"external_id":"A"'),
        "hub_restore": (200, '"order_id":1,"external_id":"A"'),
        "hub_restore_unknown_version": (404, "Version 99 of order 1 does not exist"),
        "hub_undo": (200, '"dry_run":false,"counts":{"deleted":0'),
        "hub_undo_preview": (200, '"undo_request_id":null,"dry_run":true'),
        "hub_undo_malformed": (400, "request_id must be the X-Request-Id of an earlier answer"),
        "hub_line_status": (200, '"status":"delivered"'),
        "hub_line_status_unknown_line": (404, 'Order 1 has no line \\"99\\"'),
        "altcraft_delete": (200, '{"error":0,"error_text":""}'),
        "altcraft_delete_preview": (200, '"preview":{"outcome":"deleted","triggers":1'),
        "altcraft_delete_softly": (200, '{"error":0,"error_text":"","result":[]}'),
        "altcraft_delete_unknown": (404, 'Order \\"Z\\" does not exist'),
        "altcraft_delete_xml": (200, "<xml><error>0</error><error_text></error_text></xml>"),
        "altcraft_line_status": (200, '{"error":0,"error_text":""}'),
        "altcraft_line_status_xml": (200, "<error>0</error>"),
        "altcraft_line_status_unknown": (400, '"code":"unknown_line_status"'),
    },
    "import_commercetools_order": {
        "order": (201, '"orderNumber":"CT-1001"'),
        "base64": (201, '"orderNumber":"CT-1002"'),
        "preview": (200, '"id":"00000000-0000-0000-0000-000000000000"'),
        "no_number": (201, '"totalGross":'),
        "wrong_shape": (400, "orderState: Invalid enum value"),
        "broken_rule": (400, '"code":"InvalidField"'),
        "not_json": (400, '"code":"InvalidJsonInput"'),
        "no_token": (401, '"error":"access_denied"'),
        "project_of_others": (403, '"error":"insufficient_scope"'),
        "gzip": (201, '"orderNumber":"CT-1001"'),
        "gzip_decoded_by_gateway": (201, '"orderNumber":"CT-1001"'),
        "gzip_not_declared": (400, "it looks like gzip data: compress the text once"),
        "other_method": (405, '{"statusCode":405,"message":"Method Not Allowed"}'),
    },
    "issue_token": {
        "form": (200, '"scope":"manage_orders:demo view_messages:demo"'),
        "base64": (200, '"scope":"view_orders:demo"'),
        "query": (200, '"scope":"view_orders:demo"'),
        "no_scope": (200, '"scope":"manage_orders:demo view_orders:demo view_messages:demo"'),
        "wrong_secret": (401, '"error":"invalid_client"'),
        "wrong_scope": (400, '"error":"invalid_scope"'),
        "no_grant_type": (400, '"error":"invalid_request"'),
        "gzip": (200, '"scope":"manage_orders:demo view_messages:demo"'),
        "gzip_decoded_by_gateway": (200, '"scope":"manage_orders:demo view_messages:demo"'),
        "gzip_not_declared": (400, "it looks like gzip data: compress the text once"),
        "repeated_parameter": (400, '"error":"invalid_request"'),
        "other_method": (405, '{"statusCode":405,"message":"Method Not Allowed"}'),
    },
    "read_hub": {
        "list_orders": (200, '"orders":[{"order_id":1,"external_id":"A"'),
        "order_by_external_id": (200, '"orders":[{"order_id":1,"external_id":"A"'),
        "unknown_parameter": (400, '"parameter":"page"'),
        "no_token": (401, '"code":"unauthenticated"'),
        "history": (200, '"trigger":"OrderCreated","changed":{}'),
        "changes": (200, '"kind":"created"'),
        "changed_cursor": (400, '"parameter":"after"'),
        "other_method": (405, '"detail":"The method must be GET or HEAD; got DELETE"'),
        "reconcile": (200, '"counts":{"equal":1,"different":0,"missing":2,"renamed":0}'),
        "reconcile_gzip": (200, '"counts":{"equal":1,"different":0,"missing":2,"renamed":0}'),
        "reconcile_nothing": (400, '"pointer":"/orders/0"'),
        "altcraft_list": (200, '"result":[{"id":1,"profile":{},"external_id":"A"'),
        "altcraft_list_xml": (200, "<result><id>1</id><profile/><external_id>A</external_id>"),
        "altcraft_list_from_another": (400, "from_id must be the next_from_id of an earlier"),
        "altcraft_list_no_token": (401, '"error":401'),
        "altcraft_list_other_method": (405, '"error_text":"The method must be POST; got GET"'),
        "altcraft_status": (200, '"result":{"endpoint":"website","status":"new"}'),
        "altcraft_status_by_id": (200, '"result":{"endpoint":"website","status":"new"}'),
        "altcraft_status_xml": (200, "<result><endpoint>website</endpoint><status>new</status>"),
        "altcraft_status_unknown": (404, '"error":404'),
        "altcraft_unknown_call": (404, "/api/v1.1/market/orders/list, /api/v1.1/market/orders/"),
    },
    "manage_catalogue": {
        "import_products": (200, '"result":[{"error":0,"external_id":"iphone_test_1"}]'),
        "import_products_xml": (200, "<error>0</error><external_id>iphone_test_1</external_id>"),
        "import_products_xml_base64": (
            200,
            "<error>0</error><external_id>iphone_test_1</external_id>",
        ),
        "import_products_partial_failure": (200, "Unknown currency"),
        "import_products_preview": (200, '"dry_run":true,"preview":{"definitions":['),
        "import_products_no_token": (401, '"error":401'),
        "import_skus": (200, '"result":[{"error":0,"external_id":"sku_test_3"}]'),
        "import_skus_no_product": (200, "product_external_id is required"),
        "list_products": (200, '"result":[]'),
        "list_products_xml": (200, "<next_from_id>"),
        "list_skus": (200, '"result":[]'),
        "list_skus_from_another": (400, "from_id must be the next_from_id of an earlier"),
        "delete_skus": (200, '"deleted_count":0'),
        "delete_products": (200, '"deleted_count":0'),
        "delete_products_xml": (200, "<deleted_count>0</deleted_count>"),
        "delete_products_nothing": (400, "ids or external_ids is required"),
        "other_method": (405, '"error_text":"The method must be POST; got GET"'),
        "unknown_call": (404, 'got \\"/api/v1.1/market/products/get'),
        "unknown_folder": (404, 'got \\"/api/v1.1/market/goods/list'),
    },
}


@pytest.mark.parametrize("function", ANSWERS)
def test_every_sample_event_has_an_expected_answer(function: str) -> None:
    assert {path.stem for path in (EVENTS / function).glob("*")} == set(ANSWERS[function])


@pytest.mark.parametrize(
    ("function", "name"), [(each, name) for each in ANSWERS for name in ANSWERS[each]]
)
def test_each_sample_event_gets_its_answer(stack: Stack, function: str, name: str) -> None:
    status, text = ANSWERS[function][name]
    if name.startswith("buyer"):
        [sent] = stack.send(order(external_id="B", endpoint="couriers"))["result"]
        assert sent["order_id"] == 2
    answer = getattr(stack, function).invoke(sample(function, name))
    assert answer["statusCode"] == status
    assert text in answer["body"]
    assert answer["isBase64Encoded"] is False


def test_an_import_under_the_old_id_updates_the_renamed_order(stack: Stack) -> None:
    assert stack.rename("B")["statusCode"] == 200
    by_old, by_new = (stack.import_orders.stored(name) for name in "AB")
    assert by_old
    assert by_old == by_new
    [result] = stack.send(order(external_id="A", status="paid"))["result"]
    assert (result["outcome"], result["external_id"]) == ("updated", "A")
    assert (result["order_id"], result["version"]) == (1, 3)
    stored = stack.import_orders.stored("B")
    assert stored
    assert (stored.external_id, stored.status, stored.version) == ("B", "paid", 3)


def test_the_rate_limit_is_returned_and_enforced(stack: Stack) -> None:
    answer = stack.rename("B")
    headers = answer["headers"]
    assert headers["X-RateLimit-Resource-Limit"] == "10000"
    assert headers["X-RateLimit-Resource-Remaining"] == "9999"
    assert re.fullmatch(
        r"\w{3}, \d\d \w{3} \d{4} \d\d:00:00 GMT", headers["X-RateLimit-Resource-Until"]
    )
    assert stack.rename("C")["headers"]["X-RateLimit-Resource-Remaining"] == "9998"


def test_every_page_and_every_order_can_be_read(stack: Stack) -> None:
    stack.send(*(order(external_id=f"n{n}") for n in range(60)))
    stack.rename("B")
    event = sample("manage_orders", "list_orders")
    event["queryStringParameters"] = None
    event["multiValueQueryStringParameters"] = None
    orders = []
    while True:
        page = json.loads(stack.manage_orders.invoke(event)["body"])
        orders += page["orders"]
        if "nextPageToken" not in page["paging"]:
            break
        event["queryStringParameters"] = {"pageToken": page["paging"]["nextPageToken"]}
    assert [each["id"] for each in orders] == list(range(61, 0, -1))
    assert orders[-1]["externalOrderId"] == "B"


def test_the_status_of_an_order_locks_its_external_id(stack: Stack) -> None:
    stack.manage_orders.invoke(sample("manage_orders", "ready_to_ship"))
    answer = stack.rename("B")
    assert answer["statusCode"] == 400
    assert "status PROCESSING, and substatus READY_TO_SHIP" in answer["body"]
    [result] = stack.send(order(external_id="A", tags=["later"]))["result"]
    assert result["outcome"] == "updated"
    stored = stack.import_orders.stored("A")
    assert stored
    assert (stored.fulfilment.substatus, stored.status) == ("READY_TO_SHIP", "new")


YANDEX_FAULT = {
    "status": "ERROR",
    "errors": [{"code": "INTERNAL_ERROR", "message": "Internal server error"}],
}
GENERAL = "An unexpected error occurred and was logged. Check whether a write took effect."
HUB_FAULT = {
    "type": "about:blank",
    "title": "Internal Server Error",
    "status": 500,
    "code": "internal_error",
    "detail": "Internal error. It was logged; you can send the request again",
}
COMMERCETOOLS_FAULT = {
    "statusCode": 500,
    "message": GENERAL,
    "errors": [{"code": "General", "message": GENERAL}],
}


@pytest.mark.parametrize(
    ("function", "event", "body"),
    [
        ("update_external_id", "api_key", YANDEX_FAULT),
        ("manage_orders", "get_order", YANDEX_FAULT),
        ("manage_orders", "project_order", COMMERCETOOLS_FAULT),
        ("import_commercetools_order", "order", COMMERCETOOLS_FAULT),
        ("issue_token", "form", COMMERCETOOLS_FAULT),
        ("read_hub", "list_orders", HUB_FAULT),
        ("manage_orders", "hub_order", HUB_FAULT),
    ],
)
def test_an_internal_error_is_answered_without_details(  # noqa: PLR0917 - a table
    stack: Stack,
    function: str,
    event: str,
    body: Tree,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def explode() -> Aws:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(serve, "connect", explode)
    answer = getattr(stack, function).invoke(sample(function, event))
    assert answer["statusCode"] == 500
    assert json.loads(answer["body"]) == body
    assert '"Faults":[1.0]' in capsys.readouterr().out.replace(" ", "")


def test_without_time_left_no_order_is_changed(stack: Stack) -> None:
    event = sample("update_external_id", "api_key")
    answer = stack.update_external_id.invoke(event, millis=4_500)
    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "5")
    assert stack.import_orders.stored("A")


def test_logs_contain_numbers_and_no_customer_data(
    stack: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(observability.logger.registered_handler, "stream", stream)
    capsys.readouterr()
    stack.rename("secret-number")
    stack.rename("secret-number", order_id=99)
    out = capsys.readouterr().out + stream.getvalue()
    logs = [json.loads(each) for each in out.splitlines() if "order change answered" in each]
    assert [(log["status"], log.get("order_id"), log["changed"]) for log in logs] == [
        (200, 1, True),
        (404, None, False),
    ]
    assert {log["correlation_id"] for log in logs} == {"c6af9ac6-7b61-11e6-9a41-93e8deadbeef"}
    metrics = [json.loads(each) for each in out.splitlines() if '"_aws"' in each]
    assert [each["OrdersChanged"] for each in metrics] == [[1.0], [0.0]]
    assert metrics[0]["TriggersPublished"] == [1.0]
    assert not re.search(r"secret-number|demo-token", out)
