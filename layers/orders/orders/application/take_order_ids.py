"""Take ids for new orders from a lane of the present ten minutes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from orders.application.errors import StorageUnavailableError
from orders.application.ports import Clock, Deadline, OrderLanes
from orders.domain.order_numbers import (
    OWN_LANES,
    Lane,
    end_place,
    new_lane,
    numbers_of,
    second_of,
    serving_second,
    shared_places,
    window_of,
)


@dataclass(slots=True)
class TakeOrderIds:
    """Implements OrderIds. An environment keeps its lane of each account, but never a number."""

    lanes: OrderLanes
    clock: Clock
    _lanes: dict[str, Lane] = field(default_factory=dict, init=False)
    # The window of each account whose lanes are used up.
    _full: dict[str, int] = field(default_factory=dict, init=False)

    def take(self, account: str, count: int, deadline: Deadline) -> Sequence[int]:
        """Return `count` rising order ids that were never returned before.

        They are of the present second, and of the following ones if the lane has no more numbers of
        this second. A call needs no request to the store while the environment's lane serves.
        """
        now = second_of(self.clock())
        taken: list[int] = []
        while len(taken) < count:
            taken += self._take_some(account, now, count - len(taken), deadline)
        return taken

    def _take_some(self, account: str, now: int, count: int, deadline: Deadline) -> Sequence[int]:
        """Return some numbers; none if the lane that would have served them has none left."""
        lane = self._lanes.get(account)
        second = serving_second(lane, now)
        if second is None:
            self._lanes.pop(account, None)
            lane, second = None, now
        window = window_of(second)
        if lane is None or lane.window != window:
            lane = self._open(account, window, deadline)
        if lane is None:
            return self._share(account, window, now, count, deadline)
        numbers, self._lanes[account] = lane.take(second, count)
        return numbers

    def _open(self, account: str, window: int, deadline: Deadline) -> Lane | None:
        """Return a lane of its own, None if the window has none left."""
        if self._full.get(account) != window:
            number = self.lanes.open(account, window, deadline)
            if number < OWN_LANES:
                return new_lane(window, number)
            self._full[account] = window
        return None

    def _share(
        self, account: str, window: int, now: int, count: int, deadline: Deadline
    ) -> Sequence[int]:
        """Return numbers of the shared lane, or none if the next window must serve."""
        room = shared_places(window, now)
        places = self.lanes.share(account, window, room, count, deadline)
        if places is not None:
            return numbers_of(OWN_LANES, places)
        if room.stop < end_place(window):
            raise StorageUnavailableError("too many orders were created at once")
        # The window ends before that. Its last lane counts as used up, so the next window serves.
        self._lanes[account] = Lane(window, OWN_LANES, end_place(window))
        return ()
