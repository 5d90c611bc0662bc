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
    """A low percentile of the CPU time of one order in a warm invocation, in microseconds.

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
    """Measure the import, the floor and the naive Lambda. All rows of a batch alternate."""
    measured = []
    for batch in BATCHES:
        created = event(orders(batch))
        nothing = dict(world.aws.items)
        world.store(created)
        stored = dict(world.aws.items)
        world.forget_orders()
        updated = event(orders(batch, status="paid"))
        rows = [
            Row("import", world.handle, created, nothing),
            Row("floor", floor, created, nothing),
            Row("floor, hub's clients", through_hub_clients(floor), created, nothing),
            Row("naive", naive, created, nothing),
            Row(
                "without triggers", world.handle, event(orders(batch), skip_triggers=True), nothing
            ),
            Row("XML", world.handle, event(orders(batch), "xml"), nothing),
            Row("unchanged", world.handle, created, stored),
            Row("updated", world.handle, updated, stored),
        ]
        measured += measure_rows(world, batch, rows)
        world.aws.items = nothing
    return measured


def measure(world: World, batch: int, **handlers: Handler) -> list[Cpu]:
    """Measure handlers alternately, with a request that creates `batch` orders."""
    sent, items = event(orders(batch)), dict(world.aws.items)
    rows = [Row(name, handler, sent, items) for name, handler in handlers.items()]
    return measure_rows(world, batch, rows)


@dataclass(frozen=True, slots=True)
class Row:
    """What is measured: a handler, its request, and the stored items that the stub returns."""

    name: str
    handler: Handler
    sent: Tree
    items: dict[tuple[str, str], str]


def measure_rows(world: World, batch: int, rows: Sequence[Row]) -> list[Cpu]:
    """Measure the rows alternately: each disturbance of the machine meets all of them."""
    seconds: dict[str, list[float]] = {row.name: [] for row in rows}
    numbers: dict[str, list[int]] = {row.name: [] for row in rows}
    with world.aws.answering() as calls:
        for repeat in range(-2, max(REPEATS, ORDERS // batch)):
            for row in rows:
                world.aws.items = row.items
                calls.clear()
                if repeat < 0:
                    expect_ok(row.handler(row.sent))
                    continue
                seconds[row.name].append(seconds_of(row.handler, row.sent))
                numbers[row.name].append(calls.total())
    return [
        Cpu(name, batch, low(each) * 1e6 / batch, statistics.median(numbers[name]))
        for name, each in seconds.items()
    ]


def low(values: Sequence[float]) -> float:
    """Return the 20th percentile: what the machine does besides makes times longer, not shorter."""
    return sorted(values)[len(values) // 5]


def seconds_of(handler: Handler, sent: Tree) -> float:
    """Return the CPU seconds that the process spends on a request."""
    started = time.process_time()
    handler(sent)
    return time.process_time() - started


def expect_ok(answer: Tree) -> None:
    """Raise RuntimeError unless the request succeeded."""
    body: str = answer["body"]
    if answer["statusCode"] != HTTPStatus.OK or '"error":400' in body or "<error>400" in body:
        raise RuntimeError(f"The request failed: {body[:300]}")


def ratio(measured: Sequence[Cpu], name: str, to: str, batch: int) -> float:
    """Return the CPU time of the measurement `name` as a multiple of that of `to`."""
    by_name = {each.name: each.microseconds for each in measured if each.batch == batch}
    return by_name[name] / by_name[to]
