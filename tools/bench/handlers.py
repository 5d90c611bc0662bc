"""The handlers that the import is compared with: the floor, and a naive Lambda."""

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import batched
from typing import Any

import boto3
import orjson
from pydantic import BaseModel, TypeAdapter

from orders.runtime.composition import connect

type Tree = dict[str, Any]
_NOW = "2026-01-02T03:04:05.678901+00:00"


class _Line(BaseModel):
    external_id: str
    sku: str
    final_price_per_item: Decimal
    count: int


class _Order(BaseModel):
    external_id: str
    email: str
    endpoint: str
    status: str
    total_price: Decimal
    currency: str
    lines: list[_Line]


class _Import(BaseModel):
    token: str
    data: list[_Order]


@dataclass(frozen=True, slots=True)
class Plain:
    """The AWS clients, and the names of the table and the bus."""

    table: str
    bus: str
    dynamodb: Any
    events: Any


type Handler = Callable[[Tree], Tree]


@cache
def connect_plainly() -> Plain:
    """Return boto3 clients with the default configuration; later calls return the same ones."""
    return _reaching(boto3.client("dynamodb"), boto3.client("events"))


@cache
def connect_like_the_hub() -> Plain:
    """Return the clients that the import uses."""
    aws = connect()
    return _reaching(aws.dynamodb, aws.events)


def _reaching(dynamodb: object, events: object) -> Plain:
    return Plain(os.environ["TABLE_NAME"], os.environ["EVENT_BUS_NAME"], dynamodb, events)


def through_hub_clients(handler: Callable[[Tree, Plain], Tree]) -> Handler:
    """Return a handler that uses the clients of the import."""
    return lambda event: handler(event, connect_like_the_hub())


@cache
def _adapter() -> TypeAdapter[_Import]:
    return TypeAdapter(_Import)


def floor(event: Tree, clients: Plain | None = None) -> Tree:
    """Parse the request, and store, index and publish the orders with the fewest possible calls."""
    sent = _adapter().validate_json(base64.b64decode(event["body"])).data
    aws = clients or connect_plainly()
    table = aws.table
    for chunk in batched(sent, 100, strict=False):
        keys = [{"pk": {"S": f"A#bench#O#{each.external_id}"}, "sk": {"S": "O"}} for each in chunk]
        aws.dynamodb.batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": True}})
    for numbered in batched(enumerate(sent), 25, strict=False):
        aws.dynamodb.batch_execute_statement(
            Statements=[_insert(table, _index(n, each)) for n, each in numbered]
        )
    for numbered in batched(enumerate(sent), 25, strict=False):
        aws.dynamodb.batch_execute_statement(
            Statements=[_insert(table, _item(n, each)) for n, each in numbered]
        )
    for ten in batched(sent, 10, strict=False):
        aws.events.put_events(Entries=[_entry(aws.bus, each) for each in ten])
    receipt = {"pk": {"S": "A#bench#Q#request"}, "sk": {"S": "Q"}}
    aws.dynamodb.put_item(TableName=table, Item=receipt)
    result = [{"error": 0, "external_id": each.external_id} for each in sent]
    body = orjson.dumps({"error": 0, "error_text": "", "result": result}).decode()
    return {"statusCode": 200, "headers": {}, "body": body}


def naive(event: Tree) -> Tree:
    """Store and publish order by order, with `put_item` and `put_events`."""
    sent = _adapter().validate_json(base64.b64decode(event["body"])).data
    aws = connect_plainly()
    for number, each in enumerate(sent):
        aws.dynamodb.put_item(
            TableName=aws.table,
            Item=_item(number, each),
            ConditionExpression="attribute_not_exists(pk)",
        )
        aws.events.put_events(Entries=[_entry(aws.bus, each)])
    return {"statusCode": 200, "headers": {}, "body": "{}"}


def _insert(table: str, item: Tree) -> Any:  # noqa: ANN401 - a PartiQL statement
    names = ",".join(f"'{name}':?" for name in item)
    return {
        "Statement": f'INSERT INTO "{table}" VALUE {{{names}}}',
        "Parameters": list(item.values()),
    }


def _index(number: int, order: _Order) -> Tree:
    return {
        "pk": {"S": f"A#bench#I#{number % 16}"},
        "sk": {"S": f"{number:016}"},
        "name": {"S": order.external_id},
    }


def _item(number: int, order: _Order) -> Tree:
    return {
        "pk": {"S": f"A#bench#O#{order.external_id}"},
        "sk": {"S": "O"},
        "type": {"S": "order"},
        "order_id": {"N": str(number)},
        "version": {"N": "1"},
        "status": {"S": order.status},
        "protocol": {"S": "altcraft"},
        "document": {"S": _text(order)},
        "created_at": {"S": _NOW},
        "updated_at": {"S": _NOW},
        "request_id": {"S": "c6af9ac67b6111e69a4193e8deadbeef"},
        "trigger": {"M": {"id": {"S": "c6af9ac67b6111e69a4193e8deadbeef"}}},
    }


def _entry(bus: str, order: _Order) -> Any:  # noqa: ANN401 - an entry of PutEvents
    return {
        "EventBusName": bus,
        "Source": "market.orders",
        "DetailType": "OrderCreated",
        "Detail": _text(order),
    }


def _text(order: _Order) -> str:
    return order.model_dump_json()
