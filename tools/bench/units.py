"""Measures the calls and the capacity units of writes with DynamoDB Local."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from orders.adapters.dynamodb_history import DynamoHistory
from orders.adapters.table_keys import order_key
from orders.application.deadlines import NoDeadline
from orders.application.get_order_by_id import OrderAddress
from orders.application.update_line_status import UpdateLineStatusCommand
from orders.domain.line_statuses import LineStatusUpdate
from orders.domain.settings import Policies
from orders.runtime.composition.changing import change_order, update_line_status
from tests.support.template_tables import create_table
from tools.bench.capacity import consumption
from tools.bench.loading import replaced_version
from tools.bench.requests import event, order, orders
from tools.bench.world import ACCOUNT, World

type Tree = dict[str, Any]
# The orders of the measured request.
BATCH = 100
_INSERTED = re.compile(r"'(\w+)': \?")


@dataclass(frozen=True, slots=True)
class Units:
    """The calls and write units per created order, with `stored` orders in the table before."""

    stored: int
    calls: float
    write_units: float


@dataclass(frozen=True, slots=True)
class Change:
    """The write units of one change of an order of 1 KB.

    `order` are those of the order itself, `index` those of the index by change, and `history` those
    of the replaced version. A transaction writes the order at twice the units of a put.
    """

    name: str
    order: float
    index: float
    history: float
    is_transaction: bool = False

    @property
    def write_units(self) -> float:
        """Return the units of all items."""
        return self.order + self.index + self.history


def measure_batch(world: World, batch: int, stored: int = 0) -> Units:
    """Import new orders, and add up the units of the import's own calls.

    DynamoDB Local reports them for all calls but PartiQL statements, whose units are those of a
    put: the items that they have stored are read and put again, into the same table. The
    environment has a lane of order ids, as every warm one has for ten minutes.
    """
    with world.aws.without_bus():
        world.handle(event([order(0, external_id=uuid4().hex)]))
    sent = event([each | {"external_id": uuid4().hex} for each in orders(batch)])
    with (
        inserted_keys(world) as inserted,
        world.counting() as calls,
        consumption(world.hub.dynamodb) as consumed,
    ):
        world.handle(sent)
    writes = ("PutItem", "UpdateItem", "BatchWriteItem")
    units: float = sum(consumed.by_operation.get(name, 0) for name in writes)
    units += sum(units_of_put(world, key) for key in inserted)
    return Units(stored, sum(calls.values()) / batch, units / batch)


def measure_changes(world: World) -> list[Change]:
    """Change an order three times, and put the versions into a second table for their units.

    An import changes it twice. The status of a line is a transaction.
    """
    name = f"order-{uuid4().int % 10**7:07}"
    versions = []
    for status in ("new", "paid", "new"):
        with world.aws.without_bus():
            world.handle(event([order(0, external_id=name, status=status)]))
        versions.append(_item(world, name))
    first, second, third = versions
    _update_line(world, third)
    fourth = _item(world, name)
    with _scratch(world) as put:
        put(first)
        return [
            _change(world, "the first change", put, first, second),
            _change(world, "a later change", put, second, third),
            _of_transaction(_change(world, "the status of a line", put, third, fourth)),
        ]


def _item(world: World, name: str) -> Tree:
    key = order_key(ACCOUNT, name)
    found: Any = world.dynamodb.get_item(TableName=world.table, Key=key, ConsistentRead=True)
    item: Tree = found["Item"]
    return item


def _update_line(world: World, item: Tree) -> None:
    """Give a line of an order another status, as Altcraft's call does."""
    update = update_line_status(world.hub, change_order(world.hub))
    address = OrderAddress(ACCOUNT, None, int(item["order_id"]["N"]))
    wanted = LineStatusUpdate("1", "delivered")
    command = UpdateLineStatusCommand(address, wanted, uuid4().hex, "shop", "altcraft")
    with world.aws.without_bus():
        update(command, NoDeadline())


def _of_transaction(change: Change) -> Change:
    return replace(change, order=change.order * 2, is_transaction=True)


def _change(
    world: World, name: str, put: Callable[[Tree], float], before: Tree, after: Tree
) -> Change:
    version = replaced_version(before, after, datetime.now(UTC))
    with consumption(world.hub.dynamodb) as consumed:
        history = DynamoHistory(world.hub.dynamodb, world.table)
        history.keep([(version, Policies().history_days)], NoDeadline())
    return Change(name, put(after), index_writes(before, after), consumed.units)


def index_writes(before: Tree, after: Tree) -> int:
    """Return the units of the index by change: a new key is one write, another key two.

    This is what AWS documents for a secondary index. DynamoDB Local counts one at most. An entry
    has keys only, less than 1 KB.
    """
    keys = [each.get("changed_at") for each in (before, after)]
    return 0 if keys[0] == keys[1] else len([key for key in keys if key])


@contextmanager
def inserted_keys(world: World) -> Iterator[Sequence[Tree]]:
    """Collect the keys of the items that statements insert inside the context."""
    inserted: list[Tree] = []

    def see(params: Tree, **_rest: object) -> None:
        for statement in params.get("Statements", ()):
            names = _INSERTED.findall(statement["Statement"])
            item = dict(zip(names, statement["Parameters"], strict=True))
            inserted.append({name: item[name] for name in ("pk", "sk")})

    with world.aws.without_bus(), world.aws.asked(see):
        yield inserted


def units_of_put(world: World, key: Tree) -> float:
    """Put a stored item again. Return the units, also those of its entry in the index by change."""
    found: Any = world.dynamodb.get_item(TableName=world.table, Key=key, ConsistentRead=True)
    answer = world.dynamodb.put_item(
        TableName=world.table, Item=found["Item"], ReturnConsumedCapacity="TOTAL"
    )
    return answer["ConsumedCapacity"]["CapacityUnits"]


@contextmanager
def _scratch(world: World) -> Iterator[Callable[[Tree], float]]:
    """Yield a function that puts an item into a table of its own, and returns the units.

    Those of the index by change are not among them.
    """
    table = create_table(world.dynamodb)

    def put(item: Tree) -> float:
        answer = world.dynamodb.put_item(
            TableName=table, Item=item, ReturnConsumedCapacity="INDEXES"
        )
        return answer["ConsumedCapacity"]["Table"]["CapacityUnits"]

    yield put
    world.dynamodb.delete_table(TableName=table)
