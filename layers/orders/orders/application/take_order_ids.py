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
        now = self._now()
        taken: list[int] = []
        while len(taken) < count:
            taken += self._take_some(account, now, count - len(taken), deadline)
        return taken

    def is_ready(self, account: str) -> bool:
        """Return whether the environment's lane of the account serves, or the shared one must."""
        lane, second = self._lane(account, self._now())
        return lane is not None or self._full.get(account) == window_of(second)

    def prepare(self, account: str, deadline: Deadline) -> None:
        """Open a lane if there is none that serves. A lane that serves nobody is only used up."""
        lane, second = self._lane(account, self._now())
        opened = None if lane else self._open(account, window_of(second), deadline)
        if opened:
            self._lanes[account] = opened

    def _now(self) -> int:
        return second_of(self.clock())

    def _lane(self, account: str, now: int) -> tuple[Lane | None, int]:
        """Return the lane that serves, None if another must be opened, and the second it serves."""
        lane = self._lanes.get(account)
        second = serving_second(lane, now)
        if second is None:
            return None, now
        return (lane if lane and lane.window == window_of(second) else None), second

    def _take_some(self, account: str, now: int, count: int, deadline: Deadline) -> Sequence[int]:
        """Return some numbers; none if the lane that would have served them has none left."""
        lane, second = self._lane(account, now)
        window = window_of(second)
        if lane is None:
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
