"""Deadlines: the time that each step of a request may use."""

import math
from dataclasses import dataclass

from orders.application.ports import Deadline

# Publishing leaves this much time for the receipt.
RECEIPT_SECONDS = 2.0
# Storing leaves this much time for its own last call, the triggers and the receipt.
PUBLISHING_SECONDS = 6.0 + RECEIPT_SECONDS


@dataclass(frozen=True, slots=True)
class EarlierDeadline:
    """A deadline that is `seconds` earlier than another one."""

    deadline: Deadline
    seconds: float

    def remaining(self) -> float:
        """Return the seconds left, 0 or less if the deadline has passed."""
        return self.deadline.remaining() - self.seconds


class NoDeadline:
    """A deadline that never passes, for work that a number of attempts limits."""

    def remaining(self) -> float:
        """Return infinity."""
        return math.inf
