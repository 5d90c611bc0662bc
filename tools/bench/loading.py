"""Stores many orders fast, as exactly the items that imports and the history would write.

The orders pass through the use case of the import. Only its writes are replaced: the last version
of each item is collected, and sent without conditions in batches of 25.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

from orders.adapters.batches import identity_of
from orders.adapters.dynamodb_history import DynamoHistory
from orders.adapters.dynamodb_order_lanes import DynamoOrderLanes
from orders.adapters.dynamodb_receipts import DynamoReceipts
from orders.adapters.order_items import index_item, order_item
from orders.adapters.stream_records import StreamedHistory, read_history_record
from orders.application.deadlines import NoDeadline
from orders.application.import_orders import ImportCommand, ImportOrders
from orders.application.ports import (
    Deadline,
    Lookup,
    OrderRepository,
    SentOrder,
    Unsent,
    WriteOutcome,
)
from orders.application.publish_triggers import PublishTriggers
from orders.application.take_order_ids import TakeOrderIds
from orders.domain.history import ReplacedVersion
from orders.domain.importing import Outcome, Write
from orders.domain.order import Order
from orders.domain.settings import Policies
from orders.domain.triggers import Trigger
from orders.protocols.altcraft.requests import decode, read_import
from orders.protocols.altcraft.submissions import read_orders
from orders.protocols.http import HttpRequest
from orders.runtime.composition import Aws, new_request_id
from orders.runtime.composition.importing import import_orders
from tools.bench.requests import order as sent_order

type Tree = dict[str, Any]
# A request creates so many orders, one for each second, and another changes every eighth of them.
ORDERS_A_REQUEST = 100
CHANGED = 8
_HALF = timedelta(seconds=ORDERS_A_REQUEST / 2)
ITEMS_A_CALL = 25
_THREADS = 4
# So many calls wait at most, so that the items do not pile up in memory.
_WAITING = 32
_DEADLINE = NoDeadline()


@dataclass(slots=True)
class PastClock:
    """A clock that stands still until it is set."""

    now: datetime

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def seconds(self) -> float:
        """Return the time in seconds since 1970."""
        return self.now.timestamp()


class _NoBus:
    """A TriggerPublisher that drops all triggers."""

    def publish(self, triggers: Sequence[Trigger], deadline: Deadline) -> Sequence[Unsent]:
        """Accept the triggers."""
        del triggers, deadline
        return ()


@dataclass(slots=True)
class CollectedOrders:
    """Implements OrderRepository: collects the items of a few requests instead of writing them."""

    clock: PastClock
    _orders: dict[str, Order] = field(default_factory=dict, init=False)
    _items: dict[tuple[str, str], Tree] = field(default_factory=dict, init=False)
    _replaced: list[ReplacedVersion] = field(default_factory=list, init=False)

    def find_by_external_ids(
        self, account: str, external_ids: Collection[str], deadline: Deadline
    ) -> Lookup:
        """Return the collected orders."""
        del account, deadline
        return Lookup({name: self._orders[name] for name in external_ids if name in self._orders})

    def save(
        self, account: str, writes: Sequence[Write], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        """Collect the items of the writes."""
        del deadline
        for write in writes:
            item = order_item(write.order, write.trigger)
            before = self._items.get(identity_of(item))
            if before is None:
                self._collect(index_item(account, write.order))
            else:
                self._replaced.append(replaced_version(before, item, self.clock()))
            self._collect(item)
            self._orders[write.order.external_id] = write.order
        return [WriteOutcome.COMMITTED] * len(writes)

    def find_deleted(
        self, account: str, order_ids: Collection[int], deadline: Deadline
    ) -> frozenset[int]:
        """Return no order: none is deleted."""
        del account, order_ids, deadline
        return frozenset()

    def take(self) -> tuple[list[Tree], list[ReplacedVersion]]:
        """Return the items and the replaced versions that were collected, and forget them."""
        taken = list(self._items.values()), self._replaced
        self._orders, self._items, self._replaced = {}, {}, []
        return taken

    def _collect(self, item: Tree) -> None:
        self._items[identity_of(item)] = item


def replaced_version(before: Tree, after: Tree, at: datetime) -> ReplacedVersion:
    """Return the version that a write replaces, as the function on the stream reads it."""
    images = {"SequenceNumber": "1", "OldImage": before, "NewImage": after}
    record = read_history_record(
        {"dynamodb": {**images, "ApproximateCreationDateTime": int(at.timestamp())}}
    )
    if not isinstance(record, StreamedHistory) or not isinstance(record.content, ReplacedVersion):
        raise TypeError(f"the record of a change was not read: {record}")
    return record.content


@dataclass(slots=True)
class Requests:
    """Sends requests to the import use case, and moves its clock. `orders` gets the writes."""

    aws: Aws
    account: str
    orders: OrderRepository
    clock: PastClock
    request_id: Callable[[], str] = new_request_id
    _import: ImportOrders = field(init=False)

    def __post_init__(self) -> None:
        """Compose the use case as the import function does, with another clock and no bus."""
        client, table = self.aws.dynamodb, self.aws.environment.table
        self._import = replace(
            import_orders(self.aws),
            orders=self.orders,
            order_ids=TakeOrderIds(DynamoOrderLanes(client, table), self.clock),
            publish_triggers=PublishTriggers(
                _NoBus(), DynamoReceipts(client, table, seconds=self.clock.seconds)
            ),
            clock=self.clock,
        )

    def create(self, numbers: range) -> None:
        """Create the orders with these numbers."""
        self._send([sent_order(number) for number in numbers], Outcome.CREATED)

    def change(self, numbers: range) -> None:
        """Change every eighth of the orders with these numbers, less than a minute later."""
        self.clock.now += _HALF
        changed = [sent_order(number, status="paid") for number in numbers if number % CHANGED == 0]
        self._send(changed, Outcome.UPDATED)
        self.clock.now += _HALF

    def _send(self, orders: list[Tree], expected: Outcome) -> None:
        command = ImportCommand(self.account, "shop", self.request_id(), _decoded(orders))
        report = self._import(command, _DEADLINE)
        if report.count(expected) != len(orders):
            raise RuntimeError(f"{len(orders)} orders should be {expected}: {report.results[:3]}")


def _decoded(orders: list[Tree]) -> Sequence[SentOrder]:
    body = json.dumps({"data": orders}).encode()
    request = HttpRequest({"content-type": "application/json"}, read_body=lambda: body)
    return read_orders(read_import(decode(request)), ())


@dataclass(slots=True)
class Loader:
    """Stores orders in the past, from the one with number 0 on."""

    aws: Aws
    account: str
    clock: PastClock
    request_id: Callable[[], str] = new_request_id
    stored: int = field(default=0, init=False)
    _orders: CollectedOrders = field(init=False)
    _requests: Requests = field(init=False)
    _history: DynamoHistory = field(init=False)

    def __post_init__(self) -> None:
        """Connect the use case to the collected items."""
        self._orders = CollectedOrders(self.clock)
        self._requests = Requests(self.aws, self.account, self._orders, self.clock, self.request_id)
        self._history = DynamoHistory(self.aws.dynamodb, self.aws.environment.table)

    def load(self, until: int) -> Iterator[int]:
        """Store orders until there are so many. Yield how many there are, after each request."""
        waiting: deque[Future[None]] = deque()
        with ThreadPoolExecutor(_THREADS) as pool:
            while self.stored < until:
                numbers = range(self.stored, min(self.stored + ORDERS_A_REQUEST, until))
                self._requests.create(numbers)
                self._requests.change(numbers)
                items, replaced = self._orders.take()
                for part in batched(items, ITEMS_A_CALL, strict=False):
                    waiting.append(pool.submit(self._put, part))
                waiting.append(pool.submit(self._keep, replaced))
                while len(waiting) > _WAITING:
                    waiting.popleft().result()
                self.stored += len(numbers)
                yield self.stored
            for each in waiting:
                each.result()

    def _put(self, items: Sequence[Mapping[str, Any]]) -> None:
        table = self.aws.environment.table
        requests: Any = [{"PutRequest": {"Item": item}} for item in items]
        answer = self.aws.dynamodb.batch_write_item(RequestItems={table: requests})
        if answer.get("UnprocessedItems"):
            raise RuntimeError("DynamoDB Local left items unprocessed")

    def _keep(self, replaced: Sequence[ReplacedVersion]) -> None:
        days = Policies().history_days
        self._history.keep([(version, days) for version in replaced], _DEADLINE)


def clock_before_now(orders: int) -> PastClock:
    """Return a clock from which so many orders can be stored before now."""
    now = datetime.now(UTC).replace(microsecond=0)
    return PastClock(now - timedelta(seconds=orders + 2 * ORDERS_A_REQUEST))
