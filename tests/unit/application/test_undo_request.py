"""The undo of a request under faults, in parts, and its triggers."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from orders.application.errors import StorageUnavailableError
from orders.application.ports import Deadline, OrderChanges, WriteOutcome
from orders.domain.changes import OrderChange
from orders.domain.order import Cause
from orders.domain.undoing import RestoreRefusal, UndoOutcome, UndoReason
from tests.support.crashes import Death, KilledError, Mortal
from tests.support.deadlines import FixedDeadline
from tests.support.fakes import FakeHistory, FakeOrderIndex
from tests.support.undoing import (
    StreamedChanges,
    UndoWorld,
    content_of,
    create,
    delete,
    hide,
    later,
    lose,
    memory_world,
    rename,
    update,
)

FAILED, KEPT, RESTORED = UndoOutcome.FAILED, UndoOutcome.KEPT, UndoOutcome.RESTORED


@pytest.fixture
def world() -> UndoWorld:
    return memory_world()


def _updated(world: UndoWorld, count: int) -> str:
    world.request(*(create(f"U{number}") for number in range(count)))
    return world.request(*(update(f"U{number}", status="paid") for number in range(count)))


def _unknown(_changes: OrderChanges, _change: OrderChange) -> WriteOutcome:
    return WriteOutcome.UNKNOWN


def _refused(_changes: OrderChanges, _change: OrderChange) -> WriteOutcome:
    return WriteOutcome.REFUSED


def _cause(world: UndoWorld) -> Cause:
    return Cause("other", "shop", world.now)


def test_a_request_is_settled_when_all_its_changes_are_visible(world: UndoWorld) -> None:
    request_id = world.request(create("A"))
    assert not world.undo(request_id, dry_run=True, settled=False)[0].is_settled
    later(world, seconds=27 + 59)
    assert not world.undo(request_id, dry_run=True, settled=False)[0].is_settled
    later(world, seconds=1)
    assert world.undo(request_id, dry_run=True, settled=False)[0].is_settled


def test_an_order_that_changes_during_the_undo_is_kept(world: UndoWorld) -> None:
    request_id = _updated(world, 1)

    def overtake(changes: OrderChanges, change: OrderChange) -> WriteOutcome:
        assert isinstance(changes, StreamedChanges)
        rename("U0", "X")(world, _cause(world))
        return changes.commit(change)

    world.changes.faults = [overtake]
    [entry] = world.undo(request_id)[0].orders
    assert (entry.outcome, entry.reason) == (KEPT, UndoReason.CHANGED_SINCE)
    assert world.found("U0").order.external_id == "X"
    assert world.publisher.sent == []


def test_an_order_that_is_deleted_during_the_undo_is_kept(world: UndoWorld) -> None:
    request_id = _updated(world, 1)

    def overtake(changes: OrderChanges, change: OrderChange) -> WriteOutcome:
        assert isinstance(changes, StreamedChanges)
        delete("U0")(world, _cause(world))
        return changes.commit(change)

    world.changes.faults = [overtake]
    [entry] = world.undo(request_id)[0].orders
    assert (entry.outcome, entry.reason) == (KEPT, UndoReason.DELETED)


def test_an_undo_that_the_store_does_not_answer_fails_and_can_be_repeated(world: UndoWorld) -> None:
    request_id = _updated(world, 2)
    world.changes.faults = [_unknown] * 6
    report, _ = world.undo(request_id)
    assert [(each.outcome, each.reason) for each in report.orders] == [
        (FAILED, UndoReason.UNAVAILABLE)
    ] * 2
    # The relay publishes them if they are in the stream.
    assert len(report.unpublished) == 2
    assert [each.outcome for each in world.undo(request_id)[0].orders] == [RESTORED] * 2


def test_an_undo_that_the_store_rejects_is_no_success(world: UndoWorld) -> None:
    request_id = _updated(world, 1)
    before = world.found("U0")
    world.changes.faults = [_refused]
    report, _ = world.undo(request_id)
    assert [(e.outcome, e.reason) for e in report.orders] == [(FAILED, UndoReason.INTERNAL_ERROR)]
    assert world.found("U0") == before
    assert (report.published, report.unpublished) == (0, ())


def test_each_change_is_published_once_also_if_its_answer_is_lost(world: UndoWorld) -> None:
    request_id = _updated(world, 3)
    world.changes.faults = [lose, _unknown]
    report, undo_id = world.undo(request_id)
    assert [each.outcome for each in report.orders] == [RESTORED] * 3
    assert (report.published, report.unpublished) == (3, ())
    assert {each.order.request_id for each in world.publisher.sent} == {undo_id}
    assert len(world.publisher.sent) == 3


def test_a_deletion_whose_answer_is_lost_leaves_its_trigger_to_the_relay(world: UndoWorld) -> None:
    request_id = world.request(create("A"))
    world.changes.faults = [lose]
    report, _ = world.undo(request_id)
    assert [each.outcome for each in report.orders] == [UndoOutcome.DELETED]
    assert world.publisher.sent == []
    assert [each.order.external_id for each in report.unpublished] == ["A"]


def test_triggers_can_be_skipped(world: UndoWorld) -> None:
    request_id = world.request(create("A"))
    updated = world.request(update("A", status="paid"), create("B"))
    report, _ = world.undo(updated, skip_triggers=True)
    assert [each.outcome for each in report.orders] == [UndoOutcome.DELETED, RESTORED]
    world.undo(request_id, skip_triggers=True)
    assert world.publisher.sent == []


def test_triggers_that_were_not_published_are_reported(world: UndoWorld) -> None:
    request_id = _updated(world, 2)
    world.publisher.lost = {"U1"}
    report, _ = world.undo(request_id)
    assert (report.published, len(report.unpublished)) == (1, 1)


def test_a_late_undo_ends_after_a_part_that_can_be_continued(world: UndoWorld) -> None:
    request_id = _updated(world, 60)
    # After the first part, there is no time for another one.
    deadline = FixedDeadline(13.5, per_look=0.05)
    report, _ = world.undo(request_id, limit=1000, deadline=deadline)
    assert 0 < len(report.orders) < 60
    assert report.following is not None
    rest, _ = world.undo(request_id, limit=1000, after=report.following)
    assert rest.following is None
    assert len({each.order_id for each in (*report.orders, *rest.orders)}) == 60


@dataclass
class _FailingIndex(FakeOrderIndex):
    """An index whose reads fail from one on."""

    reads: list[None] = field(default_factory=list)
    fails_at: int = 0

    def _expect(self, deadline: Deadline) -> None:
        self.reads.append(None)
        if self.fails_at and len(self.reads) >= self.fails_at:
            raise StorageUnavailableError
        super()._expect(deadline)


def test_a_store_that_fails_at_first_is_an_error_and_later_an_end(world: UndoWorld) -> None:
    request_id = _updated(world, 60)
    index = _FailingIndex(world.store.index.store)  # type: ignore[attr-defined]
    world.store.index = index
    outcomes = set()
    for fails_at in range(1, 12):
        index.reads.clear()
        index.fails_at = fails_at
        try:
            report, _ = world.undo(request_id, dry_run=True, limit=1000)
        except StorageUnavailableError:
            outcomes.add("error")
        else:
            outcomes.add("part" if report.following is not None else "whole")
            index.fails_at = 0
            after = report.following
            rest = world.undo(request_id, dry_run=True, limit=1000, after=after)[0].orders
            whole = report.orders if after is None else (*report.orders, *rest)
            assert len({each.order_id for each in whole}) == 60
    assert outcomes == {"error", "part", "whole"}


def test_the_history_of_others_is_not_taken_for_that_of_the_request(world: UndoWorld) -> None:
    world.request(create("A"))
    first = world.request(update("A", status="paid"))
    second = world.request(update("A", status="sent"))
    assert [each.reason for each in world.undo(first)[0].orders] == [UndoReason.CHANGED_SINCE]
    assert [each.outcome for each in world.undo(second)[0].orders] == [RESTORED]
    # Now it is the newest change that is not undone, but a later request has touched the order.
    assert [each.reason for each in world.undo(first)[0].orders] == [UndoReason.CHANGED_SINCE]


def test_a_request_that_changed_nothing_has_no_orders(world: UndoWorld) -> None:
    world.request(create("A"))
    report, _ = world.undo(world.request())
    assert (report.orders, report.following, report.is_settled) == ((), None, True)


def test_a_request_that_is_later_than_its_undo_has_no_orders(world: UndoWorld) -> None:
    world.request(create("A"))
    request_id = world.request()
    later(world, days=-1)
    assert world.undo(request_id)[0].orders == ()


@pytest.mark.parametrize("kind", ["update", "hide", "rename"])
def test_an_earlier_version_is_restored_whatever_changed_since(world: UndoWorld, kind: str) -> None:
    world.request(create("A"))
    before = world.found("A").order
    world.request(update("A", status="paid"))
    changes = {
        "update": update("A", comment="x"),
        "hide": hide("A"),
        "rename": rename("A", "B"),
    }
    world.request(changes[kind])
    report = world.restore(before.order_id, 1)
    assert report.found is not None
    assert content_of(report.found.order) == content_of(before)
    assert report.found.order.version == 4
    assert len(world.publisher.sent) == 1
    again = world.restore(before.order_id, 1)
    assert (again.found, again.trigger) == (report.found, None)


def test_a_restoration_can_skip_its_trigger(world: UndoWorld) -> None:
    world.request(create("A"))
    world.request(update("A", status="paid"))
    number = world.found("A").order.order_id
    assert world.restore(number, 1, skip_triggers=True).trigger is None
    assert world.found("A").order.version == 3
    assert world.publisher.sent == []


def test_a_version_that_is_unknown_or_not_recorded_is_not_restored(world: UndoWorld) -> None:
    world.request(create("A"))
    number = world.found("A").order.order_id
    assert world.restore(number, 2).refusal is RestoreRefusal.UNKNOWN_VERSION
    world.lags = True
    world.request(update("A", status="paid"))
    assert world.restore(number, 1).refusal is RestoreRefusal.HISTORY_PENDING
    later(world, days=2)
    assert world.restore(number, 1).refusal is RestoreRefusal.HISTORY_EXPIRED
    assert world.restore(9, 1).found is None


def test_an_expired_version_is_kept_and_named(world: UndoWorld) -> None:
    request_id = _updated(world, 1)
    assert isinstance(world.history, FakeHistory)
    world.history.versions.clear()
    assert world.undo(request_id)[0].orders[0].reason is UndoReason.HISTORY_PENDING
    later(world, days=2)
    report, _ = world.undo(request_id)
    assert report.orders[0].reason is UndoReason.HISTORY_EXPIRED
    assert timedelta(days=2) < world.now - world.found("U0").order.updated_at


@pytest.mark.parametrize("phase", ["before", "after"])
def test_an_undo_that_crashed_at_any_call_is_completed_by_its_repetition(phase: str) -> None:
    for at in range(1, 100):
        world = memory_world()
        world.request(create("A"), create("B"), create("C"))
        before = world.snapshot("ABC")
        request_id = world.request(
            update("A", status="paid"), rename("B", "B2"), hide("C"), create("D")
        )
        death = Death(at, phase)
        whole = world.store
        world.store = replace(
            whole,
            index=Mortal(whole.index, death),
            changed=Mortal(whole.changed, death),
        )
        history, changes = world.history, world.changes
        world.history = Mortal(history, death)
        world.changes.inner = Mortal(whole.changes, death)
        with suppress(KilledError):
            world.undo(request_id)
        world.store, world.history, world.changes = whole, history, changes
        world.changes.inner = whole.changes
        world.stream()
        report, _ = world.undo(request_id)
        assert {each.outcome for each in report.orders} <= {
            UndoOutcome.DELETED,
            UndoOutcome.UNCHANGED,
            RESTORED,
        }
        assert world.snapshot(["A", "B", "C", "D"]) == before
        if death.calls < at:
            assert at > 10
            return
    pytest.fail("the undo makes more calls than were tried")
