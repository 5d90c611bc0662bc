"""CPU of one warm invocation, from the API's event to its answer, AWS answered by a stub."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from tools.bench.handlers import Handler, floor, naive, through_our_clients
from tools.bench.requests import event, orders
from tools.bench.world import World

type Tree = dict[str, Any]
BATCHES = (1, 10, 100, 1000)
# Orders that a measurement should handle in all, and how often it is repeated at the least.
ORDERS, REPEATS = 2000, 7


@dataclass(frozen=True, slots=True)
class Cpu:
    """What one order takes of a CPU in a warm invocation, in microseconds: the median.

    `calls` are the AWS calls of the whole invocation.
    """

    name: str
    batch: int
    microseconds: float
    calls: float

    @property
    def milliseconds(self) -> float:
        """Return what the whole request takes of a CPU."""
        return self.microseconds * self.batch / 1000

    @property
    def orders_a_second(self) -> float:
        """Return how many orders one CPU handles in a second."""
        return 1e6 / self.microseconds


def measure_cpu(world: World) -> list[Cpu]:
    """Measure the import, the floor and the naive way."""
    measured = []
    for batch in BATCHES:
        created = event(orders(batch))
        measured += [
            _measure(world, name, batch, handler, created)
            for name, handler in (
                ("import", world.handle),
                ("floor", floor),
                ("floor, our clients", through_our_clients(floor)),
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
    """Measure a handler with a request that creates so many orders."""
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
        raise RuntimeError(f"The request was not handled: {body[:300]}")


def ratio(measured: Sequence[Cpu], name: str, to: str, batch: int) -> float:
    """Return how many times the CPU of `to` the measurement `name` takes."""
    by_name = {each.name: each.microseconds for each in measured if each.batch == batch}
    return by_name[name] / by_name[to]
