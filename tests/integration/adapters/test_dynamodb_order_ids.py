"""Order numbers are handed out once, whoever asks for them."""

from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_order_ids import BLOCK, DynamoOrderIds
from orders.adapters.table_keys import account_key
from orders.domain.identifiers import MAX_ORDER_ID
from tests.support.deadlines import DEADLINE


def test_numbers_begin_with_1_and_follow_each_other(dynamodb: DynamoDBClient, table: str) -> None:
    numbers = DynamoOrderIds(dynamodb, table)
    taken = [list(numbers.take("demo", count, DEADLINE)) for count in (1, 3, 0, BLOCK, 1)]
    assert list(chain.from_iterable(taken)) == list(range(1, BLOCK + 6))
    assert [len(each) for each in taken] == [1, 3, 0, BLOCK, 1]


def test_a_block_serves_many_orders_with_one_call(dynamodb: DynamoDBClient, table: str) -> None:
    numbers = DynamoOrderIds(dynamodb, table)
    for _ in range(BLOCK):
        numbers.take("demo", 1, DEADLINE)
    item = dynamodb.get_item(TableName=table, Key=account_key("demo", "ORDER_IDS"))["Item"]
    assert item["last_id"] == {"N": str(BLOCK)}


def test_a_large_request_takes_what_it_needs(dynamodb: DynamoDBClient, table: str) -> None:
    numbers = DynamoOrderIds(dynamodb, table)
    assert len(set(numbers.take("demo", 3 * BLOCK, DEADLINE))) == 3 * BLOCK
    assert list(numbers.take("demo", 1, DEADLINE)) == [3 * BLOCK + 1]


def test_environments_never_share_a_number(dynamodb: DynamoDBClient, table: str) -> None:
    def environment(_number: int) -> list[int]:
        numbers = DynamoOrderIds(dynamodb, table)
        return [*numbers.take("demo", 7, DEADLINE), *numbers.take("demo", BLOCK, DEADLINE)]

    with ThreadPoolExecutor(8) as pool:
        taken = list(chain.from_iterable(pool.map(environment, range(8))))
    assert len(set(taken)) == len(taken) == 8 * (BLOCK + 7)


def test_accounts_count_for_themselves(dynamodb: DynamoDBClient, table: str) -> None:
    numbers = DynamoOrderIds(dynamodb, table)
    assert [list(numbers.take(account, 2, DEADLINE)) for account in ("a1", "b1", "a1")] == [
        [1, 2],
        [1, 2],
        [3, 4],
    ]


def test_numbers_end_at_two_to_the_53rd(dynamodb: DynamoDBClient, table: str) -> None:
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
