"""The command `orders reconcile`, with AWS credentials and with a token."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from operator_cli.composition import Connection
from orders.application.ports import WriteOutcome
from orders.domain.clients import Role
from orders.domain.importing import Write
from tests.integration.operator_cli.conftest import Run
from tests.support.deadlines import DEADLINE
from tests.support.functions import Tenant, deployed
from tests.support.hub import START, order_number
from tests.support.hub_worlds import World
from tests.support.loopback_http import function_answers, served
from tests.support.order_stores import OrderStore, store_in
from tests.support.yandex_market import stored_order

MANY = {"table": 2000, "api": 300}
PLANTED = 37
KINDS = ("missing_in_file", "different", "renamed", "missing_in_hub")
TENANTS = (Tenant("demo", "reader-token", (Role.ORDERS_READ,)),)


def _file(path: Path, entries: list[tuple[str, str]]) -> str:
    rows = ["external_id,digest", *(f"{name},{digest}" for name, digest in entries)]
    path.write_text("\n".join(rows))
    return str(path)


def test_equal_orders_end_with_code_0(run: Run, world: World, tmp_path: Path) -> None:
    orders = world.create_many(3)
    entries = [(each.external_id, str(each.digest)) for each in orders]
    ended = run("reconcile", _file(tmp_path / "a.csv", entries))
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == "Compared 3 orders of the file: 3 equal.\n"


def test_differences_in_both_directions_end_with_code_1(
    run: Run, world: World, tmp_path: Path
) -> None:
    a, b, _ = world.create_many(3)
    world.rename("A-1", "new\x1b")
    entries = [("A-0", "0" * 64), ("A-1", str(b.digest)), ("X", "0" * 64)]
    path = _file(tmp_path / "a.csv", entries)
    ended = run("reconcile", path)
    assert ended.code == 1
    assert [line.split()[:2] for line in ended.out.splitlines()] == [
        ["different", "A-0"],
        ["renamed", "A-1"],
        ["missing_in_hub", "X"],
        ["missing_in_file", "A-2"],
    ]
    assert "now new\\u001b, equal content" in ended.out
    as_json = [json.loads(line) for line in run("reconcile", path, "--json").out.splitlines()]
    assert [each["result"] for each in as_json] == [
        "different",
        "renamed",
        "missing_in_hub",
        "missing_in_file",
    ]
    assert as_json[0]["digest"] == a.digest
    one_way = run("reconcile", path, "--one-way")
    assert "missing_in_file" not in one_way.out
    assert run("reconcile", path, "--created-to", "2026-01-01").out == one_way.out


def test_a_malformed_line_ends_with_code_2_before_any_call(
    run_bare: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("external_id,version\nA,x\n")
    monkeypatch.setenv("BASE_URL", "https://nowhere.invalid")
    monkeypatch.setenv("TOKEN", "secret")
    ended = run_bare("reconcile", str(path))
    assert (ended.code, ended.out) == (2, "")
    assert f'{path}:2: version must be a whole number from 1; got "x".' in ended.err
    assert run_bare("reconcile", str(tmp_path / "missing.csv")).code == 2
    assert run_bare("reconcile", str(path), "--format", "xml").code == 2


def test_a_hub_that_cannot_be_read_ends_with_code_3(
    run: Run, demo_account: str, tmp_path: Path
) -> None:
    del demo_account
    path = _file(tmp_path / "a.csv", [("A", "0" * 64)])
    assert run("reconcile", path, "--account", "nobody").code == 3
    assert run("reconcile", path, "--stack", "missing").code == 3


def test_an_export_equals_the_hub_that_it_came_from(run: Run, world: World, tmp_path: Path) -> None:
    world.create("=1", "'=1", 'a,"b"', "№ 1")
    for name in ("a.csv", "a.jsonl"):
        file = str(tmp_path / name)
        assert run("order", "export", file).code == 0
        assert run("reconcile", file).code == 0


@pytest.fixture(params=["table", "api"])
def reached(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, dynamodb: DynamoDBClient
) -> Iterator[tuple[OrderStore, list[str], int]]:
    """Yield the orders of a hub, the options that reach it, and how many orders to compare."""
    count = MANY[request.param]
    if request.param == "table":
        connection: Connection = request.getfixturevalue("connection")
        request.getfixturevalue("demo_account")
        where = ["--endpoint-url", str(connection.endpoint_url), "--stack", connection.stack]
        yield store_in(dynamodb, connection.table), where, count
        return
    with deployed(dynamodb, monkeypatch, {}, TENANTS) as function:
        read_hub = function("read_hub")
        with served(function_answers(read_hub)) as url:
            where = ["--base-url", url, "--token", "reader-token"]
            yield store_in(dynamodb, read_hub.table), where, count


def test_exactly_the_planted_differences_are_named(
    run_bare: Run, reached: tuple[OrderStore, list[str], int], tmp_path: Path
) -> None:
    store, where, count = reached
    orders = [
        replace(stored_order(f"A-{number}", order_number(START, number)), created_at=START)
        for number in range(count)
    ]
    writes = [Write(order, None, None) for order in orders]
    assert set(store.orders.save("demo", writes, DEADLINE)) == {WriteOutcome.COMMITTED}
    chosen = random.Random(PLANTED).sample(range(count), PLANTED)  # noqa: S311 - not a secret
    entries = {order.external_id: str(order.digest) for order in orders}
    expected: dict[str, str] = {}
    for place, number in enumerate(chosen):
        kind, name = KINDS[place % len(KINDS)], f"A-{number}"
        if kind == "missing_in_file":
            del entries[name]
        elif kind == "different":
            entries[name] = "0" * 64
        elif kind == "renamed":
            store.rename(orders[number].order_id, f"new {name}")
        else:
            name = f"only in the file {name}"
            entries[name] = "0" * 64
        expected[name] = kind
    path = _file(tmp_path / "a.csv", list(entries.items()))
    ended = run_bare("reconcile", path, "--json", *where)
    assert ended.code == 1, ended.err
    # The functions behind the API log to standard output, because they run in this process.
    lines = [line for line in ended.out.splitlines() if line.startswith('{"result"')]
    found = list(map(json.loads, lines))
    assert {each["external_id"]: each["result"] for each in found} == expected
    assert len(found) == PLANTED
