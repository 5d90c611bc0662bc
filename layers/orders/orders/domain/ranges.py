"""Ranges of order ids and of times."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self


@dataclass(frozen=True, slots=True)
class Range[T: (int, datetime)]:
    """The values from `start` up to, but not including, `end`. None is no bound."""

    start: T | None = None
    end: T | None = None

    def __contains__(self, value: T) -> bool:
        """Return whether the value is in the range."""
        return (self.start is None or value >= self.start) and (
            self.end is None or value < self.end
        )

    def __and__(self, other: Self) -> Self:
        """Return the values that are in both ranges."""
        starts = [each for each in (self.start, other.start) if each is not None]
        ends = [each for each in (self.end, other.end) if each is not None]
        return type(self)(max(starts, default=None), min(ends, default=None))

    @property
    def is_empty(self) -> bool:
        """Return whether no value is in the range."""
        return self.start is not None and self.end is not None and self.start >= self.end

    @property
    def is_bounded(self) -> bool:
        """Return whether the range has a bound."""
        return self.start is not None or self.end is not None
