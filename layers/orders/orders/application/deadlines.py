"""How the time of a request is divided."""

from dataclasses import dataclass

from orders.application.ports import Deadline

# What storing leaves of the time: for a last call of its own, and to send the triggers.
PUBLISHING_SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class EarlierDeadline:
    """A deadline some seconds before another one."""

    deadline: Deadline
    seconds: float

    def remaining(self) -> float:
        """Return the seconds left, 0 or less when there is none."""
        return self.deadline.remaining() - self.seconds
