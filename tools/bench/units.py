"""Measures the calls and the capacity units of an import with DynamoDB Local."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.support.template_tables import create_table
from tools.bench.requests import event, orders
from tools.bench.world import World

type Tree = dict[str, Any]
# The new orders of the measured request, and the numbers of orders that are stored before it.
BATCH = 100
STORED = (0, 10_000)
STORED_FULL = (0, 10_000, 1_000_000)
_CHUNK = 1000
_INSERTED = re.compile(r"'(\w+)': \?")


@dataclass(frozen=True, slots=True)
class Units:
    """The calls and write units per created order, with `stored` orders in the table before."""

    stored: int
    calls: float
    write_units: float


def measure_units(world: World, stored: tuple[int, ...] = STORED) -> list[Units]:
    """Measure with each number of stored orders."""
    measured = []
    present = 0
    for count in stored:
        while present < count:
            with world.aws.without_bus():
                world.handle(event(orders(_CHUNK, first=10**6 + present)))
            present += _CHUNK
        measured.append(measure_batch(world, BATCH, count))
    return measured


def measure_batch(world: World, batch: int, stored: int = 0) -> Units:
    """Import a batch, then put the written items into a second table to learn their units.

    DynamoDB Local does not report the units of PartiQL statements, which equal those of a put.
    """
    written: list[Tree] = []
    with world.aws.without_bus(), world.counting() as calls, world.aws.asked(_collect(written)):
        world.handle(event([each | {"external_id": uuid4().hex} for each in orders(batch)]))
    scratch = create_table(world.dynamodb)
    units = sum(
        world.dynamodb.put_item(TableName=scratch, Item=item, ReturnConsumedCapacity="TOTAL")[
            "ConsumedCapacity"
        ]["CapacityUnits"]
        for item in written
    )
    # The only item that an import updates is that of the lanes, of less than 1 KB.
    units += calls["UpdateItem"]
    return Units(stored, sum(calls.values()) / batch, units / batch)


def _collect(written: list[Tree]) -> Callable[..., None]:
    """Return a function that collects the items that calls put or insert."""

    def see(params: Tree, **_rest: object) -> None:
        if "Item" in params:
            written.append(params["Item"])
        for statement in params.get("Statements", ()):
            names = _INSERTED.findall(statement["Statement"])
            written.append(dict(zip(names, statement["Parameters"], strict=True)))

    return see
