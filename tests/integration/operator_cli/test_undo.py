"""The commands `orders undo` and `orders order restore`."""

import json
from datetime import UTC, datetime

import pytest

from orders.domain.history import ReplacedVersion
from orders.domain.order import Order
from tests.integration.operator_cli.conftest import Run
from tests.support.deadlines import DEADLINE
from tests.support.hub_worlds import World
from tests.support.loopback_http import Asked, Given, served

UNKNOWN = "019b7e5c8a3f7d21b4c6e8f0a1b2c3d4"


@pytest.fixture
def order(world: World) -> Order:
    return world.create("A")


def _delete(run: Run, world: World, order: Order) -> str:
    """Delete the order softly, and write its history; return the id of the request."""
    assert run("order", "delete", "A").code == 0
    hidden = world.store.index.find_hidden("demo", order.order_id, DEADLINE)
    assert hidden is not None
    now = datetime.now(UTC)
    replaced = [(ReplacedVersion(each, None, now), 400) for each in (order, hidden.order)]
    world.history.keep(replaced, DEADLINE)
    [deletion, *_] = json.loads("[" + ",".join(_history(run, order)) + "]")
    request_id: str = deletion["request_id"]
    return request_id


def _history(run: Run, order: Order) -> list[str]:
    return run("order", "history", str(order.order_id), "--json").out.splitlines()


def test_a_request_is_shown_and_then_undone(run: Run, world: World, order: Order) -> None:
    request_id = _delete(run, world, order)
    shown = run("undo", "--request", request_id)
    assert "1 would be restored. Nothing was written" in shown.out
    assert "restored" in shown.out
    # The request is younger than two minutes.
    assert (shown.code, shown.err.startswith("Not all changes")) == (1, True)
    assert run("order", "show", "A").code == 1
    done = run("undo", "--request", request_id, "--confirm", "--json")
    assert json.loads(done.out)["outcome"] == "restored"
    assert "Orders: 1 restored." in done.err
    assert "To undo this: orders undo --request " in done.err
    assert world.named("A").client == "operator"
    again = run("undo", "--request", request_id, "--confirm")
    assert "1 unchanged" in again.out


def test_a_version_is_restored(run: Run, world: World, order: Order) -> None:
    _delete(run, world, order)
    number = str(order.order_id)
    restored = run("order", "restore", number, "--version", "1")
    assert (restored.code, restored.err) == (0, "")
    assert restored.out == (f'Restored version 1: order {number}, external id "A", version 3.\n')
    assert json.loads(run("order", "restore", "A", "--version", "1", "--json").out)["version"] == 3
    unknown = run("order", "restore", "A", "--version", "9")
    assert (unknown.code, unknown.err) == (1, f"Version 9 of order {number} does not exist.\n")


def test_an_undo_of_nothing_says_so(run: Run, order: Order) -> None:
    del order
    ended = run("undo", "--request", UNKNOWN, "--confirm")
    assert (ended.code, ended.out) == (0, "The request changed no order that exists.\n")
    wrong = run("undo", "--request", "1001")
    assert wrong.code == 2
    assert "request_id must be the X-Request-Id of an earlier answer" in wrong.err


class Api:
    """The API, which undoes each request in two parts."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, object]] = []

    def __call__(self, asked: Asked) -> Given:
        body = json.loads(asked.body)
        self.bodies.append(body)
        is_last = "after" in body
        entry = {
            "order_id": len(self.bodies),
            "external_id": "A",
            "version": 2,
            "outcome": "kept" if is_last else "deleted",
            "restored_version": None,
            "reason": "changed_since" if is_last else None,
            "detail": "The order was changed after the request; it is kept",
        }
        tree = {
            "orders": [entry],
            "settled": True,
            "undo_request_id": None if body["dry_run"] else f"undo-{len(self.bodies)}",
            "next": None if is_last else "1.cursor",
        }
        return Given(200, json.dumps(tree).encode())


def test_an_undo_that_is_cut_off_reports_what_was_undone(
    run_bare: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("urllib3.util.retry.time.sleep", lambda _seconds: None)
    api = Api()
    with served(lambda asked: Given(503, b"{}") if api.bodies else api(asked)) as url:
        hub = ("--base-url", url, "--token", "secret")
        ended = run_bare("undo", "--request", UNKNOWN, "--confirm", *hub)
    assert ended.code == 3
    assert "Orders: 1 deleted." in ended.out
    assert "To undo this: orders undo --request undo-1" in ended.err
    assert "answers 503" in ended.err


def test_all_parts_are_undone_over_the_api(run_bare: Run) -> None:
    api = Api()
    with served(api) as url:
        hub = ("--base-url", url, "--token", "secret")
        words = ("--request", UNKNOWN, "--confirm", "--skip-triggers")
        ended = run_bare("undo", *words, *hub)
    wanted = {"request_id": UNKNOWN, "dry_run": False, "skip_triggers": True}
    assert api.bodies == [wanted, {**wanted, "after": "1.cursor"}]
    assert "Orders: 1 deleted, 1 kept." in ended.out
    assert "To undo this: orders undo --request undo-1" in ended.err
    assert "undo-2" not in ended.err
    assert ended.err.endswith("The order was changed after the request; it is kept.\n")
    assert ended.code == 1
