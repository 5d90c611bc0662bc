"""What the template says of the functions, held against what they do.

A role allows what its function calls, and nothing else: that no call goes beyond the role is
checked at every call of a handler in the suite (tests/support/functions.py); here each function
does all that it can, so that what its role allows beyond that shows. Alarms and the dashboard watch
metrics that the functions write, under the names and dimensions that they write them with.
"""

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import boto3
import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.dynamodb_tokens import DynamoTokens
from orders.adapters.order_items import index_item
from orders.application import repeat_requests
from orders.application.errors import StorageUnavailableError
from orders.domain.clients import Role
from orders.domain.importing import Write
from orders.runtime.composition import altcraft, connect
from orders.runtime.composition.stored_settings import settings_of
from tests.support.aws_actions import RESOURCES, Call, allowed_to, calls_of
from tests.support.aws_faults import failing
from tests.support.catalogue import product, sku
from tests.support.commercetools import basic, draft
from tests.support.deadlines import DEADLINE
from tests.support.functions import Function, Tenant, deployed, sample
from tests.support.order_changes import new_order
from tests.support.routes import Route, RouteRequest, functions_of_routes
from tests.support.samples import IMPORT_RESOURCE, order, request
from tests.support.stream import passes_filter, read_stream

type Tree = dict[str, Any]

SECRET = "secret of the shop"
SETTINGS: Tree = {
    "currencies": ["USD"],
    "endpoints": [{"external_id": "website", "campaign_id": 1001}],
}
CAMPAIGN = "/campaigns/{campaignId}/orders"
STEPS = ("split_import_file", "import_chunk", "finish_import_job")
FUNCTIONS = sorted({*functions_of_routes().values(), "relay_triggers", "record_history", *STEPS})


@dataclass
class World:
    """The functions, each created once, and the metrics that they wrote.

    `metrics` holds tuples of namespace, dimension names, service and metric name.
    """

    functions: Mapping[str, Function]
    metrics: set[tuple[str, tuple[str, ...], str, str]] = field(default_factory=set)

    def invoke(self, folder: str, event: Tree, millis: int = 27_000) -> Tree:
        """Invoke a function and read the metrics that it prints."""
        printed, service = io.StringIO(), folder.replace("_", "-")
        # On Lambda, no function has read the settings for another one.
        settings_of(connect())._cache.clear()  # noqa: SLF001 - only the tests share a process
        with redirect_stdout(printed):
            answer = self.functions[folder].invoke(event, millis)
        for line in printed.getvalue().splitlines():
            blob = json.loads(line) if '"_aws"' in line else {"_aws": {"CloudWatchMetrics": []}}
            for directive in blob["_aws"]["CloudWatchMetrics"]:
                [dimensions] = directive["Dimensions"]
                self.metrics.update(
                    # The suite has one service name for all functions, AWS one for each.
                    (directive["Namespace"], tuple(dimensions), service, each["Name"])
                    for each in directive["Metrics"]
                )
        return answer

    def ask(self, route: Route, **rest: Any) -> Tree:  # noqa: ANN401
        sent = RouteRequest(route, **{"headers": {"Authorization": f"Bearer {SECRET}"}, **rest})
        answer = self.invoke(functions_of_routes()[route], sent.event())
        assert answer["statusCode"] < 400, answer
        tree: Tree = json.loads(answer["body"]) if answer["body"].startswith("{") else {}
        return tree


@pytest.fixture(scope="module")
def world(dynamodb: DynamoDBClient) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setattr(repeat_requests, "WAITS", (0.0,))
        tenants = (Tenant("demo", SECRET, (Role.ADMIN,), "shop"),)
        with deployed(dynamodb, patch, SETTINGS, tenants, stream=True) as get:
            running = World({name: get(name) for name in FUNCTIONS})
            _do_everything(running)
            _fail_everywhere(running, patch)
            yield running


def _do_everything(world: World) -> None:
    definition = {
        "external_id": "gift",
        "name": "Gift",
        "entity_type": "order",
        "value_type": "bool",
        "required": False,
    }
    imported = world.ask(
        ("POST", IMPORT_RESOURCE),
        body=request(
            order(external_id="A"),
            order(external_id="B"),
            custom_fields=[definition],
            result_details=True,
        ),
    )
    with _another_is_faster(world, "R"):
        world.ask(("POST", IMPORT_RESOURCE), body=request(order(external_id="R")))
    changed = order(external_id="B", email="b@example.com")
    world.ask(("POST", IMPORT_RESOURCE), body=request(changed))
    order_id = str(imported["result"][0]["order_id"])
    path = {"campaignId": "1001", "orderId": order_id}
    renaming = ("POST", f"{CAMPAIGN}/{{orderId}}/external-id")
    for external_id in ("C", "A", "D"):
        world.ask(renaming, path=path, body={"externalOrderId": external_id})
    status = {"order": {"status": "PROCESSING", "substatus": "READY_TO_SHIP"}}
    world.ask(("PUT", f"{CAMPAIGN}/{{orderId}}/status"), path=path, body=status)
    shipped = {"id": int(order_id), "status": "PROCESSING", "substatus": "SHIPPED"}
    world.ask(("POST", f"{CAMPAIGN}/status-update"), path=path, body={"orders": [shipped]})
    world.ask(("GET", f"{CAMPAIGN}/{{orderId}}"), path=path)
    interrupted = index_item("demo", new_order("without its order", 1))
    world.functions["import_orders"].client.put_item(
        TableName=world.functions["import_orders"].table, Item=interrupted
    )
    world.ask(("GET", CAMPAIGN), path=path)
    _use_the_project(world)
    _use_the_hub(world, order_id)
    _repeat_requests(world)
    _import_files(world)
    for resource in ("/openapi.json", "/docs"):
        world.ask(("GET", resource), headers={})
    _relay(world)
    _record_history(world)


@contextmanager
def _another_is_faster(world: World, external_id: str) -> Iterator[None]:
    """Let another request create an order between the index entry of a request and its order."""
    function = world.functions["import_orders"]

    def create(call: int) -> None:
        if call == 2:
            rival = replace(new_order(external_id, len(external_id)), status="delivered")
            DynamoOrders(function.client, function.table).save(
                "demo", [Write(rival, None, None)], DEADLINE
            )

    with failing(connect().dynamodb, "BatchExecuteStatement", create):
        yield


def _use_the_project(world: World) -> None:
    project = {"projectKey": "demo"}
    granted = world.ask(
        ("POST", "/oauth/token"),
        headers={"Authorization": basic("shop", SECRET)},
        query={"grant_type": "client_credentials"},
    )
    token = {"Authorization": f"Bearer {granted['access_token']}"}
    with _another_is_faster(world, "CT-R"):
        imports = ("POST", "/{projectKey}/orders/import")
        sent = RouteRequest(imports, project, headers=token, body=draft(orderNumber="CT-R"))
        answer = world.invoke(functions_of_routes()[imports], sent.event())
        assert answer["statusCode"] == 400
    for body in (draft(), draft(orderNumber=None)):
        world.ask(imports, path=project, headers=token, body=body)
    world.ask(("GET", "/{projectKey}/orders"), path=project, headers=token)
    by_change = {"sort": "lastModifiedAt desc"}
    world.ask(("GET", "/{projectKey}/orders"), path=project, headers=token, query=by_change)
    world.ask(("GET", "/{projectKey}/messages"), path=project, headers=token)
    one = {**project, "ref": "order-number=CT-1"}
    world.ask(("GET", "/{projectKey}/orders/{ref+}"), path=one, headers=token)
    update = ("POST", "/{projectKey}/orders/{ref+}")
    for version, action in enumerate(
        (
            {"action": "changeOrderState", "orderState": "Confirmed"},
            {"action": "setOrderNumber", "orderNumber": "CT-new"},
        ),
        start=1,
    ):
        body = {"version": version, "actions": [action]}
        world.ask(update, path=one, headers=token, body=body)
    world.ask(
        ("DELETE", "/{projectKey}/orders/{ref+}"), path=one, headers=token, query={"version": "3"}
    )


def _use_the_hub(world: World, order_id: str) -> None:
    orders = "/hub/v1/orders"
    function = world.functions["read_hub"]
    interrupted = index_item("demo", new_order("also without its order", 2))
    function.client.put_item(TableName=function.table, Item=interrupted)
    world.ask(("GET", orders))
    world.ask(("GET", orders), query={"external_id": "A"})
    world.ask(("GET", f"{orders}/{{order_id}}"), path={"order_id": order_id})
    world.ask(("GET", f"{orders}/{{order_id}}/history"), path={"order_id": order_id})
    world.ask(("GET", "/hub/v1/changes"))
    body = {"orders": [{"external_id": "B", "version": 1}]}
    world.ask(("POST", "/hub/v1/reconcile"), body=body)
    world.ask(("POST", "/api/v1.1/market/orders/list"), body={"limit": 1})
    world.ask(("POST", "/api/v1.1/market/orders/get_status"), body={"external_id": "B"})
    _change_with_the_hub(world, order_id)
    _use_the_catalogue(world)


def _use_the_catalogue(world: World) -> None:
    """Import, change, list and delete a product and a SKU, and define a field."""
    market = "/api/v1.1/market"
    # On AWS, each function reads tokens itself. Here, all are in one process.
    altcraft._access.cache_clear()  # noqa: SLF001
    field = {
        "external_id": "size",
        "name": "Size",
        "entity_type": "sku",
        "value_type": "int",
        "required": False,
    }
    for price in ("1", "2"):
        body = {
            "data": [product("p", price=price, sku=[product("a", price=price)])],
            "custom_fields": [field],
        }
        world.ask(("POST", f"{market}/products/import"), body=body)
    world.ask(("POST", f"{market}/sku/import"), body={"data": [sku("b", "p")]})
    world.ask(("POST", f"{market}/products/list"), body={})
    world.ask(("POST", f"{market}/sku/list"), body={})
    world.ask(("POST", f"{market}/sku/delete"), body={"external_ids": ["a"], "ids": [1]})
    world.ask(("POST", f"{market}/products/delete"), body={"external_ids": ["p"]})


def _change_with_the_hub(world: World, order_id: str) -> None:
    """Delete orders softly and for good, revive them in every way, and change a line.

    The order has the external id D, and had the id A.
    """
    one, path = "/hub/v1/orders/{order_id}", {"order_id": order_id}
    altcraft = "/api/v1.1/market/orders"
    line = {"order_external_id": "D", "order_line_external_id": "line_01"}
    delivered = {**line, "status_external_id": "delivered"}
    world.ask(("POST", f"{altcraft}/update_order_line_status"), body=delivered)
    by_hub = {**path, "line_id": "line_01"}
    world.ask(("PUT", f"{one}/lines/{{line_id}}/status"), path=by_hub, body={"status": "new"})
    world.ask(("DELETE", one), path=path)
    world.ask(("GET", f"{one}/history"), path=path)
    world.ask(("POST", f"{one}/revive"), path=path)
    world.ask(("DELETE", one), path=path)
    world.ask(("POST", IMPORT_RESOURCE), body=request(order(external_id="A")))
    world.ask(("POST", f"{altcraft}/delete"), body={"id": order_id, "with_fire": False})
    keyed = {"Authorization": f"Bearer {SECRET}", "Idempotency-Key": "key"}
    fire = {"external_id": "D", "with_fire": True}
    world.ask(("POST", f"{altcraft}/delete"), headers=keyed, body=fire)
    imports = ("POST", "/{projectKey}/orders/import")
    again = draft(orderNumber="CT-H")
    world.ask(imports, path={"projectKey": "demo"}, body=again)
    [found] = world.ask(("GET", "/hub/v1/orders"), query={"external_id": "CT-H"})["orders"]
    world.ask(("DELETE", one), path={"order_id": str(found["order_id"])})
    world.ask(imports, path={"projectKey": "demo"}, body=again)
    _undo_a_rename(world)


def _undo_a_rename(world: World) -> None:
    """Undo the rename of an order, after its history was written."""
    world.ask(("POST", IMPORT_RESOURCE), body=request(order(external_id="U")))
    # A joint import checks the order that it does not change.
    joint = request(order(external_id="U"), order(external_id="V"), error_policy="reject_all")
    world.ask(("POST", IMPORT_RESOURCE), body=joint)
    [found] = world.ask(("GET", "/hub/v1/orders"), query={"external_id": "U"})["orders"]
    rename = ("POST", f"{CAMPAIGN}/{{orderId}}/external-id")
    path = {"campaignId": "1001", "orderId": str(found["order_id"])}
    world.ask(rename, path=path, body={"externalOrderId": "U2"})
    _record_history(world)
    one = {"order_id": str(found["order_id"])}
    [renamed, *_] = world.ask(("GET", "/hub/v1/orders/{order_id}/history"), path=one)["versions"]
    undo = {"request_id": renamed["request_id"], "dry_run": False}
    answer = world.ask(("POST", "/hub/v1/undo"), body=undo)
    assert answer["counts"]["restored"] == 1, answer
    world.ask(("POST", "/hub/v1/orders/{order_id}/restore"), path=one, body={"version": 1})


def _repeat_requests(world: World) -> None:
    """Finish cut-off requests with keys: a deletion, and a rename that another one followed."""
    keyed = {"Authorization": f"Bearer {SECRET}", "Idempotency-Key": "cut-off"}
    deletion: Tree = {"headers": keyed, "body": {"external_ids": ["q"]}}
    route = ("POST", "/api/v1.1/market/products/delete")
    imported = {"data": [product("q")]}
    world.ask(("POST", "/api/v1.1/market/products/import"), body=imported)
    world.ask(route, **deletion)
    _cut_off(world, timedelta(days=1))
    assert _status(world, route, {}, keyed, deletion["body"]) == 409
    _cut_off(world, timedelta(0))
    world.ask(route, **deletion)

    world.ask(("POST", IMPORT_RESOURCE), body=request(order(external_id="K")))
    [found] = world.ask(("GET", "/hub/v1/orders"), query={"external_id": "K"})["orders"]
    path = {"campaignId": "1001", "orderId": str(found["order_id"])}
    route = ("POST", f"{CAMPAIGN}/{{orderId}}/external-id")
    renamed: Tree = {**keyed, "Idempotency-Key": "renamed"}
    world.ask(route, path=path, headers=renamed, body={"externalOrderId": "K2"})
    world.ask(route, path=path, body={"externalOrderId": "K3"})
    _record_history(world)
    _cut_off(world, timedelta(0))
    world.ask(route, path=path, headers=renamed, body={"externalOrderId": "K2"})
    again = world.ask(("GET", "/hub/v1/orders"), query={"external_id": "K3"})["orders"]
    assert [each["version"] for each in again] == [3]


def _cut_off(world: World, left: timedelta) -> None:
    """Take the answers away from all records of requests, whose runs have so much time left."""
    function = world.functions["manage_orders"]
    ends_at = datetime.now(UTC) + left
    for item in function.client.scan(TableName=function.table)["Items"]:
        if item.get("type") == {"S": "repeat"}:
            function.client.update_item(
                TableName=function.table,
                Key={"pk": item["pk"], "sk": item["sk"]},
                UpdateExpression="REMOVE answer_status SET ends_at = :ends_at",
                ExpressionAttributeValues={":ends_at": {"S": ends_at.isoformat()}},
            )


JOBS = "/hub/v1/import_jobs"
# With this permission, S3 answers that an object does not exist. Without it, it is forbidden.
_FINDING = ("s3:ListBucket", "")
# What roles allow although no call of this test needs it.
UNCALLED: Mapping[str, set[tuple[str, str]]] = {
    # The undo of a chunk without a result lists orders, and removes index entries without an order.
    "import_chunk": {_FINDING, ("dynamodb:ConditionCheckItem", "A#*#*")},
    # A result file that cannot be completed is discarded (tests/unit/adapters).
    "finish_import_job": {_FINDING, ("s3:AbortMultipartUpload", "*/*/runs/*")},
}


def _import_files(world: World) -> None:
    """Preview, import and undo a file, and cancel jobs before and while they run."""
    names = [f"F{number}" for number in range(4)]
    rows = [order(external_id=name) for name in names]
    # One order exists, one is softly deleted, one is invalid, and one is created meanwhile.
    for name in names[:2]:
        world.ask(("POST", IMPORT_RESOURCE), body=request(order(external_id=name, phone="1")))
    deletion = {"external_id": "F1", "with_fire": False}
    world.ask(("POST", "/api/v1.1/market/orders/delete"), body=deletion)
    rows[2]["currency"] = "XXX"
    file = b"".join(json.dumps(each).encode() + b"\n" for each in rows)
    job_id = _create_job(world, file)
    path = {"job_id": job_id}
    world.ask(("GET", f"{JOBS}/{{job_id}}"), path=path)
    for mode in ("preview", "import"):
        body = {"mode": mode}
        started = world.ask(("POST", f"{JOBS}/{{job_id}}/start"), path=path, body=body)
        with _another_is_faster(world, "F3"):
            _run_job(world, job_id, started["run"], split=mode == "preview")
    found = world.ask(("GET", f"{JOBS}/{{job_id}}"), path=path)
    assert (found["state"], found["counts"]["failed"]) == ("completed", 1), found
    world.ask(("GET", f"{JOBS}/{{job_id}}/files"), path=path)
    _record_history(world)
    undoing = {"dry_run": False, "skip_triggers": False}
    undo = world.ask(("POST", f"{JOBS}/{{job_id}}/undo"), path=path, body=undoing)
    _run_job(world, undo["job_id"], undo["run"], split=False)
    undone = world.ask(("GET", f"{JOBS}/{{job_id}}"), path={"job_id": undo["job_id"]})
    assert undone["undone"]["restored"] == 3, undone
    _start_again(world, file)
    _repeat_the_creation(world, file)
    _settle_a_chunk(world)
    for is_started in (False, True):
        path = {"job_id": _create_job(world, file)}
        if is_started:
            world.ask(("POST", f"{JOBS}/{{job_id}}/start"), path=path, body={})
        world.ask(("DELETE", f"{JOBS}/{{job_id}}"), path=path)
    world.ask(("GET", JOBS))


def _settle_a_chunk(world: World) -> None:
    """Finish a job whose chunk was cut off before its result; another request changed an order."""
    rows = [order(external_id=name) for name in ("G0", "G1")]
    job_id = _create_job(world, b"".join(json.dumps(each).encode() + b"\n" for each in rows))
    path = {"job_id": job_id}
    world.ask(("POST", f"{JOBS}/{{job_id}}/start"), path=path, body={"mode": "import"})
    event: Tree = {"account": "demo", "job_id": job_id, "run": 1}
    world.invoke("split_import_file", event, millis=900_000)
    world.invoke("import_chunk", {**event, "chunk": 0, "attempt": 0})
    s3, prefix = boto3.client("s3"), f"demo/{job_id}/runs/1/results/"
    [result] = s3.list_objects_v2(Bucket="import-files", Prefix=prefix)["Contents"]
    s3.delete_object(Bucket="import-files", Key=result["Key"])
    world.ask(("POST", IMPORT_RESOURCE), body=request(order(external_id="G1", phone="2")))
    _record_history(world)
    world.invoke("finish_import_job", {**event, "error": ""}, millis=900_000)
    found = world.ask(("GET", f"{JOBS}/{{job_id}}"), path=path)
    assert (found["state"], found["counts"]["created"]) == ("completed", 2), found


def _start_again(world: World, file: bytes) -> None:
    """Start a job whose upload was completed by a request that was cut off then."""
    path = {"job_id": _create_job(world, file)}
    function = world.functions["manage_import_jobs"]
    key = {"pk": {"S": "A#demo#J"}, "sk": {"S": path["job_id"]}}
    before = function.client.get_item(TableName=function.table, Key=key)["Item"]
    world.ask(("POST", f"{JOBS}/{{job_id}}/start"), path=path, body={})
    function.client.put_item(TableName=function.table, Item=before)
    world.ask(("POST", f"{JOBS}/{{job_id}}/start"), path=path, body={})


def _repeat_the_creation(world: World, file: bytes) -> None:
    """Create a job with a key, and finish the request that was cut off."""
    keyed = {"Authorization": f"Bearer {SECRET}", "Idempotency-Key": "job"}
    body = {"file": {"name": "orders.jsonl", "size": len(file)}}
    created = world.ask(("POST", JOBS), headers=keyed, body=body)
    _cut_off(world, timedelta(days=1))
    assert _status(world, ("POST", JOBS), {}, keyed, body) == 409
    _cut_off(world, timedelta(0))
    again = world.ask(("POST", JOBS), headers=keyed, body=body)
    assert again["job_id"] == created["job_id"]


def _create_job(world: World, file: bytes) -> str:
    """Create a job and upload its file."""
    body = {"file": {"name": "orders.jsonl", "size": len(file)}, "skip_triggers": False}
    job_id: str = world.ask(("POST", JOBS), body=body)["job_id"]
    s3, bucket = boto3.client("s3"), "import-files"
    key = f"demo/{job_id}/file"
    [upload] = [
        each["UploadId"]
        for each in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
        if each["Key"] == key
    ]
    s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=file)
    return job_id


def _run_job(world: World, job_id: str, run: int, *, split: bool) -> None:
    """Call the functions as the state machine does."""
    event: Tree = {"account": "demo", "job_id": job_id, "run": run}
    if split:
        world.invoke("split_import_file", event, millis=900_000)
    world.invoke("import_chunk", {**event, "chunk": 0, "attempt": 0})
    world.invoke("finish_import_job", {**event, "error": ""}, millis=900_000)


def _relay(world: World) -> None:
    """Relay a trigger of an interrupted writer, and park an unreadable one."""
    long_ago = (datetime.now(UTC) - timedelta(hours=1)).timestamp()
    for name in ("interrupted_import", "unreadable"):
        event = sample("relay_triggers", name)
        for record in event["Records"]:
            record["dynamodb"]["ApproximateCreationDateTime"] = long_ago
        world.invoke("relay_triggers", event, millis=120_000)
    url = boto3.client("sqs").get_queue_url(QueueName="parked")["QueueUrl"]
    assert boto3.client("sqs").receive_message(QueueUrl=url)["Messages"]


def _record_history(world: World) -> None:
    """Record the history of everything, and park an unreadable record."""
    function = world.functions["record_history"]
    records = [
        each
        for each in read_stream(function.client, function.table)
        if passes_filter(each, "RecordHistoryFunction")
    ]
    unreadable = deepcopy(records[0])
    del unreadable["dynamodb"]["OldImage"]["version"]
    assert {each["eventName"] for each in records} == {"MODIFY", "REMOVE"}
    answer = world.invoke("record_history", {"Records": [*records, unreadable]})
    assert answer == {"batchItemFailures": []}


def _fail_everywhere(world: World, patch: pytest.MonkeyPatch) -> None:
    """Let every function that answers requests reject one, be unavailable, and fail."""
    path = {"campaignId": "1001", "orderId": "1", "projectKey": "demo"}
    headers = {"Authorization": f"Bearer {SECRET}"}
    for route in (
        ("POST", IMPORT_RESOURCE),
        ("POST", "/{projectKey}/orders/import"),
        ("POST", "/oauth/token"),
        ("POST", f"{CAMPAIGN}/{{orderId}}/external-id"),
        ("GET", CAMPAIGN),
        ("GET", "/hub/v1/changes"),
        ("GET", JOBS),
        ("POST", "/api/v1.1/market/products/list"),
    ):
        known = {"Authorization": basic("shop", SECRET)} if "oauth" in route[1] else headers
        assert 400 <= _status(world, route, path, {}) < 500
        for fault, status in ((StorageUnavailableError("injected"), 503), (RuntimeError(), 500)):
            with patch.context() as context:
                context.setattr(DynamoTokens, "client_of", Mock(side_effect=fault))
                assert _status(world, route, path, known) == status


def _status(
    world: World, route: Route, path: Mapping[str, str], headers: Tree, body: object = None
) -> int:
    sent = RouteRequest(route, dict(path), headers=headers, body=body)
    answer = world.invoke(functions_of_routes()[route], sent.event())
    status: int = answer["statusCode"]
    return status


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_allows_exactly_the_calls_of_its_function(world: World, function: str) -> None:
    calls, allowed = world.functions[function].recorder.calls, allowed_to(function)
    used = {
        (each.action, pattern)
        for each in allowed
        for call in calls
        if each.covers(call)
        for pattern in each.used_patterns(call) or {""}
    }
    assert not [call for call in calls if not any(each.covers(call) for each in allowed)]
    assert sorted(used | UNCALLED.get(function, set())) == sorted(
        (each.action, pattern) for each in allowed for pattern in each.patterns or {""}
    )


def test_calls_are_recorded_as_iam_sees_them() -> None:
    key = {"pk": {"S": "A"}, "sk": {"S": "1"}}
    statements: list[Tree] = [
        {
            "Statement": "INSERT INTO \"t\" VALUE {'a': ?, 'pk': ?, 'sk': ?}",
            "Parameters": [{"S": "?"}, {"S": "B"}, {"S": "1"}],
        },
        {
            "Statement": 'UPDATE "t" SET "a" = ? SET "b" = ? WHERE "pk" = ? AND "sk" = ?',
            "Parameters": [{"S": "x"}, {"S": "y"}, {"S": "C"}, {"S": "1"}],
        },
    ]
    items: list[Tree] = [
        {"Put": {"Item": {**key, "a": {"S": "x"}}}},
        *({kind: {"Key": key}} for kind in ("ConditionCheck", "Delete", "Update")),
    ]
    batch = {"RequestItems": {"t": {"Keys": [key, {"pk": {"S": "D"}}]}}}
    query = {
        "KeyConditionExpression": "pk = :p AND sk < :s",
        "ExpressionAttributeValues": {":s": {"S": "1"}, ":p": {"S": "E"}},
    }
    of_index = {
        "KeyConditionExpression": "changed_shard = :s AND changed_at BETWEEN :l AND :h",
        "ExpressionAttributeValues": {":s": {"S": "F"}, ":l": {"S": "1"}, ":h": {"S": "2"}},
    }
    assert [
        *calls_of("dynamodb", "BatchExecuteStatement", {"Statements": statements}),
        *calls_of("dynamodb", "TransactWriteItems", {"TransactItems": items}),
        *calls_of("dynamodb", "BatchGetItem", batch),
        *calls_of("dynamodb", "Query", query),
        *calls_of("dynamodb", "Query", of_index),
        *calls_of("dynamodb", "GetItem", {"Key": key}),
        *calls_of("sqs", "SendMessageBatch", {}),
        *calls_of("events", "PutEvents", {}),
        *calls_of("s3", "UploadPart", {"Bucket": "b", "Key": "a/j/file", "PartNumber": 1}),
        *calls_of("s3", "ListObjectsV2", {"Bucket": "b", "Prefix": "a/j/"}),
        *calls_of("states", "StartExecution", {"name": "j-1"}),
    ] == [
        Call("dynamodb:PartiQLInsert", frozenset("B")),
        Call("dynamodb:PartiQLUpdate", frozenset("C")),
        Call("dynamodb:PutItem", frozenset("A")),
        Call("dynamodb:ConditionCheckItem", frozenset("A")),
        Call("dynamodb:DeleteItem", frozenset("A")),
        Call("dynamodb:UpdateItem", frozenset("A")),
        Call("dynamodb:BatchGetItem", frozenset("AD")),
        Call("dynamodb:Query", frozenset("E")),
        Call("dynamodb:Query", frozenset("F")),
        Call("dynamodb:GetItem", frozenset("A")),
        Call("sqs:SendMessage"),
        Call("events:PutEvents"),
        Call("s3:PutObject", frozenset({"a/j/file"})),
        Call("s3:ListBucket"),
        Call("states:StartExecution"),
    ]


def _watched() -> list[tuple[str, tuple[str, ...], str, str]]:
    """Return the project's own metrics that alarms and the dashboard use."""
    alarms = [
        (
            each["Properties"]["Namespace"],
            each["Properties"]["Dimensions"][0]["Name"],
            each["Properties"]["Dimensions"][0]["Value"],
            each["Properties"]["MetricName"],
        )
        for each in RESOURCES.values()
        if each["Type"] == "AWS::CloudWatch::Alarm"
        and each["Properties"]["Namespace"] == "MarketOrders"
    ]
    body = json.loads(RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Sub"])
    shown = [
        (metric[0], metric[2], metric[3], metric[1])
        for widget in body["widgets"]
        for metric in widget["properties"]["metrics"]
        if metric[0] == "MarketOrders"
    ]
    return [
        (namespace, (dimension,), service, name)
        for namespace, dimension, service, name in sorted({*alarms, *shown})
    ]


@pytest.mark.parametrize("metric", _watched(), ids=lambda metric: f"{metric[2]}-{metric[3]}")
def test_every_watched_metric_is_written(
    world: World, metric: tuple[str, tuple[str, ...], str, str]
) -> None:
    assert metric in world.metrics
