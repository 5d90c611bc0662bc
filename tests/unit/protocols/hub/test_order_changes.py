"""The changes of one order in the hub's own API."""

import json
from typing import Any

import pytest

from orders.application.ports import WriteOutcome
from orders.domain.changes import OrderChange
from orders.domain.triggers import TriggerKind
from orders.protocols.http import HttpAnswer
from tests.support.fakes import FakeOrderChanges
from tests.support.hub import problem
from tests.support.order_writes import (
    HUB_DELETE,
    HUB_LINE_STATUS,
    HUB_REVIVE,
    Writer,
)

type Tree = dict[str, Any]


def _tree(answer: HttpAnswer) -> Tree:
    assert answer.status == 200, answer.body
    tree: Tree = json.loads(answer.body)
    return tree


def test_a_deletion_is_soft_unless_it_is_asked_to_be_permanent() -> None:
    writer = Writer()
    writer.create()
    tree = _tree(writer.ask(HUB_DELETE))
    assert tree == {"order_id": 1, "external_id": "A", "version": 3, "mode": "soft"}
    assert writer.orders.hidden
    assert writer.publisher.sent[0].order.through == "hub"
    tree = _tree(writer.ask(HUB_DELETE, mode="permanent"))
    assert tree == {"order_id": 1, "external_id": "A", "version": 4, "mode": "permanent"}
    assert (writer.orders.orders, writer.orders.hidden) == ({}, {})
    assert [each.order.version for each in writer.publisher.sent] == [3, 4]


@pytest.mark.parametrize("mode", ["soft", "permanent"])
def test_a_deletion_can_ask_for_a_version(mode: str) -> None:
    writer = Writer()
    writer.create()
    refused = problem(writer.ask(HUB_DELETE, mode=mode, version="1"))
    assert (refused["status"], refused["code"]) == (409, "conflict")
    assert refused["detail"] == "version must be 2, the present version of order 1; got 1"
    assert len(writer.orders) == 1
    assert _tree(writer.ask(HUB_DELETE, mode=mode, version="2"))["version"] == 3


def test_a_softly_deleted_order_is_not_deleted_softly_again() -> None:
    writer = Writer()
    writer.create()
    writer.ask(HUB_DELETE)
    refused = problem(writer.ask(HUB_DELETE, mode="soft"))
    assert (refused["status"], refused["code"]) == (404, "not_found")
    assert "mode=permanent" in refused["detail"]


def test_a_revival_returns_the_order() -> None:
    writer = Writer()
    writer.create()
    writer.ask(HUB_DELETE)
    tree = _tree(writer.ask(HUB_REVIVE))
    assert (tree["order_id"], tree["version"], tree["external_id"]) == (1, 4, "A")
    assert writer.publisher.sent[-1].revived
    again = _tree(writer.ask(HUB_REVIVE))
    assert again == tree
    assert writer.kinds == [TriggerKind.ORDER_DELETED, TriggerKind.ORDER_CREATED]


def test_the_status_of_a_line_is_updated_and_the_order_returned() -> None:
    writer = Writer()
    writer.create()
    tree = _tree(writer.ask(HUB_LINE_STATUS, line_id="2", body={"status": "delivered"}))
    assert tree["version"] == 3
    assert [each["status"] for each in tree["document"]["lines"]] == ["new", "delivered"]
    assert writer.kinds == [TriggerKind.ORDER_LINE_STATUS_CHANGED]


@pytest.mark.parametrize(
    ("line", "body", "status", "code", "detail"),
    [
        ("3", {"status": "new"}, 404, "not_found", 'Order 1 has no line "3"'),
        ("1", {"status": "lost"}, 400, "invalid_body", 'Unknown line status "lost"; allowed'),
        ("1", {}, 400, "invalid_body", "status is required"),
        ("1", {"status": ""}, 400, "invalid_body", "status must not be empty"),
        ("1", {"status": None}, 400, "invalid_body", "status must be a string"),
        ("1", {"status": "new", "x": 1}, 400, "invalid_body", '"x" is unsupported; remove it'),
        ("1", [], 400, "invalid_body", "The body must be an object"),
        ("1", b"{", 400, "invalid_body", ""),
        ("", {"status": "new"}, 400, "invalid_parameter", "line_id must have"),
    ],
)
def test_a_status_that_cannot_be_updated_is_rejected(
    line: str, body: object, status: int, code: str, detail: str
) -> None:
    writer = Writer()
    writer.create()
    refused = problem(writer.ask(HUB_LINE_STATUS, line_id=line, body=body))
    assert (refused["status"], refused["code"]) == (status, code)
    assert detail in refused["detail"]
    assert writer.statuses() == ["new", "new"]


def test_an_unknown_status_has_its_pointer() -> None:
    writer = Writer()
    writer.create()
    refused = problem(writer.ask(HUB_LINE_STATUS, body={"status": "lost"}))
    assert refused["errors"][0]["pointer"] == "/status"


@pytest.mark.parametrize("method", [HUB_DELETE, HUB_REVIVE, HUB_LINE_STATUS])
def test_an_unknown_order_is_not_found(method: str) -> None:
    writer = Writer()
    writer.create()
    for order_id, token in ((9, "writer"), (1, "stranger")):
        answer = writer.ask(method, order_id, body={"status": "new"}, token=token)
        assert problem(answer)["detail"] == f"Order {order_id} does not exist"
    assert writer.kinds == []


@pytest.mark.parametrize("method", [HUB_DELETE, HUB_REVIVE, HUB_LINE_STATUS])
@pytest.mark.parametrize(("token", "status"), [("reader", 403), ("", 401), ("nobody", 401)])
def test_only_a_client_that_may_write_changes_orders(method: str, token: str, status: int) -> None:
    writer = Writer()
    writer.create()
    answer = writer.ask(method, body={"status": "delivered"}, token=token)
    assert problem(answer)["status"] == status
    assert (len(writer.orders), writer.kinds) == (1, [])


@pytest.mark.parametrize(
    ("method", "query", "detail"),
    [
        (HUB_DELETE, {"mode": "hard"}, "mode must be soft or permanent"),
        (HUB_DELETE, {"version": "0"}, "version must be a whole number"),
        (HUB_DELETE, {"force": "1"}, '"force" is unsupported'),
        (HUB_REVIVE, {"mode": "soft"}, '"mode" is unsupported'),
        (HUB_LINE_STATUS, {"mode": "soft"}, '"mode" is unsupported'),
    ],
)
def test_a_wrong_parameter_changes_nothing(method: str, query: dict[str, str], detail: str) -> None:
    writer = Writer()
    writer.create()
    refused = problem(writer.ask(method, body={"status": "delivered"}, **query))
    assert refused["status"] == 400
    assert detail in refused["detail"]
    assert writer.kinds == []


@pytest.mark.parametrize("method", [HUB_DELETE, HUB_REVIVE, HUB_LINE_STATUS])
def test_a_change_that_may_or_may_not_be_stored_is_answered_with_503(method: str) -> None:
    writer = Writer()
    writer.create()
    if method == HUB_REVIVE:
        writer.ask(HUB_DELETE)

    def lose(_changes: FakeOrderChanges, _change: OrderChange) -> WriteOutcome:
        writer.index.available = False
        return WriteOutcome.UNKNOWN

    writer.changes.faults.append(lose)
    answer = writer.ask(method, body={"status": "delivered"})
    assert (answer.status, problem(answer)["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "5"
