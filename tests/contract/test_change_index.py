"""The contract of ChangeIndex. The fake and the DynamoDB adapter must both pass."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

import pytest

from orders.application.errors import StorageUnavailableError
from orders.application.ports import ChangePosition, ChangeRange, CountedChanges, WriteOutcome
from orders.domain.importing import Write
from orders.domain.order import Cause
from orders.domain.ranges import Range
from tests.support.deadlines import DEADLINE, FixedDeadline
from tests.support.order_changes import NOW, deletion, new_order, renaming, shipping
from tests.support.order_stores import OrderStore, memory_store, table_store

COMMITTED = WriteOutcome.COMMITTED
EVER = ChangeRange()


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> OrderStore:
    if request.param == "memory":
        return memory_store()
    return table_store(request.getfixturevalue("dynamodb"))


def _at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def _ship(store: OrderStore, order_id: int, minutes: float) -> None:
    assert store.changes.save(shipping(store.found(order_id), _at(minutes)), DEADLINE) is COMMITTED


def _update(store: OrderStore, order_id: int, minutes: float) -> None:
    stored = store.found(order_id).order
    after = stored.next_version(Cause("another", "shop", _at(minutes)))
    write = Write(replace(after, document='{"comment":"new"}'), stored.version, None)
    assert store.orders.save("demo", [write], DEADLINE) == [COMMITTED]


def _read(store: OrderStore, wanted: ChangeRange = EVER, limit: int = 100) -> list[int]:
    """Read all pages. Return the order ids, negative for deleted orders."""
    return [number for page in _pages(store, wanted, limit) for number in page]


def _pages(store: OrderStore, wanted: ChangeRange, limit: int) -> Iterator[list[int]]:
    while True:
        entries = list(islice(store.changed.entries("demo", wanted, DEADLINE), limit))
        changes = store.changed.read("demo", entries, DEADLINE)
        yield [each.at.order_id * (1 if each.stored else -1) for each in changes]
        if len(entries) < limit:
            return
        wanted = replace(wanted, after=entries[-1].at)


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_changes_of_entries_are_the_present_ones(
    store: OrderStore, *, newest_first: bool
) -> None:
    _create_many(store, 60)
    for number in range(1, 50):
        _ship(store, number, number)
    assert store.changes.save(deletion(store.found(7), _at(60)), DEADLINE) is COMMITTED
    wanted = ChangeRange(_at(5), newest_first=newest_first)
    entries = list(store.changed.entries("demo", wanted, DEADLINE))
    ids = [5, 6, *range(8, 50), 7]
    assert [each.at.order_id for each in entries] == ids[:: -1 if newest_first else 1]
    _update(store, 9, 70)
    changes = store.changed.read("demo", entries, DEADLINE)
    ids.remove(9)
    assert [each.at.order_id for each in changes] == ids[:: -1 if newest_first else 1]
    assert [each.at.order_id for each in changes if each.stored is None] == [7]
    assert list(store.changed.read("demo", [], DEADLINE)) == []


def _create_many(store: OrderStore, count: int) -> None:
    store.create(*(new_order(f"order {number}", number) for number in range(1, count + 1)))


def test_a_new_order_has_no_change(store: OrderStore) -> None:
    store.create(new_order())
    assert _read(store) == []
    assert store.changed.count("demo", CountedChanges(EVER, 10), DEADLINE) == 0


def test_every_kind_of_change_is_listed_once_by_its_time(store: OrderStore) -> None:
    _create_many(store, 5)
    _ship(store, 4, minutes=1)
    _update(store, 3, minutes=2)
    assert store.changes.save(renaming(store.found(2), "B", _at(3)), DEADLINE) is COMMITTED
    assert store.changes.save(deletion(store.found(1), _at(4)), DEADLINE) is COMMITTED
    assert _read(store) == [4, 3, 2, -1]
    assert _read(store, ChangeRange(newest_first=True)) == [-1, 2, 3, 4]
    assert store.changed.count("demo", CountedChanges(EVER, 10), DEADLINE) == 3


def test_an_order_that_changes_again_moves_to_its_last_change(store: OrderStore) -> None:
    _create_many(store, 2)
    _update(store, 1, minutes=1)
    _ship(store, 2, minutes=2)
    _update(store, 1, minutes=3)
    assert store.changes.save(renaming(store.found(1), "B", _at(4)), DEADLINE) is COMMITTED
    assert _read(store) == [2, 1]
    assert store.changes.save(deletion(store.found(2), _at(5)), DEADLINE) is COMMITTED
    assert _read(store) == [1, -2]


def test_a_change_contains_the_present_version_with_its_aliases(store: OrderStore) -> None:
    store.create(new_order())
    assert store.changes.save(renaming(store.found(1), "B", _at(1)), DEADLINE) is COMMITTED
    [change] = store.changes_in(EVER)
    assert change.at == ChangePosition(_at(1), 1)
    assert (change.version, change.external_id) == (2, "B")
    assert change.stored == store.found(1)
    assert change.stored.aliases == ("A",)


@pytest.mark.parametrize("change", [_update, _ship])
def test_a_renamed_order_keeps_its_aliases_when_it_changes_again(
    store: OrderStore, change: Callable[[OrderStore, int, float], None]
) -> None:
    store.create(new_order())
    assert store.changes.save(renaming(store.found(1), "B", _at(1)), DEADLINE) is COMMITTED
    change(store, 1, 2)
    [listed] = store.changes_in(EVER)
    assert listed.stored == store.found(1)
    assert listed.stored.aliases == ("A",)


def test_a_deletion_names_the_order_and_its_last_version(store: OrderStore) -> None:
    store.create(new_order())
    assert store.changes.save(deletion(store.found(1), _at(1)), DEADLINE) is COMMITTED
    [change] = store.changes_in(EVER)
    assert change.at == ChangePosition(_at(1), 1)
    assert (change.version, change.external_id, change.stored) == (2, "A", None)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, [1, 2, 3]),
        (2, None, [2, 3]),
        (None, 2, [1, 2]),
        (2, 2, [2]),
        (2.5, 2.9, []),
        (3, 1, []),
    ],
)
def test_both_ends_of_a_range_are_inclusive(
    store: OrderStore, start: float | None, end: float | None, expected: list[int]
) -> None:
    _create_many(store, 3)
    for number in (1, 2, 3):
        _ship(store, number, minutes=number)
    wanted = ChangeRange(None if start is None else _at(start), None if end is None else _at(end))
    assert _read(store, wanted) == expected
    assert _read(store, replace(wanted, newest_first=True)) == expected[::-1]
    assert store.changed.count("demo", CountedChanges(wanted, 10), DEADLINE) == len(expected)


@pytest.mark.parametrize("newest_first", [False, True])
def test_entries_are_read_from_any_position_on(store: OrderStore, *, newest_first: bool) -> None:
    _create_many(store, 50)
    # Several changes have the same time: their order ids decide.
    for number in range(1, 51):
        _ship(store, number, minutes=number // 4)
    pages = list(_pages(store, ChangeRange(newest_first=newest_first), 7))
    assert [len(page) for page in pages] == [7] * 7 + [1]
    expected = list(range(1, 51))
    assert [number for page in pages for number in page] == (
        expected[::-1] if newest_first else expected
    )


def test_counting_stops_at_the_limit(store: OrderStore) -> None:
    _create_many(store, 30)
    for number in range(1, 31):
        _ship(store, number, minutes=number)
    assert store.changed.count("demo", CountedChanges(EVER, 30), DEADLINE) == 30
    assert store.changed.count("demo", CountedChanges(EVER, 29), DEADLINE) is None


def test_only_orders_with_the_counted_ids_are_counted(store: OrderStore) -> None:
    _create_many(store, 5)
    for number in range(1, 6):
        _ship(store, number, minutes=number)
    assert store.changes.save(deletion(store.found(2), _at(6)), DEADLINE) is COMMITTED
    for ids, expected in ((Range(2, 5), 2), (Range(4, None), 2), (Range(None, 3), 1)):
        counted = CountedChanges(ChangeRange(_at(1)), 10, ids)
        assert store.changed.count("demo", counted, DEADLINE) == expected
    assert store.changed.count("demo", CountedChanges(EVER, 1, Range(1, 4)), DEADLINE) is None


def test_the_time_of_a_change_never_falls(store: OrderStore) -> None:
    store.create(new_order())
    _ship(store, 1, minutes=5)
    seen = store.changes_in(EVER)
    _update(store, 1, minutes=1)
    later = ChangeRange(after=seen[-1].at)
    assert _read(store, later) == [1]


def test_changes_of_another_account_are_not_listed(store: OrderStore) -> None:
    store.create(new_order(), new_order("A", 1, "other"))
    _ship(store, 1, minutes=1)
    assert store.changes_in(EVER, "other") == []
    assert store.changed.count("other", CountedChanges(EVER, 10), DEADLINE) == 0


def test_no_page_is_read_after_the_deadline(store: OrderStore) -> None:
    store.create(new_order())
    with pytest.raises(StorageUnavailableError):
        list(store.changed.entries("demo", EVER, FixedDeadline(0)))
    for ids in (Range[int](), Range(1, 9)):
        with pytest.raises(StorageUnavailableError):
            store.changed.count("demo", CountedChanges(EVER, 10, ids), FixedDeadline(0))
