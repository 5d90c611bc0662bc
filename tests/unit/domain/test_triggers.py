"""Each committed change has one trigger with a kind and the changed members."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from orders.domain.fulfilment import Fulfilment
from orders.domain.order import LineMembers, Order
from orders.domain.triggers import TriggerKind, trigger_id, trigger_of

LINES = LineMembers("lines", identity="external_id", status="status")
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def _line(external_id: str, status: str = "new", count: int = 1) -> dict[str, object]:
    return {"external_id": external_id, "status": status, "count": count}


def _order(
    version: int = 1, *lines: dict[str, object], status: str = "new", **rest: object
) -> Order:
    document = json.dumps({"status": status, "lines": list(lines) or [_line("1")], **rest})
    return Order("demo", "A", 7, version, status, "altcraft", document, NOW, NOW, "req")


def test_a_new_order_is_created() -> None:
    trigger = trigger_of(None, _order())
    assert (trigger.kind, trigger.changed) == (TriggerKind.ORDER_CREATED, {})


@pytest.mark.parametrize(
    ("after", "kind"),
    [
        (_order(2, _line("1", "delivered"), status="paid"), TriggerKind.ORDER_STATUS_CHANGED),
        (_order(2, _line("1", "delivered", 5)), TriggerKind.ORDER_LINE_STATUS_CHANGED),
        (_order(2, _line("1", "new", 5)), TriggerKind.ORDER_UPDATED),
        (_order(2, _line("1"), _line("2", "delivered")), TriggerKind.ORDER_UPDATED),
        (_order(2, _line("2", "delivered")), TriggerKind.ORDER_UPDATED),
        (_order(2, region="north"), TriggerKind.ORDER_UPDATED),
    ],
)
def test_the_kind_of_trigger_depends_on_the_change(after: Order, kind: TriggerKind) -> None:
    assert trigger_of(_order(), after, LINES).kind is kind


def test_a_change_of_the_external_id_determines_the_kind_first() -> None:
    after = replace(_order(2, status="paid"), external_id="B")
    trigger = trigger_of(_order(), after, LINES)
    assert trigger.kind is TriggerKind.ORDER_EXTERNAL_ID_CHANGED
    assert trigger.changed["external_id"] == {"old": "A", "new": "B"}


def test_a_change_of_fulfilment_is_an_order_updated_trigger() -> None:
    after = replace(_order(2), fulfilment=Fulfilment.READY_TO_SHIP)
    trigger = trigger_of(_order(), after, LINES)
    assert trigger.kind is TriggerKind.ORDER_UPDATED
    assert trigger.changed == {
        "fulfilment": {
            "old": {"status": "PROCESSING", "substatus": "STARTED"},
            "new": {"status": "PROCESSING", "substatus": "READY_TO_SHIP"},
        }
    }


def test_changed_members_have_their_old_and_new_value() -> None:
    before = _order(1, _line("1"), _line("2"), _line("3"), region="north", tags=["a"])
    after = _order(2, _line("1"), _line("2", "delivered"), _line("4"), status="paid", tags=["a"])
    assert trigger_of(before, after, LINES).changed == {
        "status": {"old": "new", "new": "paid"},
        "region": {"old": "north"},
        "lines": {
            "old": [_line("2"), _line("3")],
            "new": [_line("2", "delivered"), _line("4")],
        },
    }


def test_reordered_lines_are_a_change() -> None:
    before, after = _order(1, _line("1"), _line("2")), _order(2, _line("2"), _line("1"))
    assert trigger_of(before, after, LINES).changed == {
        "lines": {"old": [_line("1"), _line("2")], "new": [_line("2"), _line("1")]}
    }


def test_the_trigger_id_is_unique_to_a_version() -> None:
    after = _order(2)
    assert trigger_of(_order(), after, LINES).id == trigger_of(None, replace(after)).id
    ids = {
        trigger_id("demo", 7, 2),
        trigger_id("demo", 7, 3),
        trigger_id("demo", 72, 3),
        trigger_id("other", 7, 2),
        trigger_id("demo", 8, 2),
    }
    assert len(ids) == 5
    assert trigger_of(_order(), after, LINES).id in ids


def test_without_line_members_lines_are_compared_like_any_member() -> None:
    before, after = _order(1, _line("1"), _line("2")), _order(2, _line("1"), _line("2", "sent"))
    trigger = trigger_of(before, after)
    assert trigger.kind is TriggerKind.ORDER_UPDATED
    assert trigger.changed == {
        "lines": {"old": [_line("1"), _line("2")], "new": [_line("1"), _line("2", "sent")]}
    }


def test_lines_are_compared_by_the_member_names_of_the_protocol() -> None:
    members = LineMembers("parts", identity="key", status="state")
    before = _order(1, parts=[{"key": "1", "state": "new"}, {"key": "2", "state": "new"}])
    after = _order(2, parts=[{"key": "1", "state": "new"}, {"key": "2", "state": "sent"}])
    trigger = trigger_of(before, after, members)
    assert trigger.kind is TriggerKind.ORDER_LINE_STATUS_CHANGED
    assert trigger.changed == {
        "parts": {"old": [{"key": "2", "state": "new"}], "new": [{"key": "2", "state": "sent"}]}
    }
