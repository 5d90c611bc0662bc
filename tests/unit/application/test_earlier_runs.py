"""A repetition of a request recognises what an earlier run wrote, also if it was changed since."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from orders.application.change_order import ChangeOrder, ChangeReport
from orders.application.earlier_runs import EarlierRuns
from orders.application.errors import StorageUnavailableError
from orders.application.get_order_by_id import GetOrderById, OrderAddress
from orders.application.update_order_statuses import (
    MoveFailure,
    OrderMove,
    StatusesReport,
    UpdateOrderStatuses,
    UpdateOrderStatusesCommand,
)
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.external_ids import ExternalIdRefusal
from orders.domain.fulfilment import Fulfilment, SalesModel
from orders.domain.order import Order
from orders.domain.status_updates import Move, MoveResult
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.fakes import publishing
from tests.support.undoing import UndoWorld, create, memory_world, ship, update

READY, SHIPPED = Fulfilment.READY_TO_SHIP, Fulfilment.SHIPPED


@dataclass
class Repeated:
    """The repetition of a request, and a world in which the first run took place."""

    world: UndoWorld = field(default_factory=memory_world)
    is_repeated: bool = True

    def runs(self) -> EarlierRuns:
        world = self.world
        return EarlierRuns(world.history, lambda: world.now, lambda: self.is_repeated)

    def change(self, external_id: str, request_id: str) -> ChangeReport[ExternalIdRefusal]:
        """Repeat a change that would be refused if it were decided again."""
        world = self.world

        def decide(_stored: StoredOrder) -> OrderChange | ExternalIdRefusal | None:
            return ExternalIdRefusal.TAKEN

        use_case = ChangeOrder(
            GetOrderById(world.store.index),
            world.changes,
            publishing(world.publisher),
            CountingPause(3),
            earlier_runs=self.runs(),
        )
        address = OrderAddress("demo", None, world.found(external_id).order.order_id)
        return use_case(address, decide, request_id, DEADLINE)

    def move(self, external_id: str, request_id: str, *states: Fulfilment) -> StatusesReport:
        world = self.world
        number = world.found(external_id).order.order_id
        use_case = UpdateOrderStatuses(
            world.store.index,
            world.store.orders,
            publishing(world.publisher),
            lambda: world.now,
            CountingPause(3),
            earlier_runs=self.runs(),
        )
        moves = [OrderMove(number, Move(state, SalesModel.FBS)) for state in states]
        command = UpdateOrderStatusesCommand(
            "demo", "website", moves, request_id, "shop", "yandex_market"
        )
        return use_case(command, DEADLINE)


@pytest.fixture
def repeated() -> Repeated:
    return Repeated()


def _order(report: ChangeReport[ExternalIdRefusal]) -> Order:
    assert report.found is not None
    return report.found.order


def test_a_change_by_the_first_run_is_answered_as_made(repeated: Repeated) -> None:
    repeated.world.request(create("A"))
    request_id = repeated.world.request(update("A", status="paid"))
    report = repeated.change("A", request_id)
    assert report.refusal is None
    assert (_order(report).version, _order(report).request_id) == (2, request_id)
    assert repeated.world.publisher.sent == []


def test_a_change_is_answered_as_the_first_run_made_it_if_the_order_changed_since(
    repeated: Repeated,
) -> None:
    repeated.world.request(create("A"))
    request_id = repeated.world.request(update("A", status="paid"))
    repeated.world.request(update("A", status="cancelled"))
    report = repeated.change("A", request_id)
    assert report.refusal is None
    assert (_order(report).version, _order(report).status) == (2, "paid")


def test_a_change_is_not_decided_while_the_history_may_lack_the_first_run(
    repeated: Repeated,
) -> None:
    repeated.world.request(create("A"))
    request_id = repeated.world.request(update("A", status="paid"))
    repeated.world.lags = True
    repeated.world.request(update("A", status="cancelled"))
    with pytest.raises(StorageUnavailableError):
        repeated.change("A", request_id)
    repeated.world.now += timedelta(minutes=2)
    assert repeated.change("A", request_id).refusal is ExternalIdRefusal.TAKEN


def test_only_a_repetition_looks_for_earlier_runs(repeated: Repeated) -> None:
    repeated.world.request(create("A"))
    request_id = repeated.world.request(update("A", status="paid"))
    repeated.is_repeated = False
    assert repeated.change("A", request_id).refusal is ExternalIdRefusal.TAKEN


def test_moves_of_the_first_run_have_the_results_that_they_had(repeated: Repeated) -> None:
    repeated.world.request(create("A"))
    request_id = repeated.world.request(ship("A"))
    report = repeated.move("A", request_id, READY, READY)
    assert report.results == (MoveResult(READY), MoveResult(READY))
    assert repeated.world.found("A").order.version == 2


def test_moves_are_not_answered_while_the_history_lacks_the_version_before(
    repeated: Repeated,
) -> None:
    repeated.world.request(create("A"))
    repeated.world.lags = True
    request_id = repeated.world.request(ship("A"))
    one = repeated.move("A", request_id, READY)
    assert one.results == (MoveResult(READY),)
    two = repeated.move("A", request_id, READY, SHIPPED)
    assert two.results == (MoveFailure.UNAVAILABLE,) * 2
    assert two.is_retryable
