"""The time that an invocation has left."""

from dataclasses import dataclass
from typing import Protocol

# One AWS call that was begun in time may still take two attempts of connecting and reading.
RESERVED_SECONDS = 9.0


class LambdaContext(Protocol):
    """The part of the runtime's context object that is used here."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds before the invocation is stopped."""


@dataclass(frozen=True, slots=True)
class LambdaDeadline:
    """Deadline that leaves time to answer before Lambda stops the invocation."""

    context: LambdaContext

    def remaining(self) -> float:
        """Return the seconds left for work."""
        return self.context.get_remaining_time_in_millis() / 1000 - RESERVED_SECONDS
