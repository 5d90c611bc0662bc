"""A committed change is told once, as the first kind that fits, with what it changed."""

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
def test_the_first_kind_that_fits_is_told(after: Order, kind: TriggerKind) -> None:
    assert trigger_of(_order(), after, LINES).kind is kind


def test_another_external_id_comes_before_all_other_changes() -> None:
    after = replace(_order(2, status="paid"), external_id="B")
    trigger = trigger_of(_order(), after, LINES)
    assert trigger.kind is TriggerKind.ORDER_EXTERNAL_ID_CHANGED
    assert trigger.changed["external_id"] == {"old": "A", "new": "B"}


def test_a_fulfilment_that_moved_is_told_as_an_update() -> None:
    after = replace(_order(2), fulfilment=Fulfilment.READY_TO_SHIP)
    trigger = trigger_of(_order(), after, LINES)
    assert trigger.kind is TriggerKind.ORDER_UPDATED
    assert trigger.changed == {
        "fulfilment": {
            "old": {"status": "PROCESSING", "substatus": "STARTED"},
            "new": {"status": "PROCESSING", "substatus": "READY_TO_SHIP"},
        }
    }


def test_what_changed_is_told_with_old_and_new() -> None:
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


def test_another_order_of_lines_is_a_change() -> None:
    before, after = _order(1, _line("1"), _line("2")), _order(2, _line("2"), _line("1"))
    assert trigger_of(before, after, LINES).changed == {
        "lines": {"old": [_line("1"), _line("2")], "new": [_line("2"), _line("1")]}
    }


def test_a_versions_trigger_has_always_the_same_id_and_no_other_has_it() -> None:
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


def test_without_lines_a_member_of_their_name_is_compared_like_any_other() -> None:
    before, after = _order(1, _line("1"), _line("2")), _order(2, _line("1"), _line("2", "sent"))
    trigger = trigger_of(before, after)
    assert trigger.kind is TriggerKind.ORDER_UPDATED
    assert trigger.changed == {
        "lines": {"old": [_line("1"), _line("2")], "new": [_line("1"), _line("2", "sent")]}
    }


def test_lines_are_found_by_the_names_of_their_protocol() -> None:
    members = LineMembers("parts", identity="key", status="state")
    before = _order(1, parts=[{"key": "1", "state": "new"}, {"key": "2", "state": "new"}])
    after = _order(2, parts=[{"key": "1", "state": "new"}, {"key": "2", "state": "sent"}])
    trigger = trigger_of(before, after, members)
    assert trigger.kind is TriggerKind.ORDER_LINE_STATUS_CHANGED
    assert trigger.changed == {
        "parts": {"old": [{"key": "2", "state": "new"}], "new": [{"key": "2", "state": "sent"}]}
    }
