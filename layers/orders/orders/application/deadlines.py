"""How the time of a request is divided."""

import math
from dataclasses import dataclass

from orders.application.ports import Deadline

# What publishing leaves of the time, for the receipt.
RECEIPT_SECONDS = 2.0
# What storing leaves: for a last call of its own, to send the triggers, and for the receipt.
PUBLISHING_SECONDS = 6.0 + RECEIPT_SECONDS


@dataclass(frozen=True, slots=True)
class EarlierDeadline:
    """A deadline some seconds before another one."""

    deadline: Deadline
    seconds: float

    def remaining(self) -> float:
        """Return the seconds left, 0 or less when there is none."""
        return self.deadline.remaining() - self.seconds


class NoDeadline:
    """A deadline that never passes, for work that is bounded by a number of attempts."""

    def remaining(self) -> float:
        """Return infinity."""
        return math.inf
