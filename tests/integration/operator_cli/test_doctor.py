"""`orders doctor restore` brings lost orders back, and publishes no old trigger."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from operator_cli.composition import Connection
from operator_cli.restore import VERSION_GAP
from orders.adapters.table_keys import tombstone_key
from orders.domain.order import Order
from tests.integration.operator_cli.conftest import Run
from tests.support.deadlines import DEADLINE
from tests.support.hub_worlds import World
from tests.support.stored_changes import check_changes
from tests.support.stream import passes_filter, read_stream
from tests.support.template_tables import create_table

type Item = dict[str, Any]
type Items = Callable[[], list[Item]]


@dataclass
class Backup:
    """A restored table: a copy of the stack's table at an earlier time."""

    client: DynamoDBClient
    stack: str
    table: str

    def take(self) -> None:
        for item in self.items(self.stack):
            self.client.put_item(TableName=self.table, Item=item)

    def items(self, table: str) -> list[Item]:
        return list(self.client.scan(TableName=table, ConsistentRead=True)["Items"])

    def lose(self, order: Order) -> None:
        """Delete every item of an order, as a faulty script would."""
        numbers = {f"{order.order_id:016}", str(order.order_id)}
        for item in self.items(self.stack):
            name, sort_key = item["pk"]["S"].split("#")[-1], item["sk"]["S"]
            is_own = item.get("order_id", {}).get("N") == str(order.order_id)
            if is_own or sort_key in numbers or name in numbers:
                key = {"pk": item["pk"], "sk": item["sk"]}
                self.client.delete_item(TableName=self.stack, Key=key)


@pytest.fixture
def backup(dynamodb: DynamoDBClient, connection: Connection) -> Backup:
    return Backup(dynamodb, connection.table, create_table(dynamodb))


def test_a_lost_order_returns_with_its_aliases_and_its_history(
    run: Run, world: World, backup: Backup, dynamodb: DynamoDBClient
) -> None:
    world.create("A", "other")
    world.update("A", status="paid")
    world.rename("A", "B")
    lost = world.named("B")
    backup.take()
    backup.lose(lost)
    assert run("order", "show", "B").code == 1
    ended = run("doctor", "restore", "--from", backup.table)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "Restored 1 order (exist already: 1, deleted: 0, in conflict: 0).\n"
    found = world.named("B")
    assert (found.order_id, found.document) == (lost.order_id, lost.document)
    assert found.version == lost.version + VERSION_GAP
    assert found.updated_at > lost.updated_at
    stored = world.store.found(lost.order_id)
    assert (stored.aliases, stored.trigger) == (("A",), None)
    assert run("order", "show", "A").code == 0
    history = json.loads(run("order", "history", "B", "--json").out.splitlines()[0])
    assert history
    versions = [
        int(each["version"]["N"])
        for each in backup.items(backup.stack)
        if each.get("type", {}).get("S") == "version"
        and each["order_id"]["N"] == str(lost.order_id)
    ]
    assert sorted(versions) == [1, 2, 3]
    # Readers of changes learn of it.
    check_changes(dynamodb, backup.stack)


def test_a_lost_order_that_was_deleted_softly_returns_hidden(
    run: Run, world: World, backup: Backup
) -> None:
    world.create("A")
    world.rename("A", "B")
    lost = world.hide("B")
    backup.take()
    backup.lose(lost)
    assert world.store.index.find_hidden("demo", lost.order_id, DEADLINE) is None
    ended = run("doctor", "restore", "--from", backup.table)
    assert ended.out == "Restored 1 order (exist already: 0, deleted: 0, in conflict: 0).\n"
    assert run("order", "show", "B").code == 1
    stored = world.store.index.find_hidden("demo", lost.order_id, DEADLINE)
    assert stored is not None
    assert (stored.order.document, stored.aliases) == (lost.document, ("A",))
    again = run("doctor", "restore", "--from", backup.table)
    assert again.out == "Restored 0 orders (exist already: 1, deleted: 0, in conflict: 0).\n"
    world.revive(lost.order_id)
    assert run("order", "show", "A").code == 0


def test_a_restore_publishes_no_trigger_and_the_next_change_a_new_one(
    run: Run, world: World, backup: Backup, dynamodb: DynamoDBClient
) -> None:
    """The relay would publish the old trigger of an item that is copied back as it was."""
    world.create("A")
    world.update("A", status="paid")
    lost = world.named("A")
    backup.take()
    backup.lose(lost)
    view: Any = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    dynamodb.update_table(TableName=backup.stack, StreamSpecification=view)
    assert run("doctor", "restore", "--from", backup.table).code == 0
    records = read_stream(dynamodb, backup.stack)
    assert records
    assert [each for each in records if passes_filter(each)] == []
    known = {each.id for each in world.triggers}
    world.update("A", status="cancelled")
    assert world.triggers[-1].id not in known
    assert world.triggers[-1].order.version == lost.version + VERSION_GAP + 1


def test_what_exists_or_was_deleted_does_not_change(
    run: Run, world: World, backup: Backup, items: Items
) -> None:
    world.create("kept", "changed", "renamed", "deleted")
    backup.take()
    world.update("changed", status="paid")
    world.rename("renamed", "new name")
    world.delete("deleted")
    before = items()
    ended = run("doctor", "restore", "--from", backup.table, "--json")
    assert ended.code == 0
    [row] = [json.loads(line) for line in ended.out.splitlines()]
    assert (row["outcome"], row["external_id"]) == ("deleted", "deleted")
    assert ended.err == "Restored 0 orders (exist already: 3, deleted: 1, in conflict: 0).\n"
    assert items() == before


def test_an_order_that_was_renamed_and_lost_is_a_conflict(
    run: Run, world: World, backup: Backup, dynamodb: DynamoDBClient
) -> None:
    order = world.create("A")
    backup.take()
    world.rename("A", "B")
    for name in ("A", "B"):
        key = {"pk": {"S": f"A#demo#O#{name}"}, "sk": {"S": "O"}}
        dynamodb.delete_item(TableName=backup.stack, Key=key)
    ended = run("doctor", "restore", "--from", backup.table)
    assert ended.code == 1
    assert f"Conflict: order {order.order_id} of account demo.\n" in ended.out
    assert ended.err.startswith("Orders that were renamed after the restored time are lost: ")


def test_a_trial_writes_nothing_and_a_second_restore_finds_nothing(
    run: Run, world: World, backup: Backup, items: Items
) -> None:
    lost = world.create("A")
    backup.take()
    backup.lose(lost)
    before = items()
    ended = run("doctor", "restore", "--from", backup.table, "--dry-run")
    assert ended.out.startswith("Would restore 1 order (")
    assert items() == before
    assert run("doctor", "restore", "--from", backup.table).code == 0
    after = items()
    again = run("doctor", "restore", "--from", backup.table)
    assert again.out.startswith("Restored 0 orders (exist already: 1, ")
    assert items() == after


def test_only_orders_are_copied(run: Run, world: World, backup: Backup, items: Items) -> None:
    """An older token, lane or tombstone would undo a revocation, repeat an id, or be relayed."""
    world.create("gone")
    world.delete("gone")
    for words in ("client create shop --role orders:read", "token create shop"):
        assert run(*words.split()).code == 0
    backup.take()
    tombstones = [
        each["pk"]["S"] for each in items() if each.get("type", {}).get("S") == "tombstone"
    ]
    assert tombstones == [tombstone_key("demo", world.triggers[0].order.order_id)["pk"]["S"]]
    for item in items():
        key = {"pk": item["pk"], "sk": item["sk"]}
        backup.client.delete_item(TableName=backup.stack, Key=key)
    assert run("doctor", "restore", "--from", backup.table).code == 0
    assert items() == []


def test_a_wrong_table_is_rejected(run: Run, connection: Connection) -> None:
    same = run("doctor", "restore", "--from", connection.table)
    assert (same.code, same.err) == (
        2,
        "--from must be another table than that of the stack.\n",
    )
    missing = run("doctor", "restore", "--from", "no-such-table")
    assert missing.code == 1
    assert missing.err == (
        f"Table no-such-table does not exist at {connection.endpoint_url}: correct --from.\n"
    )
