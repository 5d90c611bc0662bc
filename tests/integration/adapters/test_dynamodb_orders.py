"""The order store in DynamoDB Local, also with injected errors."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters import dynamodb_orders
from orders.adapters.aws_faults import is_transient
from orders.adapters.dynamodb_order_changes import DynamoOrderChanges
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_order_lanes import DynamoOrderLanes
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.dynamodb_settings import DynamoSettings
from orders.adapters.dynamodb_tokens import DynamoTokens
from orders.adapters.statements import BATCH_BYTES, packed
from orders.adapters.table_keys import index_key, order_key
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.ports import WriteOutcome
from orders.application.retries import pause_with_jitter
from orders.domain.changes import OrderChange
from orders.domain.external_ids import plan_external_id_update
from orders.domain.importing import MAX_DOCUMENT_BYTES, Write
from orders.domain.order import Cause, Order
from orders.domain.settings import ExternalIdPolicy, Settings
from orders.domain.triggers import trigger_of
from tests.support.aws_faults import Parsed, answering, error_answer, failing
from tests.support.deadlines import CountingPause, FixedDeadline

COMMITTED, CONFLICT = WriteOutcome.COMMITTED, WriteOutcome.CONFLICT
UNTRIED, UNKNOWN = WriteOutcome.UNTRIED, WriteOutcome.UNKNOWN
NOW = datetime(2026, 1, 2, tzinfo=UTC)
DEADLINE = FixedDeadline()


def _order(external_id: str = "A", order_id: int = 1, document: str = "{}") -> Order:
    return Order("demo", external_id, order_id, 1, "new", "altcraft", document, NOW, NOW, "request")


def _writes(count: int, document: str = "{}") -> list[Write]:
    return [Write(_order(f"order {n}", n, document), None, None) for n in range(1, count + 1)]


def test_sixteen_writers_of_one_order_lose_no_update(dynamodb: DynamoDBClient, table: str) -> None:
    repository = DynamoOrders(dynamodb, table)
    repository.save("demo", [Write(_order(document="[]"), None, None)], DEADLINE)

    def add(writer: int) -> int:
        for attempt in range(1, 200):
            stored = repository.find_by_external_ids("demo", ["A"], DEADLINE).orders["A"]
            wanted = replace(
                stored, version=stored.version + 1, document=f"{stored.document[:-1]},{writer}]"
            )
            if repository.save("demo", [Write(wanted, stored.version, None)], DEADLINE) == [
                COMMITTED
            ]:
                return attempt
        raise AssertionError("a writer never won")

    with ThreadPoolExecutor(16) as pool:
        attempts = list(pool.map(add, range(16)))
    final = repository.find_by_external_ids("demo", ["A"], DEADLINE).orders["A"]
    assert final.version == 17
    assert sorted(final.document[2:-1].split(",")) == sorted(map(str, range(16)))
    assert max(attempts) > 1, "no conflict occurred, so the test proves nothing"


def test_sixteen_creators_of_one_order_have_one_winner(
    dynamodb: DynamoDBClient, table: str
) -> None:
    repository = DynamoOrders(dynamodb, table)

    def create(number: int) -> WriteOutcome:
        return repository.save("demo", [Write(_order("A", number), None, None)], DEADLINE)[0]

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(create, range(1, 17)))
    assert outcomes.count(COMMITTED) == 1
    assert outcomes.count(CONFLICT) == 15
    winner = outcomes.index(COMMITTED) + 1
    assert repository.find_by_external_ids("demo", ["A"], DEADLINE).orders["A"].order_id == winner


def test_defaults_are_stored_replaced_and_removed_with_their_version(
    dynamodb: DynamoDBClient, table: str
) -> None:
    repository = DynamoOrders(dynamodb, table)
    order = _order()
    for version, defaults in enumerate(['{"a":{"f":1}}', '{"a":{"f":2}}', ""], start=1):
        order = replace(order, version=version, defaults=defaults)
        write = Write(order, version - 1 if version > 1 else None, None)
        assert repository.save("demo", [write], DEADLINE) == [COMMITTED]
        assert repository.find_by_external_ids("demo", ["A"], DEADLINE).orders["A"] == order


def test_a_trigger_is_stored_with_its_write_and_removed_by_the_next(
    dynamodb: DynamoDBClient, table: str
) -> None:
    repository = DynamoOrders(dynamodb, table)
    first = _order()
    second = replace(first, version=2, status="paid", update_time=NOW)
    third = replace(second, version=3, update_time=None)
    envelopes = []
    for write in (
        Write(first, None, trigger_of(None, first)),
        Write(second, 1, trigger_of(first, second)),
        Write(third, 2, None),
    ):
        assert repository.save("demo", [write], DEADLINE) == [COMMITTED]
        item = dynamodb.get_item(TableName=table, Key=order_key("demo", "A"))["Item"]
        envelopes.append(item.get("trigger"))
        assert ("update_time" in item) is (write.order.update_time is not None)
    assert envelopes == [
        {
            "M": {
                "id": {"S": trigger_of(None, first).id},
                "kind": {"S": "OrderCreated"},
                "request_id": {"S": "request"},
            }
        },
        {
            "M": {
                "id": {"S": trigger_of(None, second).id},
                "kind": {"S": "OrderStatusChanged"},
                "request_id": {"S": "request"},
            }
        },
        None,
    ]


def test_the_largest_orders_are_stored_and_read_together(
    dynamodb: DynamoDBClient, table: str
) -> None:
    repository = DynamoOrders(dynamodb, table)
    writes = _writes(45, "x" * (MAX_DOCUMENT_BYTES))
    assert set(repository.save("demo", writes, DEADLINE)) == {COMMITTED}
    found = repository.find_by_external_ids(
        "demo", [write.order.external_id for write in writes], DEADLINE
    )
    # 45 x 388 KB exceed the 16 MB of one answer, so the unprocessed keys must be read again.
    assert len(found.orders) == 45
    assert found.unread == frozenset()


def test_the_largest_item_stays_within_390_kb(dynamodb: DynamoDBClient, table: str) -> None:
    """The rest of DynamoDB's 400 KB is for attributes that later writes add."""
    largest = replace(
        _order("я" * 255, 2**53, "x" * MAX_DOCUMENT_BYTES),
        account="a" * 36,
        version=10**9,
        status="part_refunded",
        update_time=NOW.replace(microsecond=1),
        request_id="f" * 32,
    )
    write = Write(largest, None, trigger_of(None, largest))
    assert DynamoOrders(dynamodb, table).save(largest.account, [write], DEADLINE) == [COMMITTED]
    item = dynamodb.get_item(TableName=table, Key=order_key(largest.account, "я" * 255))["Item"]
    # DynamoDB counts names and values in UTF-8. The JSON characters only make this estimate larger.
    assert MAX_DOCUMENT_BYTES < len(json.dumps(item, ensure_ascii=False).encode()) <= 390 * 1024


def test_writes_are_packed_by_number_and_size() -> None:
    def batches_of(writes: list[Write]) -> list[list[Write]]:
        return list(packed(writes, lambda each: dynamodb_orders._characters_of(each.order)))  # noqa: SLF001 - a size has no port

    assert [len(batch) for batch in batches_of(_writes(60))] == [25, 25, 10]
    large = _writes(10, "x" * (MAX_DOCUMENT_BYTES - 1))
    batches = batches_of(large)
    assert [write for batch in batches for write in batch] == large
    for batch in batches:
        assert sum(4 * len(each.order.document) for each in batch) <= BATCH_BYTES


def test_unprocessed_keys_are_read_again(dynamodb: DynamoDBClient, table: str) -> None:
    pause = CountingPause()
    repository = DynamoOrders(dynamodb, table, pause)
    repository.save("demo", _writes(5), DEADLINE)

    def leave_over(number: int, parsed: Parsed) -> Parsed | None:
        if number > 2:
            return None
        kept, left = parsed["Responses"][table][:1], parsed["Responses"][table][1:]
        keys = [{"pk": item["pk"], "sk": item["sk"]} for item in left]
        return {"Responses": {table: kept}, "UnprocessedKeys": {table: {"Keys": keys}}}

    with answering(dynamodb, "BatchGetItem", leave_over) as answers:
        found = repository.find_by_external_ids(
            "demo", [f"order {n}" for n in range(1, 6)], DEADLINE
        )
    assert len(found.orders) == 5
    assert len(answers) == 3
    assert pause.attempts == [1, 2]


def test_orders_that_cannot_be_read_in_time_are_reported(
    dynamodb: DynamoDBClient, table: str
) -> None:
    repository = DynamoOrders(dynamodb, table, CountingPause(limit=2))
    repository.save("demo", _writes(150), DEADLINE)

    names = [f"order {n}" for n in range(1, 151)]
    assert len(repository.find_by_external_ids("demo", names, DEADLINE).orders) == 150
    with failing(
        dynamodb, "BatchGetItem", lambda _: error_answer("ProvisionedThroughputExceededException")
    ):
        lookup = repository.find_by_external_ids("demo", names, DEADLINE)
    assert lookup.orders == {}
    assert lookup.unread == frozenset(names)


def test_index_items_that_were_throttled_are_written_again(
    dynamodb: DynamoDBClient, table: str
) -> None:
    repository = DynamoOrders(dynamodb, table, CountingPause())

    def throttle_first(number: int, parsed: Parsed) -> Parsed | None:
        if number > 1:
            return None
        dynamodb.delete_item(TableName=table, Key=index_key("demo", 2))
        first, _, third = parsed["Responses"]
        throttled = {"Error": {"Code": "ThrottlingError", "Message": "injected"}}
        return {"Responses": [first, throttled, third]}

    with answering(dynamodb, "BatchExecuteStatement", throttle_first) as answers:
        assert set(repository.save("demo", _writes(3), DEADLINE)) == {COMMITTED}
    assert len(answers) == 3
    assert "Item" in dynamodb.get_item(TableName=table, Key=index_key("demo", 2))


def test_an_order_is_not_written_without_its_index_item(
    dynamodb: DynamoDBClient, table: str
) -> None:
    repository = DynamoOrders(dynamodb, table, CountingPause(limit=2))
    repository.save("demo", _writes(1), DEADLINE)
    stored = _writes(1)[0].order
    update = Write(replace(stored, version=2), 1, None)

    def throttle(number: int) -> AWSResponse | None:
        return error_answer("ThrottlingException") if number <= 2 else None

    with failing(dynamodb, "BatchExecuteStatement", throttle):
        outcomes = repository.save("demo", [Write(_order("new", 9), None, None), update], DEADLINE)
    assert outcomes == [WriteOutcome.UNTRIED, COMMITTED]
    assert repository.find_by_external_ids("demo", ["new"], DEADLINE).orders == {}


def test_a_repeated_creation_does_not_undo_the_index_of_a_renamed_order(
    dynamodb: DynamoDBClient, table: str
) -> None:
    """The first write succeeded late, and its order was renamed before the second write."""
    repository, index = DynamoOrders(dynamodb, table), DynamoOrderIndex(dynamodb, table)
    creation = Write(_order("A", 1), None, None)
    assert repository.save("demo", [creation], DEADLINE) == [COMMITTED]
    named = index.find_by_order_id("demo", 1, DEADLINE)
    assert named
    policy = ExternalIdPolicy.CHANGE
    change = plan_external_id_update(named, "B", policy, Cause(uuid4().hex, "shop", NOW))
    assert isinstance(change, OrderChange)
    assert DynamoOrderChanges(dynamodb, table).save(change, DEADLINE) is COMMITTED
    assert repository.save("demo", [creation], DEADLINE) == [CONFLICT]
    assert index.find_by_order_id("demo", 1, DEADLINE) == change.after
    assert repository.find_by_external_ids("demo", ["A"], DEADLINE).orders == {
        "A": change.after.order
    }


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("ConditionalCheckFailed", CONFLICT),
        ("DuplicateItem", CONFLICT),
        ("TransactionConflict", UNTRIED),
        ("ProvisionedThroughputExceeded", UNTRIED),
        ("ThrottlingError", UNTRIED),
        ("RequestLimitExceeded", UNTRIED),
        ("InternalServerError", UNKNOWN),
        ("ValidationError", WriteOutcome.REFUSED),
        ("AccessDenied", WriteOutcome.REFUSED),
    ],
)
def test_each_statement_has_its_own_outcome(
    dynamodb: DynamoDBClient, table: str, code: str, outcome: WriteOutcome
) -> None:
    repository = DynamoOrders(dynamodb, table)

    def fail_second(number: int, parsed: Parsed) -> Parsed | None:
        if number == 1:  # the index items
            return None
        first, _, third = parsed["Responses"]
        return {"Responses": [first, {"Error": {"Code": code, "Message": "injected"}}, third]}

    with answering(dynamodb, "BatchExecuteStatement", fail_second):
        assert repository.save("demo", _writes(3), DEADLINE) == [COMMITTED, outcome, COMMITTED]


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (error_answer("ProvisionedThroughputExceededException"), UNTRIED),
        (error_answer("InternalServerError", 500), UNKNOWN),
        (error_answer("ServiceUnavailable", 503), UNKNOWN),
        (ReadTimeoutError(endpoint_url="http://injected"), UNKNOWN),
        (ConnectTimeoutError(endpoint_url="http://injected"), UNTRIED),
        (EndpointConnectionError(endpoint_url="http://injected"), UNTRIED),
        (ConnectionClosedError(endpoint_url="http://injected"), UNKNOWN),
    ],
)
def test_the_error_of_a_call_determines_the_outcome_of_its_writes(
    dynamodb: DynamoDBClient,
    table: str,
    failure: AWSResponse | Exception,
    outcome: WriteOutcome,
) -> None:
    repository = DynamoOrders(dynamodb, table)
    # The first three calls write the index items.
    with failing(dynamodb, "BatchExecuteStatement", lambda n: failure if n == 4 else None):
        outcomes = repository.save("demo", _writes(60), DEADLINE)
    assert sorted(outcomes.count(each) for each in (COMMITTED, outcome)) in ([25, 35], [10, 50])


@pytest.mark.parametrize("operation", ["BatchGetItem", "BatchExecuteStatement"])
def test_a_permanent_error_is_raised_before_any_order_is_written(
    dynamodb: DynamoDBClient, table: str, operation: str
) -> None:
    repository = DynamoOrders(dynamodb, table)

    def read_and_write() -> None:
        repository.find_by_external_ids("demo", ["A"], DEADLINE)
        repository.save("demo", _writes(1), DEADLINE)

    denied = failing(dynamodb, operation, lambda _: error_answer("AccessDeniedException"))
    with denied, pytest.raises(StorageRefusedError):
        read_and_write()


def test_a_rejected_batch_does_not_hide_other_outcomes(
    dynamodb: DynamoDBClient, table: str
) -> None:
    repository = DynamoOrders(dynamodb, table)
    answers = {4: error_answer("AccessDeniedException")}
    with failing(dynamodb, "BatchExecuteStatement", answers.get):
        outcomes = repository.save("demo", _writes(60), DEADLINE)
    assert outcomes.count(WriteOutcome.REFUSED) in {10, 25}
    assert outcomes.count(COMMITTED) == 60 - outcomes.count(WriteOutcome.REFUSED)


def test_an_alias_whose_order_cannot_be_read_is_reported(
    dynamodb: DynamoDBClient, table: str
) -> None:
    repository = DynamoOrders(dynamodb, table, CountingPause(limit=1))
    repository.save("demo", _writes(1), DEADLINE)
    dynamodb.put_item(
        TableName=table,
        Item={**order_key("demo", "old"), "type": {"S": "alias"}, "order_id": {"N": "1"}},
    )
    for failing_call in (2, 3):
        answers = {failing_call: error_answer("ThrottlingException")}
        with failing(dynamodb, "BatchGetItem", answers.get):
            lookup = repository.find_by_external_ids("demo", ["old", "order 1"], DEADLINE)
        assert (set(lookup.orders), set(lookup.unread)) == ({"order 1"}, {"old"})


def test_reads_are_consistent(dynamodb: DynamoDBClient, table: str) -> None:
    asked: list[Parsed] = []

    def see(params: Parsed, **_rest: object) -> None:
        asked.append(params)

    dynamodb.meta.events.register("provide-client-params.dynamodb", see)
    try:
        DynamoOrders(dynamodb, table).find_by_external_ids("demo", ["A"], DEADLINE)
        DynamoTokens(dynamodb, table).client_of("token", DEADLINE)
        with pytest.raises(LookupError):
            DynamoSettings(dynamodb, table).load("demo", DEADLINE)
    finally:
        dynamodb.meta.events.unregister("provide-client-params.dynamodb", see)
    batch, *singles = asked
    assert batch["RequestItems"][table]["ConsistentRead"] is True
    assert [each["ConsistentRead"] for each in singles] == [True, True]


def test_no_call_starts_after_the_deadline(dynamodb: DynamoDBClient, table: str) -> None:
    late = FixedDeadline(0)
    with failing(dynamodb, "*", lambda _: None) as calls:
        with pytest.raises(StorageUnavailableError):
            DynamoTokens(dynamodb, table).client_of("token", late)
        with pytest.raises(StorageUnavailableError):
            DynamoSettings(dynamodb, table).load("demo", late)
        with pytest.raises(StorageUnavailableError):
            DynamoSettings(dynamodb, table).save("demo", Settings(), 1, late)
        with pytest.raises(StorageUnavailableError):
            DynamoOrderLanes(dynamodb, table).open("demo", 1, late)
        DynamoOrders(dynamodb, table).save("demo", _writes(1), late)
    assert calls == []


def test_an_alias_whose_order_is_renamed_meanwhile_is_not_found(
    dynamodb: DynamoDBClient, table: str
) -> None:
    """Z became an alias between the reads. The import gets a conflict and reads again."""
    repository = DynamoOrders(dynamodb, table)
    repository.save("demo", [Write(_order("Z", 7), None, None)], DEADLINE)
    for name in ("A", "Z"):
        dynamodb.put_item(
            TableName=table,
            Item={**order_key("demo", name), "type": {"S": "alias"}, "order_id": {"N": "7"}},
        )
    assert repository.find_by_external_ids("demo", ["A", "B"], DEADLINE).orders == {}


def waited_too_long(_seconds: float) -> None:
    raise AssertionError("the pause outlasts the deadline")


def test_waiting_ends_with_the_deadline() -> None:
    assert not pause_with_jitter(10, FixedDeadline(1e-9), waited_too_long)
    waited: list[float] = []
    assert pause_with_jitter(3, FixedDeadline(60), waited.append)
    assert 0 <= waited[0] <= 0.2
    assert not pause_with_jitter(1, FixedDeadline(0), waited.append)
    assert len(waited) == 1


def test_only_transient_errors_are_retried() -> None:
    def failure(code: str, status: int) -> ClientError:
        return ClientError(
            {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
            "PutItem",
        )

    assert is_transient(failure("ThrottlingException", 400))
    assert is_transient(failure("Whatever", 503))
    assert not is_transient(failure("ValidationException", 400))
    assert not is_transient(ValueError())
