"""Reads by order id in DynamoDB Local: renames during a read, and failed reads."""

from collections.abc import Callable, Iterator

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_order_changes import DynamoOrderChanges
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.order_items import alias_item
from orders.adapters.table_keys import index_key
from orders.application.errors import StorageUnavailableError
from orders.application.ports import WriteOutcome
from orders.domain.importing import Write
from orders.domain.order import Order
from tests.support.aws_faults import Parsed, answering, error_answer, failing
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.dynamodb_local import local_client
from tests.support.order_changes import new_order, renaming

COMMITTED = WriteOutcome.COMMITTED


def _create(client: DynamoDBClient, table: str, *orders: Order) -> None:
    writes = [Write(order, None, None) for order in orders]
    assert set(DynamoOrders(client, table).save("demo", writes, DEADLINE)) == {COMMITTED}


def test_a_rename_between_the_two_reads_is_detected(dynamodb: DynamoDBClient, table: str) -> None:
    _create(dynamodb, table, new_order())
    index = DynamoOrderIndex(dynamodb, table)
    changes = DynamoOrderChanges(dynamodb, table)
    before = index.find_by_order_id("demo", 1, DEADLINE)
    assert before
    change = renaming(before, "B")

    def rename(number: int, _parsed: Parsed) -> None:
        if number == 1:
            assert changes.save(change, DEADLINE) is COMMITTED

    with answering(dynamodb, "GetItem", rename) as answers:
        assert index.find_by_order_id("demo", 1, DEADLINE) == change.after
    assert len(answers) == 4


def _keep_renaming(
    index: DynamoOrderIndex, changes: DynamoOrderChanges, names: Iterator[str]
) -> Callable[[int, Parsed], None]:
    """Return a function that renames order 1 after each read of its index item."""
    state = {"named": index.find_by_order_id("demo", 1, DEADLINE)}

    def rename(number: int, _parsed: Parsed) -> None:
        current, name = state["named"], next(names, None) if number % 2 else None
        if name:
            assert current
            change = renaming(current, name)
            assert changes.save(change, DEADLINE) is COMMITTED
            state["named"] = change.after

    return rename


def test_an_order_that_is_renamed_repeatedly_is_found(dynamodb: DynamoDBClient, table: str) -> None:
    _create(dynamodb, table, new_order())
    index = DynamoOrderIndex(dynamodb, table, CountingPause())
    changes = DynamoOrderChanges(dynamodb, table)
    rename = _keep_renaming(index, changes, iter([f"id {n}" for n in range(12)]))
    with answering(dynamodb, "GetItem", rename):
        named = index.find_by_order_id("demo", 1, DEADLINE)
    assert named
    assert named.order.external_id == "id 11"


def test_an_order_that_is_renamed_until_the_deadline_is_not_missing(
    dynamodb: DynamoDBClient, table: str
) -> None:
    _create(dynamodb, table, new_order())
    index = DynamoOrderIndex(dynamodb, table, CountingPause(limit=2))
    changes = DynamoOrderChanges(dynamodb, table)
    rename = _keep_renaming(index, changes, iter([f"id {n}" for n in range(50)]))
    with answering(dynamodb, "GetItem", rename), pytest.raises(StorageUnavailableError):
        index.find_by_order_id("demo", 1, DEADLINE)


def test_an_order_that_returns_to_its_id_between_two_reads_is_found(
    dynamodb: DynamoDBClient, table: str
) -> None:
    """The id changes from A to B and back to A, so the index item has the same names again."""
    _create(dynamodb, table, new_order("B"))
    index = DynamoOrderIndex(dynamodb, table, CountingPause())
    changes = DynamoOrderChanges(dynamodb, table)
    named = index.find_by_order_id("demo", 1, DEADLINE)
    assert named
    assert changes.save(renaming(named, "A"), DEADLINE) is COMMITTED

    def rename(number: int, _parsed: Parsed) -> None:
        if number in {1, 3}:
            with_key = {1: "B", 3: "A"}[number]
            done.append(with_key)
            found = known[-1]
            change = renaming(found, with_key)
            assert changes.save(change, DEADLINE) is COMMITTED
            known.append(change.after)

    done: list[str] = []
    first = index.find_by_order_id("demo", 1, DEADLINE)
    assert first
    known = [first]
    with answering(dynamodb, "GetItem", lambda number, parsed: rename(number + 0, parsed)):
        found_again = index.find_by_order_id("demo", 1, DEADLINE)
    assert done[:1] == ["B"]
    assert found_again is not None
    assert found_again == known[-1]


def test_an_order_whose_names_are_again_what_they_were_is_found(
    dynamodb: DynamoDBClient, table: str
) -> None:
    """From B to A and back to B between the reads: its entry would say the same as before."""
    _create(dynamodb, table, new_order("A"))
    index = DynamoOrderIndex(dynamodb, table, CountingPause())
    changes = DynamoOrderChanges(dynamodb, table)

    def rename(external_id: str) -> None:
        named = other_index.find_by_order_id("demo", 1, DEADLINE)
        assert named
        assert changes.save(renaming(named, external_id), DEADLINE) is COMMITTED

    # A client of its own, whose reads are not counted.
    other_index = DynamoOrderIndex(local_client(dynamodb.meta.endpoint_url), table)
    rename("B")
    # The order is read where it no longer is, and the entry again when it is back.
    moves = {1: "A", 2: "B"}
    with answering(
        dynamodb,
        "GetItem",
        lambda number, _parsed: rename(moves[number]) if number in moves else None,
    ):
        found = index.find_by_order_id("demo", 1, DEADLINE)
    assert found
    assert (found.order.external_id, found.order.version) == ("B", 4)


def test_an_order_that_is_renamed_during_a_list_is_listed(
    dynamodb: DynamoDBClient, table: str
) -> None:
    _create(dynamodb, table, new_order(), new_order("X", 2))
    index = DynamoOrderIndex(dynamodb, table)
    changes = DynamoOrderChanges(dynamodb, table)
    named = index.find_by_order_id("demo", 1, DEADLINE)
    assert named
    change = renaming(named, "B")

    def rename(number: int, _parsed: Parsed) -> None:
        if number == 1:
            assert changes.save(change, DEADLINE) is COMMITTED

    with failing(dynamodb, "BatchGetItem", lambda number: rename(number, {})):
        page = index.list_orders("demo", None, 10, DEADLINE)
    assert [each.order.external_id for each in page.orders] == ["X", "B"]


def test_an_order_that_is_renamed_repeatedly_during_a_list_is_listed(
    dynamodb: DynamoDBClient, table: str
) -> None:
    _create(dynamodb, table, new_order())
    index = DynamoOrderIndex(dynamodb, table, CountingPause())
    changes = DynamoOrderChanges(dynamodb, table)
    named = index.find_by_order_id("demo", 1, DEADLINE)
    assert named
    known = [named]

    def rename(number: int) -> None:
        # Reads of orders and reads of index items alternate.
        if number in {1, 3, 5}:
            change = renaming(known[-1], f"id {number}")
            assert changes.save(change, DEADLINE) is COMMITTED
            known.append(change.after)

    with failing(dynamodb, "BatchGetItem", rename):
        page = index.list_orders("demo", None, 10, DEADLINE)
    assert list(page.orders) == [known[-1]]
    assert len(known) == 4


def test_a_shard_that_is_cut_off_hides_no_order(dynamodb: DynamoDBClient, table: str) -> None:
    """An answer has at most 1 MB: entries with many aliases reach this before the limit."""
    shard = index_key("demo", 1)["pk"]
    long = [n for n in range(1, 2000) if index_key("demo", n)["pk"] == shard][:60]
    numbers = sorted({*long, *range(1, 50, 8)})
    _create(dynamodb, table, *(new_order(f"order {n}", n) for n in numbers))
    long_names = {"L": [{"S": f"{n}{'x' * 500}"} for n in range(50)]}
    for number in long:
        dynamodb.update_item(
            TableName=table,
            Key=index_key("demo", number),
            UpdateExpression="SET aliases = :names",
            ExpressionAttributeValues={":names": long_names},
        )
    index = DynamoOrderIndex(dynamodb, table)
    listed: list[int] = []
    before = None
    while True:
        page = index.list_orders("demo", before, 100, DEADLINE)
        listed += [named.order.order_id for named in page.orders]
        before = page.next_before
        if before is None:
            break
    assert listed == sorted(numbers, reverse=True)


def test_an_order_that_cannot_be_read_is_not_missing(dynamodb: DynamoDBClient, table: str) -> None:
    _create(dynamodb, table, new_order())
    index = DynamoOrderIndex(dynamodb, table, CountingPause(limit=2))
    for operation in ("Query", "BatchGetItem"):
        with (
            failing(dynamodb, operation, lambda _: error_answer("ThrottlingException")),
            pytest.raises(StorageUnavailableError),
        ):
            index.list_orders("demo", None, 10, DEADLINE)
    with (
        failing(dynamodb, "GetItem", lambda _: error_answer("ThrottlingException")),
        pytest.raises(StorageUnavailableError),
    ):
        index.find_by_order_id("demo", 1, DEADLINE)


def test_an_alias_without_its_order_is_not_an_order(dynamodb: DynamoDBClient, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=alias_item("demo", "A", 1))
    index_item = {**index_key("demo", 1), "name": {"S": "A"}}
    dynamodb.put_item(TableName=table, Item=index_item)
    assert DynamoOrderIndex(dynamodb, table).find_by_order_id("demo", 1, DEADLINE) is None
