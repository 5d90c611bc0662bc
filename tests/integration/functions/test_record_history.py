"""The history function with the table's own stream."""

import json
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime

import boto3
import pytest
from botocore.exceptions import ClientError
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_history import DynamoHistory
from orders.application.ports import WriteOutcome
from orders.domain.changes import StoredOrder
from orders.domain.history import OrderKey, ReplacedVersion
from orders.domain.importing import Write
from orders.domain.order import Cause, Presence
from orders.domain.triggers import TriggerKind, trigger_of
from orders.runtime.composition import connect
from tests.support.deadlines import DEADLINE
from tests.support.functions import EVENTS, Function, Tree, deployed, sample
from tests.support.order_changes import (
    NOW,
    deletion,
    new_order,
    renaming,
    revival,
    shipping,
    soft_deletion,
)
from tests.support.order_stores import OrderStore, store_in
from tests.support.stored_changes import check_history
from tests.support.stream import Record, passes_filter, read_stream

KEY = OrderKey("demo", 1)
COMMITTED = WriteOutcome.COMMITTED


@dataclass
class Recorder:
    """The history function and the store that it follows."""

    function: Function
    store: OrderStore

    def records(self) -> list[Record]:
        """Return the records that the function's filter lets pass, of all changes so far."""
        return [
            each
            for each in read_stream(self.function.client, self.function.table)
            if passes_filter(each, "RecordHistoryFunction")
        ]

    def __call__(self, *records: Record) -> Tree:
        return self.function.invoke({"Records": list(records)})

    def history(self, limit: int = 100) -> list[ReplacedVersion]:
        history = DynamoHistory(self.function.client, self.function.table)
        versions: list[ReplacedVersion] = []
        before: int | None = None
        while True:
            page = history.find(KEY, before, limit, DEADLINE)
            versions += page.versions
            if page.next_before is None:
                return versions
            before = page.next_before

    def change(self) -> list[StoredOrder]:
        """Create an order and change it in every way. Return its versions, the newest first."""
        store, versions = self.store, []
        first = new_order()
        [outcome] = store.orders.save(
            "demo", [Write(first, None, trigger_of(None, first))], DEADLINE
        )
        assert outcome is COMMITTED
        versions.append(store.found(1))
        silent = first.next_version(Cause("another", "other client", NOW))
        assert store.orders.save("demo", [Write(silent, 1, None)], DEADLINE) == [COMMITTED]
        versions.append(store.found(1))
        for plan in (lambda stored: renaming(stored, "B"), shipping):
            assert store.changes.save(plan(store.found(1)), DEADLINE) is COMMITTED
            versions.append(store.found(1))
        return versions[::-1]


@pytest.fixture
def recorder(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    with deployed(dynamodb, monkeypatch, {"currencies": ["USD"]}, (), stream=True) as get:
        function = get("record_history")
        yield Recorder(function, store_in(dynamodb, function.table))


def test_every_replaced_version_is_kept_as_it_was(recorder: Recorder) -> None:
    # The stream rounds the time of a change down to the minute.
    start = datetime.now(UTC).replace(second=0, microsecond=0)
    _present, *replaced = recorder.change()
    end = datetime.now(UTC)
    assert recorder(*recorder.records()) == {"batchItemFailures": []}
    history = recorder.history()
    assert [each.order for each in history] == [each.order for each in replaced]
    assert [each.order.client for each in history] == ["shop", "other client", ""]
    assert [each.trigger for each in history] == [
        TriggerKind.ORDER_EXTERNAL_ID_CHANGED,
        None,
        TriggerKind.ORDER_CREATED,
    ]
    assert all(start <= each.replaced_at <= end for each in history)
    assert recorder.history(limit=1) == history


def test_batches_may_be_repeated_and_reordered(recorder: Recorder) -> None:
    recorder.change()
    records = recorder.records()
    for batch in (records[::-1], records[1:], records):
        recorder(*batch, *batch)
    assert [each.order.version for each in recorder.history()] == [3, 2, 1]


def test_a_deleted_order_has_no_history_whatever_arrives_first(recorder: Recorder) -> None:
    recorder.change()
    assert recorder.store.changes.save(deletion(recorder.store.found(1)), DEADLINE) is COMMITTED
    *replaced, deleted = recorder.records()
    assert deleted["eventName"] == "REMOVE"
    recorder(*replaced[:2])
    recorder(deleted)
    assert recorder.history() == []
    recorder(*replaced)
    assert recorder.history() == []


def test_a_softly_deleted_order_keeps_its_history_whatever_arrives_first(
    recorder: Recorder,
) -> None:
    store = recorder.store
    recorder.change()
    assert store.changes.save(soft_deletion(store.found(1)), DEADLINE) is COMMITTED
    records = recorder.records()
    for batch in (records[::-1], records):
        recorder(*batch)
        assert [each.order.version for each in recorder.history()] == [4, 3, 2, 1]


def test_the_history_has_soft_deletions_and_their_ends(recorder: Recorder) -> None:
    store = recorder.store
    recorder.change()
    assert store.changes.save(soft_deletion(store.found(1)), DEADLINE) is COMMITTED
    hidden = store.index.find_hidden("demo", 1, DEADLINE)
    assert hidden is not None
    assert store.changes.save(revival(hidden), DEADLINE) is COMMITTED
    assert store.changes.save(soft_deletion(store.found(1)), DEADLINE) is COMMITTED
    recorder(*recorder.records())
    revived, deleted, *_ = recorder.history()
    assert (deleted.order, deleted.trigger) == (hidden.order, TriggerKind.ORDER_DELETED)
    assert (revived.order.presence, revived.trigger) == (
        Presence.REVIVED,
        TriggerKind.ORDER_CREATED,
    )
    check_history(recorder.function.client, recorder.function.table)
    again = store.index.find_hidden("demo", 1, DEADLINE)
    assert again is not None
    assert store.changes.save(deletion(again), DEADLINE) is COMMITTED
    recorder(*recorder.records())
    assert recorder.history() == []


def test_the_history_causes_no_records_for_itself(recorder: Recorder) -> None:
    recorder.change()
    before = recorder.records()
    recorder(*before)
    assert recorder.records() == before
    assert not [
        each
        for each in read_stream(recorder.function.client, recorder.function.table)
        if each["dynamodb"].get("NewImage", {}).get("type", {}).get("S") == "version"
        and passes_filter(each)
    ]


def test_a_version_expires_after_the_days_of_the_account(recorder: Recorder) -> None:
    recorder.change()
    records = recorder.records()
    recorder(*records)
    items = recorder.function.client.query(
        TableName=recorder.function.table,
        KeyConditionExpression="pk = :order",
        ExpressionAttributeValues={":order": {"S": "A#demo#H#1"}},
    )["Items"]
    for item, record in zip(items, records, strict=True):
        replaced = record["dynamodb"]["ApproximateCreationDateTime"]
        assert int(item["expires_at"]["N"]) - int(replaced) == 400 * 24 * 60 * 60


def test_an_unreadable_record_is_parked(recorder: Recorder) -> None:
    recorder.change()
    first, *rest = recorder.records()
    broken = deepcopy(first)
    del broken["dynamodb"]["OldImage"]["document"]
    assert recorder(broken, *rest) == {"batchItemFailures": []}
    assert [each.order.version for each in recorder.history()] == [3, 2]
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="parked")["QueueUrl"]
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"]) == {
        "reason": "unreadable record: KeyError",
        "sequence_number": first["dynamodb"]["SequenceNumber"],
        "keys": first["dynamodb"]["Keys"],
    }


@pytest.mark.parametrize("call", ["BatchWriteItem", "BatchGetItem"])
def test_a_batch_is_delivered_again_if_the_table_rejects_a_call(
    recorder: Recorder, call: str
) -> None:
    recorder.change()
    records = recorder.records()

    def refuse(**_rest: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, call)

    events = connect().dynamodb.meta.events
    events.register(f"before-parameter-build.dynamodb.{call}", refuse)
    number = records[0]["dynamodb"]["SequenceNumber"]
    assert recorder(*records) == {"batchItemFailures": [{"itemIdentifier": number}]}
    events.unregister(f"before-parameter-build.dynamodb.{call}", refuse)
    recorder(*records)
    assert [each.order.version for each in recorder.history()] == [3, 2, 1]


@pytest.mark.parametrize("name", ["replaced", "deleted"])
def test_the_sample_events_do_what_their_names_say(recorder: Recorder, name: str) -> None:
    assert {each.stem for each in (EVENTS / "record_history").iterdir()} == {"replaced", "deleted"}
    recorder(*sample("record_history", "replaced")["Records"])
    assert len(recorder.history()) == 1
    recorder(*sample("record_history", name)["Records"])
    assert len(recorder.history()) == (1 if name == "replaced" else 0)


class CrashedError(BaseException):
    """The process has crashed. No code may catch this."""


@dataclass
class Crash:
    """Crashes the process before or after the AWS call number `at`."""

    at: int
    calls: int = 0

    def __call__(self, **_rest: object) -> None:
        self.calls += 1
        if self.calls == self.at:
            raise CrashedError


@pytest.mark.filterwarnings("ignore:No application metrics")
@pytest.mark.parametrize("moment", ["before-call", "after-call"])
def test_a_crash_at_any_call_leaves_a_batch_that_can_be_repeated(
    recorder: Recorder, moment: str
) -> None:
    recorder.change()
    recorder.store.create(new_order("doomed", 2))
    for change in (shipping, deletion):
        assert recorder.store.changes.save(change(recorder.store.found(2)), DEADLINE) is COMMITTED
    records = recorder.records()
    events = connect().dynamodb.meta.events
    for at in range(1, 20):
        crash = Crash(at)
        events.register(f"{moment}.dynamodb", crash)
        with suppress(CrashedError):
            recorder(*records)
        events.unregister(f"{moment}.dynamodb", crash)
        recorder(*records)
        check_history(recorder.function.client, recorder.function.table)
        if crash.calls < at:
            break
    # Settings, versions, markers, the search for the versions of the deleted order, its erasure.
    assert at > 5
