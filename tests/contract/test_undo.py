"""The undo of a request, on the fakes and on DynamoDB Local: both must do the same."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.application.ports import WriteOutcome
from orders.domain.changes import OrderChange
from orders.domain.triggers import TriggerKind
from orders.domain.undoing import UndoOutcome, UndoReason
from tests.support.undoing import (
    KINDS,
    Change,
    Snapshot,
    StreamedChanges,
    UndoWorld,
    content_of,
    create,
    delete,
    deliver_line,
    hide,
    memory_world,
    possible,
    rename,
    revive,
    ship,
    table_world,
    update,
)

type Entry = tuple[str, UndoOutcome, UndoReason | None]

DELETED, RESTORED, UNCHANGED = UndoOutcome.DELETED, UndoOutcome.RESTORED, UndoOutcome.UNCHANGED
KEPT, FAILED = UndoOutcome.KEPT, UndoOutcome.FAILED
NAMES = ("A", "B", "C", "A2", "B2", "C2")
# What comes before a change of an order, and the change, which is then undone.
type Kind = Callable[[str], tuple[Sequence[Change], Change]]
CHANGES: dict[str, Kind] = {
    "document": lambda a: ((), update(a, comment="new", defaults='{"x":1}')),
    "status": lambda a: ((), update(a, status="paid")),
    "update time": lambda a: ((), update(a, update_time="2026-02-01T00:00:00+00:00")),
    "first rename": lambda a: ((), rename(a, f"{a}2")),
    "second rename": lambda a: ((rename(a, f"{a}3"),), rename(a, f"{a}2")),
    "rename to a former id": lambda a: ((rename(a, f"{a}2"),), rename(a, a)),
    "fulfilment": lambda a: ((), ship(a)),
    "line status": lambda a: ((), deliver_line(a)),
    "import of an overridden line": lambda a: (
        (deliver_line(a),),
        update(a, lines=[{"external_id": "1", "status": "paid"}]),
    ),
    "soft deletion": lambda a: ((), hide(a)),
    "soft deletion of a renamed order": lambda a: ((rename(a, f"{a}2"),), hide(a)),
    "revival": lambda a: ((hide(a),), revive(a)),
    "import that revives": lambda a: ((hide(a),), update(a, comment="again")),
    "equal import that revives": lambda a: ((hide(a),), update(a)),
}
# They change the order A after the request, whatever that did.
TOUCHES: dict[str, Change] = {
    "document": update("A", comment="later"),
    "rename": rename("A", "C2"),
    "fulfilment": ship("A"),
    "soft deletion": hide("A"),
}


@pytest.fixture(params=["memory", "dynamodb"])
def world(request: pytest.FixtureRequest) -> UndoWorld:
    if request.param == "memory":
        return memory_world()
    return table_world(request.getfixturevalue("dynamodb"), request.getfixturevalue("table"))


def _undone(world: UndoWorld, request_id: str) -> list[Entry]:
    report, _ = world.undo(request_id)
    assert report.following is None
    return [(each.external_id, each.outcome, each.reason) for each in report.orders]


def test_what_a_request_created_is_deleted_for_good(world: UndoWorld) -> None:
    world.request(create("X"))
    request_id = world.request(create("A"), create("B"))
    assert _undone(world, request_id) == [("A", DELETED, None), ("B", DELETED, None)]
    assert [world.exists(name) for name in "ABX"] == [False, False, True]
    assert [each.kind for each in world.publisher.sent] == [TriggerKind.ORDER_DELETED] * 2
    world.request(create("A"))


def test_an_updated_order_is_as_it_was_before_the_request(world: UndoWorld) -> None:
    kinds = {a: kind(a) for a, kind in zip(ascii_uppercase, CHANGES.values(), strict=False)}
    world.request(*(create(a, update_time="2026-01-01T00:00:00+00:00") for a in kinds))
    world.request(*(each for earlier, _ in kinds.values() for each in earlier))
    before = {a: world.found(a) for a in kinds}
    request_id = world.request(*(change for _, change in kinds.values()))
    changed = {a: world.found(a) for a in kinds}
    preview, _ = world.undo(request_id, dry_run=True)
    assert {a: world.found(a) for a in kinds} == changed
    report, undo_id = world.undo(request_id)
    assert report.orders == preview.orders
    entries = {each.order_id: each for each in report.orders}
    assert len(entries) == len(kinds)
    for a, stored in before.items():
        after, entry = world.found(a), entries[stored.order.order_id]
        assert (entry.outcome, entry.reason) == (RESTORED, None)
        assert (entry.version, entry.restored) == (
            changed[a].order.version,
            stored.order.version,
        )
        assert content_of(after.order) == content_of(stored.order)
        assert after.order.version == changed[a].order.version + 1
        assert (after.order.request_id, after.order.client) == (undo_id, "console")
        assert after.order.through == "hub"
        assert set(stored.aliases) <= {*after.aliases, after.order.external_id}
    assert {each.order.order_id for each in world.publisher.sent} == entries.keys()
    again, _ = world.undo(undo_id)
    assert {each.outcome for each in again.orders} == {RESTORED}
    for a, stored in changed.items():
        assert content_of(world.found(a).order) == content_of(stored.order)


@pytest.mark.parametrize("touch", TOUCHES)
def test_an_order_that_was_changed_since_is_kept_and_listed(touch: str) -> None:
    world = memory_world()
    world.request(create("A"), create("B"))
    created = world.request(create("C"))
    updated = world.request(update("A", status="paid"), update("B", status="paid"))
    world.request(TOUCHES[touch])
    stays = world.found("A")
    assert set(_undone(world, updated)) == {
        ("B", RESTORED, None),
        (stays.order.external_id, KEPT, UndoReason.CHANGED_SINCE),
    }
    assert world.found("A") == stays
    world.request(update("C", comment="later"))
    kept = world.found("C")
    assert _undone(world, created) == [("C", KEPT, UndoReason.CHANGED_SINCE)]
    assert world.found("C") == kept


def test_an_order_that_was_deleted_since_stays_deleted(world: UndoWorld) -> None:
    world.request(create("A"))
    updated = world.request(update("A", status="paid"), create("B"))
    world.request(delete("A"), delete("B"))
    assert _undone(world, updated) == []
    assert not world.exists("A")


def test_a_permanent_deletion_is_listed_as_not_undoable(world: UndoWorld) -> None:
    world.request(create("A"), create("B"))
    deleted = world.request(delete("A"))
    assert _undone(world, deleted) == [("A", KEPT, UndoReason.DELETED)]
    assert not world.exists("A")
    created = world.request(create("C"))
    _, undo_id = world.undo(created)
    assert _undone(world, undo_id) == [("C", KEPT, UndoReason.DELETED)]


def test_a_repeated_undo_changes_nothing(world: UndoWorld) -> None:
    world.request(create("A"))
    request_id = world.request(update("A", status="paid"), create("B"))
    assert len(_undone(world, request_id)) == 2
    restored = world.found("A")
    assert _undone(world, request_id) == [("A", UNCHANGED, None)]
    assert world.found("A") == restored


def test_a_version_that_is_not_in_the_history_yet_is_no_success(world: UndoWorld) -> None:
    world.request(create("A"))
    world.lags = True
    request_id = world.request(update("A", status="paid"))
    stays = world.found("A")
    assert _undone(world, request_id) == [("A", FAILED, UndoReason.HISTORY_PENDING)]
    assert world.found("A") == stays
    world.lags = False
    world.stream()
    assert _undone(world, request_id) == [("A", RESTORED, None)]


def test_a_request_that_a_missing_history_may_hide_is_not_settled(world: UndoWorld) -> None:
    world.request(create("A"))
    world.lags = True
    request_id = world.request(update("A", status="paid"))
    world.request(update("A", status="cancelled"))
    report, _ = world.undo(request_id)
    assert (report.orders, report.is_settled) == ((), False)
    world.lags = False
    world.stream()
    report, _ = world.undo(request_id)
    assert report.is_settled
    assert [each.reason for each in report.orders] == [UndoReason.CHANGED_SINCE]


def test_only_the_orders_of_the_request_and_the_account_are_touched(world: UndoWorld) -> None:
    world.request(create("A"), create("B"))
    first = world.request(update("A", status="paid"))
    # In the same millisecond, as two requests at once.
    world.request(update("B", status="paid"))
    stays = world.found("B")
    assert _undone(world, first) == [("A", RESTORED, None)]
    assert world.found("B") == stays


def test_a_request_with_many_orders_is_undone_in_parts(world: UndoWorld) -> None:
    _undo_in_parts(world, 3)


@pytest.mark.parametrize("limit", [1, 2, 4, 7, 8])
def test_no_order_is_missed_or_listed_twice_between_parts(limit: int) -> None:
    _undo_in_parts(memory_world(), limit)


def _undo_in_parts(world: UndoWorld, limit: int) -> None:
    world.request(*(create(f"U{number}") for number in range(4)))
    before = world.snapshot([f"U{number}" for number in range(4)])
    request_id = world.request(
        *(create(f"N{number}") for number in range(3)),
        *(update(f"U{number}", status="paid") for number in range(4)),
    )
    reports = world.undo_all(request_id, limit)
    assert all(len(report.orders) <= limit for report in reports)
    outcomes = [each.outcome for report in reports for each in report.orders]
    assert sorted(outcomes) == [DELETED] * 3 + [RESTORED] * 4
    assert world.snapshot([f"U{number}" for number in range(4)]) == before
    assert not any(world.exists(f"N{number}") for number in range(3))


def test_a_rename_that_was_undone_leaves_the_new_id_as_an_alias(world: UndoWorld) -> None:
    world.request(create("A"))
    request_id = world.request(rename("A", "A2"))
    world.undo(request_id)
    stored = world.found("A2")
    assert (stored.order.external_id, stored.aliases) == ("A", ("A2",))


@pytest.mark.parametrize("fault", ["before", "after", "lost race"])
def test_an_undo_whose_answer_is_lost_ends_with_one_version(fault: str) -> None:
    world = memory_world()
    world.request(create("A"))
    request_id = world.request(update("A", status="paid"), create("B"))

    def fail(changes: StreamedChanges, change: OrderChange) -> WriteOutcome:
        if fault == "after":
            changes.commit(change)
        return WriteOutcome.CONFLICT if fault == "lost race" else WriteOutcome.UNKNOWN

    world.changes.faults = [fail, fail]
    assert sorted(_undone(world, request_id)) == [("A", RESTORED, None), ("B", DELETED, None)]
    assert world.found("A").order.version == 3
    assert not world.exists("B")


_REQUESTS = st.lists(
    st.dictionaries(st.sampled_from("ABC"), st.sampled_from(sorted(KINDS)), max_size=3),
    min_size=1,
    max_size=6,
)


@dataclass
class _Story:
    """Random requests, of which one is to be undone. Orders are named by their order ids.

    `mine` are the orders that this request changed, `touched` those that later ones changed.
    """

    world: UndoWorld
    chosen: int
    request_id: str = ""
    before: Snapshot = field(default_factory=dict)
    mine: set[int] = field(default_factory=set)
    touched: set[int] = field(default_factory=set)

    def tell(self, requests: Sequence[Mapping[str, str]]) -> None:
        for number, request in enumerate(requests):
            state = self.world.snapshot(NAMES)
            wanted = (possible(self.world, name, kind) for name, kind in request.items())
            made = self.world.request(*(change for change in wanted if change is not None))
            after = self.world.snapshot(NAMES)
            different = {n for n in {*state, *after} if state.get(n) != after.get(n)}
            if number == self.chosen:
                self.request_id, self.before, self.mine = made, state, different
            elif self.request_id:
                self.touched |= different

    def expected(self, present: Snapshot) -> Snapshot:
        """Return the orders after the undo."""
        undone = {n for n in self.mine if n in present and n not in self.touched}
        kept = {n: each for n, each in present.items() if n not in undone}
        return {**kept, **{n: self.before[n] for n in undone if n in self.before}}


@settings(max_examples=100, deadline=None)
@given(_REQUESTS, st.integers(0, 5))
def test_an_undo_restores_untouched_orders_and_leaves_all_others(
    requests: list[dict[str, str]], which: int
) -> None:
    _undo_one_of(memory_world(), requests, which)


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(_REQUESTS, st.integers(0, 5))
def test_a_table_restores_untouched_orders_and_leaves_all_others(
    dynamodb: DynamoDBClient, table: str, requests: list[dict[str, str]], which: int
) -> None:
    _undo_one_of(table_world(dynamodb, table), requests, which)


def _undo_one_of(world: UndoWorld, requests: list[dict[str, str]], which: int) -> None:
    story = _Story(world, which % len(requests))
    story.tell(requests)
    present = world.snapshot(NAMES)
    report, undo_id = world.undo(story.request_id)
    assert world.snapshot(NAMES) == story.expected(present)
    listed = {each.order_id: each.outcome for each in report.orders}
    assert listed.keys() <= story.mine
    for order_id in story.mine & present.keys() & story.touched:
        assert listed[order_id] in {KEPT, UNCHANGED}
    again, _ = world.undo(undo_id)
    redone = world.snapshot(NAMES)
    for each in again.orders:
        if each.outcome is RESTORED:
            assert redone[each.order_id] == present[each.order_id]
        else:
            assert each.reason is UndoReason.DELETED
