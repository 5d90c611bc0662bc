"""Deadlines and pauses for tests."""

from dataclasses import dataclass, field

from orders.application.ports import Deadline


@dataclass
class FixedDeadline:
    """A deadline that always has the same time left, or less at each call."""

    seconds: float = 60.0
    per_look: float = 0.0

    def remaining(self) -> float:
        self.seconds -= self.per_look
        return self.seconds


@dataclass
class CountingPause:
    """A pause that does not wait. It returns False after `limit` attempts."""

    limit: int = 1000
    attempts: list[int] = field(default_factory=list)

    def __call__(self, attempt: int, deadline: Deadline) -> bool:
        self.attempts.append(attempt)
        return attempt < self.limit and deadline.remaining() > 0


DEADLINE = FixedDeadline()
