"""Order ids sort as orders are created, over all environments and whatever the clocks do."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.application.errors import StorageUnavailableError
from orders.application.take_order_ids import TakeOrderIds
from orders.domain.order_numbers import (
    MAX_SECONDS_AHEAD,
    OWN_LANES,
    PLACES_PER_SECOND,
    WINDOW_SECONDS,
    second_of,
    time_of,
    window_ends_at,
    window_of,
)
from tests.support.deadlines import DEADLINE, FixedDeadline
from tests.support.fakes import FakeOrderLanes

START = window_ends_at(10**5)


def _second(order_id: int) -> int:
    return second_of(time_of(order_id))


@dataclass
class Environment:
    """An execution environment with a clock of its own. `at` is in seconds after START."""

    lanes: FakeOrderLanes = field(default_factory=FakeOrderLanes)
    at: float = 0

    def __post_init__(self) -> None:
        self.order_ids = TakeOrderIds(self.lanes, self.now)

    def now(self) -> datetime:
        return START + timedelta(seconds=self.at)

    def take(self, count: int = 1, at: float | None = None) -> list[int]:
        self.at = self.at if at is None else at
        return list(self.order_ids.take("demo", count, DEADLINE))

    def seconds(self, numbers: list[int]) -> list[int]:
        return sorted({_second(each) - second_of(START) for each in numbers})


def test_a_lane_at_hand_needs_no_call() -> None:
    one = Environment()
    taken = [number for at in range(0, WINDOW_SECONDS, 7) for number in one.take(3, at)]
    assert one.lanes.opened.total() == 1
    assert taken == sorted(set(taken))
    assert one.take(0) == []


def test_no_number_outlives_its_second() -> None:
    """An environment that rests does not give numbers of the time before."""
    one = Environment()
    one.take(2)
    assert one.seconds(one.take(1, at=300)) == [300]
    assert one.seconds(one.take(1, at=7200)) == [7200]


def test_environments_sort_to_the_second() -> None:
    lanes = FakeOrderLanes()
    environments = [Environment(lanes) for _ in range(5)]
    taken = [environments[at * 3 % 5].take(1, at)[0] for at in range(1200)]
    assert taken == sorted(set(taken))


def test_two_environments_deviate_as_much_as_their_clocks() -> None:
    lanes = FakeOrderLanes()
    exact, ahead = Environment(lanes), Environment(lanes)
    for at in range(0, 1200, 10):
        assert exact.seconds(exact.take(1, at)) == [at]
        assert exact.seconds(ahead.take(1, at + 4)) == [at + 4]
    assert ahead.take(1, at=2000) < exact.take(1, at=2001)


def test_a_batch_that_crosses_the_border_of_a_window_takes_a_lane_of_the_next() -> None:
    one = Environment()
    before = one.take(1, at=WINDOW_SECONDS - 1)
    batch = one.take(3 * PLACES_PER_SECOND)
    assert one.seconds(batch) == [*range(WINDOW_SECONDS - 1, WINDOW_SECONDS + 3)]
    after = one.take(1)
    taken = [*before, *batch, *after]
    assert taken == sorted(set(taken))
    assert list(one.lanes.opened.values()) == [1, 1]
    windows = {window for _, window in one.lanes.opened}
    assert {window_of(_second(number)) for number in taken} == windows


def test_a_batch_of_10000_is_at_most_5_seconds_ahead() -> None:
    one = Environment()
    batch = one.take(10_000)
    assert (len(set(batch)), one.seconds(batch)) == (10_000, [0, 1, 2, 3, 4])


def test_a_clock_that_goes_back_a_little_keeps_the_lane() -> None:
    one = Environment()
    taken = [*one.take(1, at=100), *one.take(1, at=100 - MAX_SECONDS_AHEAD)]
    assert (one.seconds(taken), one.lanes.opened.total()) == ([100], 1)
    assert taken == sorted(set(taken))


def test_a_clock_that_goes_back_further_takes_a_new_lane() -> None:
    one = Environment()
    first = one.take(1, at=100)
    second = one.take(1, at=99 - MAX_SECONDS_AHEAD)
    third = one.take(1, at=100)
    assert one.seconds(second) == [99 - MAX_SECONDS_AHEAD]
    assert one.lanes.opened.total() == 2
    assert len({*first, *second, *third}) == 3


def _used_up(at: float = 0) -> FakeOrderLanes:
    """Return lanes of which the window at `at` has none left."""
    lanes = FakeOrderLanes()
    window = window_of(second_of(START + timedelta(seconds=at)))
    lanes.opened["demo", window] = OWN_LANES
    return lanes


def test_more_environments_than_lanes_share_the_last_lane() -> None:
    lanes = _used_up()
    environments = [Environment(lanes) for _ in range(20)]
    taken = [environment.take(1, at)[0] for at in range(3) for environment in environments]
    assert len(set(taken)) == 60
    for at in range(3):
        assert environments[0].seconds(taken[20 * at : 20 * at + 20]) == [at]
    # Each environment asks once whether a lane is left.
    assert lanes.opened.total() == OWN_LANES + 20


def test_the_shared_lane_is_at_most_60_seconds_ahead() -> None:
    lanes = _used_up()
    one, other = Environment(lanes), Environment(lanes)
    taken = one.take(MAX_SECONDS_AHEAD * PLACES_PER_SECOND)
    assert one.seconds(taken)[-1] == MAX_SECONDS_AHEAD - 1
    with pytest.raises(StorageUnavailableError):
        other.take(1)
    assert other.seconds(other.take(1, at=1)) == [MAX_SECONDS_AHEAD]


def test_a_shared_lane_ends_with_its_window() -> None:
    lanes = _used_up()
    one = Environment(lanes, WINDOW_SECONDS - 1)
    taken = [number for _ in range(3) for number in one.take(PLACES_PER_SECOND)]
    assert taken == sorted(set(taken))
    assert one.seconds(taken) == [WINDOW_SECONDS - 1, WINDOW_SECONDS, WINDOW_SECONDS + 1]


def test_no_lane_is_taken_after_the_deadline() -> None:
    one = Environment()
    with pytest.raises(StorageUnavailableError):
        one.order_ids.take("demo", 1, FixedDeadline(0))


def test_each_account_has_lanes_of_its_own() -> None:
    one = Environment()
    first = one.take(1)
    assert list(one.order_ids.take("other", 1, DEADLINE)) == first
    assert set(one.lanes.opened) == {
        (account, window_of(second_of(START))) for account in ("demo", "other")
    }


takes = st.lists(
    st.tuples(st.integers(0, 3), st.integers(-700, 1500), st.sampled_from([1, 2, 2500])),
    max_size=15,
)


@given(steps=takes, full=st.booleans())
def test_no_number_is_taken_twice_whatever_the_clocks_do(
    steps: list[tuple[int, int, int]], *, full: bool
) -> None:
    lanes = _used_up() if full else FakeOrderLanes()
    environments = [Environment(lanes) for _ in range(4)]
    seen: set[int] = set()
    for number, at, count in steps:
        environment = environments[number]
        try:
            taken = environment.take(count, at)
        except StorageUnavailableError:
            continue
        assert taken == sorted(set(taken))
        assert seen.isdisjoint(taken)
        seen.update(taken)
        seconds = environment.seconds(taken)
        assert at <= seconds[0]
        assert seconds[-1] <= at + MAX_SECONDS_AHEAD + 5


def test_a_prepared_lane_serves_without_a_call() -> None:
    one = Environment()
    assert not one.order_ids.is_ready("demo")
    one.order_ids.prepare("demo", DEADLINE)
    one.order_ids.prepare("demo", DEADLINE)
    assert one.order_ids.is_ready("demo")
    first = one.take(3)
    assert one.lanes.opened.total() == 1
    one.at = WINDOW_SECONDS
    assert not one.order_ids.is_ready("demo")
    one.order_ids.prepare("demo", DEADLINE)
    later = one.take()
    assert one.lanes.opened.total() == 2
    assert [*first, *later] == sorted({*first, *later})


def test_preparing_a_used_up_window_takes_nothing_of_the_shared_lane() -> None:
    one = Environment()
    one.lanes.opened["demo", window_of(second_of(START))] = OWN_LANES
    one.order_ids.prepare("demo", DEADLINE)
    assert one.order_ids.is_ready("demo")
    assert not one.lanes.shared
    assert one.take()
