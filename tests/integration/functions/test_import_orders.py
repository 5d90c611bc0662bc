"""The import function as API Gateway calls it, on DynamoDB Local, with the sample events."""

import gzip
import io
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from operator_cli.demo import TOKEN
from orders.domain.clients import Role
from orders.protocols.http import MAX_BODY_BYTES
from orders.runtime import observability, serve
from orders.runtime.composition import Aws, connect
from tests.support.aws_faults import failing
from tests.support.functions import EVENTS, Function, Tenant, deployed, sample
from tests.support.samples import api_event, line, order, request

READER_TOKEN = "reader"
SETTINGS: dict[str, Any] = {
    "currencies": ["USD"],
    "endpoints": [{"external_id": "website"}],
    "regions": [{"external_id": "region_YnCrJj8Y1"}],
}
type Tree = dict[str, Any]


@pytest.fixture
def function(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Function]:
    tenants = (
        Tenant("demo", TOKEN, (Role.ORDERS_WRITE,)),
        Tenant("demo", READER_TOKEN, (Role.ORDERS_READ,)),
        Tenant("other", "other-token", (Role.ORDERS_WRITE,)),
    )
    with deployed(dynamodb, monkeypatch, SETTINGS, tenants) as get:
        yield get("import_orders")


# The expected answer to each file of events/import_orders.
ANSWERS: dict[str, tuple[int, str]] = {
    "json": (200, '{"error":0,"error_text":"","result":[{"error":0,"external_id":"1234000"}]}'),
    "xml": (200, "<external_id>1234000</external_id></result></xml>"),
    "json_base64": (200, '{"error":0,"external_id":"1234000"}'),
    "xml_base64": (200, "<external_id>1234000</external_id></result></xml>"),
    "bearer_token": (200, '{"error":0,"external_id":"2000001"}'),
    "gzip": (200, '{"error":0,"external_id":"2000002"}'),
    "gzip_members": (200, '{"error":0,"external_id":"1234000"}'),
    "gzip_decoded_by_gateway": (200, '{"error":0,"external_id":"1234000"}'),
    "gzip_decoded_by_gateway_base64": (200, '{"error":0,"external_id":"1234000"}'),
    "deflate_decoded_by_gateway": (200, '{"error":0,"external_id":"1234000"}'),
    "gzip_truncated": (400, "The gzip body is truncated"),
    "gzip_not_declared": (400, "it looks like gzip data: compress the text once"),
    "gzip_twice": (415, "Content-Encoding must be gzip or identity"),
    "utf_16": (400, "it looks like UTF-16: send UTF-8"),
    "token_without_scheme": (401, "The header Authorization must be `Bearer <token>`"),
    "other_method": (405, "The method must be POST; got GET"),
    "result_details": (200, '"code":"total_mismatch","path":"/data/0/total_price"'),
    "failed_only": (
        200,
        r'"failed_document":"{\"failed_only\": true, \"data\": [{\"external_id\": \"2000032\"',
    ),
    "reject_all": (200, '"code":"others_failed","path":"/data/2"'),
    "partial_failure": (200, '"code":"unknown_currency","path":"/data/1/currency"'),
    "partial_failure_xml": (200, "<path>/data/0/lines/0/count</path>"),
    "preview": (200, '"dry_run":true,"preview":{"triggers":'),
    "preview_xml": (200, "<dry_run>true</dry_run><preview><triggers>"),
    "preview_wrong_value": (400, 'dry_run must be true or false; got \\"yes\\"'),
    "bad_token": (401, '"error":401'),
    "not_json": (400, "line 1, column"),
    "unsupported_media_type": (415, "send application/json or application/xml"),
}


def test_every_sample_event_has_an_expected_answer() -> None:
    assert {path.stem for path in (EVENTS / "import_orders").glob("*")} == set(ANSWERS)


@pytest.mark.parametrize(("name", "expected"), ANSWERS.items())
def test_each_sample_event_gets_its_answer(
    function: Function, name: str, expected: tuple[int, str]
) -> None:
    answer = function.invoke(sample("import_orders", name))
    assert answer["statusCode"] == expected[0]
    assert expected[1] in answer["body"]
    assert answer["isBase64Encoded"] is False


def test_the_same_request_in_json_and_in_xml_is_one_order(function: Function) -> None:
    function.invoke(sample("import_orders", "json"))
    by_json = function.stored("1234000")
    xml = function.invoke(
        {**sample("import_orders", "xml"), "queryStringParameters": {"format": "json"}}
    )
    assert json.loads(xml["body"])["error"] == 0
    by_xml = function.stored("1234000")
    assert by_json
    assert by_xml
    assert (by_json.version, by_xml.version) == (1, 2), "only seed 001 has a create_time"
    without_time = {name: value for name, value in by_xml.tree().items() if name != "create_time"}
    assert without_time == by_json.tree()


def _import(function: Function, *orders: Tree, token: str = TOKEN, **root: object) -> Tree:
    answer = function.invoke(api_event(request(*orders, token=token, result_details=True, **root)))
    tree: Tree = json.loads(answer["body"])
    return tree


def test_an_order_is_created_then_unchanged_then_updated(function: Function) -> None:
    outcomes = [
        _import(function, sent)["result"][0] for sent in (order(), order(), order(status="paid"))
    ]
    assert [(each["outcome"], each["version"]) for each in outcomes] == [
        ("created", 1),
        ("unchanged", 1),
        ("updated", 2),
    ]
    assert len({each["order_id"] for each in outcomes}) == 1


def test_one_invalid_order_of_fifty_fails_alone(function: Function) -> None:
    orders = [order(external_id=f"n{n}") for n in range(50)]
    orders[7]["lines"] = [line(count=0)]
    tree = _import(function, *orders)
    assert tree["counts"] == {
        "received": 50,
        "created": 49,
        "updated": 0,
        "unchanged": 0,
        "failed": 1,
    }
    assert tree["result"][7]["errors"][0]["path"] == "/data/7/lines/0/count"
    stored = [function.stored(f"n{n}") for n in range(50)]
    assert [n for n, each in enumerate(stored) if each is None] == [7]
    assert len({each.order_id for each in stored if each}) == 49


def test_accounts_can_use_the_same_external_ids(function: Function) -> None:
    _import(function, order())
    _import(function, order(status="paid"), token="other-token")
    mine, theirs = function.stored("1234000"), function.stored("1234000", "other")
    assert mine
    assert theirs
    assert (mine.status, theirs.status) == ("new", "paid")


def test_a_client_that_may_only_read_cannot_import(function: Function) -> None:
    answer = function.invoke(api_event(request(token=READER_TOKEN)))
    assert (answer["statusCode"], json.loads(answer["body"])["error"]) == (403, 403)
    assert function.stored("1234000") is None


@pytest.mark.parametrize("packed", [True, False])
def test_a_body_that_is_too_large_is_rejected_in_the_format_of_the_request(
    function: Function, *, packed: bool
) -> None:
    body = b"<xml>" + b" " * MAX_BODY_BYTES + b"</xml>"
    event = api_event(body, "application/xml")
    if packed:
        event["headers"]["Content-Encoding"] = "gzip"
        event["body"] = b64encode(gzip.compress(body)).decode()
    answer = function.invoke(event)
    assert answer["statusCode"] == 413
    assert answer["body"].startswith("<xml><error>413</error>")
    assert "4194304 bytes" in answer["body"]


def test_an_internal_error_is_answered_without_details(
    function: Function, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def explode() -> Aws:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(serve, "connect", explode)
    answer = function.invoke(api_event(request(token=TOKEN)))
    assert answer["statusCode"] == 500
    assert json.loads(answer["body"])["error"] == 500
    assert "secret" not in answer["body"]
    assert '"Faults":[1.0]' in capsys.readouterr().out.replace(" ", "")


def test_without_time_left_nothing_is_written_and_503_is_returned(function: Function) -> None:
    answer = function.invoke(api_event(request(token=TOKEN)), millis=5_000)
    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "5")
    assert function.stored("1234000") is None


def test_logs_and_metrics_contain_numbers_and_no_customer_data(
    function: Function, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(observability.logger.registered_handler, "stream", stream)
    _import(function, order(), order(external_id="B", email="", phone="+79990000000"))
    out = capsys.readouterr().out + stream.getvalue()
    [metrics] = [json.loads(each) for each in out.splitlines() if '"_aws"' in each]
    assert (metrics["OrdersCreated"], metrics["OrdersFailed"]) == ([1.0], [1.0])
    assert metrics["TriggersPublished"] == [1.0]
    [log] = [json.loads(each) for each in out.splitlines() if "orders imported" in each]
    assert (log["received"], log["problem_codes"]) == (2, ["required"])
    assert log["account"] == "demo"
    assert log["correlation_id"] == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    assert log["outcomes"] == {"created": 1, "updated": 0, "unchanged": 0, "failed": 1}
    assert not re.search(r"johndoe|79990000000|demo-token", out)


def test_a_receipt_is_one_small_item_per_request(function: Function) -> None:
    """A receipt of 100 orders costs one write unit: 0.01 per order."""
    client = connect().dynamodb
    for prefix, skip, receipts in (("quiet", True, 0), ("loud", False, 1)):
        orders = [order(external_id=f"{prefix} {n}", skip_triggers=skip) for n in range(100)]
        sent = request(*orders, token=TOKEN, result_details=True)
        with failing(client, "PutItem", lambda _: None) as calls:
            answer = function.invoke(api_event(sent))
        assert json.loads(answer["body"])["counts"]["created"] == 100
        assert len(calls) == receipts
    items = function.client.scan(TableName=function.table)["Items"]
    [receipt] = [item for item in items if item.get("type") == {"S": "receipt"}]
    assert len(json.dumps(receipt)) < 1024
