"""Changes of one order in DynamoDB Local: conflicts, cancelled transactions, lost answers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_order_changes import DynamoOrderChanges
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.table_keys import index_key, order_key
from orders.application.change_order import ChangeOrder
from orders.application.get_order_by_id import GetOrderById, OrderAddress
from orders.application.import_orders import ImportCommand, ImportOrders
from orders.application.ports import Pause, WriteOutcome
from orders.application.retries import pause_with_jitter
from orders.application.update_external_id import UpdateExternalId, UpdateExternalIdCommand
from orders.domain.changes import OrderChange
from orders.domain.external_ids import ExternalIdRefusal, plan_external_id_update
from orders.domain.importing import Outcome, Write
from orders.domain.known_products import EntryName
from orders.domain.order import Cause, Order
from orders.domain.problems import Reported
from orders.domain.settings import ExternalIdPolicy, Rulebook, StoredSettings
from orders.domain.submissions import Rejection, Submission
from tests.support.aws_faults import Parsed, answering, error_answer, failing
from tests.support.catalogue import FakeCatalogue
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.fakes import FakeOrderIds, FakePublisher, FakeSettings, TickingClock, publishing
from tests.support.order_changes import DOCUMENT, NOW, new_order, renaming
from tests.support.samples import settings

COMMITTED, CONFLICT, TAKEN = WriteOutcome.COMMITTED, WriteOutcome.CONFLICT, WriteOutcome.TAKEN


def _create(client: DynamoDBClient, table: str, *orders: Order) -> None:
    writes = [Write(order, None, None) for order in orders]
    assert set(DynamoOrders(client, table).save("demo", writes, DEADLINE)) == {COMMITTED}


def _update_external_id(
    client: DynamoDBClient, table: str, publisher: FakePublisher, pause: Pause = pause_with_jitter
) -> UpdateExternalId:
    get_order_by_id = GetOrderById(DynamoOrderIndex(client, table, pause))
    changes = DynamoOrderChanges(client, table, pause)
    change = ChangeOrder(get_order_by_id, changes, publishing(publisher), CountingPause(limit=500))
    return UpdateExternalId(change, TickingClock())


def _command(external_id: str, order_id: int = 1) -> UpdateExternalIdCommand:
    return UpdateExternalIdCommand(
        OrderAddress("demo", "website", order_id),
        external_id,
        ExternalIdPolicy.CHANGE,
        uuid4().hex,
        "shop",
        "yandex_market",
    )


def _items(client: DynamoDBClient, table: str) -> list[dict[str, Any]]:
    return client.scan(TableName=table, ConsistentRead=True)["Items"]


def _expect_consistent(client: DynamoDBClient, table: str) -> None:
    """Check that each order of the table has one item, one index item and its aliases."""
    items = _items(client, table)
    orders = {item["pk"]["S"]: item for item in items if item.get("type") == {"S": "order"}}
    numbers = [item["order_id"]["N"] for item in orders.values()]
    assert len(numbers) == len(set(numbers))
    aliases: dict[str, set[str]] = {}
    for item in items:
        if item.get("type") == {"S": "alias"}:
            name = item["pk"]["S"].removeprefix(order_key("demo", "")["pk"]["S"])
            aliases.setdefault(item["order_id"]["N"], set()).add(name)
    for pk, item in orders.items():
        key = index_key("demo", int(item["order_id"]["N"]))
        [entry] = [each for each in items if each["pk"] == key["pk"] and each["sk"] == key["sk"]]
        assert order_key("demo", entry["name"]["S"])["pk"]["S"] == pk
        listed = {alias["S"] for alias in entry.get("aliases", {"L": []})["L"]}
        assert listed == aliases.pop(item["order_id"]["N"], set())
    assert aliases == {}, "an alias without an order"


def test_sixteen_renames_of_one_order_all_succeed(dynamodb: DynamoDBClient, table: str) -> None:
    _create(dynamodb, table, new_order())
    publisher = FakePublisher()
    update = _update_external_id(dynamodb, table, publisher, CountingPause())
    with ThreadPoolExecutor(16) as pool:
        reports = list(pool.map(lambda n: update(_command(f"id {n}"), DEADLINE), range(16)))
    assert all(report.trigger and not report.unpublished for report in reports)
    versions = [report.trigger.order.version for report in reports if report.trigger]
    assert sorted(versions) == list(range(2, 18)), "each version has exactly one writer"
    assert sorted(trigger.order.version for trigger in publisher.sent) == list(range(2, 18))
    final = DynamoOrderIndex(dynamodb, table).find_by_order_id("demo", 1, DEADLINE)
    assert final
    assert {final.order.external_id, *final.aliases} == {"A", *(f"id {n}" for n in range(16))}
    _expect_consistent(dynamodb, table)


def test_sixteen_orders_that_want_one_id_have_one_winner(
    dynamodb: DynamoDBClient, table: str
) -> None:
    _create(dynamodb, table, *(new_order(f"order {n}", n) for n in range(1, 17)))
    update = _update_external_id(dynamodb, table, FakePublisher())
    with ThreadPoolExecutor(16) as pool:
        reports = list(pool.map(lambda n: update(_command("wanted", n), DEADLINE), range(1, 17)))
    assert sum(report.trigger is not None for report in reports) == 1
    refusals = [report.refusal for report in reports if report.trigger is None]
    assert refusals == [ExternalIdRefusal.TAKEN] * 15
    _expect_consistent(dynamodb, table)


class _Sent:
    """A sent order with only a document."""

    def __init__(self, external_id: str, note: str) -> None:
        self.external_id: str | None = external_id
        self.document = DOCUMENT.replace('"lines"', f'"note":"{note}","lines"')

    position = 0
    skip_trigger = False
    product_names: tuple[EntryName, ...] = ()

    def submit(self, rules: Rulebook, _before: Reported) -> Submission | Rejection:
        del rules
        return Submission(str(self.external_id), "altcraft", self.document, "new")


@pytest.mark.parametrize("imported", ["A", "B"])
def test_renames_and_imports_of_the_same_ids_lose_nothing(
    dynamodb: DynamoDBClient, table: str, imported: str
) -> None:
    """The import updates the order by its old id, or creates an order with the new id."""
    _create(dynamodb, table, new_order())
    publisher = FakePublisher()
    update = _update_external_id(dynamodb, table, publisher)
    do_import = ImportOrders(
        DynamoOrders(dynamodb, table),
        FakeOrderIds(last=100),
        FakeSettings({"demo": StoredSettings(settings(), 1)}),
        publishing(publisher),
        TickingClock(),
        CountingPause(limit=500),
        FakeCatalogue(),
    )

    def send(number: int) -> Outcome | ExternalIdRefusal | None:
        if number % 2:
            return update(_command("B"), DEADLINE).refusal
        command = ImportCommand("demo", "shop", uuid4().hex, [_Sent(imported, f"note {number}")])
        [result] = do_import(command, DEADLINE).results
        return result.outcome

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(16)))
    assert Outcome.FAILED not in answers
    _expect_consistent(dynamodb, table)
    orders = [item for item in _items(dynamodb, table) if item.get("type") == {"S": "order"}]
    if imported == "A":
        assert answers.count(ExternalIdRefusal.TAKEN) == 0
        assert len(orders) == 1, "an import with the old id must not create a second order"
    else:
        # The first request has the id. The second one found the existing order.
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
def test_the_reasons_of_a_cancelled_transaction_determine_the_outcome(
    dynamodb: DynamoDBClient, table: str, codes: tuple[str, ...], outcome: WriteOutcome
) -> None:
    _create(dynamodb, table, new_order())
    index = DynamoOrderIndex(dynamodb, table)
    changes = DynamoOrderChanges(dynamodb, table, CountingPause())
    named = index.find_by_order_id("demo", 1, DEADLINE)
    assert named
    with failing(dynamodb, "TransactWriteItems", lambda _: _cancelled(*codes)):
        assert changes.save(renaming(named, "B"), DEADLINE) is outcome
    assert index.find_by_order_id("demo", 1, DEADLINE) == named


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
def test_a_transaction_is_retried_after_a_transient_error(
    dynamodb: DynamoDBClient, table: str, fault: Callable[[], Any]
) -> None:
    _create(dynamodb, table, new_order())
    pause = CountingPause()
    index = DynamoOrderIndex(dynamodb, table)
    changes = DynamoOrderChanges(dynamodb, table, pause)
    named = index.find_by_order_id("demo", 1, DEADLINE)
    assert named
    change = renaming(named, "B")
    with failing(dynamodb, "TransactWriteItems", lambda n: fault() if n <= 2 else None):
        assert changes.save(change, DEADLINE) is COMMITTED
    assert pause.attempts == [1, 2]
    assert index.find_by_order_id("demo", 1, DEADLINE) == change.after


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException"])
def test_a_permanent_error_is_not_retried(dynamodb: DynamoDBClient, table: str, code: str) -> None:
    _create(dynamodb, table, new_order())
    changes = DynamoOrderChanges(dynamodb, table)
    named = DynamoOrderIndex(dynamodb, table).find_by_order_id("demo", 1, DEADLINE)
    assert named
    with failing(dynamodb, "TransactWriteItems", lambda _: error_answer(code)) as calls:
        assert changes.save(renaming(named, "B"), DEADLINE) is WriteOutcome.REFUSED
    assert calls == [1]


def test_a_change_without_an_answer_is_repeated_with_the_same_token(
    dynamodb: DynamoDBClient, table: str
) -> None:
    _create(dynamodb, table, new_order())
    index = DynamoOrderIndex(dynamodb, table)
    changes = DynamoOrderChanges(dynamodb, table, CountingPause())
    named = index.find_by_order_id("demo", 1, DEADLINE)
    assert named
    change = renaming(named, "B")

    def lose(number: int, _parsed: Parsed) -> None:
        if number == 1:
            raise ReadTimeoutError(endpoint_url="http://injected")

    with answering(dynamodb, "TransactWriteItems", lose) as answers:
        assert changes.save(change, DEADLINE) is COMMITTED
    assert len(answers) == 2
    assert index.find_by_order_id("demo", 1, DEADLINE) == change.after


def test_a_change_without_any_answer_is_unknown(dynamodb: DynamoDBClient, table: str) -> None:
    _create(dynamodb, table, new_order())
    index = DynamoOrderIndex(dynamodb, table)
    changes = DynamoOrderChanges(dynamodb, table, CountingPause(limit=2))
    named = index.find_by_order_id("demo", 1, DEADLINE)
    assert named

    def lose(_number: int, _parsed: Parsed) -> None:
        raise ReadTimeoutError(endpoint_url="http://injected")

    with answering(dynamodb, "TransactWriteItems", lose):
        assert changes.save(renaming(named, "B"), DEADLINE) is WriteOutcome.UNKNOWN


def test_a_later_answer_does_not_hide_a_lost_one(dynamodb: DynamoDBClient, table: str) -> None:
    _create(dynamodb, table, new_order())
    index = DynamoOrderIndex(dynamodb, table)
    changes = DynamoOrderChanges(dynamodb, table, CountingPause(limit=2))
    named = index.find_by_order_id("demo", 1, DEADLINE)
    assert named
    for later in ("ThrottlingException", "AccessDeniedException"):
        failures: dict[int, Any] = {
            1: ReadTimeoutError(endpoint_url="http://injected"),
            2: error_answer(later),
        }
        with failing(dynamodb, "TransactWriteItems", failures.get):
            assert changes.save(renaming(named, "B"), DEADLINE) is WriteOutcome.UNKNOWN


def test_a_request_that_decides_again_uses_another_token(
    dynamodb: DynamoDBClient, table: str
) -> None:
    _create(dynamodb, table, new_order())
    index = DynamoOrderIndex(dynamodb, table)
    changes = DynamoOrderChanges(dynamodb, table)
    request_id = uuid4().hex
    for name in "BC":
        named = index.find_by_order_id("demo", 1, DEADLINE)
        assert named
        change = plan_external_id_update(
            named, name, ExternalIdPolicy.CHANGE, Cause(request_id, "shop", NOW)
        )
        assert isinstance(change, OrderChange)
        assert changes.save(change, DEADLINE) is COMMITTED


def test_another_order_of_the_same_version_is_not_changed(
    dynamodb: DynamoDBClient, table: str
) -> None:
    _create(dynamodb, table, new_order())
    index = DynamoOrderIndex(dynamodb, table)
    changes = DynamoOrderChanges(dynamodb, table)
    named = index.find_by_order_id("demo", 1, DEADLINE)
    assert named
    dynamodb.delete_item(TableName=table, Key=order_key("demo", "A"))
    _create(dynamodb, table, new_order("A", 2))
    assert changes.save(renaming(named, "B"), DEADLINE) is CONFLICT
    update = Write(replace(named.order, version=2, status="paid"), 1, None)
    assert list(DynamoOrders(dynamodb, table).save("demo", [update], DEADLINE)) == [CONFLICT]
    assert (
        DynamoOrders(dynamodb, table)
        .find_by_external_ids("demo", ["A"], DEADLINE)
        .orders["A"]
        .order_id
        == 2
    )


def test_a_move_stores_its_trigger(dynamodb: DynamoDBClient, table: str) -> None:
    _create(dynamodb, table, replace(new_order(), request_id="import"))
    index = DynamoOrderIndex(dynamodb, table)
    changes = DynamoOrderChanges(dynamodb, table)
    named = index.find_by_order_id("demo", 1, DEADLINE)
    assert named
    change = renaming(named, "B")
    assert changes.save(change, DEADLINE) is COMMITTED
    assert change.trigger is not None
    item = dynamodb.get_item(TableName=table, Key=order_key("demo", "B"))["Item"]
    assert item["trigger"]["M"]["id"] == {"S": change.trigger.id}
    assert item["trigger"]["M"]["kind"] == {"S": "OrderExternalIdChanged"}
    assert item["trigger"]["M"]["moved_from"] == {"S": "A"}
