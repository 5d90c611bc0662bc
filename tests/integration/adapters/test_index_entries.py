"""The index entries of new orders in DynamoDB Local: races, slow calls and lost answers."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier

import pytest
from botocore.exceptions import ReadTimeoutError
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.table_keys import order_key
from orders.application.errors import StorageRefusedError
from orders.application.ports import WriteOutcome
from orders.domain.importing import Write
from tests.support.aws_faults import Parsed, answering, error_answer, failing
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.order_changes import new_order

COMMITTED, CONFLICT = WriteOutcome.COMMITTED, WriteOutcome.CONFLICT
UNTRIED, UNKNOWN = WriteOutcome.UNTRIED, WriteOutcome.UNKNOWN


def _numbers(client: DynamoDBClient, table: str, kind: str) -> list[int]:
    """Return the order ids of all items of a type."""
    pages = client.get_paginator("scan").paginate(TableName=table)
    items = [item for page in pages for item in page["Items"]]
    if kind == "index":
        return sorted(int(item["sk"]["S"]) for item in items if "name" in item)
    return sorted(int(item["order_id"]["N"]) for item in items if item.get("type") == {"S": kind})


def _creations(count: int, first: int = 1) -> list[Write]:
    numbers = range(first, first + count)
    return [Write(new_order(f"order {n}", n), None, None) for n in numbers]


def test_sixteen_racers_leave_one_entry_each_order(dynamodb: DynamoDBClient, table: str) -> None:
    together = Barrier(16)
    repository = DynamoOrders(dynamodb, table)

    def create(racer: int) -> list[WriteOutcome]:
        orders = [new_order(f"order {n}", 100 * racer + n) for n in range(1, 13)]
        together.wait(10)
        writes = [Write(order, None, None) for order in orders]
        return list(repository.save("demo", writes, DEADLINE))

    with ThreadPoolExecutor(16) as pool:
        outcomes = [each for answer in pool.map(create, range(1, 17)) for each in answer]
    assert (outcomes.count(COMMITTED), outcomes.count(CONFLICT)) == (12, 15 * 12)
    assert _numbers(dynamodb, table, "index") == _numbers(dynamodb, table, "order")


def test_an_entry_stays_if_its_order_is_stored_after_all(
    dynamodb: DynamoDBClient, table: str
) -> None:
    """The answer says that the order was not written, which is wrong."""
    repository = DynamoOrders(dynamodb, table)

    def deny(number: int, _parsed: Parsed) -> Parsed | None:
        duplicate = {"Error": {"Code": "DuplicateItem", "Message": "injected"}}
        return {"Responses": [duplicate]} if number == 2 else None

    with answering(dynamodb, "BatchExecuteStatement", deny):
        assert repository.save("demo", _creations(1), DEADLINE) == [CONFLICT]
    assert _numbers(dynamodb, table, "index") == [1]


def test_an_entry_stays_if_the_answer_of_its_order_is_lost(
    dynamodb: DynamoDBClient, table: str
) -> None:
    repository = DynamoOrders(dynamodb, table)
    lost = ReadTimeoutError(endpoint_url="http://injected")
    with failing(dynamodb, "BatchExecuteStatement", lambda n: lost if n == 2 else None):
        assert repository.save("demo", _creations(1), DEADLINE) == [UNKNOWN]
    assert _numbers(dynamodb, table, "index") == [1]


def test_a_rejected_order_leaves_no_entry(dynamodb: DynamoDBClient, table: str) -> None:
    repository = DynamoOrders(dynamodb, table)

    def reject(number: int, _parsed: Parsed) -> Parsed | None:
        if number != 2:
            return None
        dynamodb.delete_item(TableName=table, Key=order_key("demo", "order 1"))
        return {"Responses": [{"Error": {"Code": "ValidationError", "Message": "injected"}}]}

    with answering(dynamodb, "BatchExecuteStatement", reject):
        assert repository.save("demo", _creations(1), DEADLINE) == [WriteOutcome.REFUSED]
    assert _numbers(dynamodb, table, "index") == []


@pytest.mark.parametrize("operation", ["BatchGetItem", "BatchExecuteStatement"])
def test_an_entry_that_cannot_be_taken_back_changes_no_outcome(
    dynamodb: DynamoDBClient, table: str, operation: str
) -> None:
    repository = DynamoOrders(dynamodb, table, CountingPause(limit=1))
    repository.save("demo", [Write(new_order("order 2", 9), None, None)], DEADLINE)
    fault = error_answer("AccessDeniedException")
    begins = {"BatchGetItem": 1, "BatchExecuteStatement": 3}[operation]
    with failing(dynamodb, operation, lambda n: fault if n >= begins else None):
        assert repository.save("demo", _creations(2), DEADLINE) == [COMMITTED, CONFLICT]
    assert _numbers(dynamodb, table, "index") == [1, 2, 9]


def test_an_order_does_not_get_the_id_of_another(dynamodb: DynamoDBClient, table: str) -> None:
    """It would be possible if a clock were days behind, whose lanes have expired."""
    repository = DynamoOrders(dynamodb, table)
    assert repository.save("demo", _creations(1), DEADLINE) == [COMMITTED]
    same_id = Write(new_order("another", 1), None, None)
    assert repository.save("demo", [same_id, *_creations(1, 2)], DEADLINE) == [CONFLICT, COMMITTED]
    assert repository.find_by_external_ids("demo", ["another"], DEADLINE).orders == {}
    assert _numbers(dynamodb, table, "index") == [1, 2]


def test_an_entry_of_an_earlier_call_without_an_answer_is_its_own(
    dynamodb: DynamoDBClient, table: str
) -> None:
    repository = DynamoOrders(dynamodb, table, CountingPause())

    def lose(number: int, _parsed: Parsed) -> None:
        if number == 1:
            raise ReadTimeoutError(endpoint_url="http://injected")

    with answering(dynamodb, "BatchExecuteStatement", lose):
        assert set(repository.save("demo", _creations(3), DEADLINE)) == {COMMITTED}


def test_no_order_is_stored_if_no_entry_can_be_written(
    dynamodb: DynamoDBClient, table: str
) -> None:
    repository = DynamoOrders(dynamodb, table)
    denied = error_answer("AccessDeniedException")
    with (
        failing(dynamodb, "BatchExecuteStatement", lambda _: denied),
        pytest.raises(StorageRefusedError),
    ):
        repository.save("demo", _creations(60), DEADLINE)
    assert _numbers(dynamodb, table, "order") == []


def test_a_batch_whose_entries_are_refused_hides_no_other_outcome(
    dynamodb: DynamoDBClient, table: str
) -> None:
    repository = DynamoOrders(dynamodb, table)
    denied = error_answer("AccessDeniedException")
    with failing(dynamodb, "BatchExecuteStatement", lambda n: denied if n == 1 else None):
        outcomes = repository.save("demo", _creations(60), DEADLINE)
    assert outcomes.count(WriteOutcome.REFUSED) in {10, 25}
    assert outcomes.count(COMMITTED) == 60 - outcomes.count(WriteOutcome.REFUSED)


@dataclass
class CallsDeadline:
    """A deadline that passes after a number of calls. A call takes one second of it."""

    calls: int
    made: list[str] = field(default_factory=list)

    def remaining(self) -> float:
        return float(self.calls - len(self.made))


def test_a_request_that_runs_out_of_time_has_stored_some_orders(
    dynamodb: DynamoDBClient, table: str
) -> None:
    """Each repetition gets further, and no entry is left without its order."""
    repository = DynamoOrders(dynamodb, table, CountingPause(limit=1))
    left = _creations(450)
    for _ in range(3):
        deadline = CallsDeadline(24)

        def spend(number: int, deadline: CallsDeadline = deadline) -> None:
            deadline.made.append(str(number))

        with failing(dynamodb, "BatchExecuteStatement", spend):
            outcomes = repository.save("demo", left, deadline)
        stored = outcomes.count(COMMITTED)
        assert (set(outcomes) <= {COMMITTED, UNTRIED}, stored > 50) == (True, True)
        left = [each for each, outcome in zip(left, outcomes, strict=True) if outcome is UNTRIED]
        if not left:
            break
    orders = _numbers(dynamodb, table, "order")
    assert set(orders) <= set(_numbers(dynamodb, table, "index"))
