"""The change of one order against its ports: races and lost answers end in an honest report."""

from dataclasses import replace

import pytest

from orders.application.change_order import ChangeOrder, ChangeReport
from orders.application.deadlines import PUBLISHING_SECONDS
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.get_order_by_id import GetOrderById, OrderAddress
from orders.application.ports import Deadline, WriteOutcome
from orders.application.update_external_id import UpdateExternalId, UpdateExternalIdCommand
from orders.domain.changes import OrderChange
from orders.domain.external_ids import ExternalIdRefusal
from orders.domain.fulfilment import Fulfilment
from orders.domain.settings import ExternalIdPolicy
from tests.support.deadlines import DEADLINE, CountingPause, FixedDeadline
from tests.support.fakes import (
    FakeOrderChanges,
    FakeOrderIndex,
    FakeOrders,
    FakePublisher,
    TickingClock,
    publishing,
)
from tests.support.yandex_market import stored_order

UNKNOWN, UNTRIED = WriteOutcome.UNKNOWN, WriteOutcome.UNTRIED
ADDRESS = OrderAddress("demo", "website", 1)


class World:
    """An order with the id 1, and the update of its external id."""

    def __init__(self, attempts: int = 5) -> None:
        self.orders = FakeOrders()
        order = stored_order()
        self.orders.orders[order.account, order.external_id] = order
        self.index = FakeOrderIndex(self.orders)
        self.changes = FakeOrderChanges(self.orders)
        self.publisher = FakePublisher()
        self.pause = CountingPause(limit=attempts)
        change = ChangeOrder(
            GetOrderById(self.index), self.changes, publishing(self.publisher), self.pause
        )
        self._update = UpdateExternalId(change, TickingClock())

    def rename(
        self,
        external_id: str = "B",
        request_id: str = "request",
        deadline: Deadline = DEADLINE,
    ) -> ChangeReport[ExternalIdRefusal]:
        policy = ExternalIdPolicy.CHANGE
        command = UpdateExternalIdCommand(ADDRESS, external_id, policy, request_id)
        return self._update(command, deadline)

    def by_another(self, external_id: str) -> None:
        """Let another request change the order's id meanwhile."""
        faults, self.changes.faults = self.changes.faults, []
        assert self.rename(external_id, "another").trigger
        self.changes.faults = faults


def test_a_lost_race_is_read_and_decided_again() -> None:
    world = World()

    def be_overtaken(changes: FakeOrderChanges, change: OrderChange) -> WriteOutcome:
        world.by_another("C")
        return changes.commit(change)

    world.changes.faults.append(be_overtaken)
    report = world.rename("B")
    assert report.trigger
    assert report.trigger.changed == {"external_id": {"old": "C", "new": "B"}}
    assert world.pause.attempts == [1]


def test_a_race_that_leaves_nothing_to_do_writes_nothing() -> None:
    world = World()

    def be_overtaken(changes: FakeOrderChanges, change: OrderChange) -> WriteOutcome:
        world.by_another("B")
        return changes.commit(change)

    world.changes.faults.append(be_overtaken)
    report = world.rename("B")
    assert (report.trigger, report.refusal, report.unpublished) == (None, None, ())
    assert [trigger.order.request_id for trigger in world.publisher.sent] == ["another"]


def test_an_order_that_left_the_endpoint_meanwhile_is_not_found() -> None:
    world = World()

    def move_away(_changes: FakeOrderChanges, change: OrderChange) -> WriteOutcome:
        moved = stored_order(endpoint="couriers")
        world.orders.orders["demo", "A"] = replace(moved, version=2)
        return WriteOutcome.CONFLICT if change else UNTRIED

    world.changes.faults.append(move_away)
    assert world.rename().found is None


def test_a_lost_answer_of_a_committed_change_is_recognised() -> None:
    world = World()

    def lose(changes: FakeOrderChanges, change: OrderChange) -> WriteOutcome:
        changes.commit(change)
        return UNKNOWN

    world.changes.faults.append(lose)
    report = world.rename()
    assert report.trigger
    assert world.publisher.sent == [report.trigger]
    assert report.unpublished == ()
    assert report.found
    assert report.found.order.version == 2


@pytest.mark.parametrize("answer", [UNKNOWN, UNTRIED, WriteOutcome.CONFLICT])
def test_an_order_that_names_the_request_is_its_own_whatever_was_answered(
    answer: WriteOutcome,
) -> None:
    world = World()

    def commit_and_answer(changes: FakeOrderChanges, change: OrderChange) -> WriteOutcome:
        changes.commit(change)
        return answer

    world.changes.faults.append(commit_and_answer)
    report = world.rename()
    assert report.trigger
    assert world.publisher.sent == [report.trigger]
    assert (report.unpublished, report.unavailable) == ((), False)


def test_a_lost_answer_of_a_change_that_never_came_is_tried_again() -> None:
    world = World()
    world.changes.faults.append(lambda _changes, _change: UNKNOWN)
    report = world.rename()
    assert report.trigger
    assert report.trigger.order.version == 2
    assert len(world.publisher.sent) == 1
    assert report.unpublished == ()


def test_a_change_that_may_have_been_committed_is_told_as_unpublished() -> None:
    """Another request wrote after it: whose version 2 it was, cannot be known any more."""
    world = World()

    def lose_and_be_overtaken(changes: FakeOrderChanges, change: OrderChange) -> WriteOutcome:
        changes.commit(change)
        world.by_another("C")
        return UNKNOWN

    world.changes.faults.append(lose_and_be_overtaken)
    report = world.rename("B")
    assert report.trigger
    assert report.trigger.order.version == 4
    assert [trigger.order.version for trigger in report.unpublished] == [2]


def test_answers_that_stay_lost_leave_the_change_unknown() -> None:
    world = World()
    world.changes.faults += [lambda _changes, _change: UNKNOWN] * 9
    report = world.rename()
    assert report.unavailable
    assert [trigger.order.version for trigger in report.unpublished] == [2]
    assert world.publisher.sent == []


def test_without_the_store_nothing_is_changed() -> None:
    world = World()
    world.changes.faults += [lambda _changes, _change: UNTRIED] * 9
    with pytest.raises(StorageUnavailableError):
        world.rename()
    assert world.pause.attempts == [1, 2, 3, 4, 5]
    world.index.available = False
    with pytest.raises(StorageUnavailableError):
        world.rename()


def test_a_store_that_fails_after_a_lost_answer_is_told() -> None:
    world = World()

    def lose_and_fail(_changes: FakeOrderChanges, _change: OrderChange) -> WriteOutcome:
        world.index.available = False
        return UNKNOWN

    world.changes.faults.append(lose_and_fail)
    report = world.rename()
    assert (report.unavailable, len(report.unpublished)) == (True, 1)


def test_a_refused_write_is_a_fault_of_ours() -> None:
    world = World()
    world.changes.faults.append(lambda _changes, _change: WriteOutcome.REFUSED)
    with pytest.raises(StorageRefusedError):
        world.rename()


def test_a_taken_id_is_a_refusal() -> None:
    world = World()
    other = stored_order("B", 2)
    world.orders.orders["demo", "B"] = other
    report = world.rename("B")
    assert report.refusal is ExternalIdRefusal.TAKEN
    assert report.found
    assert report.found.order.external_id == "A"
    assert world.publisher.sent == []


def test_what_the_bus_does_not_take_is_told() -> None:
    world = World()
    world.publisher.lost.add("B")
    report = world.rename("B")
    assert report.trigger
    assert report.unpublished == (report.trigger,)


def test_a_fault_of_ours_after_a_lost_answer_is_told_with_the_trigger() -> None:
    world = World()

    def lose(changes: FakeOrderChanges, change: OrderChange) -> WriteOutcome:
        changes.commit(change)
        world.by_another("D")
        changes.faults.append(lambda _changes, _change: WriteOutcome.REFUSED)
        return UNKNOWN

    world.changes.faults.append(lose)
    report = world.rename("B")
    assert (report.unavailable, len(report.unpublished)) == (True, 1)


def test_another_writers_version_is_not_taken_for_ours() -> None:
    world = World()

    def lose_and_be_overtaken(_changes: FakeOrderChanges, change: OrderChange) -> WriteOutcome:
        world.by_another("C")
        return UNKNOWN if change else UNTRIED

    world.changes.faults.append(lose_and_be_overtaken)
    report = world.rename("B")
    assert report.trigger
    assert report.trigger.changed == {"external_id": {"old": "C", "new": "B"}}
    assert report.trigger.order.version == 3


def test_a_refusal_after_a_lost_answer_may_be_of_our_own_making() -> None:
    world = World()

    def lose_and_be_moved_on(changes: FakeOrderChanges, change: OrderChange) -> WriteOutcome:
        changes.commit(change)
        world.by_another("D")
        order = world.orders.orders["demo", "D"]
        shipped = replace(order, version=4, fulfilment=Fulfilment.SHIPPED)
        world.orders.orders["demo", "D"] = shipped
        return UNKNOWN

    world.changes.faults.append(lose_and_be_moved_on)
    report = world.rename("B")
    assert (report.unavailable, report.refusal) == (True, None)


def test_a_change_leaves_time_to_send_its_trigger() -> None:
    world = World()
    with pytest.raises(StorageUnavailableError):
        world.rename(deadline=FixedDeadline(PUBLISHING_SECONDS - 0.1))
    assert world.rename(deadline=FixedDeadline(PUBLISHING_SECONDS + 0.1)).trigger
