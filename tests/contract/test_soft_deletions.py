"""The contract of soft deletions for all ports of the order store.

The fake and the DynamoDB adapter must both pass.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from orders.application.ports import (
    ChangeRange,
    CountedChanges,
    OrderSlice,
    WriteOutcome,
)
from orders.domain.changes import StoredOrder
from orders.domain.importing import Group, Plan, Step, Write, plan_group
from orders.domain.order import Cause, Presence
from orders.domain.ranges import Range
from orders.domain.submissions import Submission
from orders.domain.triggers import TriggerKind
from tests.support.deadlines import DEADLINE, FixedDeadline
from tests.support.order_changes import (
    NOW,
    deletion,
    new_order,
    renaming,
    revival,
    shipping,
    soft_deletion,
)
from tests.support.order_stores import OrderStore, memory_store, table_store

COMMITTED, CONFLICT, TAKEN = WriteOutcome.COMMITTED, WriteOutcome.CONFLICT, WriteOutcome.TAKEN
EVER = ChangeRange()


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> OrderStore:
    if request.param == "memory":
        return memory_store()
    return table_store(request.getfixturevalue("dynamodb"))


def _at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def _hide(store: OrderStore, order_id: int = 1, minutes: float = 1) -> StoredOrder:
    change = soft_deletion(store.found(order_id), _at(minutes))
    assert store.changes.save(change, DEADLINE) is COMMITTED
    return _hidden(store, order_id)


def _hidden(store: OrderStore, order_id: int = 1) -> StoredOrder:
    stored = store.index.find_hidden("demo", order_id, DEADLINE)
    assert stored is not None
    return stored


def _ids(orders: Iterator[StoredOrder] | list[StoredOrder]) -> list[int]:
    return [stored.order.order_id for stored in orders]


def _import(stored: StoredOrder, document: str = '{"comment":"new"}') -> Plan:
    """Return what an import of the order's own protocol does with a softly deleted order."""
    sent = Submission("A", "altcraft", document, "paid", "website")
    steps = (Step(0, sent, skip_trigger=False),)
    group = Group("demo", stored.order.external_id, stored.order, steps, stored.aliases)
    return plan_group(group, 99, Cause("import", "shop", _at(5)))


def _write_of(plan: Plan) -> Write:
    assert plan.write is not None
    return plan.write


def test_no_read_shows_a_softly_deleted_order(store: OrderStore) -> None:
    store.create(new_order(), new_order("X", 2))
    assert store.rename(1, "B") is COMMITTED
    _hide(store)
    assert store.index.find_by_order_id("demo", 1, DEADLINE) is None
    assert _ids(list(store.index.find_by_order_ids("demo", [1, 2], DEADLINE))) == [2]
    assert _ids(list(store.index.list_orders("demo", None, 10, DEADLINE).orders)) == [2]
    assert _ids(store.index.slice("demo", OrderSlice(0, 10), DEADLINE)) == [2]
    assert store.by_name("A", "B", "X") == {"X": new_order("X", 2)}
    assert set(store.fingerprints.find("demo", ["A", "B", "X"], DEADLINE)) == {"X"}


def test_a_softly_deleted_order_is_not_counted(store: OrderStore) -> None:
    store.create(new_order(), new_order("X", 2))
    assert store.changes.save(shipping(store.found(1)), DEADLINE) is COMMITTED
    _hide(store)
    assert store.index.count("demo", 10, DEADLINE) == 1
    assert store.index.count("demo", 10, DEADLINE, Range(None, 2)) == 0
    assert store.changed.count("demo", CountedChanges(EVER, 10), DEADLINE) == 0
    assert store.changed.count("demo", CountedChanges(EVER, 10, Range(1, 2)), DEADLINE) == 0
    assert store.changes.save(revival(_hidden(store), _at(2)), DEADLINE) is COMMITTED
    assert store.index.count("demo", 10, DEADLINE) == 2
    assert store.changed.count("demo", CountedChanges(EVER, 10), DEADLINE) == 1


def test_readers_of_changes_see_a_soft_deletion_and_then_the_revival(store: OrderStore) -> None:
    store.create(new_order(), new_order("X", 2))
    assert store.changes.save(shipping(store.found(2), _at(0.5)), DEADLINE) is COMMITTED
    _hide(store)
    [_, change] = store.changes_in(EVER)
    assert (change.at.changed_at, change.version, change.external_id) == (_at(1), 2, "A")
    assert change.stored is None
    assert store.changes.save(revival(_hidden(store), _at(2)), DEADLINE) is COMMITTED
    [_, change] = store.changes_in(EVER)
    assert (change.at.changed_at, change.version) == (_at(2), 3)
    assert change.stored == store.found(1)
    assert change.stored.order.presence is Presence.REVIVED
    assert change.stored.trigger is TriggerKind.ORDER_CREATED


def test_a_renamed_order_that_is_hidden_after_its_entry_was_read_is_left_out(
    store: OrderStore,
) -> None:
    store.create(new_order())
    assert store.rename(1, "B") is COMMITTED
    entries = list(store.changed.entries("demo", EVER, DEADLINE))
    _hide(store)
    assert list(store.changed.read("demo", entries, DEADLINE)) == []


def test_a_hidden_order_is_found_with_its_aliases_by_those_who_may(store: OrderStore) -> None:
    store.create(new_order())
    assert store.rename(1, "B") is COMMITTED
    before = store.found(1)
    hidden = _hide(store)
    assert hidden == replace(
        before,
        order=replace(
            before.order,
            version=3,
            updated_at=_at(1),
            request_id=hidden.order.request_id,
            client="shop",
            through=hidden.order.through,
            presence=Presence.HIDDEN,
        ),
    )
    assert hidden.trigger is TriggerKind.ORDER_DELETED
    assert store.index.find_hidden("other", 1, DEADLINE) is None
    assert store.index.find_hidden("demo", 2, DEADLINE) is None
    lookup = store.orders.find_by_external_ids("demo", ["A", "B", "C"], DEADLINE)
    assert lookup.orders == {}
    assert lookup.hidden == {"A": hidden, "B": hidden}


def test_a_present_order_is_not_hidden(store: OrderStore) -> None:
    store.create(new_order())
    assert store.rename(1, "B") is COMMITTED
    assert store.index.find_hidden("demo", 1, DEADLINE) is None
    assert store.orders.find_by_external_ids("demo", ["A", "B"], DEADLINE).hidden == {}


def test_the_external_id_and_the_aliases_stay_taken(store: OrderStore) -> None:
    store.create(new_order(), new_order("X", 2))
    assert store.rename(1, "B") is COMMITTED
    _hide(store)
    assert store.rename(2, "A") is TAKEN
    assert store.rename(2, "B") is TAKEN
    for name in "AB":
        write = Write(new_order(name, 3), None, None)
        assert store.orders.save("demo", [write], DEADLINE) == [CONFLICT]
    assert store.index.count("demo", 10, DEADLINE) == 1


@pytest.mark.parametrize("names", ["", "B", "BD"])
def test_a_revived_order_is_as_it_was(store: OrderStore, names: str) -> None:
    store.create(new_order(), new_order("X", 2))
    for name in names:
        assert store.rename(1, name) is COMMITTED
    before = store.found(1)
    change = revival(_hide(store), _at(2))
    assert store.changes.save(change, DEADLINE) is COMMITTED
    stored = store.found(1)
    assert stored == change.after
    assert stored.aliases == before.aliases
    assert stored.order.document == before.order.document
    assert stored.order.version == before.order.version + 2
    assert store.index.find_hidden("demo", 1, DEADLINE) is None
    assert _ids(store.index.slice("demo", OrderSlice(0, 10), DEADLINE)) == [1, 2]
    assert store.by_name("A")["A"] == stored.order
    assert store.rename(1, "C") is COMMITTED
    assert store.found(1).order.presence is Presence.PRESENT


def test_an_order_can_be_deleted_and_revived_many_times(store: OrderStore) -> None:
    store.create(new_order())
    for minutes in (1, 3, 5):
        hidden = _hide(store, minutes=minutes)
        assert store.changes.save(revival(hidden, _at(minutes + 1)), DEADLINE) is COMMITTED
    assert store.found(1).order.version == 7
    [change] = store.changes_in(EVER)
    assert change.version == 7


def test_a_hidden_order_can_be_deleted_permanently(store: OrderStore) -> None:
    store.create(new_order())
    assert store.rename(1, "B") is COMMITTED
    change = deletion(_hide(store), _at(2))
    assert store.changes.save(change, DEADLINE) is COMMITTED
    assert store.index.find_hidden("demo", 1, DEADLINE) is None
    [listed] = store.changes_in(EVER)
    assert (listed.at.changed_at, listed.version, listed.stored) == (_at(2), 4, None)
    assert store.orders.find_deleted("demo", [1], DEADLINE) == {1}
    store.create(new_order("A", 3), new_order("B", 4))


def test_a_soft_deletion_is_no_permanent_one(store: OrderStore) -> None:
    store.create(new_order())
    _hide(store)
    assert store.orders.find_deleted("demo", [1], DEADLINE) == frozenset()


@pytest.mark.parametrize("winner", ["renamed", "moved on", "deleted", "hidden"])
def test_an_order_that_has_changed_is_not_hidden(store: OrderStore, winner: str) -> None:
    store.create(new_order())
    planned = soft_deletion(store.found(1), _at(9))
    change = {
        "renamed": lambda stored: renaming(stored, "B"),
        "moved on": shipping,
        "deleted": deletion,
        "hidden": soft_deletion,
    }[winner](store.found(1))
    assert store.changes.save(change, DEADLINE) is COMMITTED
    assert store.changes.save(planned, DEADLINE) is CONFLICT


@pytest.mark.parametrize("winner", ["revived", "deleted"])
def test_an_order_that_is_not_hidden_any_more_is_not_revived(
    store: OrderStore, winner: str
) -> None:
    store.create(new_order())
    hidden = _hide(store)
    change = revival(hidden) if winner == "revived" else deletion(hidden)
    assert store.changes.save(change, DEADLINE) is COMMITTED
    assert store.changes.save(revival(hidden, _at(9)), DEADLINE) is CONFLICT
    assert store.orders.save("demo", [_write_of(_import(hidden))], DEADLINE) == [CONFLICT]


def test_an_import_revives_with_the_aliases(store: OrderStore) -> None:
    store.create(new_order())
    assert store.rename(1, "B") is COMMITTED
    write = _write_of(_import(_hide(store)))
    others = [Write(new_order("N", 7), None, None), Write(new_order("M", 8), None, None)]
    outcomes = store.orders.save("demo", [others[0], write, others[1]], DEADLINE)
    assert list(outcomes) == [COMMITTED] * 3
    stored = store.found(1)
    assert stored == StoredOrder(write.order, ("A",))
    assert stored.trigger is TriggerKind.ORDER_CREATED
    assert store.by_name("A", "B") == dict.fromkeys("AB", write.order)
    assert _ids(store.index.slice("demo", OrderSlice(0, 10), DEADLINE)) == [1, 7, 8]
    [change] = store.changes_in(EVER)
    assert change.stored == stored


def test_an_import_that_took_an_order_for_present_does_not_revive_it(store: OrderStore) -> None:
    store.create(new_order())
    stale = store.found(1).order
    hidden = _hide(store)
    update = Write(replace(stale, version=2, status="paid"), 1, None)
    assert store.orders.save("demo", [update], DEADLINE) == [CONFLICT]
    assert _hidden(store) == hidden


def test_a_change_of_a_present_order_fails_on_a_hidden_one(store: OrderStore) -> None:
    store.create(new_order())
    stale = store.found(1)
    hidden = _hide(store)
    assert store.changes.save(renaming(stale, "B"), DEADLINE) is CONFLICT
    assert store.changes.save(shipping(stale), DEADLINE) is CONFLICT
    assert _hidden(store) == hidden


def test_the_same_ids_in_another_account_are_not_touched(store: OrderStore) -> None:
    store.create(new_order(), new_order("A", 1, "other"))
    _hide(store)
    assert store.found(1, "other") == StoredOrder(new_order("A", 1, "other"))
    assert store.orders.find_by_external_ids("other", ["A"], DEADLINE).hidden == {}


def test_no_call_is_made_after_the_deadline(store: OrderStore) -> None:
    store.create(new_order())
    late = FixedDeadline(0)
    assert store.changes.save(soft_deletion(store.found(1)), late) is WriteOutcome.UNTRIED
    hidden = _hide(store)
    assert store.changes.save(revival(hidden), late) is WriteOutcome.UNTRIED
    write = _write_of(_import(hidden))
    assert store.orders.save("demo", [write], late) == [WriteOutcome.UNTRIED]
    assert _hidden(store) == hidden
