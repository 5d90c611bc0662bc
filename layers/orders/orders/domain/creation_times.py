"""The order ids of a time of creation.

The first bits of an order id are a second. Clocks, and requests with thousands of orders, let it
deviate from the order's time of creation by less than SLACK.
"""

from datetime import UTC, datetime, timedelta

from orders.domain.ranges import Range

EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
SLACK = timedelta(seconds=120)
_BITS_BELOW_THE_SECOND = 22
_SECOND = timedelta(seconds=1)
_SECONDS = 2**31


def ids_created_in(times: Range[datetime]) -> Range[int]:
    """Return a range that has the ids of all orders created in these times, and of few others."""
    return Range(
        None if times.start is None else _first_id(_second(times.start) - _SLACK_SECONDS),
        None if times.end is None else _first_id(_second(times.end) + 1 + _SLACK_SECONDS),
    )


def ids_surely_created_in(times: Range[datetime]) -> Range[int]:
    """Return a range that has only ids of orders created in these times. It may be empty."""
    return Range(
        None if times.start is None else _first_id(_second(times.start) + 1 + _SLACK_SECONDS),
        None if times.end is None else _first_id(_second(times.end) - _SLACK_SECONDS),
    )


_SLACK_SECONDS = SLACK // _SECOND


def _second(moment: datetime) -> int:
    return (moment - EPOCH) // _SECOND


def _first_id(second: int) -> int:
    return min(max(second, 0), _SECONDS) << _BITS_BELOW_THE_SECOND
