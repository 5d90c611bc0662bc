"""An order may get another external id until READY_TO_SHIP. The old id becomes an alias."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.external_ids import MAX_ALIASES, ExternalIdRefusal, plan_external_id_update
from orders.domain.fulfilment import Fulfilment
from orders.domain.identifiers import uuid_of
from orders.domain.order import Cause, Order
from orders.domain.settings import ExternalIdPolicy
from orders.domain.triggers import TriggerKind

CHANGE, ONCE = ExternalIdPolicy.CHANGE, ExternalIdPolicy.ONCE
NOW = datetime(2026, 1, 2, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
STORED = Order("demo", "A", 7, 3, "new", "altcraft", '{"a":1}', NOW, NOW, "earlier")


def _plan(
    stored: StoredOrder, external_id: str, policy: ExternalIdPolicy = CHANGE
) -> OrderChange | ExternalIdRefusal | None:
    return plan_external_id_update(stored, external_id, policy, Cause("request", "shop", LATER))


def _changed(stored: StoredOrder, external_id: str) -> OrderChange:
    change = _plan(stored, external_id)
    assert isinstance(change, OrderChange)
    return change


def test_a_renamed_order_keeps_everything_else() -> None:
    change = _changed(StoredOrder(STORED), "B")
    assert change.before == StoredOrder(STORED)
    assert change.after.order == replace(
        STORED, external_id="B", version=4, updated_at=LATER, request_id="request", client="shop"
    )
    assert change.after.aliases == ("A",)
    assert change.moves
    assert change.trigger
    assert change.trigger.kind is TriggerKind.ORDER_EXTERNAL_ID_CHANGED
    assert change.trigger.order.version == 4


def test_the_same_external_id_changes_nothing() -> None:
    assert _plan(StoredOrder(STORED), "A") is None
    shipped = replace(STORED, fulfilment=Fulfilment.SHIPPED)
    assert _plan(StoredOrder(shipped, ("B",)), "A", ONCE) is None


@pytest.mark.parametrize("order_id", [7, 8])
def test_the_form_of_generated_ids_is_reserved(order_id: int) -> None:
    generated = uuid_of("demo", order_id)
    assert _plan(StoredOrder(STORED), generated) is ExternalIdRefusal.RESERVED
    assert _plan(StoredOrder(STORED), generated.upper()) is ExternalIdRefusal.RESERVED
    assert isinstance(_plan(StoredOrder(STORED), uuid_of("other", order_id)), OrderChange)


@pytest.mark.parametrize("state", [each for each in Fulfilment if each is not Fulfilment.STARTED])
def test_after_ready_to_ship_the_external_id_cannot_change(state: Fulfilment) -> None:
    stored = StoredOrder(replace(STORED, fulfilment=state))
    assert _plan(stored, "B") is ExternalIdRefusal.TOO_LATE


def test_an_order_can_get_its_former_id_back() -> None:
    renamed = _changed(StoredOrder(STORED), "B").after
    back = _changed(renamed, "A").after
    assert (back.order.external_id, back.aliases) == ("A", ("B",))


def test_the_policy_once_allows_one_change() -> None:
    assert isinstance(_plan(StoredOrder(STORED), "B", ONCE), OrderChange)
    renamed = _changed(StoredOrder(STORED), "B").after
    assert _plan(renamed, "C", ONCE) is ExternalIdRefusal.ALREADY_SET
    back = _changed(renamed, "A").after
    assert _plan(back, "B", ONCE) is ExternalIdRefusal.ALREADY_SET


def test_an_order_has_at_most_fifty_aliases() -> None:
    stored = StoredOrder(STORED)
    for number in range(MAX_ALIASES):
        stored = _changed(stored, f"id {number}").after
    assert len(stored.aliases) == MAX_ALIASES == 50
    assert _plan(stored, "one more") is ExternalIdRefusal.TOO_MANY_ALIASES
    assert len(_changed(stored, "A").after.aliases) == MAX_ALIASES


@given(st.lists(st.sampled_from("ABCDE"), max_size=30))
def test_every_former_id_is_an_alias(names: list[str]) -> None:
    stored = StoredOrder(STORED)
    had = {"A"}
    for name in names:
        change = _plan(stored, name)
        if isinstance(change, OrderChange):
            assert change.after.order.version == stored.order.version + 1
            stored = change.after
        had.add(name)
        assert {stored.order.external_id, *stored.aliases} == had
        assert len(stored.aliases) == len(had) - 1
        assert stored.was_renamed is bool(stored.aliases)


def test_a_uuid_encodes_the_order_id_of_one_account() -> None:
    one = uuid_of("demo", 1)
    assert one == "2a97516c-354b-8000-8000-000000000001"
    assert len({one, uuid_of("other", 1), uuid_of("demo", 2), uuid_of("demo", 2**53)}) == 4
