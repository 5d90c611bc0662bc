"""A request with a key runs once, and a run that was cut off is finished."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from orders.application.errors import KeyInUseError, KeyReusedError, StorageUnavailableError
from orders.application.ports import RequestKey
from orders.application.repeat_requests import WAITS, Answered, RepeatRequests, Run, target_of
from orders.domain.relaying import WriterLifetime
from orders.domain.repeats import KEPT, IdempotencyKey, KeptAnswer
from tests.support.deadlines import DEADLINE, FixedDeadline
from tests.support.fakes import FakeReceipts, FakeRequestRecords

KEY = IdempotencyKey("demo", "shop", "key", "fingerprint")
CREATED = KeptAnswer(201, b'{"id":1}', {"Content-Type": "application/json"})
FAULT = KeptAnswer(503, b"", {})
LIFETIME = WriterLifetime(timedelta(seconds=27))


@dataclass
class World:
    """The use case with fakes, and a clock that `sleep` sets forward."""

    records: FakeRequestRecords = field(default_factory=FakeRequestRecords)
    receipts: FakeReceipts = field(default_factory=FakeReceipts)
    now: datetime = datetime(2026, 11, 26, tzinfo=UTC)
    slept: list[float] = field(default_factory=list)
    # Ends the first run while its twin waits for the time with this number.
    ends_while_waiting: tuple[int, Run, KeptAnswer] | None = None

    def __post_init__(self) -> None:
        numbers = count(1)
        self.repeats = RepeatRequests(
            self.records,
            self.receipts,
            LIFETIME,
            lambda: f"request-{next(numbers)}",
            lambda: self.now,
            self._sleep,
        )

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)
        if self.ends_while_waiting and self.ends_while_waiting[0] == len(self.slept):
            _, run, answer = self.ends_while_waiting
            self.end(run, answer)

    def begin(self, key: IdempotencyKey = KEY) -> Run | KeptAnswer:
        begun = self.repeats.begin(key, DEADLINE)
        return begun.answer if isinstance(begun, Answered) else begun

    def run(self, key: IdempotencyKey = KEY) -> Run:
        begun = self.begin(key)
        assert isinstance(begun, Run)
        return begun

    def end(self, run: Run, answer: KeptAnswer = CREATED, *, retryable: bool = False) -> None:
        self.repeats.end(run, answer, DEADLINE, retryable=retryable)


@pytest.fixture
def world() -> World:
    return World()


def test_a_repetition_gets_the_kept_answer(world: World) -> None:
    run = world.run()
    assert (run.request_id, run.is_repeated, run.noted) == ("request-1", False, ())
    world.end(run)
    assert world.begin() == CREATED
    assert world.slept == []


@pytest.mark.parametrize(
    "other",
    [
        IdempotencyKey("other", "shop", "key", "another fingerprint"),
        IdempotencyKey("demo", "another shop", "key", "another fingerprint"),
        IdempotencyKey("demo", "shop", "another key", "fingerprint"),
    ],
)
def test_a_key_belongs_to_one_client_of_one_account(world: World, other: IdempotencyKey) -> None:
    world.end(world.run())
    assert not world.run(other).is_repeated


def test_a_key_is_rejected_with_another_request(world: World) -> None:
    other = IdempotencyKey("demo", "shop", "key", "another fingerprint")
    run = world.run()
    with pytest.raises(KeyReusedError):
        world.begin(other)
    world.end(run)
    with pytest.raises(KeyReusedError):
        world.begin(other)
    assert world.slept == []


def test_a_key_can_be_used_again_after_24_hours(world: World) -> None:
    world.end(world.run())
    assert timedelta(hours=24) == KEPT
    world.now += KEPT - timedelta(seconds=1)
    assert world.begin() == CREATED
    world.now += timedelta(seconds=1)
    assert not world.run(IdempotencyKey("demo", "shop", "key", "new")).is_repeated


def test_a_twin_waits_for_the_answer(world: World) -> None:
    world.ends_while_waiting = (3, world.run(), CREATED)
    assert world.begin() == CREATED
    assert world.slept == list(WAITS[:3])


def test_a_twin_does_not_wait_long(world: World) -> None:
    world.run()
    with pytest.raises(KeyInUseError):
        world.begin()
    assert world.slept == list(WAITS)
    assert sum(WAITS) == 3


def test_a_twin_waits_only_as_long_as_it_has_time(world: World) -> None:
    world.run()
    with pytest.raises(KeyInUseError):
        world.repeats.begin(KEY, FixedDeadline(0.5))
    assert world.slept == list(WAITS[:3])


def test_a_twin_takes_over_a_run_that_fails_while_it_waits(world: World) -> None:
    world.ends_while_waiting = (2, world.run(), FAULT)
    taken = world.run()
    assert (taken.request_id, taken.is_repeated) == ("request-1", True)


@pytest.mark.parametrize("retryable", [False, True])
def test_a_request_without_a_final_answer_runs_again_under_its_id(
    world: World, *, retryable: bool
) -> None:
    run = world.run()
    run.note([7], DEADLINE)
    world.end(run, CREATED if retryable else FAULT, retryable=retryable)
    again = world.run()
    assert (again.request_id, again.is_repeated, again.noted) == ("request-1", True, (7,))
    again.note([9, 8], DEADLINE)
    world.end(again, FAULT)
    assert world.run().noted == (7, 8, 9)
    assert world.slept == []


def test_a_run_that_was_cut_off_is_finished_when_its_time_is_over(world: World) -> None:
    world.run()
    world.now += LIFETIME.ends_at(world.now) - world.now - timedelta(seconds=sum(WAITS) + 1)
    with pytest.raises(KeyInUseError):
        world.begin()
    world.now += timedelta(seconds=1)
    taken = world.run()
    assert (taken.request_id, taken.attempt, taken.is_repeated) == ("request-1", "request-3", True)


def test_a_run_that_was_taken_over_can_neither_note_nor_keep(world: World) -> None:
    first = world.run()
    world.now = LIFETIME.ends_at(world.now)
    second = world.run()
    with pytest.raises(StorageUnavailableError):
        first.note([1], DEADLINE)
    world.end(first, KeptAnswer(200, b"late", {}))
    world.end(second)
    assert world.begin() == CREATED


def test_a_repetition_withdraws_the_receipt_of_the_first_run(world: World) -> None:
    """The receipt would keep the relay from publishing the triggers of the repetition."""
    request = RequestKey("demo", "request-1")
    run = world.run()
    world.receipts.leave(request, (), DEADLINE)
    world.end(run, FAULT)
    world.run()
    world.receipts.leave(request, (), DEADLINE)
    assert world.receipts.find([request], DEADLINE) == {}


def test_a_first_run_leaves_its_receipt(world: World) -> None:
    world.run()
    assert world.receipts.withdrawn == set()


def test_an_answer_that_cannot_be_kept_is_not_an_error(world: World) -> None:
    run = world.run()
    world.records.fault = StorageUnavailableError()
    world.end(run)
    with pytest.raises(StorageUnavailableError):
        world.begin()


def test_the_target_of_a_request_is_found_once(world: World) -> None:
    run = world.run()
    assert target_of(run, lambda: 5, DEADLINE) == 5
    world.end(run, FAULT)

    def find() -> int:
        raise AssertionError("the order no longer has the name")

    assert target_of(world.run(), find, DEADLINE) == 5


def test_a_request_without_a_key_notes_nothing() -> None:
    assert target_of(None, lambda: 5, DEADLINE) == 5
