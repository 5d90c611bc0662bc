"""Attempts have a pause between them, and end at the deadline or the limit."""

import random
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from orders.application.deadlines import NoDeadline
from orders.application.ports import Deadline
from orders.application.retries import attempts, pause_with_jitter
from tests.support.deadlines import DEADLINE, CountingPause, FixedDeadline


@dataclass
class Journal:
    """A pause that allows `pauses` pauses, and records its calls between the attempts."""

    pauses: int
    events: list[tuple[str, int]] = field(default_factory=list)
    deadlines: list[Deadline] = field(default_factory=list)

    def __call__(self, attempt: int, deadline: Deadline) -> bool:
        self.events.append(("pause", attempt))
        self.deadlines.append(deadline)
        return attempt <= self.pauses


@given(pauses=st.integers(0, 20), at_most=st.none() | st.integers(1, 20))
def test_there_is_one_pause_between_two_attempts(pauses: int, at_most: int | None) -> None:
    journal = Journal(pauses)
    for attempt in attempts(DEADLINE, journal, at_most=at_most):
        journal.events.append(("attempt", attempt))
    made = pauses + 1 if at_most is None else min(pauses + 1, at_most)
    expected = [(kind, number) for number in range(1, made + 1) for kind in ("attempt", "pause")]
    # The last pause failed at the deadline, or was not requested because of the limit.
    assert journal.events == (expected[:-1] if made == at_most else expected)
    assert all(deadline is DEADLINE for deadline in journal.deadlines)


@given(needed=st.integers(1, 20), bound=st.none() | st.integers(20, 30))
def test_no_pause_follows_a_successful_attempt(needed: int, bound: int | None) -> None:
    pause = CountingPause()
    for attempt in attempts(DEADLINE, pause, at_most=bound):
        if attempt == needed:
            break
    assert pause.attempts == list(range(1, needed))


def test_the_first_attempt_is_made_without_any_time_left() -> None:
    pause = CountingPause()
    assert list(attempts(FixedDeadline(0), pause)) == [1]
    assert pause.attempts == [1]


@given(seconds=st.integers(1, 50))
def test_attempts_end_with_the_deadline(seconds: int) -> None:
    deadline = FixedDeadline(float(seconds), per_look=1.0)
    assert list(attempts(deadline, CountingPause())) == list(range(1, seconds + 1))


def test_without_a_deadline_only_the_limit_ends_the_attempts() -> None:
    assert len(list(attempts(NoDeadline(), CountingPause(), at_most=8))) == 8


def test_two_environments_with_the_same_state_wait_differently() -> None:
    """Environments that start from one snapshot begin with the same state."""
    waits: list[float] = []
    for _ in range(2):
        random.seed(7)
        pause_with_jitter(9, DEADLINE, waits.append)
    assert waits[0] != waits[1]
