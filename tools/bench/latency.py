"""Measures what a shop waits for: the rounds of calls of an import, and its wall time.

Each AWS call takes 10 ms, and its answer comes from the stub. A warm environment has served a
request just before; an idle one a minute ago, so that its cached token and settings have expired; a
cold one has imported its modules and nothing else. The rounds are counted with slower calls, so
that the CPU time between two calls of one round does not part them.
"""

import gc
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from orders.runtime.composition import connect
from tools.bench.cpu import low
from tools.bench.requests import event, orders
from tools.bench.rounds import CALL_SECONDS, Rounds, in_rounds
from tools.bench.world import World

BATCHES = (1, 10, 100, 1000)
STATES = ("warm", "idle for a minute", "cold")
REPEATS = 5
IDLE_SECONDS = 60.0
SLOW_CALL_SECONDS = 0.15


@dataclass(frozen=True, slots=True)
class Latency:
    """A low percentile of the wall time in milliseconds, and the rounds of calls."""

    state: str
    batch: int
    milliseconds: float
    rounds: int
    calls: int


def measure_latency(world: World, batches: Sequence[int] = BATCHES) -> list[Latency]:
    """Measure every batch in every state, one after the other and then all of them again."""
    found: dict[tuple[str, int], list[float]] = {}
    rounds: dict[tuple[str, int], Rounds] = {}
    with world.aws.answering():
        for _ in range(REPEATS):
            for batch in batches:
                for state in STATES:
                    milliseconds, _ = _measure(world, state, batch, CALL_SECONDS)
                    found.setdefault((state, batch), []).append(milliseconds)
        for state, batch in found:
            _, rounds[state, batch] = _measure(world, state, batch, SLOW_CALL_SECONDS)
    return [
        Latency(*key, low(each), rounds[key].count, rounds[key].calls)
        for key, each in found.items()
    ]


def _measure(world: World, state: str, batch: int, seconds: float) -> tuple[float, Rounds]:
    sent = event(orders(batch))
    if state == "cold":
        forget_all(world)
    else:
        world.handle(sent)
    if state == "idle for a minute":
        idle(IDLE_SECONDS)
    with in_rounds(world.hub.dynamodb, world.hub.events, seconds=seconds) as rounds:
        started = time.perf_counter()
        world.handle(sent)
        milliseconds = (time.perf_counter() - started) * 1000
    return milliseconds, rounds


def forget_all(world: World) -> None:
    """Leave of the environment only its modules and its clients."""
    # These modules read the environment when they are imported.
    from orders.runtime.composition.altcraft import import_orders  # noqa: PLC0415
    from orders.runtime.serve import serve  # noqa: PLC0415

    for name, composing in list(sys.modules.items()):
        if name.startswith("orders.runtime.composition"):
            for each in vars(composing).values():
                if hasattr(each, "cache_clear") and each is not connect:
                    each.cache_clear()
    function: Any = world.module
    function.lambda_handler = serve(import_orders)


def idle(seconds: float) -> None:
    """Let the clocks of all caches go forward."""
    for each in list(_with_clocks()):
        each.seconds = _later(each.seconds, seconds)


def _with_clocks() -> Iterator[Any]:
    for each in gc.get_objects():
        if str(type(each).__module__).startswith("orders.adapters.dynamodb_") and hasattr(
            each, "seconds"
        ):
            yield each


def _later(clock: Callable[[], float], seconds: float) -> Callable[[], float]:
    return lambda: clock() + seconds
