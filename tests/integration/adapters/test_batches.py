"""Large items are read in part, so that they do not fill the memory."""

from typing import Any, cast

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.batches import FIRST_READS, KEYS_PER_READ, MORE_READS, Batches, identity_of
from orders.adapters.table_keys import key
from orders.application.read_sizes import MAX_IMPORT_CHARACTERS
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
    table = Table(MAX_IMPORT_CHARACTERS // 90)
    first = FIRST_READS * KEYS_PER_READ
    assert read_some(table, 5000) == (first, 5000 - first)
    assert table.calls == FIRST_READS


def test_more_is_read_at_once_after_small_items() -> None:
    table = Table(MAX_IMPORT_CHARACTERS // 250)
    read = (FIRST_READS + MORE_READS) * KEYS_PER_READ
    assert read_some(table, 5000) == (read, 5000 - read)


@pytest.mark.parametrize(("share", "read"), [(30, 40), (1000, 100)])
def test_the_rest_of_a_large_answer_is_left_unread(share: int, read: int) -> None:
    table = Table(MAX_IMPORT_CHARACTERS // share, at_once=20)
    assert read_some(table, 100) == (read, 100 - read)
