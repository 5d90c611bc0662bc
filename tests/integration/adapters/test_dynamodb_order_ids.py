"""Each order id is returned once, under parallel calls too."""

from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_order_ids import BLOCK, DynamoOrderIds
from orders.adapters.table_keys import account_key
from orders.domain.identifiers import MAX_ORDER_ID
from tests.support.deadlines import DEADLINE


def test_order_ids_start_at_1_and_are_consecutive(dynamodb: DynamoDBClient, table: str) -> None:
    numbers = DynamoOrderIds(dynamodb, table)
    taken = [list(numbers.take("demo", count, DEADLINE)) for count in (1, 3, 0, BLOCK, 1)]
    assert list(chain.from_iterable(taken)) == list(range(1, BLOCK + 6))
    assert [len(each) for each in taken] == [1, 3, 0, BLOCK, 1]


def test_one_call_reserves_order_ids_for_many_orders(dynamodb: DynamoDBClient, table: str) -> None:
    numbers = DynamoOrderIds(dynamodb, table)
    for _ in range(BLOCK):
        numbers.take("demo", 1, DEADLINE)
    item = dynamodb.get_item(TableName=table, Key=account_key("demo", "ORDER_IDS"))["Item"]
    assert item["last_id"] == {"N": str(BLOCK)}


def test_a_large_request_reserves_a_larger_block(dynamodb: DynamoDBClient, table: str) -> None:
    numbers = DynamoOrderIds(dynamodb, table)
    assert len(set(numbers.take("demo", 3 * BLOCK, DEADLINE))) == 3 * BLOCK
    assert list(numbers.take("demo", 1, DEADLINE)) == [3 * BLOCK + 1]


def test_environments_never_share_an_order_id(dynamodb: DynamoDBClient, table: str) -> None:
    def environment(_number: int) -> list[int]:
        numbers = DynamoOrderIds(dynamodb, table)
        return [*numbers.take("demo", 7, DEADLINE), *numbers.take("demo", BLOCK, DEADLINE)]

    with ThreadPoolExecutor(8) as pool:
        taken = list(chain.from_iterable(pool.map(environment, range(8))))
    assert len(set(taken)) == len(taken) == 8 * (BLOCK + 7)


def test_each_account_has_its_own_order_ids(dynamodb: DynamoDBClient, table: str) -> None:
    numbers = DynamoOrderIds(dynamodb, table)
    assert [list(numbers.take(account, 2, DEADLINE)) for account in ("a1", "b1", "a1")] == [
        [1, 2],
        [1, 2],
        [3, 4],
    ]


def test_order_ids_end_at_2_to_the_53(dynamodb: DynamoDBClient, table: str) -> None:
    def ends_at(last: int) -> None:
        dynamodb.put_item(
            TableName=table,
            Item={**account_key("demo", "ORDER_IDS"), "last_id": {"N": str(last - BLOCK)}},
        )

    ends_at(MAX_ORDER_ID)
    assert next(iter(DynamoOrderIds(dynamodb, table).take("demo", 1, DEADLINE))) < MAX_ORDER_ID
    ends_at(MAX_ORDER_ID + 1)
    with pytest.raises(OverflowError):
        DynamoOrderIds(dynamodb, table).take("demo", 1, DEADLINE)
