"""The undo of a request and the restoration of an order in the hub's own API."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from orders.application.change_order import ChangeOrder
from orders.application.get_order_by_id import GetOrderById
from orders.application.restore_order import RestoreOrder
from orders.domain.clients import Role
from orders.domain.undoing import UndoOutcome, UndoReason
from orders.protocols.http import HttpAnswer, HttpRequest
from orders.protocols.hub.access import WriteAccess
from orders.protocols.hub.answers import answer_error
from orders.protocols.hub.representation import OrderProtocols
from orders.protocols.hub.restore_order import RestoreOrderEndpoint
from orders.protocols.hub.undo_request import _DETAILS, UndoRequestEndpoint
from orders.runtime.composition.order_protocols import PROTOCOLS, form_of, lines_of, summarise
from tests.support.deadlines import CountingPause
from tests.support.fakes import FakeTokens, client, publishing
from tests.support.http import answered
from tests.support.hub import problem
from tests.support.undoing import UndoWorld, create, hide, later, memory_world, update

type Tree = dict[str, Any]

LINE = {"external_id": "1", "status": "new", "count": 1, "product": "p", "price": "1"}


@dataclass
class Console:
    """A client of the routes."""

    world: UndoWorld = field(default_factory=memory_world)
    ids: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        tokens = FakeTokens(
            {
                "reader": client("demo", Role.ORDERS_READ),
                "writer": client("demo", Role.ORDERS_WRITE),
                "stranger": client("other", Role.ORDERS_WRITE),
            }
        )
        access, world = WriteAccess(tokens), self.world
        change = ChangeOrder(
            GetOrderById(world.store.index),
            world.changes,
            publishing(world.publisher),
            CountingPause(3),
        )
        restore = RestoreOrder(change, world.history, form_of, lambda: world.now)
        protocols = OrderProtocols(PROTOCOLS, summarise, lambda _order: b"{}", lines_of)
        self._undo = UndoRequestEndpoint(access, world.undo_request, self._new_id)
        self._restore = RestoreOrderEndpoint(access, restore, protocols, self._new_id)

    def _new_id(self) -> str:
        return f"undo-{next(self.ids)}"

    def undo(self, token: str = "writer", body: object = None, **members: object) -> HttpAnswer:  # noqa: S107
        later(self.world, seconds=1)
        sent = HttpRequest(
            headers={"authorization": f"Bearer {token}"},
            read_body=lambda: json.dumps(members if body is None else body).encode(),
        )
        answer = answered(self._undo, sent, answer_error).answer
        self.world.stream()
        return answer

    def undone(self, **members: object) -> Tree:
        answer = self.undo(**members)  # type: ignore[arg-type]
        assert answer.status == 200, answer.body
        tree: Tree = json.loads(answer.body)
        return tree

    def restore(self, order_id: object, token: str = "writer", **members: object) -> HttpAnswer:  # noqa: S107
        sent = HttpRequest(
            headers={"authorization": f"Bearer {token}"},
            path={"order_id": str(order_id)},
            read_body=lambda: json.dumps(members).encode(),
        )
        answer = answered(self._restore, sent, answer_error).answer
        self.world.stream()
        return answer


@pytest.fixture
def console() -> Console:
    return Console()


def _order(name: str) -> Any:  # noqa: ANN401
    """Return the creation of an order that the hub can show."""
    return create(
        name,
        currency="USD",
        total_price="1",
        delivery_cost="0",
        email="a@example.com",
        lines=[{**LINE, "final_price_per_item": "1"}],
        created_at="2026-01-01T00:00:00Z",
    )


def test_an_undo_is_a_preview_unless_it_is_asked_to_be_none(console: Console) -> None:
    request_id = console.world.request(create("A"))
    later(console.world, minutes=5)
    number = console.world.found("A").order.order_id
    preview = console.undone(request_id=request_id)
    assert preview == {
        "request_id": request_id,
        "undo_request_id": None,
        "dry_run": True,
        "counts": {"deleted": 1, "restored": 0, "unchanged": 0, "kept": 0, "failed": 0},
        "orders": [
            {
                "order_id": number,
                "external_id": "A",
                "version": 1,
                "outcome": "deleted",
                "restored_version": None,
                "reason": None,
                "detail": None,
                "retryable": False,
            }
        ],
        "settled": True,
        "next": None,
    }
    assert console.world.exists("A")
    done = console.undone(request_id=request_id, dry_run=False)
    assert done == {**preview, "dry_run": False, "undo_request_id": "undo-2"}
    assert not console.world.exists("A")


def test_each_reason_is_explained(console: Console) -> None:
    assert set(_DETAILS) == set(UndoReason)
    console.world.request(create("A"))
    request_id = console.world.request(update("A", status="paid"))
    console.world.request(update("A", status="sent"))
    [entry] = console.undone(request_id=request_id, dry_run=False)["orders"]
    assert (entry["outcome"], entry["reason"]) == (UndoOutcome.KEPT, UndoReason.CHANGED_SINCE)
    assert entry["detail"] == "The order was changed after the request; it is kept"
    assert not entry["retryable"]


def test_only_failures_are_retryable(console: Console) -> None:
    console.world.request(create("A"))
    console.world.lags = True
    request_id = console.world.request(update("A", status="paid"))
    tree = console.undone(request_id=request_id, dry_run=False)
    assert [(e["reason"], e["retryable"]) for e in tree["orders"]] == [("history_pending", True)]


def test_an_undo_continues_after_a_cursor(console: Console) -> None:
    names = [f"N{number}" for number in range(5)]
    request_id = console.world.request(*map(create, names))
    later(console.world, minutes=5)
    found, after = [], None
    for _ in range(10):
        more: Tree = {} if after is None else {"after": after}
        tree = console.undone(request_id=request_id, dry_run=False, limit=2, **more)
        found += [each["external_id"] for each in tree["orders"]]
        after = tree["next"]
        if after is None:
            break
    assert sorted(found) == names
    other = console.world.request(create("X"))
    console.world.request(*map(create, names))
    first = console.undone(request_id=request_id, limit=1)
    assert first["orders"] == []
    made = console.undone(request_id=other, limit=1)
    refused = problem(console.undo(request_id=request_id, after=made["next"]))
    assert (refused["status"], refused["errors"][0]["parameter"]) == (400, "after")


@pytest.mark.parametrize(
    ("members", "detail"),
    [
        ({}, "request_id is required"),
        ({"request_id": "1001"}, "request_id must be the X-Request-Id of an earlier answer"),
        ({"request_id": 1}, "request_id must be a string"),
        ({"request_id": "0" * 32}, "request_id must be the X-Request-Id"),
        ({"request_id": "f" * 12 + "7d21b4c6e8f0a1b2c3d4"}, "request_id must be the X-Request-Id"),
        ({"dry_run": "no"}, "dry_run must be true or false"),
        ({"dry_run": None}, "dry_run must be true or false"),
        ({"skip_triggers": 1}, "skip_triggers must be true or false"),
        ({"limit": 0}, "limit must be a whole number from 1 to 1000"),
        ({"limit": 1001}, "limit must be a whole number from 1 to 1000"),
        ({"limit": "1"}, "limit must be a whole number"),
        ({"after": "x"}, "after must be the `next`"),
        ({"confirm": True}, '"confirm" is unsupported; remove it'),
    ],
)
def test_a_body_that_breaks_a_rule_is_rejected(
    console: Console, members: Tree, detail: str
) -> None:
    known = console.world.request(create("A"))
    sent = members if not members or "request_id" in members else {"request_id": known, **members}
    refused = problem(console.undo(body=sent))
    assert refused["status"] == 400
    assert detail in refused["detail"]
    assert console.world.exists("A")


def test_a_request_id_may_have_hyphens_and_capital_letters(console: Console) -> None:
    request_id = console.world.request(create("A"))
    parts = (request_id[:8], request_id[8:12], request_id[12:16], request_id[16:20])
    written = "-".join((*parts, request_id[20:])).upper()
    tree = console.undone(request_id=written)
    assert (tree["request_id"], len(tree["orders"])) == (request_id, 1)


def test_only_clients_that_may_write_undo(console: Console) -> None:
    request_id = console.world.request(create("A"))
    number = console.world.found("A").order.order_id
    for token, status in (("reader", 403), ("unknown", 401)):
        assert console.undo(token, request_id=request_id).status == status
        assert console.restore(number, token, version=1).status == status
    stranger = json.loads(console.undo("stranger", request_id=request_id, dry_run=False).body)
    assert stranger["orders"] == []
    assert console.restore(number, "stranger", version=1).status == 404
    assert console.world.exists("A")


def test_a_restored_order_is_returned(console: Console) -> None:
    console.world.request(_order("A"))
    console.world.request(update("A", status="paid"))
    number = console.world.found("A").order.order_id
    answer = console.restore(number, version=1)
    assert answer.status == 200, answer.body
    tree = json.loads(answer.body)
    assert (tree["version"], tree["status"], tree["request_id"]) == (3, "new", "undo-1")
    assert json.loads(console.restore(number, version=1).body)["version"] == 3


def test_a_version_that_cannot_be_restored_is_explained(console: Console) -> None:
    console.world.request(_order("A"))
    number = console.world.found("A").order.order_id
    console.world.request(hide("A"))
    for order_id, version, status, code in (
        (number, 9, 404, "not_found"),
        (99, 1, 404, "not_found"),
        (number, 2, 409, "conflict"),
        ("x", 1, 400, "invalid_parameter"),
        (number, 0, 400, "invalid_body"),
    ):
        refused = problem(console.restore(order_id, version=version))
        assert (refused["status"], refused["code"]) == (status, code)
    console.world.lags = True
    assert console.restore(number, version=1).status == 200
    pending = console.restore(number, version=2)
    assert (pending.status, problem(pending)["code"]) == (409, "history_pending")
    assert int(pending.headers["Retry-After"]) > 0
    later(console.world, days=2)
    assert problem(console.restore(number, version=2))["code"] == "history_expired"
