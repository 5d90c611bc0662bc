"""Every committed change has its trigger, and no trigger is published without its change.

The process of each write path crashes before and after every AWS call. Then the relay reads the
table's own stream.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import batched
from threading import get_ident
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from mypy_boto3_dynamodb.client import DynamoDBClient

from operator_cli.demo import TOKEN
from orders.adapters import dynamodb_receipts
from orders.adapters.aws_clients import CONNECT_SECONDS, READ_SECONDS
from orders.adapters.dynamodb_receipts import DynamoReceipts
from orders.adapters.eventbridge import EventBridgePublisher
from orders.adapters.stream_records import read_record
from orders.application.relay_triggers import RelayReport, RelayTriggers
from orders.domain.clients import Role
from orders.domain.identifiers import uuid_of
from orders.domain.relaying import WriterLifetime
from orders.domain.triggers import trigger_id
from orders.runtime.composition import connect
from orders.runtime.composition.order_protocols import present
from orders.runtime.composition.trigger_rules import TRIGGER_RULES
from tests.support.aws_faults import answering, error_answer, failing
from tests.support.commercetools import draft, project_event
from tests.support.deadlines import CountingPause, FixedDeadline
from tests.support.fakes import FakeParking
from tests.support.functions import Function, Tenant, Tree, deployed, sample
from tests.support.lambda_context import Context
from tests.support.routes import RouteRequest
from tests.support.samples import api_event, order, request
from tests.support.stored_changes import check_changes, check_history
from tests.support.stream import Record, passes_filter, read_stream

SETTINGS: dict[str, Any] = {
    "currencies": ["USD"],
    "endpoints": [{"external_id": "website", "campaign_id": 1001}],
    "regions": [{"external_id": "region_YnCrJj8Y1"}],
}
WRITER = timedelta(seconds=27)
# A call takes 25 statements, or 10 triggers.
MORE_THAN_A_BATCH = 26
# A function that crashes sends no metrics.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")


class KilledError(BaseException):
    """The process has crashed. No code may catch this."""


class _Body:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_rest: object) -> Iterator[bytes]:
        yield self.content


@dataclass
class Bus:
    """An event bus that accepts every entry except those that `refuse` selects by position."""

    entries: list[Tree] = field(default_factory=list)
    refuse: Callable[[int], str | None] = lambda _position: None

    def answer(self, request: Any, **_rest: object) -> Any:  # noqa: ANN401 - botocore's
        results = []
        for position, entry in enumerate(json.loads(request.body)["Entries"]):
            code = self.refuse(position)
            results.append({"ErrorCode": code} if code else {"EventId": "1"})
            if code is None:
                self.entries.append(entry)
        failed = sum("ErrorCode" in each for each in results)
        body = json.dumps({"FailedEntryCount": failed, "Entries": results}).encode()
        headers = HTTPHeaders()
        headers["content-type"] = "application/x-amz-json-1.1"
        return AWSResponse("http://bus", 200, headers, _Body(body))

    def details(self) -> list[Tree]:
        return [json.loads(entry["Detail"]) for entry in self.entries]


@dataclass
class World:
    """The functions, a bus, and the relay with an adjustable clock."""

    get: Callable[[str], Function]
    client: DynamoDBClient
    bus: Bus
    # None gives each invocation its full time.
    context: Context | None = None
    relayed: int = 0
    waited: timedelta = timedelta(0)
    answers: list[Tree] = field(default_factory=list)

    @property
    def table(self) -> str:
        return self.get("import_orders").table

    def send(self, *orders: Tree) -> Tree:
        event = api_event(request(*orders, token=TOKEN, result_details=True))
        tree: Tree = json.loads(self._invoke("import_orders", event)["body"])
        return tree

    def new_order(self, external_id: str) -> int:
        number: int = self.send(order(external_id=external_id))["result"][0]["order_id"]
        return number

    def rename(self, number: int, external_id: str) -> None:
        event = sample("update_external_id", "api_key")
        event["pathParameters"]["orderId"] = f"{number}"
        event["body"] = json.dumps({"externalOrderId": external_id})
        self._invoke("update_external_id", event)

    def ship(self, number: int) -> None:
        event = sample("manage_orders", "ready_to_ship")
        event["pathParameters"]["orderId"] = f"{number}"
        self._invoke("manage_orders", event)

    def move(self, number: int) -> None:
        """Move an order twice in one request, with one that does not exist."""
        states = ("READY_TO_SHIP", "SHIPPED")
        moves = [{"id": number, "status": "PROCESSING", "substatus": each} for each in states]
        body = {"orders": [*moves, {"id": 1, "status": "DELIVERY"}]}
        route = ("POST", "/campaigns/{campaignId}/orders/status-update")
        headers = {"Authorization": f"Bearer {TOKEN}"}
        event = RouteRequest(route, {"campaignId": "1001"}, headers=headers, body=body).event()
        self._invoke("manage_orders", event)

    def delete(self, number: int) -> None:
        path = f"/demo/orders/{uuid_of('demo', number)}"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        event = project_event("DELETE", path, query={"version": 1}, headers=headers)
        self._invoke("manage_orders", event)

    def hide(self, number: int) -> None:
        self._ask_hub("DELETE", number)

    def revive(self, number: int) -> None:
        self._ask_hub("POST", number, "/revive")

    def update_line(self, number: int, external_id: str) -> None:
        line = {"order_external_id": external_id, "order_line_external_id": "line_01"}
        self._call_altcraft("update_order_line_status", {**line, "status_external_id": "refunded"})
        suffix = "/lines/{line_id}/status"
        self._ask_hub("PUT", number, suffix, {"line_id": "line_01"}, {"status": "delivered"})

    def undo(self, request_id: str) -> Tree:
        route = ("POST", "/hub/v1/undo")
        headers = {"Authorization": f"Bearer {TOKEN}"}
        body = {"request_id": request_id, "dry_run": False}
        event = RouteRequest(route, headers=headers, body=body).event()
        tree: Tree = json.loads(self._invoke("manage_orders", event)["body"])
        return tree

    def delete_by_name(self, external_id: str, *, with_fire: bool) -> None:
        body = {"external_id": external_id, "with_fire": with_fire}
        self._call_altcraft("delete", body)

    def _ask_hub(
        self,
        method: str,
        number: int,
        suffix: str = "",
        path: Tree | None = None,
        body: Tree | None = None,
    ) -> None:
        route = (method, f"/hub/v1/orders/{{order_id}}{suffix}")
        headers = {"Authorization": f"Bearer {TOKEN}"}
        values = {"order_id": f"{number}", **(path or {})}
        event = RouteRequest(route, values, headers=headers, body=body).event()
        self._invoke("manage_orders", event)

    def _call_altcraft(self, call: str, body: Tree) -> None:
        route = ("POST", f"/api/v1.1/market/orders/{call}")
        headers = {"Authorization": f"Bearer {TOKEN}"}
        self._invoke("manage_orders", RouteRequest(route, headers=headers, body=body).event())

    def import_one(self, order_number: str) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        body = draft(orderNumber=order_number)
        event = project_event("POST", "/demo/orders/import", body=body, headers=headers)
        self._invoke("import_commercetools_order", event)

    def update(self, external_id: str) -> None:
        """Import an order of commercetools, and update its content, its state and its number."""
        self.import_one(f"draft {external_id}")
        headers = {"Authorization": f"Bearer {TOKEN}"}
        actions = [
            {"action": "changeShipmentState", "shipmentState": "Ready"},
            {"action": "setLocale", "locale": "de"},
        ]
        number = {"action": "setOrderNumber", "orderNumber": f"number {external_id}"}
        body = {"version": 1, "actions": [*actions, number]}
        path = f"/demo/orders/order-number=draft {external_id}"
        self._invoke("manage_orders", project_event("POST", path, body=body, headers=headers))

    def _invoke(self, function: str, event: Tree) -> Tree:
        answer: Tree = self.get(function).module.lambda_handler(event, self.context or Context())
        self.answers.append(answer)
        return answer

    def records(self) -> list[Record]:
        return [each for each in read_stream(self.client, self.table) if passes_filter(each)]

    def relay(
        self,
        after: timedelta = timedelta(minutes=5),
        *,
        start: datetime | None = None,
        from_start: bool = False,
    ) -> RelayReport:
        """Run the relay on new records, this long after `start` (now). Its clock is simulated."""
        now = (start or datetime.now(UTC)) + after
        self.waited = timedelta(0)

        def sleep(seconds: float, /) -> None:
            self.waited += timedelta(seconds=seconds)

        relay = RelayTriggers(
            EventBridgePublisher(connect().events, "triggers", present, CountingPause(limit=3)),
            DynamoReceipts(self.client, self.table),
            FakeParking(),
            WriterLifetime(WRITER),
            lambda: now + self.waited,
            sleep,
        )
        streamed = self.records()
        new = streamed if from_start else streamed[self.relayed :]
        read = (read_record(record, TRIGGER_RULES) for record in new)
        report = relay([each for each in read if each], FixedDeadline())
        if report.failed is None:
            self.relayed = len(streamed)
        return report

    def committed(self) -> dict[str, int]:
        """Return the ids of the triggers of all committed changes that do not skip triggers."""
        wanted = {}
        for record in read_stream(self.client, self.table):
            image = record["dynamodb"].get("NewImage", {})
            if image.get("type", {}).get("S") not in {"order", "hidden", "tombstone"}:
                continue
            if '"silent"' in image["document"]["S"]:
                continue
            number, version = int(image["order_id"]["N"]), int(image["version"]["N"])
            wanted[trigger_id("demo", number, version)] = version
        return wanted

    def check(self) -> None:
        """Assert that the triggers and the index by change match the committed changes."""
        self.check_triggers()
        check_changes(self.client, self.table)

    def check_triggers(self) -> None:
        """Assert that exactly the committed changes were published, and copies are equal.

        The index by change takes a scan of the table: a test of many attempts checks it once at
        its end, because an attempt changes only orders of its own.
        """
        published: dict[str, list[Tree]] = defaultdict(list)
        for detail in self.bus.details():
            published[detail["id"]].append(detail)
        assert set(published) == set(self.committed())
        for copies in published.values():
            assert all(copy == copies[0] for copy in copies)

    def record_history(self) -> None:
        """Give all records of the stream to the history function, and check the history."""
        records = [
            each
            for each in read_stream(self.client, self.table)
            if passes_filter(each, "RecordHistoryFunction")
        ]
        for batch in batched(records, 100, strict=False):
            answer = self._invoke("record_history", {"Records": list(batch)})
            assert answer == {"batchItemFailures": []}
        check_history(self.client, self.table)


@contextmanager
def running_world(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    tenants = (Tenant("demo", TOKEN, (Role.ORDERS_WRITE, Role.ORDERS_READ)),)
    with deployed(dynamodb, monkeypatch, SETTINGS, tenants, stream=True) as get:
        bus = Bus()
        connect().events.meta.events.register("before-send.events.PutEvents", bus.answer)
        yield World(get, dynamodb, bus)


@pytest.fixture
def world(own_dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with running_world(own_dynamodb, monkeypatch) as world:
        yield world


@dataclass
class Death:
    """Crashes the process before or after the AWS call number `at` takes effect.

    With `names`, only calls with these names count.
    """

    at: int
    phase: str
    names: frozenset[str] = frozenset()
    calls: int = 0
    is_elsewhere: bool = False
    on_their_way: set[int] = field(default_factory=set)

    def before_call(self, model: Any, **_rest: object) -> None:  # noqa: ANN401 - botocore's
        if self.is_elsewhere or (self.names and model.name not in self.names):
            return
        self.calls += 1
        if self.phase == "before":
            self._strike()
        self.on_their_way.add(get_ident())

    def after_call(self, model: Any, **_rest: object) -> None:  # noqa: ANN401 - botocore's
        self.on_their_way.discard(get_ident())
        if self.names and model.name not in self.names:
            return
        if self.phase == "after" and not self.is_elsewhere:
            self._strike()

    def wait_for_calls(self) -> None:
        """Wait for calls of other threads that have already started: a crash does not stop them."""
        deadline = time.monotonic() + 5
        while self.on_their_way and time.monotonic() < deadline:
            time.sleep(0.005)

    def _strike(self) -> None:
        if self.calls >= self.at:
            raise KilledError

    @property
    def came(self) -> bool:
        return self.calls >= self.at

    @contextmanager
    def elsewhere(self) -> Iterator[None]:
        """Exempt the calls of another process that uses the same client."""
        self.is_elsewhere = True
        yield
        self.is_elsewhere = False


@contextmanager
def dying(at: int, phase: str, names: frozenset[str] = frozenset()) -> Iterator[Death]:
    death = Death(at, phase, names)
    with _watching(death.before_call, death.after_call):
        try:
            yield death
        finally:
            death.wait_for_calls()


@contextmanager
def _watching(
    before: Callable[..., None], after: Callable[..., None] = lambda **_rest: None
) -> Iterator[None]:
    """Call `before` and `after` around every AWS call."""
    emitters = [connect().dynamodb.meta.events, connect().events.meta.events]
    for emitter in emitters:
        emitter.register("before-call", before)
        emitter.register("after-call", after)
    try:
        yield
    finally:
        for emitter in emitters:
            emitter.unregister("before-call", before)
            emitter.unregister("after-call", after)


def _mixed_import(world: World, attempt: str, _number: int) -> None:
    """Import orders with every outcome: created, updated, unchanged, failed, skipped trigger."""
    world.send(
        *(order(external_id=f"new {attempt} {n}") for n in range(3)),
        order(external_id=attempt, status="paid"),
        order(external_id="same"),
        order(external_id="bad", currency="XXX"),
        order(external_id=f"quiet {attempt}", tags=["silent"], skip_triggers=True),
    )


def _large_import(world: World, attempt: str, _number: int) -> None:
    """Create so many orders that statements and triggers take more than one call each."""
    world.send(*(order(external_id=f"{attempt} {n}") for n in range(MORE_THAN_A_BATCH)))


def _revived(world: World, _attempt: str, number: int) -> None:
    world.hide(number)
    world.revive(number)


def _revived_by_import(world: World, attempt: str, number: int) -> None:
    world.hide(number)
    world.send(order(external_id=attempt, status="paid"), order(external_id=f"new {attempt}"))


def _deleted_twice(world: World, attempt: str, _number: int) -> None:
    world.delete_by_name(attempt, with_fire=False)
    world.delete_by_name(attempt, with_fire=True)


type Path = Callable[[World, str, int], None]
# The write paths. Each changes the order that has the attempt's name as its external id.
PATHS: dict[str, Path] = {
    "import": _mixed_import,
    "large import": _large_import,
    "rename": lambda world, attempt, number: world.rename(number, f"renamed {attempt}"),
    "status": lambda world, _attempt, number: world.ship(number),
    "delete": lambda world, _attempt, number: world.delete(number),
    "commercetools import": lambda world, attempt, _number: world.import_one(f"new {attempt}"),
    "statuses": lambda world, _attempt, number: world.move(number),
    "line status": lambda world, attempt, number: world.update_line(number, attempt),
    "revival": _revived,
    "revival by import": _revived_by_import,
    "two deletions": _deleted_twice,
    "update": lambda world, attempt, _number: world.update(attempt),
}
# The number of AWS calls of each path with cached token and settings. A crash is tried at each.
CALLS = {
    "import": 5,
    "large import": 9,
    "rename": 5,
    "status": 5,
    "delete": 7,
    "commercetools import": 5,
    "statuses": 5,
    "line status": 11,
    "revival": 10,
    "revival by import": 10,
    "two deletions": 10,
    "update": 11,
}


# Crashes at reads are the same: nothing was written.
WRITES = frozenset({"TransactWriteItems", "PutEvents", "PutItem"})


@pytest.mark.parametrize("phase", ["before", "after"])
def test_an_undo_that_crashed_is_completed_by_its_repetition(world: World, phase: str) -> None:
    for at in range(1, 9):
        world.new_order(f"order {at}")
        world.send(order(external_id=f"order {at}", status="paid"), order(external_id=f"new {at}"))
        request_id = world.answers[-1]["headers"]["X-Request-Id"]
        stored = world.get("import_orders").stored(f"order {at}")
        assert stored is not None
        assert (stored.version, stored.request_id) == (2, request_id)
        world.record_history()
        with suppress(KilledError), dying(at, phase, WRITES) as death:
            world.undo(request_id)
        world.record_history()
        left = {each["outcome"] for each in world.undo(request_id)["orders"]}
        assert left <= {"deleted", "restored", "unchanged"}
        undone = world.get("import_orders").stored(f"order {at}")
        assert undone is not None
        assert (undone.version, undone.status) == (3, "new")
        assert world.get("import_orders").stored(f"new {at}") is None
        world.relay()
        world.check()
        if not death.came:
            break
    else:
        pytest.fail("the undo makes more calls than were tried")
    assert death.calls >= 4
    world.record_history()


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("path", PATHS)
def test_a_crash_at_any_call_neither_loses_nor_invents_a_trigger(
    world: World, path: str, phase: str
) -> None:
    world.send(order(external_id="same"))
    for at in range(1, 60):
        number = world.new_order(f"order {at}")
        with suppress(KilledError), dying(at, phase) as death:
            PATHS[path](world, f"order {at}", number)
        # Another import overwrites the order meanwhile. The relay reads only the stream.
        world.send(order(external_id=f"order {at}", tags=["later"]))
        world.relay()
        world.check_triggers()
        if not death.came:
            break
    else:
        pytest.fail("the path makes more calls than were tried")
    world.check()
    assert death.calls >= CALLS[path]
    world.record_history()


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_crash_after_a_lost_race_neither_loses_nor_invents_a_trigger(
    world: World, phase: str
) -> None:
    """Another import changes some of the orders between the read and the write."""
    client = connect().dynamodb
    world.send(order(external_id="same"))
    for at in range(1, 60):
        number = world.new_order(f"order {at}")
        with suppress(KilledError), dying(at, phase) as death:

            def overtake(number: int, _parsed: Tree, at: int = at, death: Death = death) -> None:
                if number == 1:
                    with death.elsewhere():
                        world.send(
                            order(external_id=f"order {at}", tags=["winner"]),
                            order(external_id=f"new order {at} 1", tags=["winner"]),
                        )

            with answering(client, "BatchGetItem", overtake):
                _mixed_import(world, f"order {at}", number)
        world.relay()
        world.check_triggers()
        if not death.came:
            break
    else:
        pytest.fail("the path makes more calls than were tried")
    world.check()
    # The orders that lost the race were read and written again.
    assert death.calls > CALLS["import"]


@dataclass
class RunningOut(Context):
    """An invocation in which each AWS call takes `per_call` milliseconds."""

    per_call: int = 0

    def spend(self, **_rest: object) -> None:
        self.millis -= self.per_call
        if self.millis <= 0:
            raise KilledError


@pytest.mark.parametrize("path", PATHS)
def test_slow_calls_lose_no_trigger_and_cause_no_timeout(world: World, path: str) -> None:
    world.send(order(external_id="same"))
    slowest = int((CONNECT_SECONDS + READ_SECONDS) * 1000)
    unsent = 0
    for per_call in range(slowest, 0, -500):
        attempt = f"slow {per_call}"
        number = world.new_order(attempt)
        world.context = context = RunningOut(per_call=per_call)
        with _watching(context.spend):
            PATHS[path](world, attempt, number)
        assert context.millis > 0
        world.context = None
        world.send(order(external_id=attempt, tags=["later"]))
        unsent += world.relay().relayed
        world.check_triggers()
    world.check()
    # Only the large import runs out of time before it has published its triggers.
    assert (unsent > 0) == (path == "large import")


@dataclass
class LostWrites:
    """Loses the answers of the calls of an operation that write orders, after they took effect."""

    operation: str
    on_their_way: set[int] = field(default_factory=set)
    lost: bool = False

    def before_call(self, model: Any, params: Tree, **_rest: object) -> None:  # noqa: ANN401 - botocore's
        # Index items have no document. Some are written while other orders are written already.
        if model.name == self.operation and b"document" in params["body"]:
            self.on_their_way.add(get_ident())

    def after_call(self, **_rest: object) -> None:
        if get_ident() in self.on_their_way:
            self.on_their_way.remove(get_ident())
            self.lost = True
            raise ReadTimeoutError(endpoint_url="http://dynamodb")

    def fail_read(self, _number: int) -> AWSResponse | None:
        return error_answer("InternalServerError", 500) if self.lost else None


# The operation that writes the orders of each path, and the operation that reads them.
STATEMENTS = ("BatchExecuteStatement", "BatchGetItem")
TRANSACTION = ("TransactWriteItems", "GetItem")


@pytest.mark.parametrize(
    ("path", "operations"),
    [
        ("large import", STATEMENTS),
        ("rename", TRANSACTION),
        ("status", TRANSACTION),
        ("statuses", STATEMENTS),
        ("delete", TRANSACTION),
        ("line status", TRANSACTION),
        ("revival", TRANSACTION),
    ],
)
def test_the_triggers_of_unconfirmed_writes_are_relayed(
    world: World, path: str, operations: tuple[str, str]
) -> None:
    """The orders are committed, but the writer does not learn this before its deadline."""
    write, read = operations
    number = world.new_order("A")
    writes = LostWrites(write)
    world.context = context = RunningOut(per_call=2_000)
    with (
        _watching(context.spend),
        _watching(writes.before_call, writes.after_call),
        failing(connect().dynamodb, read, writes.fail_read),
    ):
        PATHS[path](world, "B", number)
    assert writes.lost
    report = world.relay(timedelta(0))
    assert report.relayed > 0
    assert world.waited == timedelta(0)
    world.check()


def test_no_trigger_is_published_early_or_needlessly_twice(world: World) -> None:
    world.send(order(external_id="A"))
    sent = len(world.bus.entries)
    report = world.relay(timedelta(0))
    assert (report.relayed, report.sent_before, report.failed) == (0, 1, None)
    assert len(world.bus.entries) == sent == 1
    world.relay()
    assert len(world.bus.entries) == sent


def test_the_relay_waits_for_a_writer_that_may_still_run(world: World) -> None:
    with pytest.raises(KilledError), dying(7, "before"):
        world.send(order(external_id="A"))
    assert len(world.committed()) == 1
    # DynamoDB Local's creation times have a precision of one minute.
    created = world.records()[0]["dynamodb"]["ApproximateCreationDateTime"]
    report = world.relay(timedelta(0), start=datetime.fromtimestamp(created, UTC))
    assert (report.relayed, report.failed) == (1, None)
    assert world.waited > WRITER
    world.check()


def test_the_relay_can_run_late_and_more_than_once(world: World) -> None:
    with pytest.raises(KilledError), dying(7, "before"):
        world.send(order(external_id="A"), order(external_id="B"))
    for _ in range(2):
        world.relay(timedelta(hours=20), from_start=True)
        world.check()
    assert len(world.bus.entries) == 4


def test_a_trigger_that_the_bus_rejects_is_in_the_receipt_and_relayed(world: World) -> None:
    world.bus.refuse = lambda position: "AccessDenied" if position % 2 else None
    world.send(*(order(external_id=f"n{n}") for n in range(25)))
    sent = len(world.bus.entries)
    assert 0 < sent < 25
    world.bus.refuse = lambda _position: None
    report = world.relay(timedelta(0))
    assert report.relayed == 25 - sent
    assert len(world.bus.entries) == 25
    world.check()


def test_all_triggers_are_relayed_if_the_bus_is_unavailable(world: World) -> None:
    world.bus.refuse = lambda _position: "AccessDenied"
    world.send(order(external_id="A"))
    first = world.relay(timedelta(0))
    assert first.failed == world.records()[0]["dynamodb"]["SequenceNumber"]
    world.bus.refuse = lambda _position: None
    assert world.relay(timedelta(0)).failed is None
    world.check()


@pytest.mark.parametrize("operation", ["BatchExecuteStatement", "BatchGetItem"])
@pytest.mark.parametrize(
    "failure",
    [
        ("ProvisionedThroughputExceededException", 400),
        ("InternalServerError", 500),
        ("TransactionConflictException", 400),
    ],
)
def test_faults_of_the_table_lose_no_trigger(
    world: World, operation: str, failure: tuple[str, int]
) -> None:
    client = connect().dynamodb
    world.send(order(external_id="A"))
    for at in range(1, 5):
        failures: dict[int, AWSResponse | Exception] = {at: error_answer(*failure)}
        with failing(client, operation, failures.get):
            _mixed_import(world, f"order {at}", 0)
        world.relay()
        world.check()


@pytest.mark.parametrize("times", [1, 3])
def test_a_transaction_conflict_loses_no_trigger(world: World, times: int) -> None:
    number = world.new_order("A")
    reasons = [{"Code": "TransactionConflict"}, {"Code": "None"}, {"Code": "None"}]
    conflict = error_answer("TransactionCanceledException", CancellationReasons=reasons)
    with failing(
        connect().dynamodb, "TransactWriteItems", lambda at: conflict if at <= times else None
    ) as calls:
        world.rename(number, "B")
    assert len(calls) == times + 1
    assert world.get("update_external_id").stored("B")
    world.relay()
    world.check()


def test_unprocessed_keys_lose_no_trigger(world: World) -> None:
    client = connect().dynamodb

    def leave_over(number: int, _parsed: Tree) -> Tree | None:
        if number > 1:
            return None
        keys = [{"pk": {"S": "A#demo#O#A"}, "sk": {"S": "O"}}]
        return {"Responses": {world.table: []}, "UnprocessedKeys": {world.table: {"Keys": keys}}}

    with answering(client, "BatchGetItem", leave_over):
        world.send(order(external_id="A"))
    world.relay()
    world.check()


def test_no_receipt_is_written_for_too_many_unsent_triggers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dynamodb_receipts, "MAX_IDS", 2)
    world.bus.refuse = lambda _position: "AccessDenied"
    world.send(*(order(external_id=f"n{n}") for n in range(3)))
    world.bus.refuse = lambda _position: None
    assert world.relay(timedelta(0)).relayed == 3
    world.check()


@pytest.mark.parametrize("payload", ["without_person", "thin"])
def test_writer_and_relay_publish_what_the_policy_of_the_account_permits(
    own_dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch, payload: str
) -> None:
    """Every write path asks for the policy, and what it leaves out is not stored for the relay."""
    monkeypatch.setitem(SETTINGS, "policies", {"trigger_payload": payload})
    with running_world(own_dynamodb, monkeypatch) as world:
        for name, path in PATHS.items():
            if name != "large import":
                path(world, name, world.new_order(name))
        _forget_receipts(world)
        world.relay(from_start=True)
        world.check()
        details = world.bus.details()
    text = json.dumps(details)
    # The person of both protocols' samples.
    assert "johndoe@example.com" not in text
    assert "buyer@example.com" not in text
    assert len(details) == 2 * len({each["id"] for each in details})
    assert all(each["person_omitted"] for each in details)
    assert {("order" in each) for each in details} == {payload == "without_person"}
    tombstones = [
        each["dynamodb"]["NewImage"]
        for each in read_stream(world.client, world.table)
        if each["dynamodb"].get("NewImage", {}).get("type") == {"S": "tombstone"}
    ]
    assert tombstones
    assert "johndoe@example.com" not in json.dumps(tombstones)


def _forget_receipts(world: World) -> None:
    """Delete the receipts, so that the relay publishes every trigger once more."""
    for item in world.client.scan(TableName=world.table)["Items"]:
        if "#Q#" in item["pk"]["S"]:
            key = {"pk": item["pk"], "sk": item["sk"]}
            world.client.delete_item(TableName=world.table, Key=key)
