"""What an undo does with one order."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.fulfilment import Fulfilment
from orders.domain.importing import MAX_DOCUMENT_BYTES
from orders.domain.order import Cause, Order, Presence
from orders.domain.triggers import TriggerKind
from orders.domain.undoing import (
    RestoreRefusal,
    TracedChange,
    UndoOutcome,
    UndoReason,
    decide_undo,
    has_same_content,
    plan_restoration,
)
from tests.support.order_changes import NOW, new_order

LATER = NOW + timedelta(minutes=5)
CAUSE = Cause("undo", "console", LATER, "hub")
FIRST = new_order()
# Each member that an undo must bring back, with another value.
CONTENT: dict[str, Any] = {
    "status": "paid",
    "document": '{"lines":[]}',
    "update_time": datetime(2027, 1, 1, tzinfo=UTC),
    "fulfilment": Fulfilment.SHIPPED,
    "endpoint": None,
    "defaults": '{"custom_fields":{"gift":true}}',
    "overrides": '{"status":"paid"}',
}
OF_THE_VERSION = {"version", "updated_at", "request_id", "client", "through", "presence"}


def _next(order: Order, **content: Any) -> Order:  # noqa: ANN401
    version = order.next_version(Cause("request", "shop", NOW + timedelta(minutes=1)))
    return replace(version, **content)


def test_every_member_of_an_order_is_content_or_of_its_version() -> None:
    fixed = {"account", "order_id", "protocol", "created_at", "external_id"}
    assert {each.name for each in fields(Order)} == {*CONTENT, *OF_THE_VERSION, *fixed}


@pytest.mark.parametrize("member", CONTENT)
def test_each_member_of_the_content_is_brought_back(member: str) -> None:
    changed = _next(FIRST, **{member: CONTENT[member]})
    assert not has_same_content(changed, FIRST)
    decision = decide_undo(TracedChange(StoredOrder(changed), 2, FIRST), CAUSE)
    assert (decision.outcome, decision.restored) == (UndoOutcome.RESTORED, 1)
    assert decision.change is not None
    after = decision.change.after.order
    assert has_same_content(after, FIRST)
    assert (after.version, after.updated_at, after.request_id) == (3, LATER, "undo")
    assert (after.client, after.through) == ("console", "hub")
    assert decision.change.before == StoredOrder(changed)


def test_the_time_of_an_undo_is_later_than_that_of_the_version_before() -> None:
    changed = replace(_next(FIRST, status="paid"), updated_at=LATER + timedelta(hours=1))
    decision = decide_undo(TracedChange(StoredOrder(changed), 2, FIRST), CAUSE)
    assert decision.change is not None
    assert decision.change.after.order.updated_at > changed.updated_at


@pytest.mark.parametrize(
    ("age", "outcome", "reason"),
    [
        (timedelta(hours=23), UndoOutcome.FAILED, UndoReason.HISTORY_PENDING),
        (timedelta(hours=25), UndoOutcome.KEPT, UndoReason.HISTORY_EXPIRED),
    ],
)
def test_a_version_that_is_not_kept_cannot_be_restored(
    age: timedelta, outcome: UndoOutcome, reason: UndoReason
) -> None:
    changed = replace(_next(FIRST, status="paid"), updated_at=LATER - age)
    decision = decide_undo(TracedChange(StoredOrder(changed), 2, None), CAUSE)
    assert (decision.outcome, decision.reason, decision.change) == (outcome, reason, None)
    refusal = plan_restoration(StoredOrder(changed), 1, None, CAUSE)
    assert refusal == RestoreRefusal(reason)


def test_an_order_that_was_changed_since_is_left_alone_whatever_is_known() -> None:
    changed = _next(_next(FIRST, status="paid"), status="sent")
    for before in (FIRST, None):
        decision = decide_undo(TracedChange(StoredOrder(changed), 2, before), CAUSE)
        assert (decision.outcome, decision.reason) == (UndoOutcome.KEPT, UndoReason.CHANGED_SINCE)
    created = decide_undo(TracedChange(StoredOrder(changed), 1, None), CAUSE)
    assert (created.outcome, created.reason) == (UndoOutcome.KEPT, UndoReason.CHANGED_SINCE)


def test_the_end_of_a_soft_deletion_has_the_trigger_of_a_new_order() -> None:
    hidden = _next(FIRST, presence=Presence.HIDDEN)
    change = decide_undo(TracedChange(StoredOrder(hidden), 2, FIRST), CAUSE).change
    assert change is not None
    assert change.revives
    assert change.after.order.presence is Presence.REVIVED
    assert change.trigger is not None
    assert (change.trigger.kind, change.trigger.revived) == (TriggerKind.ORDER_CREATED, True)
    revived = _next(hidden, presence=Presence.REVIVED)
    change = decide_undo(TracedChange(StoredOrder(revived), 3, hidden), CAUSE).change
    assert change is not None
    assert change.hides
    assert change.trigger is not None
    assert change.trigger.kind is TriggerKind.ORDER_DELETED


def test_an_order_is_not_renamed_while_it_is_softly_deleted() -> None:
    hidden = _next(FIRST, external_id="B", presence=Presence.HIDDEN)
    decision = decide_undo(TracedChange(StoredOrder(hidden, ("A",)), 2, FIRST), CAUSE)
    assert (decision.outcome, decision.reason) == (
        UndoOutcome.KEPT,
        UndoReason.RENAMED_WHILE_DELETED,
    )
    refusal = plan_restoration(StoredOrder(hidden, ("A",)), 1, FIRST, CAUSE)
    assert refusal is RestoreRefusal.RENAMED_WHILE_DELETED


def test_a_former_external_id_changes_places_with_the_present_one() -> None:
    renamed = _next(FIRST, external_id="C")
    stored = StoredOrder(renamed, ("A", "B"))
    change = plan_restoration(stored, 1, FIRST, CAUSE)
    assert isinstance(change, OrderChange)
    assert (change.after.order.external_id, change.after.aliases) == ("A", ("B", "C"))
    assert change.moves
    assert change.trigger is not None
    assert change.trigger.kind is TriggerKind.ORDER_EXTERNAL_ID_CHANGED


def test_a_version_that_is_too_large_with_what_a_rename_keeps_is_refused() -> None:
    """A rename stores its other changes beside the order. Without a rename, the version fits."""
    texts = {name: json.dumps({"note": name * (MAX_DOCUMENT_BYTES // 2)}) for name in "xy"}
    first, second = (replace(FIRST, document=texts[name]) for name in "xy")
    changed = _next(second, external_id="B")
    refusal = plan_restoration(StoredOrder(changed, ("A",)), 1, first, CAUSE)
    assert refusal is RestoreRefusal.TOO_LARGE
    decision = decide_undo(TracedChange(StoredOrder(changed, ("A",)), 2, first), CAUSE)
    assert (decision.outcome, decision.reason) == (UndoOutcome.KEPT, UndoReason.TOO_LARGE)
    kept = plan_restoration(StoredOrder(_next(second)), 1, first, CAUSE)
    assert isinstance(kept, OrderChange)


def test_a_version_that_cannot_be_restored_is_refused() -> None:
    hidden = _next(FIRST, presence=Presence.HIDDEN)
    stored = StoredOrder(hidden)
    assert plan_restoration(stored, 3, None, CAUSE) is RestoreRefusal.UNKNOWN_VERSION
    assert plan_restoration(stored, 2, None, CAUSE) is RestoreRefusal.SOFT_DELETION
    revived = StoredOrder(_next(hidden, presence=Presence.REVIVED))
    assert plan_restoration(revived, 2, hidden, CAUSE) is RestoreRefusal.SOFT_DELETION
    assert plan_restoration(revived, 3, None, CAUSE) is None
    assert plan_restoration(revived, 1, FIRST, CAUSE) is None
