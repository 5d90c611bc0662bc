"""The relay, with fakes: it publishes each trigger once, in time, and poison blocks nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.ports import Deadline, Parked, RequestKey, Unreadable, Unsent
from orders.application.relay_triggers import RelayReport, RelayTriggers
from orders.domain.relaying import WriterLifetime
from orders.domain.triggers import Trigger, trigger_of
from tests.support.fakes import FakeParking, FakePublisher, FakeReceipts
from tests.support.yandex_market import stored_order

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PATIENCE = WriterLifetime(timedelta(seconds=27))
# The time after a commit at which its writer has certainly ended.
END = (PATIENCE.ends_at(NOW) - NOW).total_seconds()
FAULTS = [StorageUnavailableError("Slow"), StorageRefusedError("AccessDenied")]


@dataclass(frozen=True)
class Change:
    """A CommittedChange for tests."""

    sequence_number: str
    request: RequestKey
    trigger: Trigger
    committed_at: datetime


def _change(number: int, age: float = 0.0, request: str = "", account: str = "demo") -> Change:
    """Return the record with this number, for its own order, committed `age` seconds ago."""
    order = replace(stored_order(f"order {number}", number), account=account)
    return Change(
        str(number),
        RequestKey(account, request or f"request {number}"),
        trigger_of(None, order),
        NOW - timedelta(seconds=age),
    )


def _overdue(number: int, request: str = "") -> Change:
    return _change(number, END, request)


def _unreadable(number: int) -> Unreadable:
    return Unreadable(str(number), Parked("unreadable", {"sequence_number": str(number)}))


@dataclass
class WatchedReceipts(FakeReceipts):
    """Receipts that record each read. `meanwhile` is called during the read."""

    looks: list[set[RequestKey]] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    def find(
        self, requests: Collection[RequestKey], deadline: Deadline
    ) -> Mapping[RequestKey, frozenset[str]]:
        self.looks.append(set(requests))
        self.meanwhile()
        return super().find(requests, deadline)


@dataclass
class CountedPublisher(FakePublisher):
    """A bus that records the number of triggers in each call."""

    calls: list[int] = field(default_factory=list)

    def publish(self, triggers: Sequence[Trigger], deadline: Deadline) -> Sequence[Unsent]:
        self.calls.append(len(triggers))
        return super().publish(triggers, deadline)


@dataclass
class World:
    """The relay with a clock that only waiting moves. `during` is called at each wait."""

    now: datetime = NOW
    seconds: float = 100.0
    receipts: WatchedReceipts = field(default_factory=WatchedReceipts)
    publisher: CountedPublisher = field(default_factory=CountedPublisher)
    parking: FakeParking = field(default_factory=FakeParking)
    waits: list[float] = field(default_factory=list)
    during: Callable[[], None] = lambda: None

    def relay(self, *records: Change | Unreadable) -> RelayReport:
        relay = RelayTriggers(
            self.publisher, self.receipts, self.parking, PATIENCE, lambda: self.now, self._sleep
        )
        return relay(records, self)

    def remaining(self) -> float:
        return self.seconds - (self.now - NOW).total_seconds()

    def published(self) -> list[int]:
        """Return the order ids of the published triggers."""
        return [trigger.order.order_id for trigger in self.publisher.sent]

    def leave(self, change: Change, *unsent: Change) -> None:
        """Store the receipt of the request that made the change."""
        self.receipts.left[change.request] = frozenset(each.trigger.id for each in unsent)

    def _sleep(self, seconds: float, /) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)
        self.during()


def test_an_empty_batch_makes_no_call() -> None:
    world = World()
    assert world.relay() == RelayReport()
    assert (world.receipts.looks, world.publisher.calls, world.waits) == ([], [], [])


def test_a_trigger_that_was_sent_is_not_published() -> None:
    world = World()
    changes = [_overdue(1), _change(2)]
    for each in changes:
        world.leave(each)
    assert world.relay(*changes) == RelayReport(sent_before=2)
    assert (world.published(), world.waits) == ([], [])


def test_a_trigger_that_a_receipt_names_is_published_at_once() -> None:
    world = World()
    named, sent = _change(1, request="r"), _change(2, request="r")
    world.leave(named, named)
    assert world.relay(named, sent) == RelayReport(relayed=1, sent_before=1)
    assert (world.published(), world.waits) == ([1], [])


def test_an_overdue_trigger_is_published_at_once() -> None:
    world = World()
    assert world.relay(_overdue(1), _overdue(2)) == RelayReport(relayed=2)
    assert (world.published(), world.waits) == ([1, 2], [])


def test_nothing_is_published_before_the_end_of_its_writer() -> None:
    world = World()

    def look() -> None:
        is_over = world.now >= NOW + timedelta(seconds=END)
        assert world.published() == [], "published too early"
        assert not is_over or sum(world.waits) == END

    world.during = look
    assert world.relay(_change(1)) == RelayReport(relayed=1)
    assert sum(world.waits) == END
    assert max(world.waits) == 2, "a receipt is read within seconds"


def test_each_trigger_is_published_at_the_end_of_its_own_writer() -> None:
    world = World()
    seen = []
    world.during = lambda: seen.append((sum(world.waits), world.published()))
    assert world.relay(_change(1), _change(2, END - 3)) == RelayReport(relayed=2)
    assert world.published() == [2, 1]
    assert [numbers for seconds, numbers in seen if seconds <= 3] == [[], []]
    assert sum(world.waits) == END
    assert world.publisher.calls == [1, 1]


def test_a_wait_ends_at_the_end_of_a_writer() -> None:
    world = World()
    assert world.relay(_change(1, END - 0.5)) == RelayReport(relayed=1)
    assert world.waits == [0.5]


def test_a_receipt_that_arrives_during_the_wait_is_read() -> None:
    world = World()
    change = _change(1)
    world.during = lambda: world.leave(change) if len(world.waits) == 3 else None
    assert world.relay(change) == RelayReport(sent_before=1)
    assert (world.published(), sum(world.waits)) == ([], 6)


def test_a_trigger_is_published_if_a_later_receipt_names_it() -> None:
    world = World()
    change = _change(1)
    world.during = lambda: world.leave(change, change)
    assert world.relay(change) == RelayReport(relayed=1)
    assert (world.published(), len(world.waits)) == ([1], 1)


def test_a_receipt_that_arrives_during_the_read_is_not_missed() -> None:
    """The clock is read before the receipts, because a writer may end during the read."""
    world = World()
    change = _change(1, END - 1)

    def end_slowly() -> None:
        world.now += timedelta(seconds=1.5)
        if len(world.receipts.looks) == 2:
            world.leave(change)

    world.receipts.meanwhile = end_slowly
    assert world.relay(change) == RelayReport(sent_before=1)
    assert world.published() == []


def test_only_receipts_of_waiting_triggers_are_read_again() -> None:
    world = World()
    waiting, sent, overdue = _change(1, END - 1), _change(2), _overdue(3)
    world.leave(sent)
    assert world.relay(waiting, sent, overdue) == RelayReport(relayed=2, sent_before=1)
    assert world.receipts.looks == [
        {waiting.request, sent.request, overdue.request},
        {waiting.request},
    ]
    assert world.publisher.calls == [1, 1]


def test_a_receipt_applies_only_to_its_own_account() -> None:
    world = World()
    ours, theirs = _change(1, END, "r"), _change(2, END, "r", "other")
    world.leave(theirs)
    assert world.relay(ours, theirs) == RelayReport(relayed=1, sent_before=1)
    assert world.published() == [1]


def test_a_wait_ends_before_the_deadline_and_reports_the_earliest_record() -> None:
    world = World(seconds=10)
    report = world.relay(_overdue(30), _change(20), _change(10), _overdue(40))
    assert report == RelayReport(relayed=2, failed="20")
    assert world.published() == [30, 40]
    assert sum(world.waits) == 8, "with 2 s left, a wait of 2 s would use up the time"


def test_no_wait_starts_that_ends_at_the_deadline() -> None:
    world = World(seconds=0.5)
    assert world.relay(_change(1, END - 0.5)).failed == "1"
    assert world.waits == []
    world = World(seconds=0.6)
    assert world.relay(_change(1, END - 0.5)).failed is None


@pytest.mark.parametrize("fault", FAULTS)
def test_without_the_receipts_nothing_is_published(fault: Exception) -> None:
    world = World()
    world.receipts.fault = fault
    assert world.relay(_overdue(1), _change(2)) == RelayReport(failed="1")
    assert (world.published(), world.waits) == ([], [])


@pytest.mark.parametrize("fault", FAULTS)
def test_an_error_on_a_later_read_fails_only_waiting_records(fault: Exception) -> None:
    world = World()

    def fail() -> None:
        world.receipts.fault = fault

    world.during = fail
    assert world.relay(_overdue(1), _change(2), _change(3)) == RelayReport(relayed=1, failed="2")
    assert (world.published(), len(world.waits)) == ([1], 1)


def test_a_record_is_delivered_again_if_the_bus_rejects_its_trigger() -> None:
    world = World()
    world.publisher.lost |= {"order 2", "order 3"}
    report = world.relay(*map(_overdue, range(1, 5)))
    assert report == RelayReport(relayed=2, failed="2")
    assert world.published() == [1, 4]
    assert world.parking.parked == []


def test_the_earliest_failed_record_of_the_batch_is_reported() -> None:
    world = World(seconds=10)
    world.publisher.lost.add("order 9")
    assert world.relay(_overdue(10), _overdue(9), _change(1)).failed == "9"
    assert world.relay(_overdue(10), _change(1), _overdue(9)).failed == "1"


def test_a_trigger_that_the_bus_never_accepts_is_parked() -> None:
    world = World()
    world.publisher.poison.add("order 2")
    changes = [_overdue(number) for number in (1, 2, 3)]
    assert world.relay(*changes) == RelayReport(relayed=2, parked=1)
    assert world.published() == [1, 3]
    assert world.parking.parked == [
        Parked(
            "Injected",
            {
                "trigger_id": changes[1].trigger.id,
                "kind": "OrderCreated",
                "account": "demo",
                "order_id": 2,
                "version": 1,
                "payload": "full",
            },
        )
    ]


def test_permanent_and_transient_failures_of_one_call_differ() -> None:
    world = World()
    world.publisher.poison.add("order 1")
    world.publisher.lost.add("order 3")
    report = world.relay(*map(_overdue, range(1, 5)))
    assert report == RelayReport(relayed=2, parked=1, failed="3")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_record_is_delivered_again_if_its_trigger_cannot_be_parked(fault: Exception) -> None:
    world = World()
    world.parking.fault = fault
    world.publisher.poison.add("order 2")
    report = world.relay(*map(_overdue, range(1, 4)))
    assert report == RelayReport(relayed=2, failed="2")


def test_an_unreadable_record_is_parked_and_blocks_nothing() -> None:
    world = World()
    report = world.relay(_unreadable(1), _overdue(2), _unreadable(3), _change(4, END - 1))
    assert report == RelayReport(relayed=2, parked=2)
    assert [each.what["sequence_number"] for each in world.parking.parked] == ["1", "3"]
    assert world.published() == [2, 4]


def test_no_receipt_is_read_for_unreadable_records() -> None:
    world = World()
    assert world.relay(_unreadable(1)) == RelayReport(parked=1)
    assert (world.receipts.looks, world.publisher.calls) == ([], [])


@pytest.mark.parametrize("fault", FAULTS)
def test_an_unreadable_record_that_cannot_be_parked_is_delivered_again(fault: Exception) -> None:
    world = World()
    world.parking.fault = fault
    report = world.relay(_overdue(1), _unreadable(2), _overdue(3))
    assert report == RelayReport(relayed=2, failed="2")
    assert world.published() == [1, 3]


def test_a_duplicate_trigger_in_a_batch_is_published_once() -> None:
    world = World()
    first = _overdue(1)
    assert world.relay(first, replace(first, sequence_number="2")).relayed == 1
    assert (world.published(), world.publisher.calls) == ([1], [1])


def test_records_of_one_request_need_one_receipt() -> None:
    world = World()
    world.relay(_overdue(1, "r"), _overdue(2, "r"))
    assert world.receipts.looks == [{RequestKey("demo", "r")}]
