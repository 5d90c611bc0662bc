"""The demo account accepts every sample order of the Altcraft documentation."""

import json
from typing import Any

import boto3
import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from operator_cli.composition import Connection, connected
from operator_cli.demo import SETTINGS_FILE, DemoAccess, load_demo
from operator_cli.errors import OperatorError
from orders.adapters.dynamodb_tokens import DynamoTokens
from orders.domain.clients import Client, Role
from orders.runtime.composition import Aws
from orders.runtime.composition.altcraft import import_orders
from orders.runtime.environment import Environment
from tests.integration.operator_cli.conftest import Run
from tests.support.deadlines import DEADLINE, FixedDeadline
from tests.support.http import request
from tools.local_stack.aws import EmbeddedAws
from tools.local_stack.demo import load_demo as load_local_demo
from tools.local_stack.errors import LocalStackError

SAMPLE: dict[str, Any] = {
    "external_id": "123456",
    "matching": "email",
    "email": "johndoe@example.com",
    "endpoint": "endpoint_external_id",
    "tags": ["one", "two"],
    "status": "new",
    "delivery_cost": "100",
    "total_price": "1000",
    "currency": "USD",
    "custom_fields": {"order_field_id_1": "data", "order_field_id_2": 123},
    "region": "region_external_id",
    "lines": [
        {
            "external_id": "1234000",
            "status": "0001",
            "sku": "sku_external_id",
            "base_price_per_item": "900",
            "min_price_per_item": "900",
            "final_price_per_item": "900",
            "count": 5,
            "custom_fields": {"line_field_id_2": "data", "line_field_id_1": 123},
        }
    ],
}
OTHER_SAMPLE = {
    **SAMPLE,
    "external_id": "1234000",
    "endpoint": "website",
    "region": "region_YnCrJj8Y1",
    "custom_fields": {},
}


def _load(connection: Connection) -> DemoAccess:
    return load_demo(str(connection.endpoint_url), connection.stack)


def _whose(connection: Connection, token: str) -> Client | None:
    with connected(connection) as operator:
        return DynamoTokens(operator.accounts.client, connection.table).client_of(token, DEADLINE)


def test_the_samples_can_be_imported_and_shown(
    run: Run, connection: Connection, dynamodb: DynamoDBClient
) -> None:
    access = _load(connection)
    aws = Aws(Environment(connection.table, "unused", 27), dynamodb, boto3.client("events"))
    [post] = import_orders().endpoints(aws).values()
    orders = [
        {**sample, "external_id": f"{sample['external_id']}-{currency}", "currency": currency}
        for sample in (SAMPLE, OTHER_SAMPLE)
        for currency in ("USD", "EUR", "RUB")
    ]
    body = json.dumps({"token": access.token, "skip_triggers": True, "data": orders}).encode()
    sent = request(body, {"content-type": "application/json"})
    answer = post(sent, FixedDeadline()).answer
    assert (answer.status, json.loads(answer.body)["error_text"]) == (200, "")
    shown = json.loads(run("order", "show", "123456-RUB").out)
    assert (shown["version"], shown["protocol"]) == (1, "altcraft")
    assert shown["document"]["custom_fields"] == SAMPLE["custom_fields"]


def test_the_demo_account_has_one_client_with_one_token(connection: Connection) -> None:
    access = _load(connection)
    assert access == DemoAccess(
        account="demo",
        project_key="demo",
        token=access.token,
        client_id="demo-shop",
        client_secret=access.token,
        campaign_id=1001,
        api_key=access.token,
    )
    client = _whose(connection, access.token)
    assert client == Client("demo", "demo-shop", frozenset({Role.ORDERS_WRITE, Role.ORDERS_READ}))


def test_loading_again_changes_nothing(run: Run, connection: Connection) -> None:
    first = _load(connection)
    shown = run("settings", "show").out, run("token", "list").out
    assert _load(connection) == first
    assert (run("settings", "show").out, run("token", "list").out) == shown
    assert run("account", "list").out == "demo\n"
    assert _whose(connection, first.token)


def test_the_demo_account_is_rejected_outside_this_machine() -> None:
    with pytest.raises(OperatorError, match="requires a local stack"):
        load_demo("https://dynamodb.eu-central-1.amazonaws.com", "market-orders")


def test_the_credentials_of_the_shell_are_ignored(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "expired")
    # DynamoDB Local rejects an access key with other characters than letters and digits.
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another-key")
    with pytest.raises(OperatorError, match="rejected"), connected(connection) as operator:
        operator.accounts.accounts()
    assert _load(connection).account == "demo"


def test_the_demo_account_has_the_settings_of_its_file(run: Run, connection: Connection) -> None:
    _load(connection)
    assert run("settings", "apply", str(SETTINGS_FILE)).out.startswith("Nothing to change")


def test_the_local_stack_loads_the_demo_account(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "missing")
    aws = EmbeddedAws(str(connection.endpoint_url))
    assert aws.client("dynamodb").list_tables()["TableNames"]
    access = load_local_demo(aws, connection.table)
    assert _whose(connection, access.token) is not None
    with pytest.raises(LocalStackError, match=r"could not be loaded\. Table missing-orders"):
        load_local_demo(aws, "missing-orders")
