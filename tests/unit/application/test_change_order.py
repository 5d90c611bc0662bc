"""The change of one order, with fakes: conflicts and lost answers are reported correctly."""

from dataclasses import replace

import pytest

from orders.application.change_order import ChangeOrder, ChangeReport
from orders.application.deadlines import PUBLISHING_SECONDS
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.get_order_by_id import GetOrderById, OrderAddress
from orders.application.ports import Deadline, WriteOutcome
from orders.application.trigger_payloads import TriggerPayloads
from orders.application.update_external_id import UpdateExternalId, UpdateExternalIdCommand
from orders.domain.changes import OrderChange
from orders.domain.external_ids import ExternalIdRefusal
from orders.domain.fulfilment import Fulfilment
from orders.domain.settings import ExternalIdPolicy, Policies, Settings, StoredSettings
from orders.domain.triggers import TriggerPayload
from orders.runtime.composition.order_protocols import reduce_trigger
from tests.support.deadlines import DEADLINE, CountingPause, FixedDeadline
from tests.support.fakes import (
    FakeOrderChanges,
    FakeOrderIndex,
    FakeOrders,
    FakePublisher,
    FakeSettings,
    TickingClock,
    publishing,
)
from tests.support.yandex_market import stored_order

UNKNOWN, UNTRIED = WriteOutcome.UNKNOWN, WriteOutcome.UNTRIED
ADDRESS = OrderAddress("demo", "website", 1)


class World:
    """An order with the order id 1, and the use case that updates its external id."""

    def __init__(self, attempts: int = 5, payloads: TriggerPayloads | None = None) -> None:
        self.orders = FakeOrders()
        order = stored_order()
        self.orders.orders[order.account, order.external_id] = order
        self.index = FakeOrderIndex(self.orders)
        self.changes = FakeOrderChanges(self.orders)
        self.publisher = FakePublisher()
        self.pause = CountingPause(limit=attempts)
        change = ChangeOrder(
            GetOrderById(self.index),
            self.changes,
            publishing(self.publisher),
            self.pause,
            payloads,
        )
        self._update = UpdateExternalId(change, TickingClock())

    def rename(
        self,
        external_id: str = "B",
        request_id: str = "request",
        deadline: Deadline = DEADLINE,
    ) -> ChangeReport[ExternalIdRefusal]:
        policy = ExternalIdPolicy.CHANGE
        command = UpdateExternalIdCommand(
            ADDRESS, external_id, policy, request_id, "shop", "yandex_market"
        )
        return self._update(command, deadline)

    def by_another(self, external_id: str) -> None:
        """Change the external id as another request would."""
        faults, self.changes.faults = self.changes.faults, []
        assert self.rename(external_id, "another").trigger
        self.changes.faults = faults


def test_after_a_conflict_the_order_is_read_and_decided_again() -> None:
    world = World()

    def be_overtaken(changes: FakeOrderChanges, change: OrderChange) -> WriteOutcome:
        world.by_another("C")
        return changes.commit(change)

    world.changes.faults.append(be_overtaken)
    report = world.rename("B")
    assert report.trigger
    assert report.trigger.changed == {"external_id": {"old": "C", "new": "B"}}
    assert world.pause.attempts == [1]


def test_nothing_is_written_if_another_request_made_the_same_change() -> None:
    world = World()

    def be_overtaken(changes: FakeOrderChanges, change: OrderChange) -> WriteOutcome:
        world.by_another("B")
        return changes.commit(change)

    world.changes.faults.append(be_overtaken)
    report = world.rename("B")
    assert (report.trigger, report.refusal, report.unpublished) == (None, None, ())
    assert [trigger.order.request_id for trigger in world.publisher.sent] == ["another"]


def test_an_order_that_moved_to_another_endpoint_is_not_found() -> None:
    world = World()

    def move_away(_changes: FakeOrderChanges, change: OrderChange) -> WriteOutcome:
        moved = stored_order(endpoint="couriers")
        world.orders.orders["demo", "A"] = replace(moved, version=2)
        return WriteOutcome.CONFLICT if change else UNTRIED

    world.changes.faults.append(move_away)
    assert world.rename().found is None


def test_a_committed_change_is_recognised_if_its_answer_was_lost() -> None:
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


def test_a_change_that_was_not_committed_is_tried_again() -> None:
    world = World()
    world.changes.faults.append(lambda _changes, _change: UNKNOWN)
    report = world.rename()
    assert report.trigger
    assert report.trigger.order.version == 2
    assert len(world.publisher.sent) == 1
    assert report.unpublished == ()


def test_the_trigger_of_an_uncertain_change_is_reported_as_unpublished() -> None:
    """Another request wrote version 3, so it is unknown which request wrote version 2."""
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


def test_without_any_answer_the_change_is_uncertain() -> None:
    world = World()
    world.changes.faults += [lambda _changes, _change: UNKNOWN] * 9
    report = world.rename()
    assert report.unavailable
    assert [trigger.order.version for trigger in report.unpublished] == [2]
    assert world.publisher.sent == []


def test_an_unavailable_store_raises_an_error() -> None:
    world = World()
    world.changes.faults += [lambda _changes, _change: UNTRIED] * 9
    with pytest.raises(StorageUnavailableError):
        world.rename()
    assert world.pause.attempts == [1, 2, 3, 4, 5]
    world.index.available = False
    with pytest.raises(StorageUnavailableError):
        world.rename()


def test_a_store_that_fails_after_a_lost_answer_is_reported() -> None:
    world = World()

    def lose_and_fail(_changes: FakeOrderChanges, _change: OrderChange) -> WriteOutcome:
        world.index.available = False
        return UNKNOWN

    world.changes.faults.append(lose_and_fail)
    report = world.rename()
    assert (report.unavailable, len(report.unpublished)) == (True, 1)


def test_a_permanently_rejected_write_raises_an_error() -> None:
    world = World()
    world.changes.faults.append(lambda _changes, _change: WriteOutcome.REFUSED)
    with pytest.raises(StorageRefusedError):
        world.rename()


def test_an_external_id_of_another_order_is_refused() -> None:
    world = World()
    other = stored_order("B", 2)
    world.orders.orders["demo", "B"] = other
    report = world.rename("B")
    assert report.refusal is ExternalIdRefusal.TAKEN
    assert report.found
    assert report.found.order.external_id == "A"
    assert world.publisher.sent == []


def test_a_trigger_that_the_bus_rejects_is_reported() -> None:
    world = World()
    world.publisher.lost.add("B")
    report = world.rename("B")
    assert report.trigger
    assert report.unpublished == (report.trigger,)


def test_a_rejected_write_after_a_lost_answer_reports_the_trigger() -> None:
    world = World()

    def lose(changes: FakeOrderChanges, change: OrderChange) -> WriteOutcome:
        changes.commit(change)
        world.by_another("D")
        changes.faults.append(lambda _changes, _change: WriteOutcome.REFUSED)
        return UNKNOWN

    world.changes.faults.append(lose)
    report = world.rename("B")
    assert (report.unavailable, len(report.unpublished)) == (True, 1)


def test_a_version_of_another_request_is_not_recognised() -> None:
    world = World()

    def lose_and_be_overtaken(_changes: FakeOrderChanges, change: OrderChange) -> WriteOutcome:
        world.by_another("C")
        return UNKNOWN if change else UNTRIED

    world.changes.faults.append(lose_and_be_overtaken)
    report = world.rename("B")
    assert report.trigger
    assert report.trigger.changed == {"external_id": {"old": "C", "new": "B"}}
    assert report.trigger.order.version == 3


def test_a_refusal_after_a_lost_answer_leaves_the_change_uncertain() -> None:
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


def test_a_change_leaves_time_to_publish_its_trigger() -> None:
    world = World()
    with pytest.raises(StorageUnavailableError):
        world.rename(deadline=FixedDeadline(PUBLISHING_SECONDS - 0.1))
    assert world.rename(deadline=FixedDeadline(PUBLISHING_SECONDS + 0.1)).trigger


def _payloads(payload: TriggerPayload) -> TriggerPayloads:
    settings = Settings(policies=Policies(trigger_payload=payload))
    return TriggerPayloads(FakeSettings({"demo": StoredSettings(settings, 1)}), reduce_trigger)


@pytest.mark.parametrize("payload", TriggerPayload)
def test_the_policy_of_the_account_decides_what_a_trigger_contains(
    payload: TriggerPayload,
) -> None:
    """The trigger that is published is the one that is stored."""
    world = World(payloads=_payloads(payload))
    report = world.rename()
    assert report.trigger
    assert report.trigger.payload is payload
    assert world.publisher.sent == [report.trigger]
    stored = world.orders["demo", "B"]
    assert stored.document == stored_order().document
    assert (report.trigger.order == stored) is (payload is TriggerPayload.FULL)
    assert (report.trigger.order.document == "{}") is (payload is TriggerPayload.THIN)


def test_an_account_without_settings_has_whole_triggers() -> None:
    report = World(payloads=TriggerPayloads(FakeSettings(), reduce_trigger)).rename()
    assert report.trigger
    assert report.trigger.payload is TriggerPayload.FULL
