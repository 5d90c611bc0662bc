"""The remaining time of an invocation."""

from dataclasses import dataclass
from typing import Protocol

from orders.adapters.aws_clients import CONNECT_SECONDS, READ_SECONDS

# An AWS call may take this long after it starts. Then the answer must still be written.
RESERVED_SECONDS = CONNECT_SECONDS + READ_SECONDS + 0.5


class LambdaContext(Protocol):
    """The members of Lambda's context object that this package uses."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda stops the invocation."""


@dataclass(frozen=True, slots=True)
class LambdaDeadline:
    """A deadline that leaves time to answer before Lambda stops the invocation."""

    context: LambdaContext

    def remaining(self) -> float:
        """Return the seconds that are left for work; negative after the deadline."""
        return self.context.get_remaining_time_in_millis() / 1000 - RESERVED_SECONDS
