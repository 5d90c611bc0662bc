"""Measures the CPU time of one warm invocation; a stub answers the AWS calls."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from tools.bench.handlers import Handler, floor, naive, through_hub_clients
from tools.bench.requests import event, orders
from tools.bench.world import World

type Tree = dict[str, Any]
BATCHES = (1, 10, 100, 1000)
# The total number of orders of a measurement, and its minimum number of repetitions.
ORDERS, REPEATS = 2000, 7


@dataclass(frozen=True, slots=True)
class Cpu:
    """The median CPU time of one order in a warm invocation, in microseconds.

    `calls` is the number of AWS calls of the whole invocation.
    """

    name: str
    batch: int
    microseconds: float
    calls: float

    @property
    def milliseconds(self) -> float:
        """Return the CPU time of the whole request."""
        return self.microseconds * self.batch / 1000

    @property
    def orders_a_second(self) -> float:
        """Return how many orders one CPU handles in a second."""
        return 1e6 / self.microseconds


def measure_cpu(world: World) -> list[Cpu]:
    """Measure the import, the floor and the naive Lambda."""
    measured = []
    for batch in BATCHES:
        created = event(orders(batch))
        measured += [
            _measure(world, name, batch, handler, created)
            for name, handler in (
                ("import", world.handle),
                ("floor", floor),
                ("floor, hub's clients", through_hub_clients(floor)),
                ("naive", naive),
            )
        ]
        silent = event(orders(batch), skip_triggers=True)
        measured.append(_measure(world, "without triggers", batch, world.handle, silent))
        as_xml = event(orders(batch), "xml")
        measured.append(_measure(world, "XML", batch, world.handle, as_xml))
        world.store(created)
        measured.append(_measure(world, "unchanged", batch, world.handle, created))
        updated = event(orders(batch, status="paid"))
        measured.append(_measure(world, "updated", batch, world.handle, updated))
        world.forget_orders()
    return measured


def measure(world: World, name: str, batch: int, handler: Handler) -> Cpu:
    """Measure a handler with a request that creates `batch` orders."""
    return _measure(world, name, batch, handler, event(orders(batch)))


def _measure(world: World, name: str, batch: int, handler: Handler, sent: Tree) -> Cpu:
    repeats = max(REPEATS, ORDERS // batch)
    seconds, numbers = [], []
    with world.aws.answering() as calls:
        for _ in range(2):
            _expect_ok(handler(sent))
        for _ in range(repeats):
            calls.clear()
            seconds.append(_seconds(handler, sent))
            numbers.append(calls.total())
    microseconds = statistics.median(seconds) * 1e6 / batch
    return Cpu(name, batch, microseconds, statistics.median(numbers))


def _seconds(handler: Handler, sent: Tree) -> float:
    started = time.process_time()
    handler(sent)
    return time.process_time() - started


def _expect_ok(answer: Tree) -> None:
    body: str = answer["body"]
    if answer["statusCode"] != HTTPStatus.OK or '"error":400' in body or "<error>400" in body:
        raise RuntimeError(f"The request failed: {body[:300]}")


def ratio(measured: Sequence[Cpu], name: str, to: str, batch: int) -> float:
    """Return the CPU time of the measurement `name` as a multiple of that of `to`."""
    by_name = {each.name: each.microseconds for each in measured if each.batch == batch}
    return by_name[name] / by_name[to]
