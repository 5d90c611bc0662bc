from dataclasses import replace

from orders.application.change_order import ChangeOrder, ChangeReport
from orders.application.delete_order import DeleteOrder, DeleteOrderCommand
from orders.application.get_order_by_id import GetOrderById, OrderAddress
from orders.application.ports import WriteOutcome
from orders.domain.changes import OrderChange
from orders.domain.deletions import DeletionRefusal
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


class World:
    """An order with the order id 1 and an alias, and the use case that deletes it."""

    def __init__(self) -> None:
        order = replace(stored_order(), version=2)
        self.orders = FakeOrders({(order.account, order.external_id): order}, {("demo", "old"): 1})
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

    def delete(self, order_id: int = 1, version: int | None = 2) -> ChangeReport[DeletionRefusal]:
        address = OrderAddress("demo", None, order_id)
        return self._delete(
            DeleteOrderCommand(address, version, "request", "shop", "commercetools"), DEADLINE
        )


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

    def lose(changes: FakeOrderChanges, change: OrderChange) -> WriteOutcome:
        changes.commit(change)
        return WriteOutcome.UNKNOWN

    world.changes.faults.append(lose)
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
