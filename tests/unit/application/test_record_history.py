"""Replaced versions are kept, and deleted orders leave no history."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import permutations

import pytest

from orders.application.errors import StorageUnavailableError
from orders.application.ports import Parked, Unreadable
from orders.application.record_history import HistoryReport, RecordHistory
from orders.domain.history import OrderKey, ReplacedVersion
from orders.domain.order import Cause
from orders.domain.settings import Policies, Settings, StoredSettings
from orders.domain.triggers import TriggerKind
from tests.support.deadlines import DEADLINE
from tests.support.fakes import FakeHistory, FakeParking, FakeSettings
from tests.support.order_changes import NOW, new_order

KEY = OrderKey("demo", 1)


@dataclass(frozen=True)
class Record:
    """A HistoryRecord."""

    sequence_number: str
    content: ReplacedVersion | OrderKey


def _version(number: int) -> ReplacedVersion:
    order = new_order()
    for _ in range(number - 1):
        order = order.next_version(Cause("request", "shop", NOW))
    return ReplacedVersion(order, TriggerKind.ORDER_UPDATED, NOW + timedelta(minutes=number))


@dataclass
class World:
    history: FakeHistory = field(default_factory=FakeHistory)
    parking: FakeParking = field(default_factory=FakeParking)
    settings: FakeSettings = field(
        default_factory=lambda: FakeSettings(
            {"demo": StoredSettings(Settings(policies=Policies(history_days=30)), 1)}
        )
    )

    def record(self, *contents: ReplacedVersion | OrderKey | Unreadable) -> HistoryReport:
        record_history = RecordHistory(self.history, self.settings, self.parking)
        records: Sequence[Record | Unreadable] = [
            each if isinstance(each, Unreadable) else Record(f"{number}", each)
            for number, each in enumerate(contents, start=1)
        ]
        return record_history(records, DEADLINE)

    def kept(self) -> list[int]:
        page = self.history.find(KEY, None, 100, DEADLINE)
        return [each.order.version for each in page.versions]


def test_replaced_versions_are_kept_for_the_days_of_the_account() -> None:
    world = World()
    assert world.record(_version(1), _version(2)) == HistoryReport(recorded=2)
    assert world.history.versions[KEY] == {1: (_version(1), 30), 2: (_version(2), 30)}


def test_a_batch_that_is_delivered_again_changes_nothing() -> None:
    world = World()
    for _ in range(2):
        world.record(_version(1), _version(2))
    assert world.kept() == [2, 1]


def test_a_deletion_erases_the_history_whatever_the_order_of_the_records() -> None:
    records: tuple[ReplacedVersion | OrderKey, ...] = (_version(1), _version(2), KEY)
    for order in permutations(records):
        world = World(FakeHistory(deleted={KEY}))
        for each in order:
            world.record(each)
        assert world.kept() == []


def test_other_orders_keep_their_history() -> None:
    world = World(FakeHistory(deleted={KEY}))
    other = replace(_version(1), order=new_order("B", 2))
    assert world.record(other, _version(1), KEY) == HistoryReport(recorded=2, erased=1)
    assert set(world.history.versions) == {OrderKey("demo", 2)}


def test_an_unreadable_record_is_parked_and_does_not_block_others() -> None:
    world = World()
    unreadable = Unreadable("9", Parked("unreadable record: KeyError", {"sequence_number": "9"}))
    assert world.record(unreadable, _version(1)) == HistoryReport(recorded=1, parked=1)
    assert world.parking.parked == [unreadable.parked]
    assert world.kept() == [1]


@pytest.mark.parametrize("part", ["history", "parking"])
def test_a_fault_of_the_store_returns_the_whole_batch(part: str) -> None:
    world = World()
    getattr(world, part).fault = StorageUnavailableError("away")
    unreadable = Unreadable("1", Parked("unreadable record: KeyError", {}))
    assert world.record(unreadable, _version(1)).failed == "1"


def test_the_history_of_a_removed_account_is_kept_for_the_default_time() -> None:
    world = World(settings=FakeSettings({}))
    world.record(_version(1))
    assert world.history.versions[KEY] == {1: (_version(1), 400)}
