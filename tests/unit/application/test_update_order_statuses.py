"""The status changes of several orders, with fakes: conflicts and lost answers, order by order."""

from collections.abc import Callable
from dataclasses import replace
from unittest.mock import Mock

import pytest

from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.ports import WriteOutcome
from orders.application.update_order_statuses import (
    MoveFailure,
    OrderMove,
    StatusesReport,
    UpdateOrderStatuses,
    UpdateOrderStatusesCommand,
)
from orders.domain.fulfilment import Fulfilment, MoveRefusal, SalesModel
from orders.domain.importing import Write
from orders.domain.status_updates import Move, MoveResult
from tests.support.deadlines import CountingPause, FixedDeadline
from tests.support.fakes import (
    FakeOrderIndex,
    FakeOrders,
    FakePublisher,
    TickingClock,
    publishing,
)
from tests.support.yandex_market import stored_order

UNKNOWN, CONFLICT = WriteOutcome.UNKNOWN, WriteOutcome.CONFLICT
READY, SHIPPED = Fulfilment.READY_TO_SHIP, Fulfilment.SHIPPED
type Fault = Callable[[FakeOrders, Write], WriteOutcome]


class World:
    """Three orders with the order ids 1 to 3, and the use case that updates their states."""

    def __init__(self) -> None:
        self.orders = FakeOrders()
        for number, name in enumerate("ABC", start=1):
            order = stored_order(name, number)
            self.orders.orders[order.account, order.external_id] = order
        self.publisher = FakePublisher()
        self.index = FakeOrderIndex(self.orders)
        self.update = UpdateOrderStatuses(
            self.index,
            self.orders,
            publishing(self.publisher),
            TickingClock(),
            CountingPause(limit=3),
        )

    def move(
        self, *moves: tuple[int, Fulfilment], request_id: str = "request", seconds: float = 99
    ) -> StatusesReport:
        command = UpdateOrderStatusesCommand(
            "demo",
            "website",
            [OrderMove(number, Move(state, SalesModel.FBS)) for number, state in moves],
            request_id,
            "shop",
            "yandex_market",
        )
        return self.update(command, FixedDeadline(seconds))

    def sent(self) -> list[tuple[int, int]]:
        return [(each.order.order_id, each.order.version) for each in self.publisher.sent]

    def versions(self) -> list[int]:
        return [order.version for order in self.orders.orders.values()]


def _not_tried(_orders: FakeOrders, _write: Write) -> WriteOutcome:
    return WriteOutcome.UNTRIED


def _no_answer(_orders: FakeOrders, _write: Write) -> WriteOutcome:
    return UNKNOWN


def test_each_order_has_its_own_result_and_trigger() -> None:
    world = World()
    report = world.move((1, READY), (2, SHIPPED), (3, READY), (4, READY))
    assert report.results == (
        MoveResult(READY),
        MoveResult(Fulfilment.STARTED, MoveRefusal.NO_TRANSITION),
        MoveResult(READY),
        MoveFailure.NOT_FOUND,
    )
    assert world.sent() == [(1, 2), (3, 2)]
    assert world.versions() == [2, 1, 2]


def test_the_moves_of_one_order_make_one_version_in_request_order() -> None:
    world = World()
    report = world.move((1, READY), (2, READY), (1, SHIPPED), (1, READY))
    assert report.results == (
        MoveResult(READY),
        MoveResult(READY),
        MoveResult(SHIPPED),
        MoveResult(SHIPPED, MoveRefusal.NO_TRANSITION),
    )
    assert world.sent() == [(1, 2), (2, 2)]
    [trigger, _] = world.publisher.sent
    assert trigger.changed == {
        "fulfilment": {
            "old": {"status": "PROCESSING", "substatus": "STARTED"},
            "new": {"status": "PROCESSING", "substatus": "SHIPPED"},
        }
    }


def test_an_order_with_the_wanted_state_is_not_written() -> None:
    world = World()
    world.move((1, READY))
    report = world.move((1, READY), request_id="again")
    assert report.results == (MoveResult(READY),)
    assert (report.triggers, world.versions()) == ((), [2, 1, 1])


def test_orders_are_read_and_written_together(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    find, save = Mock(wraps=world.index.find_by_order_ids), Mock(wraps=world.orders.save)
    monkeypatch.setattr(world.index, "find_by_order_ids", find)
    monkeypatch.setattr(world.orders, "save", save)
    world.move((1, READY), (2, READY), (3, READY))
    [(_, ids, _)] = [call.args for call in find.call_args_list]
    [(_, writes, _)] = [call.args for call in save.call_args_list]
    assert (list(ids), len(writes)) == ([1, 2, 3], 3)


def test_only_an_order_that_lost_a_race_is_tried_again() -> None:
    world = World()

    def be_overtaken(orders: FakeOrders, write: Write) -> WriteOutcome:
        stored = orders.orders["demo", "A"]
        orders.orders["demo", "A"] = replace(stored, version=2, request_id="another")
        return orders.commit(write)

    world.orders.faults.append(be_overtaken)
    report = world.move((1, READY), (2, READY))
    assert report.results == (MoveResult(READY), MoveResult(READY))
    assert sorted(world.sent()) == [(1, 3), (2, 2)]


@pytest.mark.parametrize("answer", [UNKNOWN, CONFLICT, WriteOutcome.UNTRIED])
def test_a_committed_change_is_recognised_whatever_was_answered(answer: WriteOutcome) -> None:
    world = World()

    def commit_and_answer(orders: FakeOrders, write: Write) -> WriteOutcome:
        orders.commit(write)
        return answer

    world.orders.faults.append(commit_and_answer)
    report = world.move((1, READY), (2, READY))
    assert report.results == (MoveResult(READY), MoveResult(READY))
    assert sorted(world.sent()) == [(1, 2), (2, 2)]
    assert report.unpublished == ()


def test_a_change_whose_answer_was_lost_is_not_reported_as_its_own_obstacle() -> None:
    """The change was committed, and another request moved the order on before it was read again."""
    world = World()

    def commit_and_be_overtaken(orders: FakeOrders, write: Write) -> WriteOutcome:
        orders.commit(write)
        stored = orders.orders["demo", "A"]
        orders.orders["demo", "A"] = replace(
            stored, version=3, request_id="another", fulfilment=SHIPPED
        )
        return UNKNOWN

    world.orders.faults.append(commit_and_be_overtaken)
    report = world.move((1, READY), (2, READY))
    assert report.results == (MoveFailure.UNAVAILABLE, MoveResult(READY))
    assert [trigger.order.order_id for trigger in report.unpublished] == [1]
    assert world.sent() == [(2, 2)]


def test_two_lost_attempts_at_one_version_have_one_doubtful_trigger() -> None:
    world = World()
    world.orders.faults += [_no_answer] * 4
    report = world.move((1, READY))
    assert report.results == (MoveFailure.UNAVAILABLE,)
    assert len(report.unpublished) == 1


def test_orders_that_were_not_written_in_time_can_be_sent_again() -> None:
    world = World()
    world.orders.faults += [
        FakeOrders.commit,
        *([_not_tried] * 4),
    ]
    report = world.move((1, READY), (2, READY))
    assert report.results == (MoveResult(READY), MoveFailure.UNAVAILABLE)
    assert world.sent() == [(1, 2)]


def test_an_order_that_the_store_refuses_stops_no_other() -> None:
    world = World()
    world.orders.faults.append(lambda _orders, _write: WriteOutcome.REFUSED)
    report = world.move((1, READY), (2, READY))
    assert report.results == (MoveFailure.REFUSED, MoveResult(READY))


def test_the_request_fails_as_a_whole_only_if_nothing_was_written() -> None:
    world = World()
    with pytest.raises(StorageUnavailableError):
        world.move((1, READY), seconds=0)
    world.orders.faults += [_not_tried] * 4
    with pytest.raises(StorageUnavailableError):
        world.move((1, READY))


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (StorageUnavailableError("no answer"), MoveFailure.UNAVAILABLE),
        (StorageRefusedError("no table"), MoveFailure.REFUSED),
    ],
)
def test_what_was_written_counts_if_the_store_fails_later(
    monkeypatch: pytest.MonkeyPatch, error: Exception, failure: MoveFailure
) -> None:
    world = World()
    find = world.index.find_by_order_ids
    calls: list[int] = []

    def fail_later(account: str, ids: list[int], deadline: FixedDeadline) -> object:
        calls.append(len(ids))
        if len(calls) > 1:
            raise error
        return find(account, ids, deadline)

    monkeypatch.setattr(world.index, "find_by_order_ids", fail_later)
    world.orders.faults.append(lambda _orders, _write: CONFLICT)
    report = world.move((1, READY), (2, READY))
    assert report.results == (failure, MoveResult(READY))
    assert world.sent() == [(2, 2)]


def test_an_order_of_another_endpoint_is_not_found() -> None:
    world = World()
    order = stored_order("D", 4, endpoint="couriers")
    world.orders.orders["demo", "D"] = order
    assert world.move((4, READY)).results == (MoveFailure.NOT_FOUND,)
    assert world.orders.orders["demo", "D"] == order


def test_a_publisher_that_fails_leaves_the_triggers_to_the_relay() -> None:
    world = World()
    world.publisher.lost = {"A"}
    report = world.move((1, READY), (2, READY))
    assert [trigger.order.order_id for trigger in report.unpublished] == [1]
    assert world.sent() == [(2, 2)]
