"""Renames and moves on DynamoDB's own engine: races, cancelled transactions, lost answers."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.order_items import alias_item
from orders.adapters.table_keys import index_key, order_key
from orders.application.change_order import ChangeOrder
from orders.application.get_order import GetOrder, OrderAddress
from orders.application.import_orders import ImportCommand, ImportOrders
from orders.application.ports import StorageUnavailableError, WriteOutcome
from orders.application.update_external_id import UpdateExternalId, UpdateExternalIdCommand
from orders.domain.changes import NamedOrder, OrderChange
from orders.domain.external_ids import ExternalIdRefusal, plan_external_id_update
from orders.domain.importing import Outcome, Write
from orders.domain.order import Order
from orders.domain.settings import ExternalIdPolicy, Rulebook, StoredSettings
from orders.domain.submissions import Rejection, Submission
from orders.protocols.altcraft.summaries import summarise
from tests.support.aws_faults import Parsed, answering, error_answer, failing
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.fakes import FakeOrderIds, FakePublisher, FakeSettings, TickingClock, publishing
from tests.support.samples import settings

COMMITTED, CONFLICT, TAKEN = WriteOutcome.COMMITTED, WriteOutcome.CONFLICT, WriteOutcome.TAKEN
NOW = datetime(2026, 1, 2, tzinfo=UTC)
DOCUMENT = '{"currency":"USD","endpoint":"website","lines":[],"status":"new","total_price":"1"}'


def _order(external_id: str = "A", order_id: int = 1) -> Order:
    return Order(
        account="demo",
        external_id=external_id,
        order_id=order_id,
        version=1,
        status="new",
        protocol="altcraft",
        document=DOCUMENT,
        created_at=NOW,
        updated_at=NOW,
        request_id="first",
        endpoint="website",
    )


def _create(client: DynamoDBClient, table: str, *orders: Order) -> None:
    writes = [Write(order, None, None) for order in orders]
    assert set(DynamoOrders(client, table).save("demo", writes, DEADLINE)) == {COMMITTED}


def _renamed(named: NamedOrder, external_id: str) -> OrderChange:
    request_id = uuid4().hex
    change = plan_external_id_update(named, external_id, ExternalIdPolicy.CHANGE, request_id, NOW)
    assert isinstance(change, OrderChange)
    return change


def _update_external_id(index: DynamoOrderIndex, publisher: FakePublisher) -> UpdateExternalId:
    pause = CountingPause(limit=500)
    change = ChangeOrder(GetOrder(index, summarise), index, publishing(publisher), pause)
    return UpdateExternalId(change, TickingClock())


def _command(external_id: str, order_id: int = 1) -> UpdateExternalIdCommand:
    return UpdateExternalIdCommand(
        OrderAddress("demo", "website", order_id),
        external_id,
        ExternalIdPolicy.CHANGE,
        uuid4().hex,
    )


def _items(client: DynamoDBClient, table: str) -> list[dict[str, Any]]:
    return client.scan(TableName=table, ConsistentRead=True)["Items"]


def _expect_consistent(client: DynamoDBClient, table: str) -> None:
    """Check the whole table: each order has one item, its index leads there, aliases to it."""
    items = _items(client, table)
    orders = {item["pk"]["S"]: item for item in items if item["type"]["S"] == "order"}
    numbers = [item["order_id"]["N"] for item in orders.values()]
    assert len(numbers) == len(set(numbers))
    aliases: dict[str, set[str]] = {}
    for item in items:
        if item["type"]["S"] == "alias":
            name = item["pk"]["S"].removeprefix(order_key("demo", "")["pk"]["S"])
            aliases.setdefault(item["order_id"]["N"], set()).add(name)
    for pk, item in orders.items():
        key = index_key("demo", int(item["order_id"]["N"]))
        [entry] = [each for each in items if each["pk"] == key["pk"] and each["sk"] == key["sk"]]
        assert order_key("demo", entry["external_id"]["S"])["pk"]["S"] == pk
        listed = {alias["S"] for alias in entry.get("aliases", {"L": []})["L"]}
        assert listed == aliases.pop(item["order_id"]["N"], set())
    assert aliases == {}, "an alias of no order"


def test_sixteen_renames_of_one_order_win_one_step_each(
    dynamodb: DynamoDBClient, table: str
) -> None:
    _create(dynamodb, table, _order())
    publisher = FakePublisher()
    update = _update_external_id(DynamoOrderIndex(dynamodb, table, CountingPause()), publisher)
    with ThreadPoolExecutor(16) as pool:
        reports = list(pool.map(lambda n: update(_command(f"id {n}"), DEADLINE), range(16)))
    assert all(report.trigger and not report.unpublished for report in reports)
    versions = [report.trigger.order.version for report in reports if report.trigger]
    assert sorted(versions) == list(range(2, 18)), "each step has exactly one winner"
    assert sorted(trigger.order.version for trigger in publisher.sent) == list(range(2, 18))
    final = DynamoOrderIndex(dynamodb, table).find("demo", 1, DEADLINE)
    assert final
    assert {final.order.external_id, *final.aliases} == {"A", *(f"id {n}" for n in range(16))}
    _expect_consistent(dynamodb, table)


def test_sixteen_orders_that_want_one_id_have_one_winner(
    dynamodb: DynamoDBClient, table: str
) -> None:
    _create(dynamodb, table, *(_order(f"order {n}", n) for n in range(1, 17)))
    update = _update_external_id(DynamoOrderIndex(dynamodb, table), FakePublisher())
    with ThreadPoolExecutor(16) as pool:
        reports = list(pool.map(lambda n: update(_command("wanted", n), DEADLINE), range(1, 17)))
    assert sum(report.trigger is not None for report in reports) == 1
    refusals = [report.refusal for report in reports if report.trigger is None]
    assert refusals == [ExternalIdRefusal.TAKEN] * 15
    _expect_consistent(dynamodb, table)


class _Sent:
    """An order of an import, reduced to its document."""

    def __init__(self, external_id: str, note: str) -> None:
        self.external_id: str | None = external_id
        self.document = DOCUMENT.replace('"lines"', f'"note":"{note}","lines"')

    position = 0
    skip_trigger = False

    def submit(self, rules: Rulebook) -> Submission | Rejection:
        del rules
        return Submission(str(self.external_id), "altcraft", self.document, "new", "website")


@pytest.mark.parametrize("imported", ["A", "B"])
def test_renames_and_imports_of_the_same_ids_lose_nothing(
    dynamodb: DynamoDBClient, table: str, imported: str
) -> None:
    """The import names the order's old id, or creates the id that the rename wants."""
    _create(dynamodb, table, _order())
    publisher = FakePublisher()
    update = _update_external_id(DynamoOrderIndex(dynamodb, table), publisher)
    do_import = ImportOrders(
        DynamoOrders(dynamodb, table),
        FakeOrderIds(last=100),
        FakeSettings({"demo": StoredSettings(settings(), 1)}),
        publishing(publisher),
        TickingClock(),
        CountingPause(limit=500),
    )

    def send(number: int) -> Outcome | ExternalIdRefusal | None:
        if number % 2:
            return update(_command("B"), DEADLINE).refusal
        command = ImportCommand("demo", uuid4().hex, [_Sent(imported, f"note {number}")])
        [result] = do_import(command, DEADLINE).results
        return result.outcome

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(16)))
    assert Outcome.FAILED not in answers
    _expect_consistent(dynamodb, table)
    orders = [item for item in _items(dynamodb, table) if item["type"]["S"] == "order"]
    if imported == "A":
        assert answers.count(ExternalIdRefusal.TAKEN) == 0
        assert len(orders) == 1, "an import under the old id must not make a twin"
    else:
        # Whoever was first has the id; the other saw the order that is there.
        was_taken = ExternalIdRefusal.TAKEN in answers
        assert len(orders) == (2 if was_taken else 1)
    versions = sorted((each.order.order_id, each.order.version) for each in publisher.sent)
    assert len(versions) == len(set(versions)), "no version was committed twice"
    for order in orders:
        number, last = int(order["order_id"]["N"]), int(order["version"]["N"])
        first = 2 if number == 1 else 1
        assert [version for n, version in versions if n == number] == list(range(first, last + 1))


def _cancelled(*codes: str) -> Any:  # noqa: ANN401 - botocore's answers have no stubs
    reasons = [{"Code": code} for code in codes]
    return error_answer("TransactionCanceledException", CancellationReasons=reasons)


@pytest.mark.parametrize(
    ("codes", "outcome"),
    [
        (("ConditionalCheckFailed", "None", "None"), CONFLICT),
        (("None", "None", "ConditionalCheckFailed"), CONFLICT),
        (("None", "ConditionalCheckFailed", "None"), TAKEN),
        (("ConditionalCheckFailed", "ConditionalCheckFailed", "None"), CONFLICT),
        (("TransactionConflict", "ConditionalCheckFailed", "None"), CONFLICT),
        (("None", "ValidationError", "None"), WriteOutcome.REFUSED),
        (("None", "ItemCollectionSizeLimitExceeded", "None"), WriteOutcome.REFUSED),
        (("None", "TransactionConflict", "None"), WriteOutcome.UNTRIED),
        (("ThrottlingError", "None", "None"), WriteOutcome.UNTRIED),
        (("None", "None", "ProvisionedThroughputExceeded"), WriteOutcome.UNTRIED),
    ],
)
def test_a_cancelled_transaction_says_why(
    dynamodb: DynamoDBClient, table: str, codes: tuple[str, ...], outcome: WriteOutcome
) -> None:
    _create(dynamodb, table, _order())
    index = DynamoOrderIndex(dynamodb, table, CountingPause())
    named = index.find("demo", 1, DEADLINE)
    assert named
    with failing(dynamodb, "TransactWriteItems", lambda _: _cancelled(*codes)):
        assert index.save(_renamed(named, "B"), DEADLINE) is outcome
    assert index.find("demo", 1, DEADLINE) == named


@pytest.mark.parametrize(
    "fault",
    [
        lambda: _cancelled("None", "TransactionConflict", "None"),
        lambda: error_answer("ThrottlingException"),
        lambda: error_answer("TransactionInProgressException"),
        lambda: error_answer("InternalServerError", 500),
        lambda: ReadTimeoutError(endpoint_url="http://injected"),
        lambda: ConnectTimeoutError(endpoint_url="http://injected"),
    ],
)
def test_a_passing_fault_is_waited_out(
    dynamodb: DynamoDBClient, table: str, fault: Callable[[], Any]
) -> None:
    _create(dynamodb, table, _order())
    pause = CountingPause()
    index = DynamoOrderIndex(dynamodb, table, pause)
    named = index.find("demo", 1, DEADLINE)
    assert named
    change = _renamed(named, "B")
    with failing(dynamodb, "TransactWriteItems", lambda n: fault() if n <= 2 else None):
        assert index.save(change, DEADLINE) is COMMITTED
    assert pause.attempts == [1, 2]
    assert index.find("demo", 1, DEADLINE) == change.after


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException"])
def test_a_fault_of_ours_is_refused(dynamodb: DynamoDBClient, table: str, code: str) -> None:
    _create(dynamodb, table, _order())
    index = DynamoOrderIndex(dynamodb, table)
    named = index.find("demo", 1, DEADLINE)
    assert named
    with failing(dynamodb, "TransactWriteItems", lambda _: error_answer(code)) as calls:
        assert index.save(_renamed(named, "B"), DEADLINE) is WriteOutcome.REFUSED
    assert calls == [1]


def test_a_change_whose_answer_was_lost_is_repeated_under_the_same_token(
    dynamodb: DynamoDBClient, table: str
) -> None:
    _create(dynamodb, table, _order())
    index = DynamoOrderIndex(dynamodb, table, CountingPause())
    named = index.find("demo", 1, DEADLINE)
    assert named
    change = _renamed(named, "B")

    def lose(number: int, _parsed: Parsed) -> None:
        if number == 1:
            raise ReadTimeoutError(endpoint_url="http://injected")

    with answering(dynamodb, "TransactWriteItems", lose) as answers:
        assert index.save(change, DEADLINE) is COMMITTED
    assert len(answers) == 2
    assert index.find("demo", 1, DEADLINE) == change.after


def test_a_change_whose_answers_stay_lost_is_unknown(dynamodb: DynamoDBClient, table: str) -> None:
    _create(dynamodb, table, _order())
    index = DynamoOrderIndex(dynamodb, table, CountingPause(limit=2))
    named = index.find("demo", 1, DEADLINE)
    assert named

    def lose(_number: int, _parsed: Parsed) -> None:
        raise ReadTimeoutError(endpoint_url="http://injected")

    with answering(dynamodb, "TransactWriteItems", lose):
        assert index.save(_renamed(named, "B"), DEADLINE) is WriteOutcome.UNKNOWN


def test_a_lost_answer_is_not_forgotten_over_later_ones(
    dynamodb: DynamoDBClient, table: str
) -> None:
    _create(dynamodb, table, _order())
    index = DynamoOrderIndex(dynamodb, table, CountingPause(limit=2))
    named = index.find("demo", 1, DEADLINE)
    assert named
    for later in ("ThrottlingException", "AccessDeniedException"):
        failures: dict[int, Any] = {
            1: ReadTimeoutError(endpoint_url="http://injected"),
            2: error_answer(later),
        }
        with failing(dynamodb, "TransactWriteItems", failures.get):
            assert index.save(_renamed(named, "B"), DEADLINE) is WriteOutcome.UNKNOWN


def test_a_request_that_decides_again_uses_another_token(
    dynamodb: DynamoDBClient, table: str
) -> None:
    _create(dynamodb, table, _order())
    index = DynamoOrderIndex(dynamodb, table)
    request_id = uuid4().hex
    for name in "BC":
        named = index.find("demo", 1, DEADLINE)
        assert named
        change = plan_external_id_update(named, name, ExternalIdPolicy.CHANGE, request_id, NOW)
        assert isinstance(change, OrderChange)
        assert index.save(change, DEADLINE) is COMMITTED


def test_another_order_of_the_same_version_is_not_changed(
    dynamodb: DynamoDBClient, table: str
) -> None:
    _create(dynamodb, table, _order())
    index = DynamoOrderIndex(dynamodb, table)
    named = index.find("demo", 1, DEADLINE)
    assert named
    dynamodb.delete_item(TableName=table, Key=order_key("demo", "A"))
    _create(dynamodb, table, _order("A", 2))
    assert index.save(_renamed(named, "B"), DEADLINE) is CONFLICT
    update = Write(replace(named.order, version=2, status="paid"), 1, None)
    assert list(DynamoOrders(dynamodb, table).save("demo", [update], DEADLINE)) == [CONFLICT]
    assert DynamoOrders(dynamodb, table).find("demo", ["A"], DEADLINE).orders["A"].order_id == 2


def test_a_rename_between_the_two_reads_is_noticed(dynamodb: DynamoDBClient, table: str) -> None:
    _create(dynamodb, table, _order())
    index = DynamoOrderIndex(dynamodb, table)
    before = index.find("demo", 1, DEADLINE)
    assert before
    change = _renamed(before, "B")

    def rename(number: int, _parsed: Parsed) -> None:
        if number == 1:
            assert index.save(change, DEADLINE) is COMMITTED

    with answering(dynamodb, "GetItem", rename) as answers:
        assert index.find("demo", 1, DEADLINE) == change.after
    assert len(answers) == 4


def _keep_renaming(index: DynamoOrderIndex, names: Iterator[str]) -> Callable[[int, Parsed], None]:
    """Return what renames the order 1 after each read of its index entry."""
    state = {"named": index.find("demo", 1, DEADLINE)}

    def rename(number: int, _parsed: Parsed) -> None:
        current, name = state["named"], next(names, None) if number % 2 else None
        if name:
            assert current
            change = _renamed(current, name)
            assert index.save(change, DEADLINE) is COMMITTED
            state["named"] = change.after

    return rename


def test_an_order_that_keeps_moving_is_waited_for(dynamodb: DynamoDBClient, table: str) -> None:
    _create(dynamodb, table, _order())
    index = DynamoOrderIndex(dynamodb, table, CountingPause())
    rename = _keep_renaming(index, iter([f"id {n}" for n in range(12)]))
    with answering(dynamodb, "GetItem", rename):
        named = index.find("demo", 1, DEADLINE)
    assert named
    assert named.order.external_id == "id 11"


def test_an_order_that_moves_longer_than_there_is_time_is_not_said_to_be_missing(
    dynamodb: DynamoDBClient, table: str
) -> None:
    _create(dynamodb, table, _order())
    index = DynamoOrderIndex(dynamodb, table, CountingPause(limit=2))
    rename = _keep_renaming(index, iter([f"id {n}" for n in range(50)]))
    with answering(dynamodb, "GetItem", rename), pytest.raises(StorageUnavailableError):
        index.find("demo", 1, DEADLINE)


def test_an_order_that_comes_back_to_its_id_between_two_reads_is_found(
    dynamodb: DynamoDBClient, table: str
) -> None:
    """A, B and A again: the names of its entry are then what they were."""
    _create(dynamodb, table, _order("B"))
    index = DynamoOrderIndex(dynamodb, table, CountingPause())
    named = index.find("demo", 1, DEADLINE)
    assert named
    assert index.save(_renamed(named, "A"), DEADLINE) is COMMITTED

    def rename(number: int, _parsed: Parsed) -> None:
        if number in {1, 3}:
            current = DynamoOrderIndex(dynamodb, table)
            with_key = {1: "B", 3: "A"}[number]
            done.append(with_key)
            found = known[-1]
            change = _renamed(found, with_key)
            assert current.save(change, DEADLINE) is COMMITTED
            known.append(change.after)

    done: list[str] = []
    first = index.find("demo", 1, DEADLINE)
    assert first
    known = [first]
    with answering(dynamodb, "GetItem", lambda number, parsed: rename(number + 0, parsed)):
        found_again = index.find("demo", 1, DEADLINE)
    assert done[:1] == ["B"]
    assert found_again is not None
    assert found_again == known[-1]


def test_an_order_that_is_renamed_while_orders_are_listed_is_listed(
    dynamodb: DynamoDBClient, table: str
) -> None:
    _create(dynamodb, table, _order(), _order("X", 2))
    index = DynamoOrderIndex(dynamodb, table)
    named = index.find("demo", 1, DEADLINE)
    assert named
    change = _renamed(named, "B")

    def rename(number: int, _parsed: Parsed) -> None:
        if number == 1:
            assert index.save(change, DEADLINE) is COMMITTED

    with failing(dynamodb, "BatchGetItem", lambda number: rename(number, {})):
        page = index.list_orders("demo", None, 10, DEADLINE)
    assert [each.order.external_id for each in page.orders] == ["X", "B"]


def test_an_order_that_is_renamed_again_and_again_while_listed_is_listed(
    dynamodb: DynamoDBClient, table: str
) -> None:
    _create(dynamodb, table, _order())
    index = DynamoOrderIndex(dynamodb, table, CountingPause())
    named = index.find("demo", 1, DEADLINE)
    assert named
    known = [named]

    def rename(number: int) -> None:
        # Reads of orders and of index entries take turns.
        if number in {1, 3, 5}:
            change = _renamed(known[-1], f"id {number}")
            assert index.save(change, DEADLINE) is COMMITTED
            known.append(change.after)

    with failing(dynamodb, "BatchGetItem", rename):
        page = index.list_orders("demo", None, 10, DEADLINE)
    assert list(page.orders) == [known[-1]]
    assert len(known) == 4


def test_a_shard_that_is_cut_off_hides_no_order(dynamodb: DynamoDBClient, table: str) -> None:
    """One answer holds at most 1 MB: entries with many aliases fill it before the limit does."""
    numbers = [*range(8, 8 * 61, 8), *range(1, 50, 8)]
    _create(dynamodb, table, *(_order(f"order {n}", n) for n in numbers))
    long_names = {"L": [{"S": f"{n}{'x' * 500}"} for n in range(50)]}
    for number in range(8, 8 * 61, 8):
        dynamodb.update_item(
            TableName=table,
            Key=index_key("demo", number),
            UpdateExpression="SET aliases = :names",
            ExpressionAttributeValues={":names": long_names},
        )
    index = DynamoOrderIndex(dynamodb, table)
    listed: list[int] = []
    before = None
    while True:
        page = index.list_orders("demo", before, 100, DEADLINE)
        listed += [named.order.order_id for named in page.orders]
        before = page.next_before
        if before is None:
            break
    assert listed == sorted(numbers, reverse=True)


def test_what_cannot_be_read_is_not_said_to_be_missing(
    dynamodb: DynamoDBClient, table: str
) -> None:
    _create(dynamodb, table, _order())
    index = DynamoOrderIndex(dynamodb, table, CountingPause(limit=2))
    for operation in ("Query", "BatchGetItem"):
        with (
            failing(dynamodb, operation, lambda _: error_answer("ThrottlingException")),
            pytest.raises(StorageUnavailableError),
        ):
            index.list_orders("demo", None, 10, DEADLINE)
    with (
        failing(dynamodb, "GetItem", lambda _: error_answer("ThrottlingException")),
        pytest.raises(StorageUnavailableError),
    ):
        index.find("demo", 1, DEADLINE)


def test_an_alias_without_its_order_is_not_taken_for_one(
    dynamodb: DynamoDBClient, table: str
) -> None:
    dynamodb.put_item(TableName=table, Item=alias_item("demo", "A", 1))
    index_item = {**index_key("demo", 1), "type": {"S": "index"}, "external_id": {"S": "A"}}
    dynamodb.put_item(TableName=table, Item=index_item)
    assert DynamoOrderIndex(dynamodb, table).find("demo", 1, DEADLINE) is None


def test_the_move_carries_its_envelope(dynamodb: DynamoDBClient, table: str) -> None:
    _create(dynamodb, table, replace(_order(), request_id="import"))
    index = DynamoOrderIndex(dynamodb, table)
    named = index.find("demo", 1, DEADLINE)
    assert named
    change = _renamed(named, "B")
    assert index.save(change, DEADLINE) is COMMITTED
    item = dynamodb.get_item(TableName=table, Key=order_key("demo", "B"))["Item"]
    assert item["trigger"]["M"]["id"] == {"S": change.trigger.id}
    assert item["trigger"]["M"]["kind"] == {"S": "OrderExternalIdChanged"}
    assert item["trigger"]["M"]["moved_from"] == {"S": "A"}
