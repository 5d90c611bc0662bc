"""A request tells the bus what it has committed, and leaves a receipt of the rest."""

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
    """A bus that notes the time which each call is given."""

    seconds: list[float] = field(default_factory=list)

    def publish(self, triggers: Sequence[Trigger], deadline: Deadline) -> Sequence[Unsent]:
        self.seconds.append(deadline.remaining())
        return super().publish(triggers, deadline)


@dataclass
class TimedReceipts(FakeReceipts):
    """Receipts that note the time which each call is given."""

    seconds: list[float] = field(default_factory=list)

    def leave(self, request: RequestKey, unsent: Collection[str], deadline: Deadline) -> None:
        self.seconds.append(deadline.remaining())
        super().leave(request, unsent, deadline)


@dataclass
class World:
    """A bus and receipts, and the use case between them."""

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


def test_the_receipt_names_what_was_not_sent_and_what_is_in_doubt() -> None:
    world = World()
    world.publisher.lost.add("B")
    assert world.publish(A, B, doubtful=[C]) == (B, C)
    assert world.publisher.sent == [A]
    assert world.receipts.left == {REQUEST: {B.id, C.id}}


def test_a_bus_that_takes_nothing_gets_its_receipt_all_the_same() -> None:
    world = World()
    world.publisher.lost |= {"A", "B"}
    assert world.publish(A, B) == (A, B)
    assert world.receipts.left == {REQUEST: {A.id, B.id}}


def test_what_the_bus_will_never_take_is_named_too() -> None:
    world = World()
    world.publisher.poison.add("A")
    assert world.publish(A) == (A,)
    assert world.receipts.left == {REQUEST: {A.id}}


def test_what_is_in_doubt_is_named_and_never_sent() -> None:
    world = World()
    assert world.publish(doubtful=[A, B]) == (A, B)
    assert world.publisher.seconds == []
    assert world.receipts.left == {REQUEST: {A.id, B.id}}


@pytest.mark.parametrize("fault", [StorageUnavailableError("Slow"), StorageRefusedError("Slow")])
def test_a_receipt_that_cannot_be_left_fails_no_request(
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
    assert lines == ["a receipt was not left: Slow"]


def test_publishing_leaves_time_for_the_receipt() -> None:
    world = World()
    world.publish(A, deadline=FixedDeadline(10))
    assert world.publisher.seconds == [10 - RECEIPT_SECONDS]
    assert world.receipts.seconds == [10]
