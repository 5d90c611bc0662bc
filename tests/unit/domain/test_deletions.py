from dataclasses import replace
from datetime import UTC, datetime

import pytest

from orders.domain.changes import StoredOrder
from orders.domain.deletions import DeletionRefusal, plan_deletion
from orders.domain.order import Cause
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


@pytest.mark.parametrize("version", [3, 5, 0])
def test_deleting_another_version_is_refused(version: int) -> None:
    assert (
        plan_deletion(NAMED, version, Cause("request", "shop", NOW))
        is DeletionRefusal.OTHER_VERSION
    )
