"""Order ids: their parts, their order, and the bounds of a lane."""

from datetime import UTC, datetime, timedelta
from operator import lt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.creation_times import (
    creation_time,
    ids_created_in,
    ids_surely_created_in,
    latest_creation,
)
from orders.domain.identifiers import order_id_of, uuid_of
from orders.domain.order_numbers import (
    EPOCH,
    MAX_ORDER_ID,
    MAX_SECONDS_AHEAD,
    OWN_LANES,
    PLACES_PER_SECOND,
    WINDOW_SECONDS,
    ClockOutOfRangeError,
    first_number_of,
    new_lane,
    numbers_of,
    second_of,
    serving_second,
    shared_places,
    time_of,
    window_ends_at,
    window_of,
)
from orders.domain.ranges import Range

seconds = st.integers(0, 2**31 - 1)
lanes = st.integers(0, OWN_LANES)
sequences = st.integers(0, PLACES_PER_SECOND - 1)
numbers = st.builds(
    lambda second, lane, sequence: (second, lane, sequence), seconds, lanes, sequences
)


def _second(order_id: int) -> int:
    return second_of(time_of(order_id))


def _number(second: int, lane: int, sequence: int) -> int:
    place = second * PLACES_PER_SECOND + sequence
    return numbers_of(lane, range(place, place + 1))[0]


@given(numbers, numbers)
def test_order_ids_sort_by_second_and_differ(
    one: tuple[int, int, int], other: tuple[int, int, int]
) -> None:
    first, second = _number(*one), _number(*other)
    assert 0 <= first <= MAX_ORDER_ID < 2**53
    assert (first < second) is (one < other)
    assert (first == second) is (one == other)
    assert _second(first) == one[0]


@given(st.integers(0, MAX_ORDER_ID), st.integers(0, MAX_ORDER_ID))
def test_uuids_compare_as_order_ids_and_contain_them(one: int, other: int) -> None:
    assert (uuid_of("demo", one) < uuid_of("demo", other)) is (one < other)
    assert order_id_of("demo", uuid_of("demo", one)) == one


def test_order_ids_exist_from_2025_to_2093() -> None:
    assert second_of(datetime(2025, 1, 1, 0, 0, 1, 999_999, tzinfo=UTC)) == 1
    last = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=2**31 - 1)
    assert (last.year, second_of(last)) == (2093, 2**31 - 1)
    for moment in (last + timedelta(seconds=1), datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC)):
        with pytest.raises(ClockOutOfRangeError):
            second_of(moment)


def test_a_window_has_ten_minutes() -> None:
    assert [window_of(second) for second in (0, 599, 600)] == [0, 0, 1]
    assert window_ends_at(0) == datetime(2025, 1, 1, 0, 10, tzinfo=UTC)


@given(
    st.lists(st.tuples(st.integers(0, WINDOW_SECONDS - 1), st.sampled_from([1, 3000])), max_size=8),
    st.integers(0, 100),
)
def test_the_numbers_of_a_lane_rise_and_stay_in_its_window(
    takes: list[tuple[int, int]], window: int
) -> None:
    lane, last = new_lane(window, 7), -1
    for second, count in takes:
        now = window * WINDOW_SECONDS + second
        taken, lane = lane.take(now, count)
        rising = [last, *taken]
        assert all(map(lt, rising, rising[1:]))
        # The seconds of rising numbers do not fall, so the ends show those of all.
        for number in {*taken[:1], *taken[-1:]}:
            assert _second(number) >= now
            assert window_of(_second(number)) == window
        last = rising[-1]
        assert len(taken) == count or lane.next_second == (window + 1) * WINDOW_SECONDS


def test_a_second_that_is_used_up_continues_in_the_next() -> None:
    lane = new_lane(0, 1)
    taken, lane = lane.take(10, PLACES_PER_SECOND + 1)
    assert [_second(number) for number in taken[-2:]] == [10, 11]
    assert _second(lane.take(10, 1)[0][0]) == 11


def test_a_lane_serves_until_it_is_too_far_ahead_of_the_clock() -> None:
    _, lane = new_lane(0, 1).take(100, 1)
    assert serving_second(lane, 100) == 100
    assert serving_second(lane, 100 - MAX_SECONDS_AHEAD) == 100
    assert serving_second(lane, 99 - MAX_SECONDS_AHEAD) is None
    assert serving_second(lane, 700) == 700
    assert serving_second(None, 100) is None


def test_the_shared_lane_serves_the_next_minute_of_its_window() -> None:
    def room(now: int) -> tuple[int, int]:
        places = shared_places(1, now)
        return places.start // PLACES_PER_SECOND, places.stop // PLACES_PER_SECOND

    assert room(700) == (700, 700 + MAX_SECONDS_AHEAD)
    assert room(WINDOW_SECONDS - 10) == (WINDOW_SECONDS, WINDOW_SECONDS + MAX_SECONDS_AHEAD - 10)
    assert room(2 * WINDOW_SECONDS - 10) == (2 * WINDOW_SECONDS - 10, 2 * WINDOW_SECONDS)


@given(st.integers(0, 2**31 - 100), st.integers(0, 999_999), st.integers(-70, 70))
def test_an_order_is_created_in_the_second_of_its_id(
    second: int, microseconds: int, ahead: int
) -> None:
    now = EPOCH + timedelta(seconds=second, microseconds=microseconds)
    number = first_number_of(max(second + ahead, 0)) + 7
    created = creation_time(number, now)
    assert time_of(number) <= created <= latest_creation(number)
    assert latest_creation(number) - time_of(number) < timedelta(seconds=1)
    if ahead == 0:
        assert created == now
    assert number in ids_created_in(Range(created, created + timedelta(microseconds=1)))
    assert number not in ids_created_in(Range(None, time_of(number)))
    assert number not in ids_surely_created_in(Range(time_of(number) + timedelta(microseconds=1)))
    assert number in ids_surely_created_in(Range(time_of(number)))
