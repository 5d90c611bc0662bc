"""The relay's handler with batches as Lambda delivers them."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.dynamodb_receipts import DynamoReceipts
from orders.application.ports import RequestKey, WriteOutcome
from orders.application.relay_triggers import RelayTriggers
from orders.domain.importing import Write
from orders.domain.order import Order
from orders.domain.relaying import WriterLifetime
from orders.domain.triggers import trigger_of
from orders.runtime.composition import connect
from orders.runtime.composition.relay_triggers import relay_triggers
from tests.support.deadlines import DEADLINE
from tests.support.functions import EVENTS, Function, Tree, deployed, sample
from tests.support.log_leaks import WATCH
from tests.support.stream import Record, read_stream

# What each sample event causes: published triggers, parked triggers, and a failed record.
SAMPLES: dict[str, tuple[int, int, list[Tree]]] = {
    "interrupted_import": (1, 0, []),
    "unreadable": (0, 1, []),
}
LONG_AGO = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()


@dataclass
class Relay:
    """The relay function, and what it has published and parked."""

    function: Function
    queue_url: str
    published: list[Tree]
    capture: pytest.CaptureFixture[str]

    def __call__(self, *records: Record) -> Tree:
        return self.function.invoke({"Records": list(records)}, millis=120_000)

    def write(self, *names: str) -> list[Record]:
        """Commit orders as a writer that died long ago. Return their stream records."""
        now = datetime.now(UTC)
        drafts = [
            Order("demo", name, number, 1, "new", "altcraft", '{"lines":[]}', now, now, "dead")
            for number, name in enumerate(names, start=1)
        ]
        orders = DynamoOrders(self.function.client, self.function.table)
        writes = [Write(order, None, trigger_of(None, order)) for order in drafts]
        assert set(orders.save("demo", writes, DEADLINE)) == {WriteOutcome.COMMITTED}
        records = [
            each
            for each in read_stream(self.function.client, self.function.table)
            if "trigger" in each["dynamodb"]["NewImage"]
        ]
        for record in records:
            record["dynamodb"]["ApproximateCreationDateTime"] = LONG_AGO
        return records

    def parked(self) -> list[Tree]:
        answer = boto3.client("sqs").receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10
        )
        return [json.loads(each["Body"]) for each in answer.get("Messages", [])]

    def metrics(self) -> dict[str, float]:
        lines = [json.loads(line) for line in self.capture.readouterr().out.splitlines()]
        [metrics] = [line for line in lines if "_aws" in line]
        return {name: sum(metrics[name]) for name in ("TriggersRelayed", "TriggersParked")}


@pytest.fixture
def relay(
    dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Relay]:
    with deployed(dynamodb, monkeypatch, {"currencies": ["USD"]}, (), stream=True) as get:
        published: list[Tree] = []

        def see(params: Tree, **_rest: object) -> None:
            published.extend(params["Entries"])

        connect().events.meta.events.register("provide-client-params.events.PutEvents", see)
        url = boto3.client("sqs").get_queue_url(QueueName="parked")["QueueUrl"]
        yield Relay(get("relay_triggers"), url, published, capsys)


def test_the_triggers_of_a_dead_writer_are_published(relay: Relay) -> None:
    records = relay.write("A", "B")
    assert relay(*records) == {"batchItemFailures": []}
    details = [json.loads(entry["Detail"]) for entry in relay.published]
    assert [detail["external_id"] for detail in details] == ["A", "B"]
    assert {entry["DetailType"] for entry in relay.published} == {"OrderCreated"}
    assert relay.metrics() == {"TriggersRelayed": 2, "TriggersParked": 0}


def test_triggers_with_a_receipt_are_not_published_again(relay: Relay) -> None:
    records = relay.write("A")
    receipts = DynamoReceipts(relay.function.client, relay.function.table)
    receipts.leave(RequestKey("demo", "dead"), (), DEADLINE)
    assert relay(*records) == {"batchItemFailures": []}
    assert relay.published == []
    assert relay.metrics() == {"TriggersRelayed": 0, "TriggersParked": 0}


def test_a_record_is_delivered_again_if_the_bus_rejects_its_trigger(relay: Relay) -> None:
    first, second = relay.write("A", "B")

    def refuse(parsed: Tree, **_rest: object) -> None:
        parsed["Entries"][-1] = {"ErrorCode": "AccessDenied"}

    connect().events.meta.events.register("after-call.events.PutEvents", refuse)
    answer = relay(first, second)
    number = second["dynamodb"]["SequenceNumber"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": number}]}
    assert relay.metrics() == {"TriggersRelayed": 1, "TriggersParked": 0}


def test_an_unreadable_record_is_parked_and_does_not_block_others(relay: Relay) -> None:
    first, second = relay.write("A", "B")
    broken = deepcopy(first)
    del broken["dynamodb"]["NewImage"]["version"]
    assert relay(broken, second) == {"batchItemFailures": []}
    assert [json.loads(entry["Detail"])["external_id"] for entry in relay.published] == ["B"]
    [parked] = relay.parked()
    assert parked["reason"] == "unreadable record: KeyError"
    assert parked["sequence_number"] == first["dynamodb"]["SequenceNumber"]
    assert relay.metrics() == {"TriggersRelayed": 1, "TriggersParked": 1}


def test_triggers_of_a_writer_that_may_still_run_are_not_published(relay: Relay) -> None:
    overdue, fresh = relay.write("A", "B")
    fresh["dynamodb"]["ApproximateCreationDateTime"] = datetime.now(UTC).timestamp()
    answer = relay.function.invoke({"Records": [overdue, fresh]}, millis=5_000)
    number = fresh["dynamodb"]["SequenceNumber"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": number}]}
    assert [json.loads(entry["Detail"])["external_id"] for entry in relay.published] == ["A"]
    assert relay.metrics() == {"TriggersRelayed": 1, "TriggersParked": 0}


def test_a_record_without_a_trigger_envelope_is_ignored(relay: Relay) -> None:
    first, second = relay.write("A", "B")
    del first["dynamodb"]["NewImage"]["trigger"]
    assert relay(first, second) == {"batchItemFailures": []}
    assert relay.metrics() == {"TriggersRelayed": 1, "TriggersParked": 0}


def test_a_new_order_with_a_broken_document_is_parked_once_the_bus_rejects_it(
    relay: Relay,
) -> None:
    first, second = relay.write("A", "B")
    first["dynamodb"]["NewImage"]["document"] = {"S": '{"email":"customer@example.com","lin'}
    assert relay(first, second) == {"batchItemFailures": []}
    [parked] = relay.parked()
    assert parked == {
        "reason": "MalformedDetail",
        "trigger_id": first["dynamodb"]["NewImage"]["trigger"]["M"]["id"]["S"],
        "kind": "OrderCreated",
        "account": "demo",
        "order_id": 1,
        "version": 1,
        "payload": "full",
    }
    assert relay.metrics() == {"TriggersRelayed": 1, "TriggersParked": 1}


@pytest.mark.filterwarnings("ignore:No application metrics")
@pytest.mark.parametrize("variable", ["TABLE_NAME", "PARKED_TRIGGERS_QUEUE_URL"])
def test_a_missing_variable_fails_the_batch_and_is_named(
    relay: Relay, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    [record] = relay.write("A")
    connect.cache_clear()
    relay_triggers.cache_clear()
    monkeypatch.delenv(variable)
    with pytest.raises(RuntimeError, match=variable):
        relay(record)


def test_every_sample_event_has_an_expected_result() -> None:
    assert {path.stem for path in (EVENTS / "relay_triggers").glob("*")} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_each_sample_event_has_its_result(relay: Relay, name: str) -> None:
    relayed, parked, failures = SAMPLES[name]
    answer = relay.function.invoke(sample("relay_triggers", name), millis=120_000)
    assert answer == {"batchItemFailures": failures}
    assert relay.metrics() == {"TriggersRelayed": relayed, "TriggersParked": parked}


def test_a_fault_of_the_relay_is_raised_without_its_message(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise KeyError("jane.doe@example.org")

    monkeypatch.setattr(RelayTriggers, "__call__", fail)
    before = WATCH.lines
    with pytest.raises(
        Exception, match=r"^The batch failed; see the log of the function$"
    ) as raised:
        relay(*relay.write("A"))
    assert type(raised.value).__name__ == "StreamFailedError"
    assert raised.value.__suppress_context__
    # The suite's watch over log lines checks that the log has no customer data.
    assert WATCH.lines > before


def test_the_relay_waits_as_long_as_the_stack_lets_a_writer_live(relay: Relay) -> None:
    assert relay.function
    assert relay_triggers().writer_lifetime == WriterLifetime(
        timedelta(seconds=27), timedelta(seconds=5)
    )


def test_a_record_of_now_is_not_relayed_before_its_writer_must_have_ended(relay: Relay) -> None:
    """There is no time to wait for it, so it has to come again."""
    [record] = relay.write("A")
    record["dynamodb"]["ApproximateCreationDateTime"] = datetime.now(UTC).timestamp() - 20
    answer = relay.function.invoke({"Records": [record]}, millis=8_000)
    number = record["dynamodb"]["SequenceNumber"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": number}]}
    assert relay.published == []
