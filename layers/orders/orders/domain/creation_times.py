"""The order ids of a time of creation.

The first bits of an order id are a second. Clocks, and requests with thousands of orders, let it
deviate from the order's time of creation by less than SLACK.
"""

from datetime import datetime, timedelta

from orders.domain.order_numbers import EPOCH, SECONDS, first_number_of
from orders.domain.ranges import Range

SLACK = timedelta(seconds=120)
_SECOND = timedelta(seconds=1)
_SLACK_SECONDS = SLACK // _SECOND


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


def ids_taken_before(moment: datetime) -> Range[int]:
    """Return the ids whose second is over at a time. Their orders took them before that time."""
    return Range(None, _first_id(_second(moment)))


def _second(moment: datetime) -> int:
    return (moment - EPOCH) // _SECOND


def _first_id(second: int) -> int:
    return first_number_of(min(max(second, 0), SECONDS))
