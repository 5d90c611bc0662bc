"""The plugin for the tests of shops works outside of the repository, and agrees with the stack."""

import base64
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from unittest.mock import Mock

import boto3
import pytest
import urllib3
from jsonschema import ValidationError
from moto import mock_aws
from mypy_boto3_dynamodb.client import DynamoDBClient

from market_orders_testing.gateway import Gateway, event_of, given_by
from market_orders_testing.http_server import Asked
from market_orders_testing.hub import running_hub
from market_orders_testing.moto_statements import MotoStatements
from market_orders_testing.stack import ROOT, functions_of_paths
from market_orders_testing.triggers import TRIGGER_KINDS, TriggerBus, sample_trigger
from orders.adapters.order_items import insertion
from orders.domain.triggers import TriggerKind
from tests.support.template_tables import create_table

PROJECT = Path(__file__).parents[3]
CONFIGURATION = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
KEY = {"pk": {"S": "p"}, "sk": {"S": "s"}}


def test_the_examples_pass_in_a_folder_of_a_shop(tmp_path: Path) -> None:
    for name in ("testing", "trigger_consumer"):
        shutil.copytree(PROJECT / "examples" / name, tmp_path / name)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "testing"]
    ended = subprocess.run(  # noqa: S603 - the command is built above
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout
    assert "15 passed" in ended.stdout


def test_the_hub_runs_on_dynamodb_local_too(
    dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    url = dynamodb.meta.endpoint_url
    before = _tables(dynamodb)
    with mock_aws(), running_hub(TriggerBus(), url) as hub:
        [table] = _tables(dynamodb) - before
        account = dynamodb.scan(TableName=table)["Items"]
        assert any(hub.account in item["pk"]["S"] for item in account)
    assert _tables(dynamodb) == before


def test_the_start_of_a_job_says_that_no_jobs_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws(), running_hub(TriggerBus()) as hub:
        answer = urllib3.request("POST", f"{hub.base_url}/hub/v1/import_jobs/j-1/start")
    problem = answer.json()
    assert (answer.status, problem["code"]) == (501, "jobs_do_not_run")
    assert problem["detail"].startswith("The hub of market_orders_testing runs no import jobs; ")


def _tables(dynamodb: DynamoDBClient) -> set[str]:
    """Return the names of all tables, also if other tests have left many of them."""
    pages = dynamodb.get_paginator("list_tables").paginate()
    return {name for page in pages for name in page["TableNames"]}


def test_the_wheel_contains_the_files_of_the_stack() -> None:
    wheel = CONFIGURATION["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert "market_orders_testing" in wheel["packages"]
    places = wheel["force-include"]
    assert all((PROJECT / source).exists() for source in places)
    assert places == {source: f"market_orders_testing/stack/{source}" for source in places}
    assert ROOT == PROJECT
    read = {"template.yaml", "functions", "events/schemas", "examples/demo"}
    assert places.keys() == {*read, "examples/trigger_consumer/events"}


def test_the_extra_has_every_package_of_the_functions() -> None:
    def names(requirements: list[str]) -> set[str]:
        return {each.split("=")[0].split(">")[0].split("[")[0] for each in requirements}

    extra = names(CONFIGURATION["project"]["optional-dependencies"]["testing"])
    needed = names(CONFIGURATION["dependency-groups"]["lambda"])
    # boto3 requires botocore.
    assert needed - extra == {"botocore"}


def test_there_is_a_sample_of_every_kind() -> None:
    assert set(TRIGGER_KINDS) == set(map(str, TriggerKind))
    first, second = (sample_trigger("OrderCreated") for _ in range(2))
    assert first["id"] != second["id"]
    assert first["detail"] == second["detail"]


def test_a_sample_that_the_hub_would_not_publish_is_rejected() -> None:
    with pytest.raises(ValidationError):
        sample_trigger("OrderCreated", version="1")
    with pytest.raises(ValidationError):
        sample_trigger("OrderCreated", external_id=None)
    with pytest.raises(ValueError, match=r"must be one of OrderCreated, .*; got OrderMoved"):
        sample_trigger("OrderMoved")


@pytest.mark.parametrize(
    ("path", "resource", "variables"),
    [
        ("/api/v1.1/market/orders/import", "/api/v1.1/market/orders/import", {}),
        ("/shop/orders/import", "/{projectKey}/orders/import", {"projectKey": "shop"}),
        (
            "/shop/orders/order-number=A%2F1",
            "/{projectKey}/orders/{ref+}",
            {"projectKey": "shop", "ref": "order-number=A%2F1"},
        ),
        (
            "/shop/orders/a/b",
            "/{projectKey}/orders/{ref+}",
            {"projectKey": "shop", "ref": "a/b"},
        ),
        ("/campaigns", "/campaigns", {}),
        ("/shop", "/{projectKey}", {"projectKey": "shop"}),
        (
            "/v2/campaigns/7/orders/8",
            "/v2/campaigns/{campaignId}/orders/{orderId}",
            {"campaignId": "7", "orderId": "8"},
        ),
    ],
)
def test_a_path_has_the_resource_of_the_api(
    path: str, resource: str, variables: dict[str, str]
) -> None:
    match = Gateway().match(path)
    assert match is not None
    assert (match.resource, match.path) == (resource, variables)


def test_every_path_leads_to_its_function() -> None:
    for resource, function in functions_of_paths().items():
        match = Gateway().match(resource.replace("{", "").replace("+}", "").replace("}", ""))
        assert match is not None
        assert (match.resource, match.function) == (resource, function)


@pytest.mark.parametrize("path", ["/", "/shop/unknown", "/campaigns/7/orders/8/external-id/9"])
def test_an_unknown_path_gets_the_answer_of_the_gateway(path: str) -> None:
    given = Gateway().answer(Asked("GET", path, {}, b""))
    assert given.status == 404
    assert b'"code":"NOT_FOUND"' in given.body


def test_an_event_has_the_body_as_base64_and_decoded_queries() -> None:
    match = Gateway().match("/campaigns")
    assert match is not None
    event = event_of(Asked("GET", "/campaigns?a=x%20y&a=z&b=", {"host": "h"}, b"\xff"), match)
    assert base64.b64decode(event["body"]) == b"\xff"
    assert event["isBase64Encoded"] is True
    assert event["queryStringParameters"] == {"a": "z", "b": ""}
    assert event["multiValueQueryStringParameters"] == {"a": ["x y", "z"], "b": [""]}


def test_a_compressed_answer_is_sent_as_bytes() -> None:
    body = base64.b64encode(b"\x1f\x8b").decode()
    result = {"statusCode": 200, "headers": {}, "body": body, "isBase64Encoded": True}
    assert given_by(result).body == b"\x1f\x8b"


UPDATE = (
    'UPDATE "{}" SET "a" = ? SET "b" = ? REMOVE "c" WHERE "pk" = ? AND "sk" = ? AND "version" = ?'
)
DELETE = 'DELETE FROM "{}" WHERE "pk" = ? AND "sk" = ? AND "name" = ? AND "moved_in" IS MISSING'
PLACE = [KEY["pk"], KEY["sk"]]
CASES = [
    ("UPDATE", UPDATE, [{"S": "1"}, {"N": "2"}, *PLACE, {"N": "1"}]),
    ("UPDATE of another version", UPDATE, [{"S": "1"}, {"N": "2"}, *PLACE, {"N": "7"}]),
    ("UPDATE of nothing", UPDATE, [{"S": "1"}, {"N": "2"}, {"S": "x"}, {"S": "x"}, {"N": "1"}]),
    (
        "UPDATE of nothing by key",
        'UPDATE "{}" SET "a" = ? WHERE "pk" = ? AND "sk" = ?',
        [{"S": "1"}, {"S": "x"}, {"S": "x"}],
    ),
    ("DELETE", DELETE, [*PLACE, {"S": "n"}]),
    ("DELETE of another name", DELETE, [*PLACE, {"S": "other"}]),
    ("DELETE by key", 'DELETE FROM "{}" WHERE "pk" = ? AND "sk" = ?', PLACE),
    ("DELETE of nothing", DELETE, [{"S": "x"}, {"S": "x"}, {"S": "n"}]),
]


def outcomes(client: DynamoDBClient, execute: object, table: str) -> list[object]:
    """Return the error codes of the statements, and what is stored after each."""
    found: list[object] = []
    item = {**KEY, "version": {"N": "1"}, "c": {"S": "c"}, "name": {"S": "n"}}
    for _name, statement, parameters in CASES:
        client.put_item(TableName=table, Item=item)
        statements = [
            {"Statement": statement.format(table), "Parameters": parameters},
            insertion(table, KEY),
            insertion(table, {**KEY, "sk": {"S": f"new{len(found)}"}, "a": {"S": "it's"}}),
        ]
        assert callable(execute)
        # DynamoDB rejects a batch with two statements of one key.
        answers = [execute(Statements=[each])["Responses"][0] for each in statements]
        codes = [each.get("Error", {}).get("Code") for each in answers]
        stored = client.scan(TableName=table, ConsistentRead=True)["Items"]
        found.append((codes, sorted(stored, key=lambda each: each["sk"]["S"])))
    return found


def test_statements_on_moto_do_what_they_do_on_dynamodb(
    dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = outcomes(dynamodb, dynamodb.batch_execute_statement, create_table(dynamodb))
    with mock_aws():
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        client = boto3.client("dynamodb")
        assert outcomes(client, MotoStatements(client), create_table(client)) == expected


@pytest.mark.parametrize(
    "statement",
    [
        'SELECT * FROM "t" WHERE "pk" = ?',
        "INSERT INTO \"t\" VALUE {'pk': 'literal'}",
        'UPDATE "t" SET "n" = "n" + ? WHERE "pk" = ? AND "sk" = ?',
        'DELETE FROM "t" WHERE "pk" = ?',
        'DELETE FROM "t" WHERE "pk" = ? AND "sk" = ? AND "a" < ?',
    ],
)
def test_a_statement_of_another_form_is_rejected(statement: str) -> None:
    execute = MotoStatements(Mock())
    with pytest.raises(ValueError, match=r"no equivalent|does not contain the key"):
        execute(Statements=[{"Statement": statement, "Parameters": [{"S": "x"}] * 3}])
