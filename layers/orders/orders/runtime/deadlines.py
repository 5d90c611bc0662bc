"""The time that an invocation has left."""

from dataclasses import dataclass
from typing import Protocol

from orders.adapters.aws_clients import CONNECT_SECONDS, READ_SECONDS

# A call that is begun in time may still take this long; then the answer is written.
RESERVED_SECONDS = CONNECT_SECONDS + READ_SECONDS + 0.5


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
