"""The contract of RequestRecords. The fake and the DynamoDB adapter must both pass."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_request_records import (
    INLINE_BYTES,
    PART_BYTES,
    DynamoRequestRecords,
)
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.ports import RequestRecords
from orders.domain.repeats import KEPT, NO_TIME, IdempotencyKey, KeptAnswer, RequestRecord
from orders.protocols.http import MAX_ANSWER_BYTES
from tests.support.aws_faults import LOST_ANSWERS, answering, error_answer, failing
from tests.support.deadlines import DEADLINE, CountingPause, FixedDeadline
from tests.support.fakes import FakeRequestRecords

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
END = NOW + timedelta(seconds=30)
KEY = IdempotencyKey("demo", "shop", "key", "fingerprint")
FIRST = RequestRecord("fingerprint", "request", "request", END)
ANSWER = KeptAnswer(201, b'{"id":"1"}', {"Content-Type": "application/json", "X-Id": "\u20ac"})


@pytest.fixture(params=["memory", "dynamodb"])
def records(request: pytest.FixtureRequest) -> RequestRecords:
    if request.param == "memory":
        return FakeRequestRecords()
    client: DynamoDBClient = request.getfixturevalue("dynamodb")
    table: str = request.getfixturevalue("table")
    return DynamoRequestRecords(client, table, CountingPause())


def _incompressible(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311 - protects nothing


def claim(
    records: RequestRecords,
    key: IdempotencyKey = KEY,
    record: RequestRecord = FIRST,
    now: datetime = NOW,
) -> RequestRecord | None:
    return records.claim(key, record, now, now + KEPT, DEADLINE)


def test_a_key_is_claimed_once(records: RequestRecords) -> None:
    assert records.find(KEY, NOW, DEADLINE) is None
    assert claim(records) is None
    second = replace(FIRST, request_id="second", attempt="second")
    assert claim(records, record=second) == FIRST
    assert records.find(KEY, NOW, DEADLINE) == FIRST


@pytest.mark.parametrize("member", ["account", "client", "key"])
def test_a_key_belongs_to_a_client_of_an_account(records: RequestRecords, member: str) -> None:
    claim(records)
    # With another attempt, the claim cannot pass as the first one whose answer was lost.
    second = replace(FIRST, request_id="second", attempt="second")
    assert claim(records, replace(KEY, **{member: "other"}), second) is None
    assert claim(records, record=second) == FIRST


def test_a_key_can_be_claimed_again_when_it_has_expired(records: RequestRecords) -> None:
    claim(records)
    records.note(KEY, "request", [1], DEADLINE)
    records.keep(KEY, "request", ANSWER, DEADLINE)
    later = NOW + KEPT
    assert records.find(KEY, later - timedelta(seconds=1), DEADLINE) is not None
    assert records.find(KEY, later, DEADLINE) is None
    new = replace(FIRST, fingerprint="new", request_id="new", attempt="new")
    assert claim(records, record=new, now=later) is None
    assert records.find(KEY, later, DEADLINE) == new


def test_a_kept_answer_is_returned_as_it_was(records: RequestRecords) -> None:
    claim(records)
    records.keep(KEY, "request", ANSWER, DEADLINE)
    assert records.find(KEY, NOW, DEADLINE) == replace(FIRST, answer=ANSWER)
    second = replace(FIRST, attempt="second")
    assert claim(records, record=second) == replace(FIRST, answer=ANSWER)


@pytest.mark.parametrize("size", [0, INLINE_BYTES, PART_BYTES, 2 * PART_BYTES + 1])
def test_an_answer_of_any_size_is_kept(records: RequestRecords, size: int) -> None:
    claim(records)
    answer = KeptAnswer(200, _incompressible(size, size), {})
    records.keep(KEY, "request", answer, DEADLINE)
    found = records.find(KEY, NOW, DEADLINE)
    assert found is not None
    assert found.answer == answer


def test_the_largest_answer_is_kept(dynamodb: DynamoDBClient, table: str) -> None:
    records = DynamoRequestRecords(dynamodb, table)
    claim(records)
    answer = KeptAnswer(200, _incompressible(1, MAX_ANSWER_BYTES), {})
    records.keep(KEY, "request", answer, DEADLINE)
    found = records.find(KEY, NOW, DEADLINE)
    assert found is not None
    assert found.answer == answer


def test_noted_order_ids_are_kept_in_all_attempts(records: RequestRecords) -> None:
    claim(records)
    noted = (3, 4, 5, 9, 2**52, 2**53 - 1)
    records.note(KEY, "request", [9, 3, 5, 4, 2**53 - 1, 2**52, 3], DEADLINE)
    found = records.find(KEY, NOW, DEADLINE)
    assert found is not None
    assert found.noted == noted
    later = END + timedelta(seconds=30)
    assert records.take_over(KEY, "request", "second", later, DEADLINE)
    assert records.find(KEY, NOW, DEADLINE) == replace(
        FIRST, attempt="second", ends_at=later, noted=noted
    )


def test_only_the_last_attempt_can_write(records: RequestRecords) -> None:
    claim(records)
    assert records.take_over(KEY, "request", "second", END, DEADLINE)
    assert not records.take_over(KEY, "request", "third", END, DEADLINE)
    with pytest.raises(StorageUnavailableError):
        records.note(KEY, "request", [1], DEADLINE)
    with pytest.raises(StorageUnavailableError):
        records.keep(KEY, "request", ANSWER, DEADLINE)
    with pytest.raises(StorageUnavailableError):
        records.release(KEY, "request", DEADLINE)
    assert records.find(KEY, NOW, DEADLINE) == replace(FIRST, attempt="second")


def test_a_released_attempt_has_ended(records: RequestRecords) -> None:
    claim(records)
    records.release(KEY, "request", DEADLINE)
    assert records.find(KEY, NOW, DEADLINE) == replace(FIRST, ends_at=NO_TIME)


def test_an_answered_request_is_not_taken_over(records: RequestRecords) -> None:
    claim(records)
    records.keep(KEY, "request", ANSWER, DEADLINE)
    assert not records.take_over(KEY, "request", "second", END, DEADLINE)


def test_no_call_is_made_after_the_deadline(records: RequestRecords) -> None:
    with pytest.raises(StorageUnavailableError):
        records.claim(KEY, FIRST, NOW, NOW + KEPT, FixedDeadline(0))
    assert records.find(KEY, NOW, DEADLINE) is None


def test_one_of_many_twins_claims_a_key(dynamodb: DynamoDBClient, table: str) -> None:
    records = DynamoRequestRecords(dynamodb, table)
    twins = [replace(FIRST, request_id=f"r{n}", attempt=f"r{n}") for n in range(16)]
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda each: claim(records, record=each), twins))
    [winner] = [twin for twin, seen in zip(twins, found, strict=True) if seen is None]
    assert {seen for seen in found if seen} == {winner}
    with ThreadPoolExecutor(16) as pool:
        taken = list(
            pool.map(
                lambda n: records.take_over(KEY, winner.attempt, f"s{n}", END, DEADLINE), range(16)
            )
        )
    assert taken.count(True) == 1


@pytest.mark.parametrize("error", LOST_ANSWERS.values(), ids=list(LOST_ANSWERS))
def test_a_lost_answer_changes_no_outcome(
    dynamodb: DynamoDBClient, table: str, error: Exception
) -> None:
    records = DynamoRequestRecords(dynamodb, table, CountingPause())

    def lose(number: int, _parsed: object) -> None:
        if number == 1:
            raise error

    with answering(dynamodb, "PutItem", lose):
        assert claim(records) is None
    with answering(dynamodb, "UpdateItem", lose):
        assert records.take_over(KEY, "request", "second", END, DEADLINE)
    with answering(dynamodb, "UpdateItem", lose):
        records.keep(KEY, "second", ANSWER, DEADLINE)
    found = records.find(KEY, NOW, DEADLINE)
    assert found is not None
    assert found.answer == ANSWER


def test_a_record_is_read_if_aws_does_not_return_it(dynamodb: DynamoDBClient, table: str) -> None:
    records = DynamoRequestRecords(dynamodb, table)
    claim(records)
    refusal = error_answer("ConditionalCheckFailedException")
    with failing(dynamodb, "PutItem", lambda _: refusal):
        assert claim(records, record=replace(FIRST, attempt="second")) == FIRST


def test_a_permanent_error_is_not_taken_for_a_lost_race(
    dynamodb: DynamoDBClient, table: str
) -> None:
    records = DynamoRequestRecords(dynamodb, table, CountingPause())
    refusal = error_answer("AccessDeniedException")
    with failing(dynamodb, "PutItem", lambda _: refusal), pytest.raises(StorageRefusedError):
        claim(records)
    claim(records)
    with failing(dynamodb, "UpdateItem", lambda _: refusal), pytest.raises(StorageRefusedError):
        records.release(KEY, "request", DEADLINE)


def test_records_and_parts_of_answers_expire_and_hold_no_key(
    dynamodb: DynamoDBClient, table: str
) -> None:
    records = DynamoRequestRecords(dynamodb, table)
    secret = replace(KEY, key="a key that a client chose")
    claim(records, secret)
    answer = KeptAnswer(200, _incompressible(2, PART_BYTES + 1), {})
    records.keep(secret, "request", answer, DEADLINE)
    items = dynamodb.scan(TableName=table)["Items"]
    assert len(items) == 3
    assert all(int(item["expires_at"]["N"]) >= (NOW + KEPT).timestamp() for item in items)
    assert secret.key not in str(items)
