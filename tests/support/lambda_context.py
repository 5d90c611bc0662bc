"""Lambda's context object."""

import time
from dataclasses import dataclass, field


@dataclass
class Context:
    """A context object whose remaining time decreases."""

    aws_request_id: str = "invocation"
    function_name: str = "function"
    memory_limit_in_mb: int = 1769
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:function"
    millis: int = 27_000
    begun: float = field(default_factory=time.monotonic)

    def get_remaining_time_in_millis(self) -> int:
        return self.millis - int((time.monotonic() - self.begun) * 1000)
