"""What the stack tells a Lambda, and the time that it has."""

from dataclasses import dataclass

import pytest

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


def test_a_deadline_leaves_time_to_answer() -> None:
    assert LambdaDeadline(Context(27_000)).remaining() == 27 - RESERVED_SECONDS
    assert LambdaDeadline(Context(1_000)).remaining() < 0
