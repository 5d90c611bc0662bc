"""Large items are read in part, so that they do not fill the memory."""

from typing import Any, cast

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.batches import (
    KEYS_PER_READ,
    LARGE_CHARACTERS,
    MAX_READ_CHARACTERS,
    READS_AT_ONCE,
    Batches,
    identity_of,
)
from orders.adapters.table_keys import key
from tests.support.deadlines import DEADLINE, CountingPause

type Tree = dict[str, Any]


class Table:
    """DynamoDB with items of one size, of which it returns a limited number at once."""

    def __init__(self, characters: int, at_once: int = KEYS_PER_READ) -> None:
        self.document = "x" * characters
        self.at_once = at_once
        self.calls = 0

    def batch_get_item(self, **asked: Any) -> Tree:  # noqa: ANN401 - as botocore's
        self.calls += 1
        keys = asked["RequestItems"]["table"]["Keys"]
        found = [{**each, "document": {"S": self.document}} for each in keys[: self.at_once]]
        rest = {"table": {"Keys": keys[self.at_once :]}} if keys[self.at_once :] else {}
        return {"Responses": {"table": found}, "UnprocessedKeys": rest}


def read_some(table: Table, count: int) -> tuple[int, int]:
    batches = Batches(cast("DynamoDBClient", table), "table", CountingPause())
    keys = [key(str(n), "O") for n in range(count)]
    items, unread = batches.read_some(keys, DEADLINE)
    assert {identity_of(each) for each in items} | unread == {identity_of(each) for each in keys}
    assert len(items) + len(unread) == count
    return len(items), len(unread)


def test_small_items_are_all_read() -> None:
    assert read_some(Table(100), 1050) == (1050, 0)
    assert read_some(Table(100, at_once=30), 1050) == (1050, 0)


def test_reading_stops_after_many_characters() -> None:
    table = Table(MAX_READ_CHARACTERS // 250)
    at_once = READS_AT_ONCE * KEYS_PER_READ
    assert read_some(table, 5000) == (at_once, 5000 - at_once)
    assert table.calls == READS_AT_ONCE


@pytest.mark.parametrize(("characters", "read"), [(LARGE_CHARACTERS // 10, 20), (10, 100)])
def test_the_rest_of_a_large_answer_is_left_unread(characters: int, read: int) -> None:
    assert read_some(Table(characters, at_once=20), 100) == (read, 100 - read)
