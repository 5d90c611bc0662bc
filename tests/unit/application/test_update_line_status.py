import json
from dataclasses import replace

import pytest

from orders.application.change_order import ChangeOrder, ChangeReport
from orders.application.errors import UnknownLineStatusError
from orders.application.get_order_by_id import GetOrderById, OrderAddress
from orders.application.ports import WriteOutcome
from orders.application.update_line_status import UpdateLineStatus, UpdateLineStatusCommand
from orders.domain.changes import OrderChange
from orders.domain.fulfilment import Fulfilment
from orders.domain.line_statuses import LineStatusRefusal, LineStatusUpdate
from orders.domain.settings import (
    LineStatus,
    LineStatusType,
    OrderStatusFromLines,
    StoredSettings,
)
from orders.domain.triggers import TriggerKind
from orders.runtime.composition.order_protocols import lines_of, status_of_lines
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.fakes import (
    FakeOrderChanges,
    FakeOrderIndex,
    FakeOrders,
    FakePublisher,
    FakeSettings,
    TickingClock,
    publishing,
)
from tests.support.order_changes import soft_deletion
from tests.support.samples import settings
from tests.support.yandex_market import stored_order

type Report = ChangeReport[LineStatusRefusal]

PACKED = LineStatus("packed", "Packed", LineStatusType.DELIVERED)


def _line(name: str, status: str = "new") -> dict[str, object]:
    return {"external_id": name, "status": status, "count": 1, "final_price_per_item": "1"}


class World:
    """An order with the order id 1 and two lines, and the use case."""

    def __init__(self, policy: OrderStatusFromLines = OrderStatusFromLines.OFF) -> None:
        order = stored_order(lines=[_line("1"), _line("2")])
        self.orders = FakeOrders({(order.account, order.external_id): order})
        self.changes = FakeOrderChanges(self.orders)
        self.publisher = FakePublisher()
        present = settings()
        known = replace(present, policies=replace(present.policies, order_status_from_lines=policy))
        self.settings = FakeSettings({"demo": StoredSettings(known, 1)})
        change = ChangeOrder(
            GetOrderById(FakeOrderIndex(self.orders)),
            self.changes,
            publishing(self.publisher),
            CountingPause(limit=3),
        )
        self._update = UpdateLineStatus(
            change, self.settings, lines_of, status_of_lines, TickingClock()
        )

    def define(self, status: LineStatus) -> None:
        """Define a custom status that the cached settings do not have."""
        [stored] = self.settings.stored.values()
        self.settings.cached["demo"] = stored
        defined = replace(stored.settings, line_statuses={status.external_id: status})
        self.settings.stored["demo"] = StoredSettings(defined, 2)

    def update(self, line: str = "1", status: str = "delivered", *, skip: bool = False) -> Report:
        address = OrderAddress("demo", None, 1)
        update = LineStatusUpdate(line, status, skip)
        command = UpdateLineStatusCommand(address, update, f"{line} {status}", "shop", "hub")
        return self._update(command, DEADLINE)

    @property
    def kinds(self) -> list[TriggerKind]:
        return [trigger.kind for trigger in self.publisher.sent]

    @property
    def statuses(self) -> tuple[str, list[str]]:
        [order] = self.orders.orders.values()
        tree = order.tree()
        assert tree["status"] == order.status
        return order.status, [line["status"] for line in tree["lines"]]


def test_the_status_of_a_line_is_updated_with_a_trigger() -> None:
    world = World()
    report = world.update()
    assert report.found is not None
    assert (report.found.order.version, report.found.order.through) == (2, "hub")
    assert world.statuses == ("new", ["delivered", "new"])
    assert world.kinds == [TriggerKind.ORDER_LINE_STATUS_CHANGED]


def test_a_skipped_trigger_is_neither_stored_nor_published() -> None:
    world = World()
    report = world.update(skip=True)
    assert (report.trigger, report.unpublished) == (None, ())
    assert world.statuses == ("new", ["delivered", "new"])
    assert (world.kinds, world.orders.triggers) == ([], {})


def test_the_same_status_changes_nothing() -> None:
    world = World()
    report = world.update(status="new")
    assert report.found is not None
    assert (report.found.order.version, report.trigger) == (1, None)


def test_an_unknown_line_is_refused() -> None:
    assert World().update("3").refusal is LineStatusRefusal.UNKNOWN_LINE


def test_an_unknown_order_is_not_found() -> None:
    world = World()
    world.orders.orders.clear()
    assert world.update().found is None


def test_a_softly_deleted_order_is_not_found() -> None:
    world = World()
    [order] = world.orders.orders.values()
    world.changes.commit(soft_deletion(world.orders.as_stored(order)))
    assert world.update().found is None


def test_an_unknown_status_is_rejected_after_the_settings_were_read_again() -> None:
    world = World()
    with pytest.raises(UnknownLineStatusError) as raised:
        world.update(status="packed")
    assert str(raised.value).startswith(
        'Unknown line status "packed"; allowed values: new, processing, '
    )
    assert world.settings.fresh_loads == 1


def test_a_custom_status_that_was_just_defined_is_accepted() -> None:
    world = World()
    world.define(PACKED)
    world.update(status="packed")
    assert world.statuses == ("new", ["packed", "new"])


def test_the_status_of_the_order_is_derived_only_if_the_account_wants_it() -> None:
    for policy, expected in (
        (OrderStatusFromLines.OFF, "new"),
        (OrderStatusFromLines.ON, "delivered"),
    ):
        world = World(policy)
        world.update("1")
        assert world.statuses[0] == "new"
        world.update("2")
        assert world.statuses == (expected, ["delivered", "delivered"])


def test_a_derived_status_is_a_change_of_the_orders_status() -> None:
    world = World(OrderStatusFromLines.ON)
    world.define(PACKED)
    world.update("1", "canceled")
    report = world.update("2", "packed")
    assert world.statuses == ("delivered", ["canceled", "packed"])
    assert world.kinds == [TriggerKind.ORDER_LINE_STATUS_CHANGED, TriggerKind.ORDER_STATUS_CHANGED]
    assert report.found is not None
    assert report.found.order.fulfilment is Fulfilment.DELIVERED


def test_nothing_is_derived_while_the_type_of_a_status_is_unknown() -> None:
    """The definition of a status can be removed while orders have it."""
    world = World(OrderStatusFromLines.ON)
    [order] = world.orders.orders.values()
    lines = [_line("1", "gone"), _line("2")]
    document = json.dumps({**json.loads(order.document), "lines": lines})
    world.orders.orders["demo", order.external_id] = replace(order, document=document)
    world.update("2", "refunded")
    assert world.statuses == ("new", ["gone", "refunded"])


def test_a_committed_change_is_recognised_if_its_answer_was_lost() -> None:
    world = World()

    def lose(changes: FakeOrderChanges, change: OrderChange) -> WriteOutcome:
        changes.commit(change)
        return WriteOutcome.UNKNOWN

    for skip in (False, True):
        world.changes.faults.append(lose)
        report = world.update("1" if skip else "2", skip=skip)
        assert (report.refusal, report.unavailable) == (None, False)
    assert world.statuses == ("new", ["delivered", "delivered"])
    assert len(world.kinds) == 1
