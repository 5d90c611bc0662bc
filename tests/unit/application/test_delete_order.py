from dataclasses import replace

from orders.application.change_order import ChangeOrder, ChangeReport
from orders.application.delete_order import DeleteOrder, DeleteOrderCommand
from orders.application.get_order_by_id import GetOrderById, OrderAddress
from orders.application.ports import WriteOutcome
from orders.application.revive_order import ReviveOrder, ReviveOrderCommand
from orders.domain.changes import OrderChange
from orders.domain.deletions import DeletionMode, DeletionRefusal
from orders.domain.triggers import TriggerKind
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.fakes import (
    FakeOrderChanges,
    FakeOrderIndex,
    FakeOrders,
    FakePublisher,
    TickingClock,
    publishing,
)
from tests.support.yandex_market import stored_order

type Report = ChangeReport[DeletionRefusal]


class World:
    """An order with the order id 1 and an alias, and the use case that deletes it."""

    def __init__(self) -> None:
        order = replace(stored_order(), version=2)
        self.orders = FakeOrders(
            {(order.account, order.external_id): order}, aliases={("demo", "old"): 1}
        )
        index = FakeOrderIndex(self.orders)
        self.changes = FakeOrderChanges(self.orders)
        self.publisher = FakePublisher()
        change = ChangeOrder(
            GetOrderById(index),
            self.changes,
            publishing(self.publisher),
            CountingPause(limit=3),
        )
        self._delete = DeleteOrder(change, TickingClock())
        self._revive = ReviveOrder(change, TickingClock())

    def delete(
        self, order_id: int = 1, version: int | None = 2, *, of_hidden: bool = False
    ) -> Report:
        address = OrderAddress("demo", None, order_id)
        command = DeleteOrderCommand(
            address, version, "request", "shop", "commercetools", of_hidden=of_hidden
        )
        return self._delete(command, DEADLINE)

    def hide(self, request_id: str = "hide", endpoint: str | None = None) -> Report:
        address = OrderAddress("demo", endpoint, 1)
        command = DeleteOrderCommand(address, None, request_id, "shop", "hub", DeletionMode.SOFT)
        return self._delete(command, DEADLINE)

    def revive(self, request_id: str = "revive") -> Report:
        address = OrderAddress("demo", None, 1)
        return self._revive(ReviveOrderCommand(address, request_id, "shop", "hub"), DEADLINE)

    @property
    def kinds(self) -> list[tuple[TriggerKind, bool]]:
        return [(trigger.kind, trigger.revived) for trigger in self.publisher.sent]


def _lose(changes: FakeOrderChanges, change: OrderChange) -> WriteOutcome:
    changes.commit(change)
    return WriteOutcome.UNKNOWN


def test_an_order_is_deleted_with_its_aliases_and_a_trigger() -> None:
    world = World()
    report = world.delete()
    assert world.orders.orders == {}
    assert world.orders.aliases == {}
    [trigger] = world.publisher.sent
    assert (trigger.kind, trigger.order.version) == (TriggerKind.ORDER_DELETED, 3)
    assert trigger.order.request_id == "request"
    assert report.found is not None
    assert report.found.order.version == 2


def test_another_version_is_not_deleted() -> None:
    world = World()
    report = world.delete(version=1)
    assert report.refusal is DeletionRefusal.OTHER_VERSION
    assert len(world.orders) == 1
    assert world.publisher.sent == []


def test_an_unknown_order_is_not_found() -> None:
    world = World()
    assert world.delete(order_id=9).found is None
    assert world.publisher.sent == []


def test_a_committed_deletion_is_recognised_if_its_answer_was_lost() -> None:
    world = World()
    world.changes.faults.append(_lose)
    report = world.delete()
    assert report.found is not None
    assert report.found.order.version == 2
    assert (report.refusal, report.unavailable) == (None, False)
    # This or another deletion may have succeeded, so the relay publishes the trigger.
    assert [trigger.kind for trigger in report.unpublished] == [TriggerKind.ORDER_DELETED]


def test_a_deletion_that_was_not_committed_is_tried_again() -> None:
    world = World()
    world.changes.faults.append(lambda _changes, _change: WriteOutcome.UNKNOWN)
    report = world.delete()
    assert report.found is not None
    assert len(world.orders) == 0
    assert len(world.publisher.sent) == 1


def test_a_soft_deletion_hides_the_order_and_a_revival_brings_it_back() -> None:
    world = World()
    hidden = world.hide().found
    assert hidden is not None
    assert (hidden.order.version, hidden.order.is_hidden, hidden.aliases) == (3, True, ("old",))
    assert hidden.order.through == "hub"
    assert world.orders.orders == {}
    revived = world.revive().found
    assert revived is not None
    assert (revived.order.version, revived.order.is_hidden, revived.aliases) == (4, False, ("old",))
    assert world.kinds == [(TriggerKind.ORDER_DELETED, False), (TriggerKind.ORDER_CREATED, True)]


def test_a_softly_deleted_order_is_not_deleted_softly_again() -> None:
    world = World()
    world.hide()
    assert world.hide("again").refusal is DeletionRefusal.HIDDEN
    assert len(world.publisher.sent) == 1


def test_only_who_may_know_of_it_deletes_a_softly_deleted_order_permanently() -> None:
    world = World()
    world.hide()
    assert world.delete(version=None).found is None
    found = world.delete(version=None, of_hidden=True).found
    assert found is not None
    assert found.order.version == 3
    assert (world.orders.hidden, world.orders.aliases) == ({}, {})
    assert [kind for kind, _ in world.kinds] == [TriggerKind.ORDER_DELETED] * 2


def test_a_revival_of_a_present_order_changes_nothing() -> None:
    world = World()
    report = world.revive()
    assert report.found is not None
    assert (report.found.order.version, report.trigger) == (2, None)
    assert world.publisher.sent == []


def test_an_unknown_or_permanently_deleted_order_is_not_revived() -> None:
    world = World()
    world.delete()
    assert world.revive().found is None


def test_an_order_of_another_endpoint_is_not_hidden() -> None:
    world = World()
    assert world.hide(endpoint="another").found is None
    assert len(world.orders) == 1


def test_a_committed_soft_deletion_is_recognised_if_its_answer_was_lost() -> None:
    world = World()
    world.changes.faults.append(_lose)
    report = world.hide()
    assert report.found is not None
    assert report.found.order.is_hidden
    assert (report.refusal, report.unavailable) == (None, False)
    assert len(world.publisher.sent) == 1


def test_a_committed_revival_is_recognised_if_its_answer_was_lost() -> None:
    world = World()
    world.hide()
    world.changes.faults.append(_lose)
    report = world.revive()
    assert report.found is not None
    assert (report.found.order.version, report.unavailable) == (4, False)
    assert len(world.publisher.sent) == 2


def test_a_soft_deletion_that_lost_a_race_against_another_is_refused() -> None:
    world = World()

    def race(changes: FakeOrderChanges, change: OrderChange) -> WriteOutcome:
        world.hide("rival")
        return changes.commit(change)

    world.changes.faults.append(race)
    assert world.hide().refusal is DeletionRefusal.HIDDEN
    assert len(world.publisher.sent) == 1
