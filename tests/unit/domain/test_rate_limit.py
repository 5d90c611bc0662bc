"""Requests are counted for each full hour. The current request counts too."""

from datetime import UTC, datetime, timedelta

import pytest

from orders.domain.rate_limit import Allowance, allowance_of, window_of

HOUR = datetime(2026, 1, 2, 14, tzinfo=UTC)


@pytest.mark.parametrize("into", [timedelta(0), timedelta(minutes=59, seconds=59, microseconds=9)])
def test_a_window_starts_at_a_full_hour(into: timedelta) -> None:
    assert window_of(HOUR + into) == HOUR
    assert window_of(HOUR + timedelta(hours=1)) == HOUR + timedelta(hours=1)


@pytest.mark.parametrize(
    ("count", "remaining", "exceeded"),
    [(0, 3, False), (1, 2, False), (3, 0, False), (4, 0, True), (99, 0, True)],
)
def test_the_allowance_of_a_window_counts_the_current_request(
    count: int,
    remaining: int,
    exceeded: bool,  # noqa: FBT001 - an expectation
) -> None:
    until = HOUR + timedelta(hours=1)
    assert allowance_of(3, count, HOUR) == Allowance(3, remaining, until, exceeded)
