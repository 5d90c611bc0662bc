"""Requests that change orders, the history that follows, and the undo of them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import uuid4

from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_history import DynamoHistory
from orders.application.change_order import ChangeOrder, ChangeReport
from orders.application.get_order_by_id import GetOrderById, OrderAddress
from orders.application.ports import Deadline, HistoryRepository, OrderChanges, WriteOutcome
from orders.application.restore_order import RestoreOrder, RestoreOrderCommand
from orders.application.trace_request import TracedStores, TraceProgress
from orders.application.undo_report import UndoReport
from orders.application.undo_request import UndoCommand, UndoRequest
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.deletions import Deletion, plan_deletion, plan_revival, plan_soft_deletion
from orders.domain.external_ids import plan_external_id_update
from orders.domain.fulfilment import Fulfilment, SalesModel
from orders.domain.history import OrderKey, ReplacedVersion
from orders.domain.importing import Group, Step, plan_group
from orders.domain.line_statuses import LineStatusUpdate, plan_line_status
from orders.domain.order import Cause, Order
from orders.domain.settings import ExternalIdPolicy
from orders.domain.status_updates import Move, plan_status_update
from orders.domain.submissions import Submission
from orders.domain.triggers import TriggerForm
from orders.domain.undoing import RestoreRefusal
from orders.protocols.altcraft.documents import LINES
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.fakes import FakeHistory, FakePublisher, publishing
from tests.support.hub import order_number
from tests.support.order_stores import OrderStore, memory_store, store_in
from tests.support.template_tables import create_table

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
WRITER = timedelta(seconds=27)
_NUMBERS = count(1)

# What is the same before a request and after its undo: everything but the version and its request.
type Snapshot = Mapping[int, tuple[object, ...]]
type Change = Callable[["UndoWorld", Cause], None]


def request_at(moment: datetime) -> str:
    """Return a new request id of this time."""
    milliseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return f"{milliseconds:012x}7{next(_NUMBERS):03x}8{uuid4().hex[:15]}"


@dataclass
class StreamedChanges:
    """OrderChanges whose committed changes wait to be recorded. `faults` replace the next saves."""

    inner: OrderChanges
    committed: list[OrderChange] = field(default_factory=list)
    faults: list[Callable[["StreamedChanges", OrderChange], WriteOutcome]] = field(
        default_factory=list
    )

    def save(self, change: OrderChange, deadline: Deadline) -> WriteOutcome:
        return self.faults.pop(0)(self, change) if self.faults else self.commit(change, deadline)

    def commit(self, change: OrderChange, deadline: Deadline = DEADLINE) -> WriteOutcome:
        outcome = self.inner.save(change, deadline)
        if outcome is WriteOutcome.COMMITTED:
            self.committed.append(change)
        return outcome

    def save_all(
        self, changes: Sequence[OrderChange], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        return [self.save(change, deadline) for change in changes]

    def is_taken(self, change: OrderChange, deadline: Deadline) -> bool:
        return self.inner.is_taken(change, deadline)

    def find_removed(self, account: str, order_id: int, deadline: Deadline) -> Order | None:
        return self.inner.find_removed(account, order_id, deadline)


@dataclass
class UndoWorld:
    """The orders of one account, and the requests that change them.

    Unless `lags` is true, the history is written after each request. Each request takes place ten
    seconds after the one before.
    """

    store: OrderStore
    history: HistoryRepository
    account: str = "demo"
    now: datetime = START
    lags: bool = False
    publisher: FakePublisher = field(default_factory=FakePublisher)
    places: int = 0

    def __post_init__(self) -> None:
        self.changes = StreamedChanges(self.store.changes)
        self._replaced: list[Order] = []

    # Requests

    def request(self, *changes: Change) -> str:
        """Make a request that changes orders; return its id."""
        self.now += timedelta(seconds=10)
        request_id = request_at(self.now)
        for change in changes:
            change(self, Cause(request_id, "shop", self.now))
        self.stream()
        return request_id

    def stream(self) -> None:
        """Write the history of what was committed, as the function on the stream does."""
        for change in self.changes.committed:
            if change.removes:
                self._mark(change.after.order)
        if self.lags:
            return
        versions = [
            (ReplacedVersion(order, None, order.updated_at), 400)
            for order in [*self._replaced, *(each.before.order for each in self.changes.committed)]
        ]
        if versions:
            self.history.keep(versions, DEADLINE)
        for change in self.changes.committed:
            if change.removes:
                self.history.erase([OrderKey(self.account, change.after.order.order_id)], DEADLINE)
        self._replaced.clear()
        self.changes.committed.clear()

    def undo(
        self,
        request_id: str,
        *,
        dry_run: bool = False,
        limit: int = 100,
        skip_triggers: bool = False,
        after: TraceProgress | None = None,
        deadline: Deadline = DEADLINE,
        settled: bool = True,
    ) -> tuple[UndoReport, str]:
        """Undo a request after it is settled; return the report and the id of the undo."""
        self.now += timedelta(minutes=5 if settled else 0)
        command = UndoCommand(
            self.account,
            request_id,
            request_at(self.now),
            "console",
            "hub",
            limit,
            dry_run,
            skip_triggers,
            after,
        )
        report = self.undo_request(command, deadline)
        self.stream()
        return report, command.request_id

    def undo_all(self, request_id: str, limit: int) -> list[UndoReport]:
        """Undo a request page by page."""
        reports = [self.undo(request_id, limit=limit)[0]]
        while reports[-1].following is not None:
            assert len(reports) < 100
            reports.append(self.undo(request_id, limit=limit, after=reports[-1].following)[0])
        return reports

    def restore(self, order_id: int, version: int, **more: bool) -> ChangeReport[RestoreRefusal]:
        self.now += timedelta(minutes=5)
        change = ChangeOrder(
            GetOrderById(self.store.index),
            self.changes,
            publishing(self.publisher),
            CountingPause(3),
        )
        restore = RestoreOrder(
            change, self.history, lambda _order: TriggerForm(LINES), lambda: self.now
        )
        address = OrderAddress(self.account, None, order_id)
        request_id = request_at(self.now)
        command = RestoreOrderCommand(address, version, request_id, "console", "hub", **more)
        report = restore(command, DEADLINE)
        self.stream()
        return report

    @property
    def undo_request(self) -> UndoRequest:
        return UndoRequest(
            TracedStores(self.store.index, self.store.changed, self.history, WRITER),
            self.changes,
            publishing(self.publisher),
            lambda _order: TriggerForm(LINES),
            lambda: self.now,
            CountingPause(5),
        )

    # Reads

    def stored(self, order_id: int) -> StoredOrder | None:
        return self.store.index.find_by_order_id(
            self.account, order_id, DEADLINE
        ) or self.store.index.find_hidden(self.account, order_id, DEADLINE)

    def found(self, external_id: str) -> StoredOrder:
        lookup = self.store.orders.find_by_external_ids(self.account, [external_id], DEADLINE)
        order = lookup.orders.get(external_id)
        stored = lookup.hidden.get(external_id) if order is None else self.stored(order.order_id)
        assert stored is not None, external_id
        return stored

    def exists(self, external_id: str) -> bool:
        lookup = self.store.orders.find_by_external_ids(self.account, [external_id], DEADLINE)
        return external_id in {*lookup.orders, *lookup.hidden}

    def snapshot(self, names: Sequence[str]) -> Snapshot:
        """Return the content of the orders that have these external ids or had them."""
        found = {}
        for name in names:
            if self.exists(name):
                order = self.found(name).order
                found[order.order_id] = content_of(order)
        return found

    # Changes

    def create_order(self, external_id: str, cause: Cause, **members: object) -> None:
        self.places += 1
        number = order_number(cause.at, self.places)
        group = Group(self.account, external_id, None, (_step(external_id, members),))
        self._import(group, number, cause)

    def update_order(self, external_id: str, cause: Cause, **members: object) -> None:
        stored = self.found(external_id)
        order = stored.order
        changed = {**json.loads(order.document), **members}
        group = Group(
            self.account,
            order.external_id,
            order,
            (_step(order.external_id, changed),),
            stored.aliases,
        )
        self._import(group, 0, cause)

    def change(self, planned: OrderChange | object) -> None:
        assert isinstance(planned, OrderChange), planned
        assert self.changes.commit(planned) is WriteOutcome.COMMITTED

    def _import(self, group: Group, number: int, cause: Cause) -> None:
        write = plan_group(group, number, cause).write
        assert write is not None
        [outcome] = self.store.orders.save(self.account, [write], DEADLINE)
        assert outcome is WriteOutcome.COMMITTED
        if group.stored is not None:
            self._replaced.append(group.stored)

    def _mark(self, last: Order) -> None:
        """Note a deletion, which the real store does in the same transaction."""
        key = OrderKey(self.account, last.order_id)
        if isinstance(self.history, FakeHistory):
            self.history.deletions[key] = Deletion(
                last.order_id,
                last.external_id,
                last.version,
                last.protocol,
                last.through or last.protocol,
                last.updated_at,
                last.request_id,
                last.client,
            )


def content_of(order: Order) -> tuple[object, ...]:
    """Return what an undo brings back."""
    return (
        order.external_id,
        order.document,
        order.status,
        order.defaults,
        order.overrides,
        order.fulfilment,
        order.update_time,
        order.endpoint,
        order.is_hidden,
        order.created_at,
    )


def _step(external_id: str, members: Mapping[str, object]) -> Step:
    document = {
        "comment": "",
        "lines": [{"external_id": "1", "status": "new"}],
        "status": "new",
        **members,
    }
    moment = document.get("update_time")
    return Step(
        0,
        Submission(
            external_id,
            "altcraft",
            json.dumps(document, sort_keys=True, separators=(",", ":")),
            str(document["status"]),
            "website",
            update_time=None if moment is None else datetime.fromisoformat(str(moment)),
            lines=LINES,
            defaults=str(members.get("defaults", "")),
        ),
        skip_trigger=False,
    )


def create(external_id: str, **members: object) -> Change:
    return lambda world, cause: world.create_order(external_id, cause, **members)


def update(external_id: str, **members: object) -> Change:
    return lambda world, cause: world.update_order(external_id, cause, **members)


def rename(external_id: str, new: str) -> Change:
    return lambda world, cause: world.change(
        plan_external_id_update(world.found(external_id), new, ExternalIdPolicy.CHANGE, cause)
    )


def ship(external_id: str) -> Change:
    move = Move(Fulfilment.READY_TO_SHIP, SalesModel.FBS)
    return lambda world, cause: world.change(
        plan_status_update(world.found(external_id), move, cause)
    )


def deliver_line(external_id: str) -> Change:
    wanted = LineStatusUpdate("1", "delivered")
    return lambda world, cause: world.change(
        plan_line_status(world.found(external_id), wanted, LINES, cause)
    )


def hide(external_id: str) -> Change:
    return lambda world, cause: world.change(
        plan_soft_deletion(world.found(external_id), None, cause)
    )


def revive(external_id: str) -> Change:
    return lambda world, cause: world.change(plan_revival(world.found(external_id), cause))


def delete(external_id: str) -> Change:
    return lambda world, cause: world.change(plan_deletion(world.found(external_id), None, cause))


KINDS: dict[str, Callable[[str], Change]] = {
    "update": lambda name: update(name, comment="changed"),
    "status": lambda name: update(name, status="paid"),
    "guard": lambda name: update(name, update_time="2026-03-01T00:00:00+00:00"),
    "rename": lambda name: rename(name, f"{name}2"),
    "ship": ship,
    "line": deliver_line,
    "hide": hide,
    "revive": revive,
    "delete": delete,
}


def possible(world: UndoWorld, name: str, kind: str) -> Change | None:
    """Return a change of an order, or its creation, unless it is impossible or changes nothing."""
    if not world.exists(name):
        return create(name) if kind in {"update", "status"} else None
    stored = world.found(name)
    order = stored.order
    is_same = (
        (kind == "rename" and (stored.was_renamed or order.fulfilment.name != "STARTED"))
        or (kind == "ship" and order.fulfilment.name != "STARTED")
        or (kind == "line" and order.content()["lines"][0]["status"] == "delivered")
        or (kind == "update" and '"comment":"changed"' in order.document)
        or (kind == "status" and order.status == "paid")
        or (kind == "guard" and order.update_time is not None)
    )
    if (order.is_hidden and kind not in {"revive", "delete"}) or (
        not order.is_hidden and (kind == "revive" or is_same)
    ):
        return None
    return KINDS[kind](order.external_id)


def memory_world() -> UndoWorld:
    return UndoWorld(memory_store(), FakeHistory())


def table_world(client: DynamoDBClient, table: str | None = None) -> UndoWorld:
    """Return a world in DynamoDB Local, in an account of its own."""
    name = table or create_table(client)
    return UndoWorld(store_in(client, name), DynamoHistory(client, name), f"a{uuid4().hex[:20]}")


def lose(changes: OrderChanges, change: OrderChange) -> WriteOutcome:
    """Commit a change, and lose the answer."""
    assert isinstance(changes, StreamedChanges)
    changes.commit(change)
    return WriteOutcome.UNKNOWN


def later(world: UndoWorld, **more: float) -> None:
    world.now += timedelta(**more)
