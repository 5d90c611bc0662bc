"""Calls and capacity units of an import, as Amazon's own engine charges for its items."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from orders.adapters.dynamodb_order_ids import BLOCK
from tests.support.template_tables import create_table
from tools.bench.requests import event, orders
from tools.bench.world import World

type Tree = dict[str, Any]
# A batch of orders that are new, with this many stored before.
BATCH = 100
STORED = (0, 10_000)
STORED_FULL = (0, 10_000, 1_000_000)
_CHUNK = 1000
_INSERTED = re.compile(r"'(\w+)': \?")


@dataclass(frozen=True, slots=True)
class Units:
    """What one created order takes of a request, with so many orders stored before."""

    stored: int
    calls: float
    write_units: float


def measure_units(world: World, stored: tuple[int, ...] = STORED) -> list[Units]:
    """Measure at each number of stored orders."""
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
    """Import a batch, and put what it has written once more, where the engine tells the units.

    It tells none for PartiQL statements, which cost what a put of the same item does.
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
    # Numbers are taken in blocks, one update each.
    reserved = batch / BLOCK
    return Units(stored, sum(calls.values()) / batch, (units + reserved) / batch)


def _collect(written: list[Tree]) -> Callable[..., None]:
    """Return what takes note of the items that calls put or insert."""

    def see(params: Tree, **_rest: object) -> None:
        if "Item" in params:
            written.append(params["Item"])
        for statement in params.get("Statements", ()):
            names = _INSERTED.findall(statement["Statement"])
            written.append(dict(zip(names, statement["Parameters"], strict=True)))

    return see
