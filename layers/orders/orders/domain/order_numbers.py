"""Order ids that sort in time: 31 bits of seconds, 11 bits of lane, 11 bits of sequence.

An execution environment takes a lane of a window of ten minutes, and draws the numbers of the
window's seconds from it. No other environment has the same lane, so no two numbers are equal. The
last lane of each window is shared: it serves when all other lanes are taken.

A place is a position in a lane: second * PLACES_PER_SECOND + sequence.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self

EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
_SECOND_BITS, _LANE_BITS, _SEQUENCE_BITS = 31, 11, 11
SECONDS: int = 2**_SECOND_BITS
MAX_ORDER_ID: int = 2 ** (_SECOND_BITS + _LANE_BITS + _SEQUENCE_BITS) - 1
PLACES_PER_SECOND: int = 2**_SEQUENCE_BITS
# Lanes that one environment has for itself. The lane with this number is the shared one.
OWN_LANES: int = 2**_LANE_BITS - 1
WINDOW_SECONDS = 600
# A lane that is further ahead of the clock serves no more: its numbers would sort too late.
MAX_SECONDS_AHEAD = 60


class ClockOutOfRangeError(OverflowError):
    """The clock is before 2025 or after 2093, for which no order ids exist."""


def second_of(moment: datetime) -> int:
    """Return the second of an aware time, counted from 2025. Raises ClockOutOfRangeError."""
    second = (moment - EPOCH) // timedelta(seconds=1)
    if not 0 <= second < SECONDS:
        raise ClockOutOfRangeError("Order ids exist for times from 2025 to 2093 only")
    return second


def time_of(order_id: int) -> datetime:
    """Return the second of an order id. It is never before the time at which the id was taken."""
    return EPOCH + timedelta(seconds=order_id >> (_LANE_BITS + _SEQUENCE_BITS))


def first_number_of(second: int) -> int:
    """Return the least order id of a second or, for SECONDS, the number after the last one."""
    return second << (_LANE_BITS + _SEQUENCE_BITS)


def window_of(second: int) -> int:
    """Return the number of the window that contains a second."""
    return second // WINDOW_SECONDS


def end_place(window: int) -> int:
    """Return the first place after a window."""
    return (window + 1) * WINDOW_SECONDS * PLACES_PER_SECOND


def window_ends_at(window: int) -> datetime:
    """Return the time at which a window ends."""
    return EPOCH + timedelta(seconds=(window + 1) * WINDOW_SECONDS)


def numbers_of(lane: int, places: range) -> list[int]:
    """Return the order ids of places in a lane."""
    return [
        first_number_of(place // PLACES_PER_SECOND)
        | lane << _SEQUENCE_BITS
        | place % PLACES_PER_SECOND
        for place in places
    ]


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane of a window, and the first place that has not been used yet."""

    window: int
    number: int
    next_place: int

    @property
    def next_second(self) -> int:
        """Return the second of the next place. It may be the first one after the window."""
        return self.next_place // PLACES_PER_SECOND

    def take(self, second: int, count: int) -> tuple[list[int], Self]:
        """Return at most `count` numbers of `second` or later, and the lane without them.

        There are fewer numbers if the window ends first.
        """
        first = max(self.next_place, second * PLACES_PER_SECOND)
        end = min(first + count, end_place(self.window))
        if first >= end:
            return [], self
        return numbers_of(self.number, range(first, end)), replace(self, next_place=end)


def new_lane(window: int, number: int) -> Lane:
    """Return a lane of which no place has been used."""
    return Lane(window, number, window * WINDOW_SECONDS * PLACES_PER_SECOND)


def serving_second(lane: Lane | None, now: int) -> int | None:
    """Return the second whose numbers a lane may give at `now`, None if it may not serve any more.

    It may not be further ahead of the clock than MAX_SECONDS_AHEAD: either the clock was set back,
    or many numbers were taken at once. The second may be in the window after that of the lane.
    """
    if lane is None or lane.next_second - now > MAX_SECONDS_AHEAD:
        return None
    return max(now, lane.next_second)


def shared_places(window: int, now: int) -> range:
    """Return the places of a window's shared lane that may be used at `now`."""
    start = max(now, window * WINDOW_SECONDS) * PLACES_PER_SECOND
    return range(start, min((now + MAX_SECONDS_AHEAD) * PLACES_PER_SECOND, end_place(window)))
