"""Calls and capacity units of an import, as Amazon's own engine charges for its items."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from bench.requests import event, orders
from bench.world import World
from orders.adapters.dynamodb_order_ids import BLOCK
from tests.support.template_tables import create_table

type Tree = dict[str, Any]
# A batch of orders that are new, with this many stored before.
BATCH = 100
STORED = (0, 10_000)
STORED_FULL = (0, 10_000, 1_000_000)
_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Units:
    """What one created order takes, at 100 a request, with so many orders stored."""

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
        measured.append(_measure(world, count))
    return measured


def _measure(world: World, stored: int) -> Units:
    """Import a batch, and put what it has written once more, where the engine tells the units.

    It tells none for PartiQL statements, which cost what a put of the same item does.
    """
    before = _sent(world)
    with world.aws.without_bus(), world.counting() as calls:
        world.handle(event([each | {"external_id": uuid4().hex} for each in orders(BATCH)]))
    written = [item for key, item in _sent(world).items() if key not in before]
    scratch = create_table(world.dynamodb)
    units = sum(
        world.dynamodb.put_item(TableName=scratch, Item=item, ReturnConsumedCapacity="TOTAL")[
            "ConsumedCapacity"
        ]["CapacityUnits"]
        for item in written
    )
    # Numbers are taken in blocks, one update each.
    reserved = BATCH / BLOCK
    return Units(stored, sum(calls.values()) / BATCH, (units + reserved) / BATCH)


def _sent(world: World) -> dict[tuple[str, str], Any]:
    pages = world.dynamodb.get_paginator("scan").paginate(TableName=world.table)
    return {(item["pk"]["S"], item["sk"]["S"]): item for page in pages for item in page["Items"]}
