"""What the stack tells a Lambda, and the time that it has."""

from dataclasses import dataclass
from typing import Any

import pytest

from orders.adapters import batches, eventbridge
from orders.application.deadlines import PUBLISHING_SECONDS
from orders.runtime.composition import CLIENT_CONFIG
from orders.runtime.deadlines import RESERVED_SECONDS, LambdaDeadline
from orders.runtime.environment import Environment


def test_the_environment_is_read() -> None:
    read = Environment.read({"TABLE_NAME": "t", "EVENT_BUS_NAME": "b", "OTHER": "x"})
    assert read == Environment(table="t", bus="b")


def test_all_missing_variables_are_named_at_once() -> None:
    with pytest.raises(RuntimeError, match="TABLE_NAME, EVENT_BUS_NAME"):
        Environment.read({"TABLE_NAME": ""})


@dataclass
class Context:
    millis: int
    aws_request_id: str = "x"

    def get_remaining_time_in_millis(self) -> int:
        return self.millis


def test_a_call_that_is_begun_in_time_ends_in_time() -> None:
    config: Any = CLIENT_CONFIG
    longest = config.connect_timeout + config.read_timeout
    assert config.retries["total_max_attempts"] == 1
    assert longest < RESERVED_SECONDS
    assert longest + 2 <= PUBLISHING_SECONDS, "a last write must leave time to send its triggers"
    assert config.max_pool_connections >= max(batches.MAX_THREADS, eventbridge.MAX_THREADS)


def test_a_deadline_leaves_time_to_answer() -> None:
    assert LambdaDeadline(Context(27_000)).remaining() == 27 - RESERVED_SECONDS
    assert LambdaDeadline(Context(1_000)).remaining() < 0
