"""`orders triggers` shows the published triggers and publishes archived and parked ones again."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_dynamodb.client import DynamoDBClient

from operator_cli.composition import Connection, aws_client
from operator_cli.trigger_archive import TriggerArchive
from orders.domain.triggers import Trigger
from orders.runtime.composition.trigger_rules import TRIGGER_RULES
from tests.integration.operator_cli.conftest import Ended, Run
from tests.support.hub_worlds import World
from tests.support.stream import read_stream
from tests.support.trigger_services import TriggerServices

type Tree = dict[str, Any]


def parked(trigger: Trigger, **members: object) -> Tree:
    """Return the message in which the relay parks a trigger."""
    order = trigger.order
    return {
        "reason": "MalformedDetail",
        "trigger_id": trigger.id,
        "kind": str(trigger.kind),
        "account": order.account,
        "order_id": order.order_id,
        "version": order.version,
        **members,
    }


@dataclass(frozen=True, slots=True)
class Stream:
    """The stream of the stack's table."""

    client: DynamoDBClient
    table: str

    def numbers_of_triggers(self) -> list[str]:
        return [
            each["dynamodb"]["SequenceNumber"]
            for each in read_stream(self.client, self.table)
            if "trigger" in each["dynamodb"].get("NewImage", {})
        ]

    def batch(self, first: str, last: str) -> Tree:
        """Return the message that Lambda sends after the last retry of a batch."""
        arn = self.client.describe_table(TableName=self.table)["Table"]["LatestStreamArn"]
        streams = aws_client("dynamodbstreams", Connection(self.client.meta.endpoint_url))
        [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        return {
            "requestContext": {"condition": "RecordAgeExceeded", "approximateInvokeCount": 90},
            "version": "1.0",
            "DDBStreamBatchInfo": {
                "shardId": shard["ShardId"],
                "startSequenceNumber": first,
                "endSequenceNumber": last,
                "batchSize": 2,
                "streamArn": arn,
            },
        }


@pytest.fixture
def stream(dynamodb: DynamoDBClient, connection: Connection) -> Stream:
    """Return the stream of that stack's table."""
    view: Any = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    dynamodb.update_table(TableName=connection.table, StreamSpecification=view)
    return Stream(dynamodb, connection.table)


def outcome(ended: Ended) -> list[tuple[object, object]]:
    return [(each["what"], each["kept_because"]) for each in json.loads(ended.out)]


def test_every_kind_of_parked_trigger_is_published_again(
    run: Run, services: TriggerServices, world: World
) -> None:
    world.create("A")
    world.update("A", status="paid", lines=[{"external_id": "1", "status": "new"}])
    world.update("A", lines=[{"external_id": "1", "status": "packed"}])
    world.update("A", email="x@example.com")
    world.rename("A", "B")
    world.create("C")
    world.delete("C")
    triggers = world.triggers
    assert len({each.kind for each in triggers}) == 6
    # The versions of a deleted order are erased with it.
    of_kept = [each for each in triggers if each.order.external_id != "C"] + [triggers[-1]]
    for trigger in of_kept:
        services.park(parked(trigger))
    ended = run("triggers", "parked", "replay")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"Replayed {len(of_kept)} of {len(of_kept)} messages.\n"
    assert services.parked() == 0
    received = {each["detail"]["id"]: each for each in services.received()}
    assert received.keys() == {each.id for each in of_kept}
    for trigger in of_kept:
        event = received[trigger.id]
        assert event["detail-type"] == trigger.kind
        assert event["detail"]["changed"] == trigger.changed
        assert event["detail"]["version"] == trigger.order.version


@pytest.mark.parametrize("payload", ["without_person", "thin"])
def test_a_parked_trigger_is_published_with_what_the_writer_was_permitted(
    run: Run, services: TriggerServices, world: World, payload: str
) -> None:
    world.create("A", email="jane@example.com")
    world.update("A", status="paid", email="new-jane@example.com")
    world.create("B", email="jane@example.com")
    world.delete("B")
    _, paid, _, deleted = world.triggers
    for trigger in (paid, deleted):
        services.park(parked(trigger, payload=payload))
    assert run("triggers", "parked", "replay").code == 0
    details = {each["detail-type"]: each["detail"] for each in services.received()}
    assert details.keys() == {"OrderStatusChanged", "OrderDeleted"}
    assert "jane" not in json.dumps(details)
    assert all(each["person_omitted"] for each in details.values())
    assert {"order" in each for each in details.values()} == {payload == "without_person"}


def test_a_parked_soft_deletion_is_published(
    run: Run, services: TriggerServices, world: World
) -> None:
    order = world.create("A")
    world.hide("A")
    hidden = world.triggers[-1]
    world.revive(order.order_id)
    services.park(parked(hidden))
    assert run("triggers", "parked", "replay").code == 0
    [event] = services.received()
    assert (event["detail-type"], event["detail"]["id"]) == ("OrderDeleted", hidden.id)
    assert event["detail"]["order"]["external_id"] == "A"


def test_a_parked_deletion_of_an_erased_person_stays_in_the_queue(
    run: Run, services: TriggerServices, world: World
) -> None:
    world.create("A", email="jane@example.com")
    world.delete("A")
    services.park(parked(world.triggers[-1]))
    erased = run("person", "erase", "--email", "jane@example.com", "--yes")
    assert (erased.code, services.received()) == (0, [])
    ended = run("triggers", "parked", "replay")
    assert (ended.code, "its version is no longer in the table" in ended.out) == (1, True)
    assert services.received() == []


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"version": 7}, "its version is no longer in the table"),
        ({"order_id": 7}, "its version is no longer in the table"),
        ({"kind": "OrderUpdated"}, "its version is no longer in the table"),
        ({"kind": "OrderDeleted"}, "its version is no longer in the table"),
        ({"trigger_id": "other"}, "its version is no longer in the table"),
    ],
)
def test_a_trigger_that_cannot_be_built_again_stays_in_the_queue(
    run: Run, services: TriggerServices, world: World, members: Tree, why: str
) -> None:
    world.create("A")
    identity = services.park(parked(world.triggers[0], **members))
    ended = run("triggers", "parked", "replay")
    assert ended.code == 1
    assert ended.out == f"Kept message {identity}: {why}.\nReplayed 0 of 1 message.\n"
    assert ended.err.startswith("The queue still holds 1 message: ")
    assert services.parked() == 1
    assert services.received() == []


def test_a_change_whose_old_version_is_gone_is_not_published_as_another_one(
    run: Run, services: TriggerServices, world: World, dynamodb: DynamoDBClient, stack: str
) -> None:
    """Without the version before it, the members of `changed` cannot be known."""
    order = world.create("A")
    world.update("A", status="paid")
    key = {"pk": {"S": f"A#demo#H#{order.order_id}"}, "sk": {"S": f"{1:016}"}}
    dynamodb.delete_item(TableName=f"{stack}-orders", Key=key)
    services.park(parked(world.triggers[1]))
    assert run("triggers", "parked", "replay").code == 1
    assert services.received() == []


def test_what_eventbridge_rejects_again_stays_in_the_queue(
    run: Run,
    services: TriggerServices,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    world.create("A")
    services.park(parked(world.triggers[0]))
    monkeypatch.setattr(
        "orders.adapters.eventbridge.EventBridgePublisher._try",
        lambda _self, parcels: {each.trigger.id: "MalformedDetail" for each in parcels},
    )
    ended = run("triggers", "parked", "replay", "--json")
    assert ended.code == 1
    assert outcome(ended) == [("OrderCreated", "EventBridge rejected it: MalformedDetail")]
    assert services.parked() == 1
    del caplog


def test_a_parked_batch_is_relayed_from_the_stream(
    run: Run,
    services: TriggerServices,
    stream: Stream,
    world: World,
) -> None:
    world.create("A", "B", "C")
    numbers = stream.numbers_of_triggers()
    services.park(stream.batch(numbers[0], numbers[1]))
    ended = _after_writers(run)
    assert ended.code == 0
    assert services.parked() == 0
    received = [each["detail"]["external_id"] for each in services.received()]
    assert sorted(received) == ["A", "B"]


def test_a_batch_leaves_out_what_its_writer_published(
    run: Run,
    services: TriggerServices,
    stream: Stream,
    world: World,
) -> None:
    world.create("A", "B")
    numbers = stream.numbers_of_triggers()
    request = world.named("A").request_id
    receipt = {"pk": {"S": f"A#demo#Q#{request}"}, "sk": {"S": "Q"}}
    stream.client.put_item(TableName=stream.table, Item={**receipt, "type": {"S": "receipt"}})
    services.park(stream.batch(numbers[0], numbers[-1]))
    assert _after_writers(run).code == 0
    assert services.parked() == 0
    of_other = {each["detail"]["external_id"] for each in services.received()}
    assert of_other <= {"B"}


@pytest.mark.parametrize("number", ["1", "000000000000000000001"])
def test_records_that_the_stream_no_longer_has_stay_in_the_queue(
    run: Run,
    services: TriggerServices,
    stream: Stream,
    world: World,
    number: str,
) -> None:
    world.create("A")
    services.park({"reason": "unreadable record: KeyError", "sequence_number": number})
    message = stream.batch(number, number)
    message["DDBStreamBatchInfo"]["streamArn"] += "0"
    services.park(message)
    ended = run("triggers", "parked", "replay", "--json")
    assert ended.err.startswith("The queue still holds 2 messages"), ended.err
    gone = "the table's stream, which keeps records for 24 hours, no longer has it"
    assert [why for _what, why in outcome(ended)] == [gone, gone]
    assert services.parked() == 2


def test_a_record_is_relayed_as_soon_as_it_can_be_read(
    run: Run,
    services: TriggerServices,
    stream: Stream,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world.create("A")
    [number] = stream.numbers_of_triggers()
    services.park({"reason": "unreadable record: UnknownProtocolError", "sequence_number": number})

    def unknown(_order: object) -> None:
        raise ValueError

    with monkeypatch.context() as older:
        rules = replace(TRIGGER_RULES, lines_of=unknown)
        older.setattr("operator_cli.committed_triggers.TRIGGER_RULES", rules)
        ended = run("triggers", "parked", "replay", "--json")
        assert outcome(ended) == [(f"record {number}", "its record still cannot be read")]
    assert services.parked() == 1
    assert _after_writers(run).code == 0
    assert services.parked() == 0
    assert [each["detail"]["external_id"] for each in services.received()] == ["A"]


def _after_writers(run: Run) -> Ended:
    """Replay as if the writers had ended: the relay waits for them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("operator_cli.triggers.WRITER_TIMEOUT", timedelta(days=-1))
        return run("triggers", "parked", "replay")


@pytest.mark.parametrize("body", ["no JSON", "[]", "{}", '{"reason": "x"}', '{"requestContext":1}'])
def test_an_unknown_message_is_listed_and_kept(
    run: Run, services: TriggerServices, body: str
) -> None:
    services.park(body)
    [row] = json.loads(run("triggers", "parked", "list", "--json").out)
    assert (row["what"], row["reason"]) == ("unknown", "unknown format")
    ended = run("triggers", "parked", "replay", "--json")
    assert (ended.code, outcome(ended)) == (1, [("unknown", "its format is unknown")])


def test_parked_messages_are_listed_and_stay(
    run: Run,
    services: TriggerServices,
    stream: Stream,
    world: World,
) -> None:
    order = world.create("A")
    identity = services.park(parked(world.triggers[0]))
    services.park(stream.batch("7", "9"))
    for _ in range(2):
        rows = json.loads(run("triggers", "parked", "list", "--json").out)
        assert len(rows) == 2
        single = next(each for each in rows if each["message_id"] == identity)
        assert single == {
            "parked_at": single["parked_at"],
            "reason": "MalformedDetail",
            "what": "OrderCreated",
            "account": "demo",
            "order_id": order.order_id,
            "version": 1,
            "message_id": identity,
        }
        other = next(each for each in rows if each["message_id"] != identity)
        assert other["reason"] == "RecordAgeExceeded"
        assert other["what"].startswith("2 records of shardId-")
    assert len(json.loads(run("triggers", "parked", "list", "--limit", "1", "--json").out)) == 1
    assert services.parked() == 2


@pytest.fixture
def three(services: TriggerServices, world: World) -> list[str]:
    """Return the ids of three parked messages, the last with an unknown format."""
    world.create("A", "B")
    return [*(services.park(parked(each)) for each in world.triggers), services.park("{}")]


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


@pytest.mark.parametrize("text", ["n\n", "\n", ""])
def test_nothing_is_discarded_without_a_yes(
    run: Run,
    services: TriggerServices,
    three: list[str],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
) -> None:
    answer(monkeypatch, text)
    ended = run("triggers", "parked", "discard", "--all")
    assert ended.code == 1
    assert all(each in ended.out for each in three)
    assert "Discard 3 messages? Their triggers are then never published." in ended.err
    assert ended.err.endswith("Nothing was discarded. Give --yes to discard without a question.\n")
    # They are visible at once.
    assert len(json.loads(run("triggers", "parked", "list", "--json").out)) == 3
    assert services.parked() == 3


def test_only_the_named_messages_are_discarded(
    run: Run, services: TriggerServices, three: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "y\n")
    ended = run("triggers", "parked", "discard", three[0], three[2])
    assert (ended.code, ended.out.splitlines()[-1].strip()) == (0, "Discarded 2 messages.")
    assert three[1] not in ended.out
    left = json.loads(run("triggers", "parked", "list", "--json").out)
    assert [each["message_id"] for each in left] == [three[1]]
    assert services.received() == []


def test_all_messages_are_discarded_without_a_question(
    run: Run, services: TriggerServices, three: list[str]
) -> None:
    ended = run("triggers", "parked", "discard", "--all", "--yes", "--json")
    assert {each["message_id"] for each in json.loads(ended.out)} == set(three)
    assert services.parked() == 0
    ended = run("triggers", "parked", "discard", "--all")
    assert (ended.code, ended.out) == (0, "Discarded 0 messages.\n")


def test_no_message_is_discarded_if_one_does_not_exist(
    run: Run, services: TriggerServices, three: list[str]
) -> None:
    ended = run("triggers", "parked", "discard", three[0], "other", "--yes")
    assert ended.code == 1
    assert ended.err == "Nothing was discarded: the queue does not hold other.\n"
    assert len(json.loads(run("triggers", "parked", "list", "--json").out)) == 3
    assert services.parked() == 3


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "Name the messages to discard, or give --all: "),
        (["--yes"], "Name the messages to discard, or give --all: "),
        (["1", "--all"], "Name the messages to discard, or give --all: "),
        (["--all", "--json"], "--json requires --yes: "),
    ],
)
def test_wrong_options_of_discard_are_rejected(run: Run, words: list[str], text: str) -> None:
    ended = run("triggers", "parked", "discard", *words)
    assert ended.code == 2
    assert ended.err.startswith(text)


def _publish(services: TriggerServices) -> None:
    entry = {
        "EventBusName": services.connection.triggers,
        "Source": "market.orders",
        "DetailType": "OrderCreated",
        "Detail": '{"id": "1"}',
    }
    services.events.put_events(Entries=[entry])
    assert len(services.received()) == 1


def test_a_replay_sends_archived_triggers_to_all_rules(run: Run, services: TriggerServices) -> None:
    _publish(services)
    ended = run("triggers", "replay", "--since", "1h", "--wait", "--json")
    assert (ended.code, ended.err) == (0, "")
    name = json.loads(ended.out)["replay"]
    [event] = services.received()
    assert (event["detail"], event["replay-name"]) == ({"id": "1"}, name)
    assert run("triggers", "replay", "--since", "1h").out.startswith("Replay stack-")


def test_a_replay_names_the_rules_that_it_reaches(
    services: TriggerServices, connection: Connection
) -> None:
    sent: list[Mapping[str, Any]] = []
    services.events.meta.events.register(
        "provide-client-params.events.StartReplay", lambda params, **_rest: sent.append(params)
    )
    now = datetime.now(UTC)
    archive = TriggerArchive(services.events, connection.triggers)
    archive.replay("again", now - timedelta(hours=1), now, ["consumer-triggers"])
    [params] = sent
    place = "arn:aws:events:us-east-1:123456789012"
    assert params["EventSourceArn"] == f"{place}:archive/{connection.triggers}"
    assert params["Destination"] == {
        "Arn": f"{place}:event-bus/{connection.triggers}",
        "FilterArns": [f"{place}:rule/{connection.triggers}/consumer-triggers"],
    }


def test_a_replay_that_failed_is_an_error(
    run: Run, services: TriggerServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    del services
    monkeypatch.setattr(
        "moto.events.models.Replay.describe",
        lambda self: {"ReplayName": self.name, "State": "FAILED"},
    )
    ended = run("triggers", "replay", "--since", "1h", "--wait")
    assert ended.code == 1
    assert "ended as FAILED" in ended.err


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--since", "yesterday"], "must be a duration such as 30m, 1h or 2d"),
        (["--since", "0h"], "must be a duration such as 30m, 1h or 2d"),
        (["--since", "1h", "--until", "x"], "must be a duration such as 30m, 1h or 2d"),
        (["--since", "1h", "--until", "2h"], "--since must be before --until."),
        ([], "Missing option '--since'"),
    ],
)
def test_a_wrong_time_of_a_replay_is_rejected(
    run: Run, services: TriggerServices, words: list[str], text: str
) -> None:
    del services
    ended = run("triggers", "replay", *words)
    assert ended.code == 2
    assert text in " ".join(ended.err.replace("│", " ").split())


def test_tail_shows_recent_triggers_sorted_by_time(run: Run, services: TriggerServices) -> None:
    now = datetime.now(UTC)
    services.log(now - timedelta(minutes=20), "OrderCreated a1 order 1 version 1")
    services.log(now - timedelta(minutes=1), "OrderUpdated a3 order 1 version 3")
    services.log(now - timedelta(minutes=2), "OrderStatusChanged a2 order 1 version 2")
    services.log(now - timedelta(seconds=30), "ImportJobFinished a4 job j-1 completed")
    services.log(now - timedelta(seconds=1), "another line")
    lines = run("triggers", "tail", "--json").out.splitlines()
    rows = [json.loads(line) for line in lines]
    assert [each.get("trigger_id") for each in rows] == ["a2", "a3", "a4", None]
    assert rows[0] == {
        "at": rows[0]["at"],
        "kind": "OrderStatusChanged",
        "trigger_id": "a2",
        "order_id": 1,
        "version": 2,
    }
    assert (rows[2]["job_id"], rows[2]["state"]) == ("j-1", "completed")
    assert rows[3]["message"] == "another line"
    text = run("triggers", "tail", "--since", "1h").out.splitlines()
    assert len(text) == 5
    assert text[0].split()[1:] == ["OrderCreated", "a1", "order", "1", "version", "1"]
    assert text[3].split()[1:] == ["ImportJobFinished", "a4", "job", "j-1", "completed"]


def test_tail_follows_until_it_is_interrupted(
    run: Run, services: TriggerServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = 0

    def pause(_seconds: float) -> None:
        nonlocal pauses
        pauses += 1
        if pauses == 3:
            raise KeyboardInterrupt
        # A late line has an earlier time than those that were shown.
        at = datetime.now(UTC) - timedelta(minutes=pauses)
        services.log(at, f"OrderUpdated a{pauses} order 1 version 2")

    monkeypatch.setattr("operator_cli.triggers.time.sleep", pause)
    ended = run("triggers", "tail", "--follow", "--json")
    assert (ended.code, ended.err) == (0, "")
    shown = [json.loads(line)["trigger_id"] for line in ended.out.splitlines()]
    assert shown == ["a1", "a2"]


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("replay --since 1h", "The archive missing-triggers"),
        ("tail", "The log /aws/events/missing-triggers"),
        ("parked list", "The queue missing-parked-triggers"),
        ("parked replay", "The queue missing-parked-triggers"),
        ("parked discard --all", "The queue missing-parked-triggers"),
    ],
)
def test_a_missing_stack_is_explained(
    run_bare: Run, services: TriggerServices, connection: Connection, command: str, what: str
) -> None:
    del services
    url = str(connection.endpoint_url)
    where = ("--endpoint-url", url, "--stack", "missing")
    ended = run_bare(*where, "triggers", *command.split())
    assert ended.code == 1
    assert ended.err == (
        f"{what} does not exist at {url}: deploy the stack, or correct --stack and --region.\n"
    )


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
def test_a_missing_permission_is_explained(
    run: Run, services: TriggerServices, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    del services

    def refuse(*_words: object, **_members: object) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "not permitted"}}, "StartReplay")

    monkeypatch.setattr(TriggerArchive, "replay", refuse)
    ended = run("triggers", "replay", "--since", "1h")
    assert ended.err.startswith("The AWS credentials do not permit this call: ")
