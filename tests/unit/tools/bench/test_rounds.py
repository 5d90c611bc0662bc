"""Rounds of calls: the longest chain of calls that wait for each other."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from orders.adapters.dynamodb_settings import DynamoSettings
from tools.bench.latency import idle
from tools.bench.rounds import Rounds


def _together(rounds: Rounds, count: int) -> None:
    """Make so many calls that run at the same time."""
    all_begun = Barrier(count)

    def call(_number: int) -> None:
        rounds.begin()
        all_begun.wait()
        rounds.end()

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(call, range(count)))


def test_calls_that_run_at_the_same_time_are_one_round() -> None:
    rounds = Rounds()
    for count in (1, 5, 3):
        _together(rounds, count)
    assert (rounds.count, rounds.calls) == (3, 9)


def test_a_call_that_begins_while_another_one_runs_waits_for_the_ended_ones_only() -> None:
    rounds = Rounds()
    rounds.begin()
    with ThreadPoolExecutor(1) as pool:
        for _ in range(2):
            pool.submit(rounds.begin).result()
            pool.submit(rounds.end).result()
    rounds.end()
    assert (rounds.count, rounds.calls) == (2, 3)


def test_an_idle_environment_has_later_clocks() -> None:
    client: Any = object()
    settings = DynamoSettings(client, "orders", seconds=lambda: 7.0)
    idle(60)
    assert settings.seconds() == 67
