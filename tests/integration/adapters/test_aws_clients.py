"""The clients send the same requests as those of boto3."""

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import EndpointConnectionError

from orders.adapters.aws_clients import create_client

CALLS: list[tuple[Any, str, dict[str, Any]]] = [
    (
        "dynamodb",
        "batch_get_item",
        {"RequestItems": {"t": {"Keys": [{"pk": {"S": "ä"}}], "ConsistentRead": True}}},
    ),
    (
        "dynamodb",
        "batch_execute_statement",
        {"Statements": [{"Statement": "INSERT", "Parameters": [{"S": '"1"'}, {"N": "1"}]}]},
    ),
    ("dynamodb", "put_item", {"TableName": "t", "Item": {"pk": {"S": "1"}, "b": {"BOOL": False}}}),
    ("dynamodb", "put_item", {"TableName": "t", "Item": {"pk": {"B": b"\x00\xff"}}}),
    (
        "dynamodb",
        "query",
        {"TableName": "t", "KeyConditionExpression": "pk = :p", "Limit": 3, "Select": "COUNT"},
    ),
    (
        "dynamodb",
        "transact_write_items",
        {
            "TransactItems": [{"Delete": {"TableName": "t", "Key": {"pk": {"S": "1"}}}}],
            "ClientRequestToken": "token",
        },
    ),
    ("dynamodb", "get_item", {"TableName": "t", "Key": {"pk": {"S": "half \ud800"}}}),
    ("events", "put_events", {"Entries": [{"Source": "s", "Detail": '{"é":1}'}]}),
    (
        "events",
        "put_events",
        {"Entries": [{"Source": "s", "Time": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)}]},
    ),
    (
        "sqs",
        "send_message",
        {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/q", "MessageBody": '{"é":1}'},
    ),
]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def _sent(
    client: Any,  # noqa: ANN401 - of any service
    operation: str,
    arguments: dict[str, Any],
) -> AWSPreparedRequest:
    seen: list[AWSPreparedRequest] = []

    def stop(request: AWSPreparedRequest, **_rest: object) -> None:
        seen.append(request)
        raise EndpointConnectionError(endpoint_url="nowhere")

    client.meta.events.register("before-send", stop)
    with pytest.raises(EndpointConnectionError):
        getattr(client, operation)(**arguments)
    return seen[-1]


@pytest.mark.parametrize(("service", "operation", "arguments"), CALLS)
def test_a_call_equals_the_call_of_boto3(
    service: Any,  # noqa: ANN401 - one of the literals
    operation: str,
    arguments: dict[str, Any],
) -> None:
    ours = _sent(create_client(service), operation, arguments)
    theirs = _sent(boto3.client(service), operation, arguments)
    assert isinstance(ours.body, bytes)
    assert isinstance(theirs.body, bytes)
    assert json.loads(ours.body) == json.loads(theirs.body)
    assert ours.url == theirs.url
    for name in ("X-Amz-Target", "Content-Type"):
        assert ours.headers[name] == theirs.headers[name]


def test_the_arguments_of_a_call_are_not_modified() -> None:
    arguments = {"RequestItems": {"t": {"Keys": [{"pk": {"S": "1"}}]}}}
    _sent(create_client("dynamodb"), "batch_get_item", arguments)
    assert arguments == {"RequestItems": {"t": {"Keys": [{"pk": {"S": "1"}}]}}}


def test_a_transaction_gets_its_token() -> None:
    """botocore adds the token. Without it a repeated transaction would run twice."""
    item = {"Delete": {"TableName": "t", "Key": {"pk": {"S": "1"}}}}
    sent = _sent(create_client("dynamodb"), "transact_write_items", {"TransactItems": [item]})
    assert isinstance(sent.body, bytes)
    assert json.loads(sent.body)["ClientRequestToken"]


def test_the_user_agent_names_the_product() -> None:
    sent = _sent(create_client("dynamodb"), "get_item", {"TableName": "t", "Key": {}})
    assert b"market-orders Botocore/" in sent.headers["User-Agent"]
