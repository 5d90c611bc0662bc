"""The contract of OrderChanges. The fake and the DynamoDB adapter must both pass."""

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.application.ports import WriteOutcome
from orders.domain.changes import StoredOrder
from orders.domain.external_ids import MAX_ALIASES
from orders.domain.fulfilment import Fulfilment
from orders.domain.importing import Write
from tests.support.deadlines import DEADLINE, FixedDeadline
from tests.support.order_changes import deletion, new_order, renaming, shipping
from tests.support.order_stores import OrderStore, memory_store, table_store

COMMITTED, CONFLICT, TAKEN = WriteOutcome.COMMITTED, WriteOutcome.CONFLICT, WriteOutcome.TAKEN


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> OrderStore:
    if request.param == "memory":
        return memory_store()
    return table_store(request.getfixturevalue("dynamodb"))


def test_a_renamed_order_is_found_under_both_ids(store: OrderStore) -> None:
    store.create(new_order())
    change = renaming(store.found(1), "B")
    assert store.changes.save(change, DEADLINE) is COMMITTED
    assert store.found(1) == change.after
    assert store.found(1).aliases == ("A",)
    assert store.by_name("A", "B") == dict.fromkeys("AB", change.after.order)


def test_a_deleted_order_frees_its_external_id_and_aliases(store: OrderStore) -> None:
    store.create(new_order(), new_order("X", 2))
    for name in ("B", "C"):
        assert store.rename(1, name) is COMMITTED
    assert store.changes.save(deletion(store.found(1)), DEADLINE) is COMMITTED
    assert store.index.find_by_order_id("demo", 1, DEADLINE) is None
    assert store.by_name(*"ABCX") == {"X": new_order("X", 2)}
    page = store.index.list_orders("demo", None, 10, DEADLINE)
    assert [named.order.order_id for named in page.orders] == [2]
    store.create(new_order("A", 3), new_order("C", 4))
    assert store.rename(2, "B") is COMMITTED


def test_a_permanent_deletion_is_found_by_the_id_of_its_order(store: OrderStore) -> None:
    store.create(new_order(), new_order("B", 2))
    assert store.changes.find_removed("demo", 1, DEADLINE) is None
    change = deletion(store.found(1))
    assert store.changes.save(change, DEADLINE) is COMMITTED
    assert store.changes.find_removed("demo", 1, DEADLINE) == change.after.order
    assert store.changes.find_removed("other", 1, DEADLINE) is None
    assert store.changes.find_removed("demo", 2, DEADLINE) is None


@pytest.mark.parametrize("change", ["renamed", "moved on", "deleted", "created anew"])
def test_an_order_that_has_changed_is_not_deleted(store: OrderStore, change: str) -> None:
    store.create(new_order())
    assert store.rename(1, "B") is COMMITTED
    planned = deletion(store.found(1))
    if change == "renamed":
        assert store.rename(1, "A") is COMMITTED
    elif change == "moved on":
        assert store.changes.save(shipping(store.found(1)), DEADLINE) is COMMITTED
    else:
        assert store.changes.save(deletion(store.found(1)), DEADLINE) is COMMITTED
    if change == "created anew":
        store.create(new_order("B", 2))
    stays = store.by_name("A", "B")
    assert store.changes.save(planned, DEADLINE) is CONFLICT
    assert store.by_name("A", "B") == stays


def test_aliases_never_form_a_chain(store: OrderStore) -> None:
    store.create(new_order())
    for name in ("B", "C", "D"):
        assert store.rename(1, name) is COMMITTED
    assert store.found(1).aliases == ("A", "B", "C")
    final = store.found(1).order
    assert (final.external_id, final.version) == ("D", 4)
    assert store.by_name(*"ABCD") == dict.fromkeys("ABCD", final)


def test_an_alias_can_return_only_to_its_own_order(store: OrderStore) -> None:
    store.create(new_order(), new_order("X", 2))
    assert store.rename(1, "B") is COMMITTED
    assert store.rename(2, "A") is TAKEN
    assert store.rename(1, "A") is COMMITTED
    assert store.found(1).aliases == ("B",)
    assert store.rename(2, "B") is TAKEN
    assert {name: order.order_id for name, order in store.by_name(*"ABX").items()} == {
        "A": 1,
        "B": 1,
        "X": 2,
    }


def test_an_id_of_another_order_is_taken_and_nothing_changes(store: OrderStore) -> None:
    store.create(new_order(), new_order("B", 2))
    assert store.rename(1, "B") is TAKEN
    assert store.found(1) == StoredOrder(new_order())
    assert store.by_name("A", "B") == {"A": new_order(), "B": new_order("B", 2)}


def test_the_same_id_in_another_account_is_free(store: OrderStore) -> None:
    store.create(new_order(), new_order("B", 1, "other"))
    assert store.rename(1, "B") is COMMITTED
    assert store.found(1, "other") == StoredOrder(new_order("B", 1, "other"))


def test_a_change_fails_if_the_order_changed_since_it_was_read(store: OrderStore) -> None:
    store.create(new_order())
    stale = store.found(1)
    updated = replace(stale.order, version=2, status="paid")
    assert list(store.orders.save("demo", [Write(updated, 1, None)], DEADLINE)) == [COMMITTED]
    assert store.changes.save(renaming(stale, "B"), DEADLINE) is CONFLICT
    assert store.changes.save(shipping(stale), DEADLINE) is CONFLICT
    assert store.found(1) == StoredOrder(updated)
    assert store.by_name("B") == {}


def test_a_change_fails_if_the_aliases_changed_since_they_were_read(store: OrderStore) -> None:
    store.create(new_order())
    assert store.rename(1, "B") is COMMITTED
    current = store.found(1)
    forgetful = replace(current, aliases=())
    assert store.changes.save(renaming(forgetful, "C"), DEADLINE) is CONFLICT
    invented = replace(current, aliases=("A", "Z"))
    assert store.changes.save(renaming(invented, "C"), DEADLINE) is CONFLICT
    assert store.found(1) == current


def test_a_deletion_needs_the_aliases_as_they_were_read(store: OrderStore) -> None:
    """Of an alias that it does not know it would leave the item, which keeps the id taken."""
    store.create(new_order())
    assert store.rename(1, "B") is COMMITTED
    current = store.found(1)
    for wrong in ((), ("A", "Z")):
        assert store.changes.save(deletion(replace(current, aliases=wrong)), DEADLINE) is CONFLICT
    assert store.found(1) == current
    assert store.by_name("A")["A"] == current.order


def test_an_import_of_an_order_that_was_renamed_gets_a_conflict(store: OrderStore) -> None:
    store.create(new_order())
    stale = store.found(1).order
    assert store.rename(1, "B") is COMMITTED
    update = Write(replace(stale, version=2, status="paid"), 1, None)
    assert list(store.orders.save("demo", [update], DEADLINE)) == [CONFLICT]
    creation = Write(new_order("A", 9), None, None)
    assert list(store.orders.save("demo", [creation], DEADLINE)) == [CONFLICT]
    assert store.found(1).order.external_id == "B"


def test_a_new_state_is_stored_and_the_document_is_unchanged(store: OrderStore) -> None:
    store.create(new_order())
    change = shipping(store.found(1))
    assert store.changes.save(change, DEADLINE) is COMMITTED
    stored = store.found(1).order
    assert stored.fulfilment is Fulfilment.READY_TO_SHIP
    assert (stored.status, stored.document, stored.version) == ("new", new_order().document, 2)


def test_fifty_aliases_are_kept(store: OrderStore) -> None:
    store.create(new_order())
    for number in range(MAX_ALIASES):
        assert store.rename(1, f"{number} {'я' * 250}") is COMMITTED
    assert len(store.found(1).aliases) == 50
    assert store.by_name("A")["A"] == store.found(1).order


def test_no_call_is_made_after_the_deadline(store: OrderStore) -> None:
    store.create(new_order())
    late = FixedDeadline(0)
    assert store.changes.save(renaming(store.found(1), "B"), late) is WriteOutcome.UNTRIED
    assert store.found(1) == StoredOrder(new_order())


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.sampled_from("ABCDE")), max_size=8))
def test_no_series_of_renames_loses_an_order_or_shares_an_id(
    store: OrderStore, steps: list[tuple[int, str]]
) -> None:
    account = uuid4().hex
    owners = {"A": 1, "B": 2}
    store.create(new_order("A", 1, account), new_order("B", 2, account))
    for order_id, name in steps:
        named = store.found(order_id, account)
        if named.order.external_id == name:
            continue
        change = renaming(named, name)
        is_taken = store.changes.is_taken(change, DEADLINE)
        outcome = store.changes.save(change, DEADLINE)
        # A preview reads what the write would find.
        assert is_taken is (outcome is TAKEN)
        free = owners.get(name, order_id) == order_id
        assert outcome is (COMMITTED if free else TAKEN)
        if free:
            owners[name] = order_id
    found = store.orders.find_by_external_ids(account, "ABCDE", DEADLINE).orders
    assert {name: order.order_id for name, order in found.items()} == owners
