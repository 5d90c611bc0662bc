"""The time of an order's creation, and the order ids of such times.

The first bits of an order id are a second, and the order's time of creation lies in it. So
order ids sort by time of creation up to the second.
"""

from datetime import datetime, timedelta

from orders.domain.identifiers import NO_ORDER_ID
from orders.domain.order_numbers import EPOCH, SECONDS, first_number_of, time_of
from orders.domain.ranges import Range

_SECOND = timedelta(seconds=1)
_TICK = timedelta(microseconds=1)


def creation_time(order_id: int, now: datetime) -> datetime:
    """Return the time of creation of an order that gets this id now.

    An id can be some seconds ahead of the clock, in a request with thousands of orders for example.
    The order is then created in the second of its id: all lists sort orders in the same way. So it
    is if the clock was set back while the request took its ids. An order without an id is created
    now.
    """
    if order_id == NO_ORDER_ID:
        return now
    begin = time_of(order_id)
    return min(max(now, begin), _end_of(begin))


def earliest_creation(order_id: int) -> datetime:
    """Return the first time at which the order with this id may have been created."""
    return time_of(order_id)


def latest_creation(order_id: int) -> datetime:
    """Return the last time at which the order with this id may have been created."""
    return _end_of(time_of(order_id))


def ids_created_in(times: Range[datetime]) -> Range[int]:
    """Return a range that has the ids of all orders created in these times, and of few others."""
    return Range(
        None if times.start is None else _first_id(_second(times.start)),
        None if times.end is None else _first_id(_second_after(times.end)),
    )


def ids_surely_created_in(times: Range[datetime]) -> Range[int]:
    """Return a range that has only ids of orders created in these times. It may be empty."""
    return Range(
        None if times.start is None else _first_id(_second_after(times.start)),
        None if times.end is None else _first_id(_second(times.end)),
    )


def _end_of(second: datetime) -> datetime:
    return second + _SECOND - _TICK


def ids_taken_before(moment: datetime) -> Range[int]:
    """Return the ids whose second is over at a time. Their orders took them before that time."""
    return Range(None, _first_id(_second(moment)))


def _second(moment: datetime) -> int:
    return (moment - EPOCH) // _SECOND


def _second_after(moment: datetime) -> int:
    """Return the first second that begins at this time or later."""
    return -((EPOCH - moment) // _SECOND)


def _first_id(second: int) -> int:
    return first_number_of(min(max(second, 0), SECONDS))
