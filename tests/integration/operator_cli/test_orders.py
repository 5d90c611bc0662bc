"""The command `orders order`."""

import csv
import json
import signal
from pathlib import Path

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from operator_cli.composition import CommandDeadline, Connection, connected
from operator_cli.hub_reads import HubReads
from orders.domain.importing import Write
from orders.domain.order import Order
from tests.integration.operator_cli.conftest import Run
from tests.support.commercetools import draft
from tests.support.drafts import stored
from tests.support.hub_worlds import World


@pytest.fixture
def order(world: World) -> Order:
    """Store an order that was changed and renamed; return its first version."""
    order = world.create("old", status="new", tags=["один"], points=9007199254740993)
    world.update("old", status="paid")
    world.rename("old", "№ 1")
    return order


@pytest.mark.parametrize(
    "words", [["№ 1"], ["old"], ["--external-id", "old"], ["--order-id", "{id}"], ["{id}"]]
)
def test_an_order_is_shown_by_each_of_its_ids(run: Run, order: Order, words: list[str]) -> None:
    ended = run("order", "show", *(word.format(id=order.order_id) for word in words))
    assert (ended.code, ended.err) == (0, "")
    shown = json.loads(ended.out)
    assert shown["order_id"] == order.order_id
    assert (shown["external_id"], shown["former_external_ids"]) == ("№ 1", ["old"])
    assert (shown["version"], shown["status"], shown["protocol"]) == (3, "paid", "altcraft")
    assert shown["document"]["points"] == 9007199254740993
    assert "один" in ended.out


def test_an_external_id_of_digits_comes_before_an_order_id(
    run: Run, world: World, order: Order
) -> None:
    world.create(str(order.order_id))
    name = str(order.order_id)
    assert json.loads(run("order", "show", name).out)["external_id"] == name
    assert json.loads(run("order", "show", "--order-id", name).out)["external_id"] == "№ 1"


@pytest.mark.parametrize("command", ["show", "history"])
@pytest.mark.parametrize("name", ["1", "№ 1 ", "", "\udcff", "x" * 3000, "a\nb", "9" * 16])
def test_an_unknown_order_is_rejected_in_one_sentence(
    run: Run, order: Order, command: str, name: str
) -> None:
    del order
    ended = run("order", command, "--", name)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith('Order "')
    assert ended.err.endswith(' does not exist in account "demo".\n')
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("command", ["show", "history"])
def test_an_order_is_named_once(run: Run, demo_account: str, command: str) -> None:
    del demo_account
    for words in ([], ["A", "--order-id", "1"], ["--external-id", "A", "--order-id", "1"]):
        ended = run("order", command, *words)
        assert ended.code == 2
        assert ended.err == "Give one of ID, --external-id and --order-id.\n"
    assert run("order", command, "--order-id", "7").err == (
        'Order 7 does not exist in account "demo".\n'
    )


def test_orders_of_other_accounts_are_not_shown(run: Run, order: Order) -> None:
    del order
    run("account", "create", "acme")
    assert run("order", "show", "№ 1", "--account", "acme").code == 1
    assert run("order", "show", "№ 1", "--account", "demo").code == 0
    assert run("order", "list", "--json", "--account", "acme").out == ""


def test_a_commercetools_order_is_shown_with_its_calculated_members(
    connection: Connection, demo_account: str, run: Run
) -> None:
    order = stored(draft(), external_id="CT-1", order_id=8, account=demo_account)
    with connected(connection) as operator:
        operator.orders.save("demo", [Write(order, None, None)], CommandDeadline.from_now())
    document = json.loads(run("order", "show", "CT-1").out)["document"]
    assert document["lineItems"][0]["totalPrice"]["centAmount"] == 1990
    assert document["orderNumber"] == "CT-1"


def test_a_history_says_what_each_version_changed(run: Run, order: Order) -> None:
    ended = run("order", "history", "old")
    assert (ended.code, ended.err) == (0, "")
    assert '  external_id: "old" -> "№ 1"\n' in ended.out
    assert '  status: "new" -> "paid"\n' in ended.out
    lines = run("order", "history", "--order-id", str(order.order_id), "--json").out.splitlines()
    assert [json.loads(line)["version"] for line in lines] == [3, 2, 1]


def test_the_history_of_a_deleted_order_is_its_deletion(run: Run, world: World) -> None:
    order = world.create("A")
    world.delete("A")
    assert run("order", "history", "A").code == 1
    # Its deletion is too old for the hub's clock, which is the real one here.
    assert run("order", "history", str(order.order_id)).code in {0, 1}


def test_a_list_has_a_table_and_json_lines(run: Run, world: World) -> None:
    world.create_many(3)
    table = run("order", "list", "--limit", "2").out
    assert "external id" in table
    assert ("A-2" in table, "A-1" in table, "A-0" in table) == (True, True, False)
    lines = run("order", "list", "--oldest-first", "--json").out.splitlines()
    assert [json.loads(line)["external_id"] for line in lines] == ["A-0", "A-1", "A-2"]
    assert "document" in json.loads(lines[0])


@pytest.mark.parametrize("command", ["list", "export orders.csv"])
@pytest.mark.parametrize("option", ["created-from", "created-to", "changed-from", "changed-to"])
def test_a_time_must_be_one(run: Run, demo_account: str, command: str, option: str) -> None:
    del demo_account
    ended = run("order", *command.split(), f"--{option}", "yesterday")
    assert ended.code == 2
    assert "must be an RFC 3339 time" in " ".join(ended.err.replace("│", " ").split())


def test_an_export_is_written_and_reported(run: Run, world: World, tmp_path: Path) -> None:
    world.create_many(2, "={}")
    file = tmp_path / "orders.csv"
    ended = run("order", "export", str(file))
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == f"Wrote 2 orders to {file}.\n"
    with file.open(encoding="utf-8", newline="") as opened:
        assert [row["external_id"] for row in csv.DictReader(opened)] == ["'=0", "'=1"]
    again = run("order", "export", str(file))
    assert again.code == 2
    assert "give --overwrite" in again.err
    assert run("order", "export", str(file), "--overwrite", "--format", "jsonl").code == 0
    assert json.loads(file.read_text().splitlines()[0])["external_id"] == "=0"


def test_an_interrupted_export_says_how_to_continue(
    run: Run, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create("A")
    file = tmp_path / "orders.jsonl"
    with monkeypatch.context() as patch:
        patch.setattr(HubReads, "page_of_orders", lambda *_, **__: signal.raise_signal(2))
        ended = run("order", "export", str(file))
    assert (ended.code, ended.err) == (130, "Interrupted. Repeat the command to continue.\n")
    assert run("order", "export", str(file)).err == f"Wrote 1 order to {file}.\n"


@pytest.mark.parametrize(
    "words", [["orders.txt"], ["orders"], ["orders.csv", "--format", "xml"]], ids=" ".join
)
def test_an_export_requires_a_known_format(run: Run, demo_account: str, words: list[str]) -> None:
    del demo_account
    ended = run("order", "export", *words)
    assert ended.code == 2
    assert "jsonl" in ended.err


def test_an_account_that_does_not_exist_ends_with_code_3(run: Run, demo_account: str) -> None:
    del demo_account
    ended = run("order", "list", "--account", "nobody")
    assert ended.code == 3
    assert 'Account "nobody" does not exist' in ended.err


def test_a_missing_table_ends_with_code_3(run_bare: Run, dynamodb: DynamoDBClient) -> None:
    url = dynamodb.meta.endpoint_url
    ended = run_bare("order", "list", "--endpoint-url", url, "--stack", "missing")
    assert ended.code == 3
    assert "Table missing-orders does not exist" in ended.err
