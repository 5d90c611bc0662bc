"""`orders person` finds, exports and erases everything that concerns a person, and nothing else."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from operator_cli.composition import Connection
from orders.adapters.dynamodb_history import DynamoHistory
from orders.adapters.dynamodb_receipts import DynamoReceipts
from orders.adapters.dynamodb_settings import DynamoSettings
from orders.adapters.stream_records import StreamedChange, read_history_record, read_record
from orders.application.ports import RequestKey
from orders.application.record_history import RecordHistory
from orders.domain.triggers import TriggerPayload
from orders.runtime.composition.trigger_rules import TRIGGER_RULES
from tests.integration.operator_cli.conftest import Ended, Run
from tests.support.deadlines import DEADLINE
from tests.support.fakes import FakeParking
from tests.support.hub_worlds import World
from tests.support.stream import read_stream

JANE = "jane@example.com"
type Items = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def stream(dynamodb: DynamoDBClient, connection: Connection) -> str:
    """Return the name of the stack's table, which has a stream."""
    view: Any = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    dynamodb.update_table(TableName=connection.table, StreamSpecification=view)
    return connection.table


def _fill(world: World) -> None:
    """Store Jane's data in every kind of item, and orders of others."""
    world.create("1", email="Jane@Example.com")
    world.update("1", status="paid")
    world.rename("1", "1 renamed")
    world.create("hidden", email=JANE)
    world.hide("hidden")
    world.create("deleted", email=JANE)
    world.delete("deleted")
    world.create("corrected", email=JANE)
    world.update("corrected", email="joe@example.com")
    world.create("other", email="joe@example.com", custom_fields={"note": f"not {JANE}"})


def _found(ended: Ended) -> list[tuple[str, str, int]]:
    rows = [json.loads(line) for line in ended.out.splitlines()]
    return [(each["place"], each["external_id"], each["version"]) for each in rows]


ALL = [
    ("replaced version", "1", 1),
    ("replaced version", "1", 2),
    ("order", "1 renamed", 3),
    ("replaced version", "hidden", 1),
    ("softly deleted order", "hidden", 2),
    ("deletion of the last two days", "deleted", 2),
    ("replaced version", "corrected", 1),
]


def test_everything_that_concerns_the_person_is_found(run: Run, world: World) -> None:
    _fill(world)
    found = run("person", "find", "--email", "JANE@example.com", "--json")
    assert (found.code, found.err) == (0, "")
    assert [each for each in _found(found) if each[1:] != ("deleted", 1)] == ALL
    assert "example.com" not in found.out


@pytest.mark.parametrize(
    ("option", "value"),
    [("--phone", "+49 30 1234-56"), ("--customer-id", "p-7"), ("--email", JANE)],
)
def test_one_fitting_option_is_enough(run: Run, world: World, option: str, value: str) -> None:
    world.create("A", email=JANE, phone="4930123456", profile_id="p-7")
    world.create("B", email="joe@example.com", phone="49301234567", profile_id="p-70")
    options = ("--email", "nobody@example.com", option, value)
    assert _found(run("person", "find", *options, "--json")) == [("order", "A", 1)]


def test_orders_of_other_accounts_are_not_found(
    run: Run, world: World, items: Items, dynamodb: DynamoDBClient, connection: Connection
) -> None:
    world.create("A", email=JANE)
    [order] = [each for each in items() if each.get("type") == {"S": "order"}]
    other = {**order, "pk": {"S": "A#demo2#O#A"}}
    dynamodb.put_item(TableName=connection.table, Item=other)
    assert len(_found(run("person", "find", "--email", JANE, "--json"))) == 1


@pytest.mark.usefixtures("demo_account")
@pytest.mark.parametrize(
    ("options", "text"),
    [
        ((), "At least one --email, --phone or --customer-id is required."),
        (("--email", "jane"), "must be an email address"),
        (("--phone", "12"), "must be a phone number of at least 5 digits"),
        (("--customer-id", " "), "must not be empty"),
    ],
)
def test_an_option_that_would_find_nobody_is_rejected(
    run: Run, options: Sequence[str], text: str
) -> None:
    ended = run("person", "erase", "--yes", *options)
    assert ended.code == 2
    assert text in ended.err


def test_an_export_has_every_version_and_only_the_user_can_read_it(
    run: Run, world: World, tmp_path: Path
) -> None:
    _fill(world)
    file = tmp_path / "person.jsonl"
    assert run("person", "export", "--email", JANE, str(file)).code == 0
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert {each["external_id"] for each in rows} == {name for _, name, _ in ALL}
    assert {each["order"]["email"].lower() for each in rows} == {JANE}
    assert file.stat().st_mode & 0o777 == 0o600
    again = run("person", "export", "--email", JANE, str(file))
    assert (again.code, "exists: choose another file" in again.err) == (2, True)
    assert run("person", "export", "--email", JANE, str(file), "--overwrite").code == 0


def test_an_erasure_leaves_nothing_of_the_person_and_everything_of_others(
    run: Run, world: World, items: Items
) -> None:
    _fill(world)
    ended = run("person", "erase", "--email", JANE, "--yes")
    assert ended.code == 0, ended.err
    assert "its backups for point-in-time recovery until " in ended.out
    assert "the archive " in ended.out
    left = items()
    orders = {each["pk"]["S"] for each in left if each.get("type") == {"S": "order"}}
    assert orders == {"A#demo#O#corrected", "A#demo#O#other"}
    assert [each for each in left if each.get("type") == {"S": "alias"}] == []
    documents = [each["document"]["S"] for each in left if "S" in each.get("document", {})]
    assert not any(f'"{JANE}"' in each.lower() for each in documents)
    assert [each for each in left if each.get("type") == {"S": "version"}] == []
    assert _found(run("person", "find", "--email", JANE, "--json")) == []
    again = run("person", "erase", "--email", JANE, "--yes")
    assert (again.code, "Nothing to erase." in again.out) == (0, True)


def test_an_erasure_is_shown_and_confirmed_first(
    run: Run, world: World, items: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(world)
    before = items()
    assert "Would erase" in run("person", "erase", "--email", JANE, "--dry-run").out
    monkeypatch.setattr("typer.confirm", lambda _text: False)
    refused = run("person", "erase", "--email", JANE)
    assert (refused.code, refused.err) == (1, "Nothing was erased.\n")
    assert items() == before


def test_an_order_that_changes_meanwhile_is_kept(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create("A", email=JANE)

    def change(_text: str) -> bool:
        world.update("A", email="joe@example.com")
        return True

    monkeypatch.setattr("typer.confirm", change)
    ended = run("person", "erase", "--email", JANE)
    assert ended.code == 1
    assert "it changed meanwhile: repeat the command." in ended.out
    assert world.named("A")


def test_the_relay_publishes_the_deletion_without_the_order(
    run: Run, world: World, stream: str, dynamodb: DynamoDBClient
) -> None:
    world.create("A", email=JANE)
    assert run("person", "erase", "--email", JANE, "--yes").code == 0
    record = read_stream(dynamodb, stream)
    changes = [read_record(each, TRIGGER_RULES) for each in record]
    [last] = [
        each
        for each in changes
        if isinstance(each, StreamedChange) and each.trigger.kind == "OrderDeleted"
    ]
    assert last.trigger.payload is TriggerPayload.THIN
    assert last.trigger.order.client == "operator"
    # The receipt tells the relay that the command has published nothing.
    key = RequestKey("demo", last.request.request_id)
    receipts = DynamoReceipts(dynamodb, stream).find({key}, DEADLINE)
    assert receipts == {key: frozenset({last.trigger.id})}


def test_a_history_function_that_runs_later_does_not_bring_an_erased_version_back(
    run: Run, world: World, stream: str, dynamodb: DynamoDBClient, items: Items
) -> None:
    world.create("A", email=JANE)
    world.update("A", status="paid")
    world.rename("A", "B")
    assert run("person", "erase", "--email", JANE, "--yes").code == 0
    record = RecordHistory(
        DynamoHistory(dynamodb, stream), DynamoSettings(dynamodb, stream), FakeParking()
    )
    read = [read_history_record(each) for each in read_stream(dynamodb, stream)]
    records = [each for each in read if each is not None]
    assert records
    # Also if the records arrive one by one, and the last one first.
    for each in reversed(records):
        assert record([each], DEADLINE).failed is None
    assert [each for each in items() if each.get("type") == {"S": "version"}] == []
