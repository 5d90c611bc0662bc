"""The command `orders changes`."""

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from operator_cli.composition import Operator
from orders.domain.times import parse_time
from orders.protocols.cursors import microseconds, write_cursor
from tests.integration.operator_cli.conftest import Run
from tests.support.hub_worlds import LATER, World


@pytest.fixture(autouse=True)
def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Operator, "clock", lambda _self: LATER)


def test_changes_are_printed_once_with_the_next_cursor(run: Run, world: World) -> None:
    world.create("A", "a\x1b[31m")
    first = run("changes")
    assert first.code == 0
    assert len(first.out.splitlines()) == 2
    assert "created" in first.out
    assert "\x1b" not in first.out
    name, _, cursor = first.err.strip().rpartition(" ")
    assert name == "Next cursor:"
    world.update("A", status="paid")
    second = run("changes", "--after", cursor, "--json", "--with-orders")
    [change] = map(json.loads, second.out.splitlines())
    assert (change["kind"], change["external_id"], change["version"]) == ("updated", "A", 2)
    assert change["order"]["status"] == "paid"


def test_a_cursor_file_goes_on_where_it_ended(run: Run, world: World, tmp_path: Path) -> None:
    path = tmp_path / "cursor"
    world.create("A")
    assert "A" in run("changes", "--cursor-file", str(path)).out
    again = run("changes", "--cursor-file", str(path))
    assert (again.code, again.out, again.err) == (0, "", "")


def test_soft_deletions_and_revivals_are_changes_and_versions(
    run: Run, world: World, tmp_path: Path
) -> None:
    world.create("A", "B")
    hidden, revived = world.hide("A"), world.hide("B")
    world.revive(revived.order_id)
    listed = map(json.loads, run("changes", "--json").out.splitlines())
    assert {(each["external_id"], each["kind"], each["version"]) for each in listed} == {
        ("A", "deleted", 2),
        ("B", "revived", 3),
    }
    path = tmp_path / "orders.csv"
    path.write_text(f"external_id,digest\nA,{hidden.digest}\nB,{revived.digest}\n")
    compared = run("reconcile", str(path))
    assert (compared.code, compared.out.split()[:2]) == (1, ["missing_in_hub", "A"])
    for order, kind, statuses in (
        (hidden, "OrderDeleted", [None, "new"]),
        (revived, "OrderCreated", ["new", None, "new"]),
    ):
        words = ("--order-id", str(order.order_id), "--json")
        versions = [*map(json.loads, run("order", "history", *words).out.splitlines())]
        assert versions[0]["trigger"] == kind
        # A softly deleted order has no status.
        assert [each["status"] for each in versions] == statuses


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_following_ends_with_a_signal_and_keeps_the_cursor(
    run: Run, world: World, tmp_path: Path, sent: signal.Signals
) -> None:
    path = tmp_path / "cursor"
    world.create("A")
    before = signal.getsignal(signal.SIGTERM)

    def stop() -> None:
        while not path.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), sent)

    thread = threading.Thread(target=stop)
    thread.start()
    ended = run("changes", "--follow", "--cursor-file", str(path))
    thread.join()
    assert ended.code == 0
    assert ended.out.count("A") == 1
    assert run("changes", "--cursor-file", str(path)).out == ""
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("follow", [[], ["--follow"]])
def test_an_expired_cursor_has_a_code_of_its_own(
    run: Run, world: World, tmp_path: Path, follow: list[str]
) -> None:
    world.create("A")
    path = tmp_path / "cursor"
    long_ago = microseconds(parse_time("2025-01-02"))
    path.write_text(write_cursor("changes\ndemo", [long_ago, None, None, None]))
    ended = run("changes", "--cursor-file", str(path), *follow)
    assert (ended.code, ended.out) == (4, "")
    assert "Read the changes again without after" in ended.err
    assert ended.err.endswith(f"To begin anew, delete {path}.\n")


def test_options_that_contradict_are_rejected(run: Run, world: World, tmp_path: Path) -> None:
    del world
    both = run("changes", "--after", "x", "--cursor-file", str(tmp_path / "c"))
    assert (both.code, both.err) == (2, "--after and --cursor-file cannot be combined.\n")
    assert run("changes", "--with-orders").err == "--with-orders requires --json.\n"
    assert run("changes", "--follow", "--interval", "0").code == 2
    unknown = run("changes", "--after", "mine")
    assert unknown.code == 2
    assert "after must be" in unknown.err
