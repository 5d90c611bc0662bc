"""Requests are counted in hours of the clock; the one at hand counts too."""

from datetime import UTC, datetime, timedelta

import pytest

from orders.domain.rate_limit import Allowance, allowance_of, window_of

HOUR = datetime(2026, 1, 2, 14, tzinfo=UTC)


@pytest.mark.parametrize("into", [timedelta(0), timedelta(minutes=59, seconds=59, microseconds=9)])
def test_a_window_is_an_hour_of_the_clock(into: timedelta) -> None:
    assert window_of(HOUR + into) == HOUR
    assert window_of(HOUR + timedelta(hours=1)) == HOUR + timedelta(hours=1)


@pytest.mark.parametrize(
    ("count", "remaining", "exceeded"),
    [(0, 3, False), (1, 2, False), (3, 0, False), (4, 0, True), (99, 0, True)],
)
def test_what_is_left_of_a_window(count: int, remaining: int, exceeded: bool) -> None:  # noqa: FBT001 - an expectation
    until = HOUR + timedelta(hours=1)
    assert allowance_of(3, count, HOUR) == Allowance(3, remaining, until, exceeded)
