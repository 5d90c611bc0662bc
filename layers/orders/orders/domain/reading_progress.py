"""How far a list in order of creation was read, while orders are still being created.

An order may appear behind one that was read before: its writer took its id first, and wrote later.
So a reader remembers where all orders are settled, and the ids that it has passed since.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Passed:
    """The order ids that a reader has passed: all below `start`, and those of `runs`.

    The runs are sorted, none is empty, and there is a gap before each of them.
    """

    start: int = 0
    runs: tuple[range, ...] = ()

    def __contains__(self, order_id: object) -> bool:
        """Return whether the reader has passed an order with this id."""
        if not isinstance(order_id, int):
            return False
        before = bisect_right(self.runs, order_id, key=lambda run: run.start)
        return order_id < self.start or (before > 0 and order_id in self.runs[before - 1])

    def further(self, order_ids: Iterable[int], complete_to: int) -> Self:
        """Return the progress after more ids.

        Every order with an id below `complete_to` was passed, and none will appear there.
        """
        start = max(self.start, complete_to)
        found = sorted(
            (range(max(run.start, start), run.stop) for run in self._with(order_ids)),
            key=lambda run: run.start,
        )
        return type(self)(start, tuple(_joined(run for run in found if run)))

    def _with(self, order_ids: Iterable[int]) -> Sequence[range]:
        return [*self.runs, *(range(order_id, order_id + 1) for order_id in order_ids)]


NOTHING_PASSED = Passed()


def _joined(runs: Iterable[range]) -> Iterable[range]:
    """Join sorted runs that touch or overlap."""
    last = range(0)
    for run in runs:
        if last and run.start <= last.stop:
            last = range(last.start, max(last.stop, run.stop))
            continue
        if last:
            yield last
        last = run
    if last:
        yield last
