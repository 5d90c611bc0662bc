"""Orders that are written together in DynamoDB Local: races, cut-off writers, lost answers."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ReadTimeoutError
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_order_changes import DynamoOrderChanges
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_order_transactions import MAX_BYTES, DynamoOrderTransactions
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.dynamodb_settings import DynamoSettings
from orders.adapters.order_items import read_order
from orders.adapters.settings_items import write_settings
from orders.adapters.table_keys import account_key
from orders.application.errors import TransactionTooLargeError
from orders.application.import_orders import ImportOrders
from orders.application.import_together import ImportTogether
from orders.application.ports import JointWrite, SettingsChange, WriteOutcome
from orders.domain.changes import OrderChange
from orders.domain.clients import Role
from orders.domain.importing import Write
from orders.domain.order import Cause, Order, Presence
from orders.protocols.altcraft.access import AccountAccess
from orders.protocols.altcraft.answers import answer_error
from orders.protocols.altcraft.import_orders import ImportOrdersEndpoint
from tests.support.aws_faults import answering, error_answer, failing
from tests.support.catalogue import FakeCatalogue
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.fakes import (
    FakeOrderIds,
    FakePublisher,
    FakeTokens,
    TickingClock,
    client,
    publishing,
)
from tests.support.http import answered, request
from tests.support.order_changes import DOCUMENT, NOW, new_order
from tests.support.samples import Tree, order, settings

COMMITTED, CONFLICT = WriteOutcome.COMMITTED, WriteOutcome.CONFLICT
FIELD = {
    "external_id": "gift",
    "name": "Gift",
    "entity_type": "order",
    "required": False,
    "value_type": "int",
    "default_value": 1,
}


@dataclass
class World:
    """An account in a table of its own, with one order `old`."""

    dynamodb: DynamoDBClient
    table: str
    ids: FakeOrderIds = field(default_factory=FakeOrderIds)
    publisher: FakePublisher = field(default_factory=FakePublisher)
    clock: TickingClock = field(default_factory=TickingClock)

    def __post_init__(self) -> None:
        item = {
            **account_key("demo", "SETTINGS"),
            "type": {"S": "settings"},
            "version": {"N": "1"},
            "document": {"S": write_settings(settings())},
        }
        self.dynamodb.put_item(TableName=self.table, Item=item)

    def send(self, *orders: Tree, policy: str = "reject_all", **root: object) -> Tree:
        """Send a request in an environment of its own. Return the answer's body."""
        imports = ImportOrders(
            DynamoOrders(self.dynamodb, self.table, CountingPause(limit=50)),
            self.ids,
            DynamoSettings(self.dynamodb, self.table, pause=CountingPause(limit=50)),
            publishing(self.publisher),
            self.clock,
            CountingPause(limit=50),
            FakeCatalogue(),
        )
        transactions = DynamoOrderTransactions(self.dynamodb, self.table, CountingPause(limit=50))
        endpoint = ImportOrdersEndpoint(
            AccountAccess(FakeTokens({"token": client("demo", *Role)})),
            imports,
            ImportTogether(imports, transactions),
            lambda: uuid4().hex,
        )
        body = {"data": orders, "error_policy": policy, "result_details": True, **root}
        headers = {"authorization": "Bearer token", "content-type": "application/json"}
        asked = request(json.dumps(body).encode(), headers)
        tree: Tree = json.loads(answered(endpoint, asked, answer_error).answer.body)
        return tree

    def stored(self) -> dict[str, str]:
        """Return the statuses of the stored orders, and `gift` if that is defined."""
        items = self.dynamodb.scan(TableName=self.table, ConsistentRead=True)["Items"]
        found = {
            read_order("demo", item).external_id: item["status"]["S"]
            for item in items
            if item.get("type") == {"S": "order"}
        }
        defined = any(
            '"gift"' in item["document"]["S"]
            for item in items
            if item.get("type") == {"S": "settings"}
        )
        return found | ({"gift": ""} if defined else {})


@pytest.fixture
def world(dynamodb: DynamoDBClient, table: str) -> World:
    world = World(dynamodb, table)
    world.send(order(external_id="old"))
    world.publisher.sent.clear()
    return world


SENT = (
    order(external_id="old", status="paid"),
    *(order(external_id=f"new {n}", custom_fields={"gift": n}) for n in range(30)),
)
BEFORE = {"old": "new"}
AFTER = {"old": "paid", "gift": "", **{f"new {n}": "new" for n in range(30)}}


def test_orders_and_definitions_are_written_together(world: World) -> None:
    answer = world.send(*SENT, custom_fields=[FIELD])
    assert answer["counts"]["created"] == 30
    assert answer["counts"]["updated"] == 1
    assert world.stored() == AFTER
    assert len(world.publisher.sent) == 31
    index = DynamoOrderIndex(world.dynamodb, world.table)
    assert index.count("demo", 1000, DEADLINE) == 31
    again = world.send(*SENT, custom_fields=[FIELD])
    assert again["counts"]["unchanged"] == 31


def test_an_update_keeps_what_an_import_does_not_send(world: World) -> None:
    """An order with aliases has a mark, which every later version keeps."""
    index = DynamoOrderIndex(world.dynamodb, world.table)
    stored = index.find_by_order_id("demo", 1, DEADLINE)
    assert stored
    moved = replace(stored.order.next_version(Cause("r", "c", NOW)), external_id="moved")
    change = OrderChange(stored, replace(stored, order=moved, aliases=("old",)), None)
    assert DynamoOrderChanges(world.dynamodb, world.table).save(change, DEADLINE) is COMMITTED
    assert world.send(order(external_id="old", status="paid"))["error"] == 0
    items = world.dynamodb.scan(TableName=world.table, ConsistentRead=True)["Items"]
    [item] = [each for each in items if each.get("type") == {"S": "order"}]
    assert (item["renamed"], item["version"]) == ({"BOOL": True}, {"N": "3"})


def test_two_requests_for_the_same_orders_are_written_one_after_the_other(world: World) -> None:
    def send(number: int) -> Tree:
        status = ("paid", "delivered")[number % 2]
        return world.send(*(order(external_id=f"{n}", status=status) for n in range(5)))

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(8)))
    assert {answer["error"] for answer in answers} == {0}
    outcomes = [{each["outcome"] for each in answer["result"]} for answer in answers]
    assert all(len(each) == 1 for each in outcomes), "each request found all orders alike"
    assert sum(each == {"created"} for each in outcomes) == 1
    assert len(set(world.stored().values()) - {"new"}) == 1
    published = [(each.order.order_id, each.order.version) for each in world.publisher.sent]
    assert len(published) == len(set(published))
    index = DynamoOrderIndex(world.dynamodb, world.table)
    assert index.count("demo", 1000, DEADLINE) == 6, "entries of lost races are taken back"


def test_a_race_with_a_plain_import_is_decided_again(world: World) -> None:
    raced: list[int] = []

    def another_writer(call: int) -> None:
        if call == 1:
            raced.append(call)
            world.send(order(external_id="old", status="delivered"), policy="import_valid")

    with failing(world.dynamodb, "TransactWriteItems", another_writer):
        answer = world.send(*SENT, custom_fields=[FIELD])
    assert raced == [1]
    assert answer["error"] == 0
    assert answer["result"][0]["version"] == 3
    assert world.stored() == AFTER


def test_a_race_for_the_settings_is_decided_again(world: World) -> None:
    other = {**FIELD, "external_id": "other"}

    def another_writer(call: int) -> None:
        if call == 1:
            world.send(custom_fields=[other], policy="import_valid")

    with failing(world.dynamodb, "TransactWriteItems", another_writer):
        assert world.send(*SENT, custom_fields=[FIELD])["error"] == 0
    stored = DynamoSettings(world.dynamodb, world.table).load("demo", DEADLINE)
    assert {name for _, name in stored.settings.custom_fields} == {"gift", "other"}
    assert stored.version == 3


class _CutOffError(BaseException):
    """The process of a writer ends."""


CALLS = ("BatchGetItem", "GetItem", "BatchExecuteStatement", "TransactWriteItems")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("operation", CALLS)
def test_a_writer_that_is_cut_off_leaves_all_or_nothing(
    world: World, operation: str, *, after: bool
) -> None:
    def cut_off(*_rest: Any) -> None:  # noqa: ANN401 - a hook of botocore
        raise _CutOffError

    watch: Any = answering if after else failing
    with watch(world.dynamodb, operation, cut_off), pytest.raises(_CutOffError):
        world.send(*SENT, custom_fields=[FIELD])
    committed = after and operation == "TransactWriteItems"
    assert world.stored() == (AFTER if committed else BEFORE)
    assert not world.publisher.sent, "the relay publishes from the stream"
    assert world.send(*SENT, custom_fields=[FIELD])["error"] == 0
    assert world.stored() == AFTER


@pytest.mark.parametrize("operation", CALLS)
def test_a_lost_answer_of_any_call_is_recovered(world: World, operation: str) -> None:
    lost: list[int] = []

    def lose(call: int, _parsed: object) -> None:
        if not lost:
            lost.append(call)
            raise ReadTimeoutError(endpoint_url="http://injected")

    with answering(world.dynamodb, operation, lose):
        answer = world.send(*SENT, custom_fields=[FIELD])
    assert lost
    assert (answer["error"], answer["counts"]["created"]) == (0, 30)
    assert world.stored() == AFTER
    assert len(world.publisher.sent) == 31


def test_a_transaction_whose_answers_are_all_lost_is_in_doubt_as_a_whole(world: World) -> None:
    def lose(_call: int, _parsed: object) -> None:
        raise ReadTimeoutError(endpoint_url="http://injected")

    with answering(world.dynamodb, "TransactWriteItems", lose):
        answer = world.send(*SENT, custom_fields=[FIELD])
    assert answer["error"] == 503
    assert all(each["retryable"] for each in answer["result"])
    assert not world.publisher.sent
    assert world.stored() == AFTER
    assert world.send(*SENT, custom_fields=[FIELD])["counts"]["unchanged"] == 31


@pytest.mark.parametrize(
    ("codes", "outcome", "calls"),
    [
        (("ConditionalCheckFailed", "None"), CONFLICT, 1),
        (("None", "ValidationError"), WriteOutcome.REFUSED, 1),
        (("None", "TransactionConflict"), COMMITTED, 2),
        (("ThrottlingError", "None"), COMMITTED, 2),
    ],
)
def test_the_reasons_of_a_cancelled_transaction_determine_the_outcome(
    dynamodb: DynamoDBClient,
    table: str,
    codes: tuple[str, ...],
    outcome: WriteOutcome,
    calls: int,
) -> None:
    reasons = [{"Code": code} for code in codes]
    cancelled = error_answer("TransactionCanceledException", CancellationReasons=reasons)
    transactions = DynamoOrderTransactions(dynamodb, table, CountingPause(limit=5))
    with failing(
        dynamodb, "TransactWriteItems", lambda call: cancelled if call == 1 else None
    ) as made:
        assert _save(transactions, new_order("A"), new_order("B", 2)) is outcome
    assert len(made) == calls
    found = DynamoOrders(dynamodb, table).find_by_external_ids("demo", ["A", "B"], DEADLINE)
    assert len(found.orders) == (2 if outcome is COMMITTED else 0)
    if outcome is not COMMITTED:
        index = DynamoOrderIndex(dynamodb, table)
        assert index.count("demo", 10, DEADLINE) == 0, "the entries are taken back"


def _save(transactions: DynamoOrderTransactions, *orders: Order) -> WriteOutcome:
    # The engine knows the idempotency tokens of all tables together.
    writes = [Write(replace(each, request_id=transactions.table), None, None) for each in orders]
    return transactions.save_together("demo", JointWrite(writes), DEADLINE)


def test_what_a_transaction_cannot_take_is_rejected_before_anything_is_written(
    dynamodb: DynamoDBClient, table: str
) -> None:
    transactions = DynamoOrderTransactions(dynamodb, table)
    large = replace(new_order(), document=DOCUMENT[:-1] + ',"x":"' + "я" * 195_000 + '"}')
    few = [replace(large, external_id=str(n), order_id=n) for n in range(1, 12)]
    with pytest.raises(TransactionTooLargeError, match=rf"at most {MAX_BYTES // 1024} KB; got 41"):
        _save(transactions, *few)
    change = SettingsChange(settings(), 1)
    many = [Write(new_order(str(n), n), None, None) for n in range(1, 101)]
    with pytest.raises(TransactionTooLargeError, match="one for definitions; got 101"):
        transactions.save_together("demo", JointWrite(many, settings=change), DEADLINE)
    assert dynamodb.scan(TableName=table)["Count"] == 0
    assert transactions.save_together("demo", JointWrite(many), DEADLINE) is COMMITTED
    assert _save(transactions, *few[:10]) is CONFLICT
    others = [
        replace(each, external_id=f"x{each.order_id}", order_id=200 + each.order_id) for each in few
    ]
    assert _save(transactions, *others[:10]) is COMMITTED


def test_an_unchanged_order_must_be_as_it_was_read(dynamodb: DynamoDBClient, table: str) -> None:
    transactions = DynamoOrderTransactions(dynamodb, table)
    kept = new_order("A")
    _save(transactions, kept)
    writes = [Write(replace(new_order("B", 2), request_id=table), None, None)]
    for other in (replace(kept, version=2), replace(kept, order_id=3), new_order("C", 3)):
        joint = JointWrite(writes, [other])
        assert transactions.save_together("demo", joint, DEADLINE) is CONFLICT
    assert transactions.save_together("demo", JointWrite(writes, [kept]), DEADLINE) is COMMITTED


def test_a_soft_deletion_ends_in_the_transaction(dynamodb: DynamoDBClient, table: str) -> None:
    _save(DynamoOrderTransactions(dynamodb, table), new_order("A"))
    index = DynamoOrderIndex(dynamodb, table)
    stored = index.find_by_order_id("demo", 1, DEADLINE)
    assert stored
    hidden = replace(
        stored,
        order=replace(stored.order.next_version(Cause("r", "c", NOW)), presence=Presence.HIDDEN),
    )
    changes = DynamoOrderChanges(dynamodb, table)
    assert changes.save(OrderChange(stored, hidden, None), DEADLINE) is COMMITTED
    revived = replace(hidden.order.next_version(Cause("s", "c", NOW)), presence=Presence.REVIVED)
    writes = [
        Write(revived, 2, None, hidden),
        Write(new_order("B", 2), None, None),
    ]
    transactions = DynamoOrderTransactions(dynamodb, table)
    assert transactions.save_together("demo", JointWrite(writes), DEADLINE) is COMMITTED
    assert index.count("demo", 10, DEADLINE) == 2
    assert transactions.save_together("demo", JointWrite(writes), DEADLINE) in {COMMITTED, CONFLICT}
