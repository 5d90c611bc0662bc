"""A reader of changes beside writers gathers exactly the orders of the table.

The writers create, update, rename and delete the same orders, some of them are killed between the
index entry and the order, and some calls of the reader fail. The reader's clock keeps the promise
that the settling relies on: no writer takes its time longer before its write than the reader waits.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import uuid4

from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.order_items import index_item
from orders.application.errors import StorageUnavailableError
from orders.application.ports import OrderSlice, WriteOutcome
from orders.application.read_changes import (
    SETTLED_AFTER,
    ChangeKind,
    ChangesQuery,
    ListedChange,
    ReadChanges,
    ReadUntil,
)
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.importing import Write
from orders.domain.order import Cause, Order
from orders.domain.order_numbers import first_number_of, second_of
from tests.support.deadlines import DEADLINE, FixedDeadline
from tests.support.order_changes import (
    deletion,
    new_order,
    renaming,
    revival,
    shipping,
    soft_deletion,
)
from tests.support.order_stores import OrderStore, store_in
from tests.support.template_tables import create_table

WRITERS, STEPS = 16, 14
type Plan = Callable[[StoredOrder, datetime], OrderChange]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Writers:
    """Writers of one account, and the times that they have taken but not yet written."""

    store: OrderStore
    client: DynamoDBClient
    table: str
    known: list[int] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)
    taken: dict[int, datetime] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @contextmanager
    def time(self) -> Iterator[datetime]:
        """Take the time of a write."""
        me = threading.get_ident()
        with self.lock:
            self.taken[me] = at = _now()
        try:
            yield at
        finally:
            with self.lock:
                del self.taken[me]

    def settled_now(self) -> datetime:
        """Return the latest time at which everything that is older than a minute is written."""
        with self.lock:
            oldest = min(self.taken.values(), default=_now())
        return oldest + SETTLED_AFTER - timedelta(microseconds=1)

    def run(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - no secret
        actions: list[Callable[[random.Random], object]] = [
            *[self._create] * 8,
            *[self._update] * 4,
            *[self._rename] * 2,
            *[self._ship] * 2,
            *[self._delete] * 2,
            *[self._hide] * 2,
            *[self._revive] * 6,
            self._be_killed,
        ]
        for _ in range(STEPS):
            chance.choice(actions)(chance)

    def _new(self, at: datetime, name: str) -> Order:
        order = new_order(name, first_number_of(second_of(at)) + next(self.numbers) % 4096)
        return replace(order, created_at=at, updated_at=at, request_id=uuid4().hex)

    def _create(self, chance: random.Random) -> None:
        with self.time() as at:
            # Few names: several writers create, delete and create the same external id.
            order = self._new(at, f"order {chance.randrange(60)}")
            [outcome] = self.store.orders.save("demo", [Write(order, None, None)], DEADLINE)
            _await_lost(outcome)
        if outcome is WriteOutcome.COMMITTED:
            self.known.append(order.order_id)

    def _be_killed(self, _chance: random.Random) -> None:
        with self.time() as at:
            entry = index_item("demo", self._new(at, f"killed {next(self.numbers)}"))
            self.client.put_item(TableName=self.table, Item=entry)

    def _update(self, chance: random.Random) -> None:
        with self.time() as at:
            stored = self._some(chance)
            if stored is not None:
                after = stored.next_version(Cause(uuid4().hex, "shop", at))
                changed = replace(after, document=f'{{"number":{next(self.numbers)}}}')
                write = Write(changed, stored.version, None)
                [outcome] = self.store.orders.save("demo", [write], DEADLINE)
                _await_lost(outcome)

    def _rename(self, chance: random.Random) -> None:
        self._change(chance, lambda each, at: renaming(each, f"order {chance.randrange(60)}", at))

    def _ship(self, chance: random.Random) -> None:
        self._change(chance, shipping)

    def _delete(self, chance: random.Random) -> None:
        self._change(chance, deletion)

    def _hide(self, chance: random.Random) -> None:
        hidden = self._change(chance, soft_deletion)
        if hidden is not None:
            self.hidden.append(hidden)

    def _revive(self, chance: random.Random) -> None:
        if not self.hidden:
            return
        with self.time() as at:
            number = chance.choice(self.hidden[:])
            hidden = self.store.index.find_hidden("demo", number, DEADLINE)
            if hidden is not None:
                _await_lost(self.store.changes.save(revival(hidden, at), DEADLINE))

    def _change(self, chance: random.Random, plan: Plan) -> int | None:
        """Change some order. Return its id, or None if there was no order to change."""
        with self.time() as at:
            order = self._some(chance)
            if order is None:
                return None
            stored = self.store.index.find_by_order_id("demo", order.order_id, DEADLINE)
            if stored is None:
                return None
            try:
                change = plan(stored, at)
            except AssertionError:
                return None  # The domain refuses this change of the order.
            _await_lost(self.store.changes.save(change, DEADLINE))
            return order.order_id

    def _some(self, chance: random.Random) -> Order | None:
        if not self.known:
            return None
        found = self.store.index.find_by_order_id("demo", chance.choice(self.known[:]), DEADLINE)
        return None if found is None else found.order


def _await_lost(outcome: WriteOutcome) -> None:
    """Wait until a lost write is committed or not. The minute of a real reader covers this time."""
    if outcome is WriteOutcome.UNKNOWN:
        time.sleep(5)


@dataclass
class Reader:
    """What a reader gathers: the present versions, and the highest version that it has seen."""

    read: ReadChanges
    gathered: dict[int, Order] = field(default_factory=dict)
    seen: dict[int, int] = field(default_factory=dict)
    after: ReadUntil | None = None
    kinds: set[ChangeKind] = field(default_factory=set)

    def step(self, chance: random.Random) -> bool:
        """Read one page. Return whether there is more. A page that fails is read again."""
        deadline = FixedDeadline(0) if chance.random() < 0.1 else DEADLINE
        query = ChangesQuery("demo", chance.randrange(1, 20), self.after)
        try:
            listed = self.read(query, deadline)
        except StorageUnavailableError:
            return True
        for change in listed.changes:
            self._apply(change)
        self.after = listed.read_until
        return listed.has_more

    def _apply(self, change: ListedChange) -> None:
        order_id = change.at.order_id
        assert change.version > self.seen.get(order_id, 0)
        self.seen[order_id] = change.version
        self.kinds.add(change.kind)
        if change.stored is None:
            self.gathered.pop(order_id, None)
        else:
            assert change.stored.order.version == change.version
            self.gathered[order_id] = change.stored.order


def test_a_reader_beside_writers_gathers_exactly_the_orders_of_the_table(
    dynamodb: DynamoDBClient,
) -> None:
    table = create_table(dynamodb)
    store = store_in(dynamodb, table)
    writers = Writers(store, dynamodb, table)
    reader = Reader(ReadChanges(store.index, store.changed, writers.settled_now))
    threads = [threading.Thread(target=writers.run, args=(seed,)) for seed in range(WRITERS)]
    chance = random.Random(0)  # noqa: S311 - no secret
    for thread in threads:
        thread.start()
    try:
        while any(thread.is_alive() for thread in threads):
            reader.step(chance)
    finally:
        for thread in threads:
            thread.join()
    afterwards = ReadChanges(store.index, store.changed, lambda: _now() + 2 * SETTLED_AFTER)
    reader.read = afterwards
    while reader.step(chance):
        pass
    stored = {
        each.order.order_id: each.order
        for each in store.index.slice("demo", OrderSlice(0, 1000), DEADLINE)
    }
    assert reader.gathered == stored
    assert len(stored) > 20
    assert reader.kinds == set(ChangeKind)
    # A new reader gathers the same.
    other = Reader(afterwards)
    while other.step(chance):
        pass
    assert other.gathered == stored
    # And one that waits learns of nothing more.
    late = ReadChanges(store.index, store.changed, lambda: _now() + timedelta(days=1))
    assert late(ChangesQuery("demo", 200, reader.after), DEADLINE).changes == ()
