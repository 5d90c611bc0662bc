from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.deletions import (
    DeletionRefusal,
    plan_deletion,
    plan_revival,
    plan_soft_deletion,
)
from orders.domain.order import Cause, Presence
from orders.domain.triggers import TriggerKind, trigger_id
from tests.support.yandex_market import stored_order

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
NAMED = StoredOrder(replace(stored_order(), version=4), ("former",))


@pytest.mark.parametrize("version", [4, None])
def test_a_deletion_is_a_new_version_with_a_trigger(version: int | None) -> None:
    change = plan_deletion(NAMED, version, Cause("request", "shop", NOW))
    assert not isinstance(change, DeletionRefusal)
    assert (change.before, change.removes, change.after.aliases) == (NAMED, True, ("former",))
    last = change.after.order
    assert (last.version, last.updated_at, last.request_id) == (5, NOW, "request")
    assert last.document == NAMED.order.document
    trigger = change.trigger
    assert trigger is not None
    assert (trigger.kind, trigger.order, trigger.changed) == (TriggerKind.ORDER_DELETED, last, {})
    assert trigger.id == trigger_id("demo", last.order_id, 5)


@pytest.mark.parametrize("plan", [plan_deletion, plan_soft_deletion])
def test_a_deletion_can_skip_its_trigger(plan: Callable[..., object]) -> None:
    cause = Cause("request", "shop", NOW)
    change, quiet = plan(NAMED, 4, cause), plan(NAMED, 4, cause, skip_trigger=True)
    assert isinstance(change, OrderChange)
    assert quiet == replace(change, trigger=None)


@pytest.mark.parametrize("version", [3, 5, 0])
def test_deleting_another_version_is_refused(version: int) -> None:
    assert (
        plan_deletion(NAMED, version, Cause("request", "shop", NOW))
        is DeletionRefusal.OTHER_VERSION
    )


@pytest.mark.parametrize("version", [4, None])
def test_a_soft_deletion_is_a_hidden_version_with_a_trigger(version: int | None) -> None:
    change = plan_soft_deletion(NAMED, version, Cause("request", "shop", NOW))
    assert isinstance(change, OrderChange)
    assert (change.hides, change.removes, change.moves, change.revives) == (
        True,
        False,
        False,
        False,
    )
    last = change.after.order
    assert (last.version, last.updated_at, last.is_hidden) == (5, NOW, True)
    assert last.document == NAMED.order.document
    assert change.after.aliases == ("former",)
    assert change.trigger is not None
    assert (change.trigger.kind, change.trigger.order) == (TriggerKind.ORDER_DELETED, last)
    assert not change.trigger.revived


def test_a_soft_deletion_of_another_version_is_refused() -> None:
    refusal = plan_soft_deletion(NAMED, 3, Cause("request", "shop", NOW))
    assert refusal is DeletionRefusal.OTHER_VERSION


def _hidden() -> StoredOrder:
    change = plan_soft_deletion(NAMED, None, Cause("request", "shop", NOW))
    assert isinstance(change, OrderChange)
    return change.after


@pytest.mark.parametrize("version", [5, 4, None])
def test_a_softly_deleted_order_cannot_be_deleted_softly_again(version: int | None) -> None:
    refusal = plan_soft_deletion(_hidden(), version, Cause("request", "shop", NOW))
    assert refusal is DeletionRefusal.HIDDEN


def test_a_softly_deleted_order_can_be_deleted_permanently() -> None:
    change = plan_deletion(_hidden(), None, Cause("request", "shop", NOW))
    assert isinstance(change, OrderChange)
    assert (change.removes, change.hides, change.revives) == (True, False, False)
    assert change.after.order.version == 6
    assert change.trigger is not None
    assert change.trigger.kind is TriggerKind.ORDER_DELETED


def test_a_revival_is_the_next_version_and_counts_as_created() -> None:
    hidden = _hidden()
    change = plan_revival(hidden, Cause("again", "operator", NOW))
    assert change is not None
    assert (change.revives, change.removes, change.hides, change.moves) == (
        True,
        False,
        False,
        False,
    )
    after = change.after.order
    assert (after.version, after.presence, after.request_id) == (6, Presence.REVIVED, "again")
    assert after.document == hidden.order.document
    assert change.after.aliases == ("former",)
    assert change.trigger is not None
    assert change.trigger.kind is TriggerKind.ORDER_CREATED
    assert change.trigger.revived
    assert change.trigger.changed == {}


def test_a_present_order_is_not_revived() -> None:
    assert plan_revival(NAMED, Cause("again", "operator", NOW)) is None


def test_the_version_after_a_revival_is_an_ordinary_one() -> None:
    change = plan_revival(_hidden(), Cause("again", "operator", NOW))
    assert change is not None
    following = change.after.order.next_version(Cause("later", "shop", NOW))
    assert following.presence is Presence.PRESENT
