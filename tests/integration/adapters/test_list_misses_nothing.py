"""A reader that lists all orders beside writers gets each of them once.

The writers take the numbers of their orders first, and write them later and in another order, as
slow and fast requests do. Some are killed between the index entry and the order.
"""

import random
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.order_items import index_item
from orders.application.errors import StorageUnavailableError
from orders.application.follow_orders import FollowOrders, FollowQuery
from orders.application.ports import OrderSlice, WriteOutcome
from orders.application.read_changes import SETTLED_AFTER
from orders.domain.changes import StoredOrder
from orders.domain.importing import Write
from orders.domain.order import Order
from orders.domain.order_numbers import first_number_of, second_of
from orders.domain.reading_progress import NOTHING_PASSED, Passed
from orders.protocols.altcraft.from_ids import read_from_id, write_from_id
from tests.support.deadlines import DEADLINE, FixedDeadline
from tests.support.order_changes import new_order, renaming
from tests.support.order_stores import OrderStore, store_in
from tests.support.template_tables import create_table

WRITERS, ORDERS = 8, 25


@dataclass
class Writers:
    """Writers of one account. Each takes all its numbers, then writes its orders in disorder."""

    store: OrderStore
    client: DynamoDBClient
    table: str
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    taken: dict[int, datetime] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def settled_now(self) -> datetime:
        """Return the latest time at which everything that is older than a minute is written."""
        with self.lock:
            oldest = min(self.taken.values(), default=datetime.now(UTC))
        return oldest + SETTLED_AFTER - timedelta(microseconds=1)

    def run(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - no secret
        for _ in range(3):
            self._write(chance)

    def _write(self, chance: random.Random) -> None:
        me = threading.get_ident()
        with self.lock:
            self.taken[me] = at = datetime.now(UTC)
        first = first_number_of(second_of(at))
        with self.lock:
            orders = [self._new(first + next(self.numbers), at) for _ in range(ORDERS // 3)]
        try:
            chance.shuffle(orders)
            for order in orders:
                time.sleep(chance.random() / 50)
                self._write_one(order, chance)
        finally:
            with self.lock:
                del self.taken[me]

    def _new(self, number: int, at: datetime) -> Order:
        order = new_order(f"order {number}", number)
        endpoint = "website" if number % 3 else "other"
        return replace(order, created_at=at, updated_at=at, endpoint=endpoint)

    def _write_one(self, order: Order, chance: random.Random) -> None:
        if chance.random() < 0.1:
            self.client.put_item(TableName=self.table, Item=index_item("demo", order))
            return
        [outcome] = self.store.orders.save("demo", [Write(order, None, None)], DEADLINE)
        if outcome is WriteOutcome.COMMITTED and chance.random() < 0.2:
            stored = self.store.found(order.order_id)
            self.store.changes.save(renaming(stored, f"{order.external_id} renamed"), DEADLINE)


@dataclass
class Reader:
    """Lists all orders, of one endpoint or of all. It keeps its place as the clients do."""

    follow: FollowOrders
    endpoint: str | None = None
    from_id: str = ""
    read: list[int] = field(default_factory=list)

    def step(self, chance: random.Random) -> bool:
        """Read one page, and take a part of it. Return whether it had orders."""
        deadline = FixedDeadline(0) if chance.random() < 0.1 else DEADLINE
        after = read_from_id(self.from_id, "list") if self.from_id else NOTHING_PASSED
        query = FollowQuery("demo", chance.randrange(1, 30), self.endpoint, after)
        try:
            listed = self.follow(query, deadline)
        except StorageUnavailableError:
            return True
        count = len(listed.orders) - chance.randrange(2) if listed.orders else 0
        self.read += [_id_of(each) for each in listed.orders[:count]]
        passed: Passed = listed.passed_with(count)
        self.from_id = write_from_id("list", passed)
        return bool(listed.orders)


def _id_of(stored: StoredOrder) -> int:
    return stored.order.order_id


def test_a_list_beside_writers_has_every_order_once(dynamodb: DynamoDBClient) -> None:
    table = create_table(dynamodb)
    store = store_in(dynamodb, table)
    writers = Writers(store, dynamodb, table)
    follow = FollowOrders(store.index, writers.settled_now)
    readers = [Reader(follow), Reader(follow, "website")]
    threads = [threading.Thread(target=writers.run, args=(seed,)) for seed in range(WRITERS)]
    chance = random.Random(0)  # noqa: S311 - no secret
    for thread in threads:
        thread.start()
    try:
        while any(thread.is_alive() for thread in threads):
            for reader in readers:
                reader.step(chance)
    finally:
        for thread in threads:
            thread.join()
    for reader in readers:
        while reader.step(chance):
            pass
    stored = list(store.index.slice("demo", OrderSlice(0, 1000), DEADLINE))
    assert len(stored) > 100
    everything, website = readers
    assert everything.read != sorted(everything.read), "no order appeared behind the reader"
    assert sorted(everything.read) == [_id_of(each) for each in stored]
    assert sorted(website.read) == [
        _id_of(each) for each in stored if each.order.endpoint == "website"
    ]
    # A new reader has the same orders, the oldest first.
    other = Reader(FollowOrders(store.index, lambda: datetime.now(UTC) + timedelta(days=1)))
    while other.step(chance):
        pass
    assert other.read == [_id_of(each) for each in stored]
