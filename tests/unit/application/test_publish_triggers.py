"""A request publishes its triggers, and leaves a receipt with the unsent ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from orders.application import publish_triggers
from orders.application.deadlines import RECEIPT_SECONDS
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.ports import Deadline, RequestKey, Unsent
from orders.application.publish_triggers import PublishTriggers
from orders.domain.triggers import Trigger, trigger_of
from tests.support.deadlines import DEADLINE, FixedDeadline
from tests.support.fakes import FakePublisher, FakeReceipts
from tests.support.yandex_market import stored_order

REQUEST = RequestKey("demo", "import")


def _trigger(external_id: str, order_id: int) -> Trigger:
    return trigger_of(None, stored_order(external_id, order_id))


A, B, C = (_trigger(name, number) for number, name in enumerate("ABC", start=1))


@dataclass
class TimedPublisher(FakePublisher):
    """A bus that records the time left at each call."""

    seconds: list[float] = field(default_factory=list)

    def publish(self, triggers: Sequence[Trigger], deadline: Deadline) -> Sequence[Unsent]:
        self.seconds.append(deadline.remaining())
        return super().publish(triggers, deadline)


@dataclass
class TimedReceipts(FakeReceipts):
    """Receipts that record the time left at each call."""

    seconds: list[float] = field(default_factory=list)

    def leave(self, request: RequestKey, unsent: Collection[str], deadline: Deadline) -> None:
        self.seconds.append(deadline.remaining())
        super().leave(request, unsent, deadline)


@dataclass
class World:
    """The use case with a fake bus and fake receipts."""

    publisher: TimedPublisher = field(default_factory=TimedPublisher)
    receipts: TimedReceipts = field(default_factory=TimedReceipts)

    def publish(
        self,
        *committed: Trigger,
        doubtful: Sequence[Trigger] = (),
        deadline: Deadline = DEADLINE,
    ) -> tuple[Trigger, ...]:
        publish = PublishTriggers(self.publisher, self.receipts)
        return publish(REQUEST, committed, doubtful, deadline)


def test_a_request_that_wrote_nothing_makes_no_call() -> None:
    world = World()
    assert world.publish() == ()
    assert (world.publisher.seconds, world.receipts.seconds) == ([], [])


def test_a_request_whose_triggers_were_sent_leaves_an_empty_receipt() -> None:
    world = World()
    assert world.publish(A, B) == ()
    assert world.publisher.sent == [A, B]
    assert world.receipts.left == {REQUEST: frozenset()}


def test_the_receipt_names_unsent_and_doubtful_triggers() -> None:
    world = World()
    world.publisher.lost.add("B")
    assert world.publish(A, B, doubtful=[C]) == (B, C)
    assert world.publisher.sent == [A]
    assert world.receipts.left == {REQUEST: {B.id, C.id}}


def test_a_receipt_is_left_if_the_bus_accepts_nothing() -> None:
    world = World()
    world.publisher.lost |= {"A", "B"}
    assert world.publish(A, B) == (A, B)
    assert world.receipts.left == {REQUEST: {A.id, B.id}}


def test_the_receipt_names_triggers_that_the_bus_never_accepts() -> None:
    world = World()
    world.publisher.poison.add("A")
    assert world.publish(A) == (A,)
    assert world.receipts.left == {REQUEST: {A.id}}


def test_doubtful_triggers_are_named_and_not_sent() -> None:
    world = World()
    assert world.publish(doubtful=[A, B]) == (A, B)
    assert world.publisher.seconds == []
    assert world.receipts.left == {REQUEST: {A.id, B.id}}


@pytest.mark.parametrize("fault", [StorageUnavailableError("Slow"), StorageRefusedError("Slow")])
def test_a_receipt_that_cannot_be_stored_raises_no_error(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []

    def log(message: str, extra: dict[str, str]) -> None:
        lines.append(f"{message}: {extra['code']}")

    monkeypatch.setattr(publish_triggers, "_log", SimpleNamespace(warning=log))
    world = World()
    world.receipts.fault = fault
    world.publisher.lost.add("B")
    assert world.publish(A, B, doubtful=[C]) == (B, C)
    assert world.publisher.sent == [A]
    assert lines == ["the receipt of a request was not stored: Slow"]


def test_publishing_leaves_time_for_the_receipt() -> None:
    world = World()
    world.publish(A, deadline=FixedDeadline(10))
    assert world.publisher.seconds == [10 - RECEIPT_SECONDS]
    assert world.receipts.seconds == [10]
