"""The time of an order's creation, and the order ids of such times.

The first bits of an order id are a second, and the order's time of creation lies in it. Only if
the clock is set back while a request takes its ids, the two differ, which SLACK is for.
"""

from datetime import datetime, timedelta

from orders.domain.order_numbers import EPOCH, SECONDS, first_number_of, time_of
from orders.domain.ranges import Range

SLACK = timedelta(seconds=3)
_SECOND = timedelta(seconds=1)
_SLACK_SECONDS = SLACK // _SECOND


def creation_time(order_id: int, now: datetime) -> datetime:
    """Return the time of creation of an order that gets this id now.

    An id can be some seconds ahead of the clock, in a request with thousands of orders for example.
    The order is then created in the second of its id: all lists sort orders in the same way.
    """
    return max(now, time_of(order_id))


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
