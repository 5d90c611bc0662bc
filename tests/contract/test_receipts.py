"""The contract of ReceiptRepository. The fake and the DynamoDB adapter must both pass."""

from datetime import UTC, datetime

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_receipts import KEPT_SECONDS, MAX_IDS, DynamoReceipts
from orders.adapters.table_keys import receipt_key
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.ports import ReceiptRepository, RequestKey
from orders.domain.triggers import trigger_id
from tests.support.aws_faults import Parsed, answering, error_answer, failing
from tests.support.deadlines import DEADLINE, CountingPause, FixedDeadline
from tests.support.fakes import FakeReceipts
from tests.support.template_tables import create_table

REQUEST = RequestKey("demo", "request")
NAMED = {trigger_id("demo", number, 1) for number in range(3)}


@pytest.fixture(params=["memory", "dynamodb"])
def receipts(request: pytest.FixtureRequest) -> FakeReceipts | DynamoReceipts:
    if request.param == "memory":
        return FakeReceipts()
    client: DynamoDBClient = request.getfixturevalue("dynamodb")
    return DynamoReceipts(client, create_table(client))


def test_a_receipt_has_the_stored_trigger_ids(receipts: ReceiptRepository) -> None:
    receipts.leave(REQUEST, NAMED, DEADLINE)
    assert receipts.find([REQUEST], DEADLINE) == {REQUEST: NAMED}


def test_a_receipt_with_one_id_is_read_as_one_id(receipts: ReceiptRepository) -> None:
    name = trigger_id("demo", 1, 1)
    receipts.leave(REQUEST, [name], DEADLINE)
    assert receipts.find([REQUEST], DEADLINE) == {REQUEST: {name}}


def test_an_empty_receipt_differs_from_a_missing_one(receipts: ReceiptRepository) -> None:
    receipts.leave(REQUEST, (), DEADLINE)
    silent = RequestKey("demo", "silent")
    assert receipts.find([REQUEST, silent], DEADLINE) == {REQUEST: frozenset()}
    assert receipts.find([silent], DEADLINE) == {}


def test_an_empty_request_for_receipts_finds_nothing(receipts: ReceiptRepository) -> None:
    assert receipts.find([], DEADLINE) == {}


def test_the_receipts_of_many_requests_are_found(receipts: ReceiptRepository) -> None:
    requests = [RequestKey("demo", f"request {number}") for number in range(250)]
    for number, each in enumerate(requests[::2]):
        receipts.leave(each, [f"id {number}"], DEADLINE)
    assert receipts.find(requests, DEADLINE) == {
        each: {f"id {number}"} for number, each in enumerate(requests[::2])
    }


def test_a_later_receipt_replaces_the_earlier_one(receipts: ReceiptRepository) -> None:
    for unsent in (NAMED, NAMED, ()):
        receipts.leave(REQUEST, unsent, DEADLINE)
        assert receipts.find([REQUEST], DEADLINE) == {REQUEST: frozenset(unsent)}


def test_a_request_whose_receipt_was_withdrawn_never_has_one(
    receipts: FakeReceipts | DynamoReceipts,
) -> None:
    receipts.leave(REQUEST, NAMED, DEADLINE)
    for _ in range(2):
        receipts.withdraw(REQUEST, DEADLINE)
        assert receipts.find([REQUEST], DEADLINE) == {}
        receipts.leave(REQUEST, NAMED, DEADLINE)
        assert receipts.find([REQUEST], DEADLINE) == {}


def test_an_account_cannot_read_receipts_of_another(receipts: ReceiptRepository) -> None:
    theirs = RequestKey("other", REQUEST.request_id)
    receipts.leave(theirs, NAMED, DEADLINE)
    assert receipts.find([REQUEST], DEADLINE) == {}
    receipts.leave(REQUEST, (), DEADLINE)
    assert receipts.find([REQUEST, theirs], DEADLINE) == {REQUEST: frozenset(), theirs: NAMED}


def test_no_call_is_made_after_the_deadline(receipts: ReceiptRepository) -> None:
    late = FixedDeadline(0)
    with pytest.raises(StorageUnavailableError):
        receipts.leave(REQUEST, NAMED, late)
    assert receipts.find([REQUEST], DEADLINE) == {}
    with pytest.raises(StorageUnavailableError):
        receipts.find([REQUEST], late)


def test_a_receipt_outlives_every_record_of_the_stream(
    dynamodb: DynamoDBClient, table: str
) -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, 600_000, tzinfo=UTC).timestamp()
    DynamoReceipts(dynamodb, table, seconds=lambda: now).leave(REQUEST, (), DEADLINE)
    item = dynamodb.get_item(TableName=table, Key=receipt_key("demo", "request"))["Item"]
    assert item["expires_at"] == {"N": str(int(now) + KEPT_SECONDS)}
    assert KEPT_SECONDS == 2 * 24 * 60 * 60
    assert "unsent" not in item


def test_the_largest_receipt_is_stored_and_a_larger_one_is_rejected(
    dynamodb: DynamoDBClient, table: str
) -> None:
    receipts = DynamoReceipts(dynamodb, table)
    names = [trigger_id("demo", number, 1) for number in range(MAX_IDS + 1)]
    request = RequestKey("demo", "r" * 32)
    receipts.leave(request, names[:-1], DEADLINE)
    assert receipts.find([request], DEADLINE) == {request: set(names[:-1])}
    with (
        failing(dynamodb, "PutItem", lambda _: None) as calls,
        pytest.raises(StorageUnavailableError),
    ):
        receipts.leave(RequestKey("demo", "larger"), names, DEADLINE)
    assert calls == []


def test_receipts_are_read_consistently(dynamodb: DynamoDBClient, table: str) -> None:
    reads: list[bool] = []

    def look(params: Parsed, **_rest: object) -> None:
        reads.append(params["RequestItems"][table]["ConsistentRead"])

    event = "provide-client-params.dynamodb.BatchGetItem"
    dynamodb.meta.events.register(event, look)
    try:
        DynamoReceipts(dynamodb, table).find([REQUEST], DEADLINE)
    finally:
        dynamodb.meta.events.unregister(event, look)
    assert reads == [True]


def _leave_over(table: str, parsed: Parsed) -> Parsed:
    keys = [receipt_key("demo", "request")]
    return {
        "Responses": {table: []},
        "UnprocessedKeys": {table: {"Keys": keys}},
        "ResponseMetadata": parsed["ResponseMetadata"],
    }


def test_receipts_that_cannot_be_read_raise_an_error(dynamodb: DynamoDBClient, table: str) -> None:
    pause = CountingPause()
    receipts = DynamoReceipts(dynamodb, table, pause=pause)
    receipts.leave(REQUEST, (), DEADLINE)
    ending = FixedDeadline(6, per_look=1)
    with (
        answering(dynamodb, "BatchGetItem", lambda _, parsed: _leave_over(table, parsed)) as seen,
        pytest.raises(StorageUnavailableError),
    ):
        receipts.find([REQUEST], ending)
    assert (len(seen), pause.attempts) == (3, [1, 2, 3])


def test_unprocessed_receipts_are_read_again(dynamodb: DynamoDBClient, table: str) -> None:
    receipts = DynamoReceipts(dynamodb, table, pause=CountingPause())
    receipts.leave(REQUEST, NAMED, DEADLINE)

    def leave_over_once(number: int, parsed: Parsed) -> Parsed | None:
        return _leave_over(table, parsed) if number == 1 else None

    with answering(dynamodb, "BatchGetItem", leave_over_once):
        assert receipts.find([REQUEST], DEADLINE) == {REQUEST: NAMED}


def test_a_throttled_receipt_is_stored_by_a_retry(dynamodb: DynamoDBClient, table: str) -> None:
    receipts = DynamoReceipts(dynamodb, table, pause=CountingPause())
    with failing(dynamodb, "PutItem", {1: error_answer("ThrottlingException")}.get) as calls:
        receipts.leave(REQUEST, (), DEADLINE)
    assert calls == [1, 2]
    assert receipts.find([REQUEST], DEADLINE) == {REQUEST: frozenset()}


def test_a_permanent_error_raises_storage_refused(dynamodb: DynamoDBClient, table: str) -> None:
    receipts = DynamoReceipts(dynamodb, table, pause=CountingPause())
    for operation in ("PutItem", "BatchGetItem"):
        with (
            failing(dynamodb, operation, lambda _: error_answer("AccessDeniedException")),
            pytest.raises(StorageRefusedError),
        ):
            _call(receipts, operation)


def _call(receipts: DynamoReceipts, operation: str) -> None:
    if operation == "PutItem":
        receipts.leave(REQUEST, (), DEADLINE)
    else:
        receipts.find([REQUEST], DEADLINE)
