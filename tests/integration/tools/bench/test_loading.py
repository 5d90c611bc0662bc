"""The benchmark's loader stores exactly the items that the product would write."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.aws_clients import create_client
from orders.adapters.batches import identity_of
from orders.adapters.dynamodb_history import DynamoHistory
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.table_keys import CHANGE_INDEX
from orders.application.deadlines import NoDeadline
from orders.domain.settings import Policies
from orders.runtime.composition import Aws
from orders.runtime.environment import Environment
from tests.support.aws_faults import error_answer, failing
from tests.support.template_tables import create_table
from tools.bench.loading import (
    ORDERS_A_REQUEST,
    Loader,
    PastClock,
    Requests,
    replaced_version,
)
from tools.bench.world import ACCOUNT, create_account

type Item = dict[str, Any]
BEGIN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def _aws(client: DynamoDBClient) -> Aws:
    """Return the clients for a new table with the account."""
    table = create_table(client)
    create_account(client, table)
    environment = Environment.read(
        {"TABLE_NAME": table, "EVENT_BUS_NAME": "triggers", "WRITER_TIMEOUT_SECONDS": "27"}
    )
    return Aws(environment, client, create_client("events"))


def _request_ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"{next(numbers):032x}"


def _items(aws: Aws) -> dict[tuple[str, str], Item]:
    """Return the items of the table, but not those of the account, which have their own times."""
    pages = aws.dynamodb.get_paginator("scan").paginate(TableName=aws.environment.table)
    items: list[Any] = [item for page in pages for item in page["Items"]]
    return {identity_of(each): each for each in items if each["pk"]["S"].startswith("A#bench#")}


def _import_as_the_product_does(aws: Aws, orders: int) -> None:
    """Import the orders through the table's adapters, and record the history of the changes."""
    client, table = aws.dynamodb, aws.environment.table
    repository = DynamoOrders(client, table)
    requests = Requests(aws, ACCOUNT, repository, PastClock(BEGIN), _request_ids())
    for first in range(0, orders, ORDERS_A_REQUEST):
        numbers = range(first, min(first + ORDERS_A_REQUEST, orders))
        requests.create(numbers)
        before = _items(aws)
        requests.change(numbers)
        replaced = [
            replaced_version(before[key], item, datetime.fromisoformat(item["updated_at"]["S"]))
            for key, item in _items(aws).items()
            if key in before and item != before[key] and item.get("type") == {"S": "order"}
        ]
        days = Policies().history_days
        DynamoHistory(client, table).keep([(each, days) for each in replaced], NoDeadline())


def test_the_items_are_those_of_an_import(dynamodb: DynamoDBClient) -> None:
    imported, loaded = _aws(dynamodb), _aws(dynamodb)
    _import_as_the_product_does(imported, 250)
    loader = Loader(loaded, ACCOUNT, PastClock(BEGIN), _request_ids())
    assert [*loader.load(200), *loader.load(250)] == [100, 200, 250]
    expected = _items(imported)
    assert _items(loaded) == expected
    types = Counter(item.get("type", {"S": "index"})["S"] for item in expected.values())
    assert types == {"order": 250, "index": 250, "version": 32, "receipt": 6, "lanes": 1}
    indexed = loaded.dynamodb.scan(
        TableName=loaded.environment.table, IndexName=CHANGE_INDEX, Select="COUNT"
    )
    assert indexed["Count"] == 32


def test_a_failed_write_ends_the_loading(dynamodb: DynamoDBClient) -> None:
    aws = _aws(dynamodb)
    loader = Loader(aws, ACCOUNT, PastClock(BEGIN))
    denied = error_answer("AccessDeniedException")
    with (
        failing(dynamodb, "BatchWriteItem", lambda _: denied),
        pytest.raises(ClientError),
    ):
        list(loader.load(100))
