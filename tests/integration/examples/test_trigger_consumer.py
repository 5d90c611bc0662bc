"""The sample consumer reaches the same state in every order of arrival."""

import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, ConnectTimeoutError
from hypothesis import given
from hypothesis import strategies as st
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.eventbridge import SOURCE
from tests.support.aws_faults import error_answer, failing
from tests.support.functions import Tree
from tests.support.template_tables import load_template

EXAMPLE = Path(__file__).parents[3] / "examples" / "trigger_consumer"
MODULE = "examples.trigger_consumer.handler"


@dataclass
class Consumer:
    """The sample's function and its table."""

    module: ModuleType
    client: DynamoDBClient
    table: str

    @property
    def own_client(self) -> DynamoDBClient:
        client: DynamoDBClient = vars(self.module)["_dynamodb"]
        return client

    def take(self, *events: Tree) -> None:
        for event in events:
            self.module.lambda_handler(event, None)

    def state(self, order_id: int = 1, account: str = "shop") -> Tree | None:
        key = {"order_key": {"S": f"{account}#{order_id}"}}
        item = self.client.get_item(TableName=self.table, Key=key).get("Item")
        if item is None:
            return None
        assert item.pop("order_key") == key["order_key"]
        return {name: next(iter(value.values())) for name, value in item.items()}


def event(
    version: int, kind: str = "OrderStatusChanged", order_id: int = 1, **detail: object
) -> Tree:
    """Return an event about an order with the status `new`; a detail of None is left out."""
    members = {
        "id": f"{order_id} {version}",
        "account": "shop",
        "order_id": order_id,
        "external_id": "A",
        "version": version,
        "changed": {},
        "order": {"external_id": "A", "status": "new"},
        **detail,
    }
    return {
        "id": str(uuid4()),
        "source": SOURCE,
        "detail-type": kind,
        "detail": {name: value for name, value in members.items() if value is not None},
    }


# The events of one order: created, paid, renamed, changed in an event without its order, delivered.
LIFE = (
    event(1, "OrderCreated"),
    event(2, order={"status": "paid"}),
    event(3, "OrderExternalIdChanged", external_id="B", order={"status": "paid"}),
    event(5, "OrderUpdated", external_id="B", order=None, order_omitted=True),
    event(6, external_id="B", order={"status": "delivered"}),
)
DELETED = event(7, "OrderDeleted", external_id="B", order=None)


def _of(order_id: int, events: tuple[Tree, ...]) -> list[Tree]:
    return [{**each, "detail": {**each["detail"], "order_id": order_id}} for each in events]


@pytest.fixture(scope="module")
def consumer(dynamodb: DynamoDBClient) -> Iterator[Consumer]:
    [properties] = [
        resource["Properties"]
        for resource in load_template(EXAMPLE / "template.yaml")["Resources"].values()
        if resource["Type"] == "AWS::DynamoDB::Table"
    ]
    table = f"states-{uuid4().hex}"
    dynamodb.create_table(
        TableName=table,
        **{name: properties[name] for name in ("AttributeDefinitions", "KeySchema", "BillingMode")},
    )
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in {
            "TABLE_NAME": table,
            "AWS_ENDPOINT_URL_DYNAMODB": dynamodb.meta.endpoint_url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            patch.setenv(variable, value)
        yield Consumer(importlib.import_module(MODULE), dynamodb, table)
    del sys.modules[MODULE]


@pytest.fixture(scope="module")
def fresh() -> Callable[[], int]:
    """Return a function that returns unused order ids."""
    numbers = iter(range(1000, 10**6))
    return lambda: next(numbers)


def test_the_first_event_of_an_order_is_stored(
    consumer: Consumer, fresh: Callable[[], int]
) -> None:
    number = fresh()
    consumer.take(event(1, "OrderCreated", number))
    assert consumer.state(number) == {"version": "1", "external_id": "A", "status": "new"}


def test_a_copy_changes_nothing(consumer: Consumer, fresh: Callable[[], int]) -> None:
    number = fresh()
    first = event(1, "OrderCreated", number)
    consumer.take(first)
    before = consumer.state(number)
    consumer.take({**first, "id": "another delivery", "replay-name": "again"})
    assert consumer.state(number) == before


def test_an_older_event_after_a_newer_one_changes_nothing(
    consumer: Consumer, fresh: Callable[[], int]
) -> None:
    number = fresh()
    consumer.take(event(10, order_id=number, external_id="B", order={"status": "paid"}))
    before = consumer.state(number)
    consumer.take(event(9, order_id=number))
    assert (
        consumer.state(number)
        == before
        == {
            "version": "10",
            "external_id": "B",
            "status": "paid",
        }
    )


def test_every_order_of_arrival_leads_to_the_same_state(
    consumer: Consumer, fresh: Callable[[], int]
) -> None:
    for arrival in permutations(LIFE):
        number = fresh()
        consumer.take(*_of(number, arrival))
        assert consumer.state(number) == {
            "version": "6",
            "external_id": "B",
            "status": "delivered",
        }


@given(extra=st.lists(st.sampled_from([*LIFE, DELETED]), max_size=8), data=st.data())
def test_copies_do_not_change_the_final_state(
    consumer: Consumer, fresh: Callable[[], int], extra: list[Tree], data: st.DataObject
) -> None:
    arrival = data.draw(st.permutations([*LIFE, *extra]))
    number = fresh()
    consumer.take(*_of(number, tuple(arrival)))
    state = consumer.state(number)
    assert state
    end = {"deleted": True} if DELETED in extra else {"status": "delivered"}
    assert state == {"version": "7" if DELETED in extra else "6", "external_id": "B"} | end


def test_a_late_event_does_not_restore_a_deleted_order(
    consumer: Consumer, fresh: Callable[[], int]
) -> None:
    number = fresh()
    consumer.take(*_of(number, (LIFE[0], DELETED, *LIFE)))
    assert consumer.state(number) == {"version": "7", "external_id": "B", "deleted": True}


def test_a_deletion_is_stored_without_earlier_events(
    consumer: Consumer, fresh: Callable[[], int]
) -> None:
    number = fresh()
    consumer.take(*_of(number, (DELETED,)))
    assert consumer.state(number) == {"version": "7", "external_id": "B", "deleted": True}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"status": {"old": "new", "new": "paid"}}, {"status": "paid"}),
        ({"email": {"old": "a@example.com"}}, {"unread": True}),
        ({"status": {}}, {"unread": True}),
    ],
    ids=["the change has the status", "something else changed", "the change was omitted too"],
)
def test_an_event_without_its_order_replaces_the_old_status(
    consumer: Consumer, fresh: Callable[[], int], changed: Tree, expected: Tree
) -> None:
    number = fresh()
    consumer.take(event(1, "OrderCreated", number))
    omitted: Tree = {"order": None, "order_omitted": True, "changed": changed}
    consumer.take(event(2, order_id=number, **omitted))
    assert consumer.state(number) == {"version": "2", "external_id": "A", **expected}


def test_orders_do_not_mix(consumer: Consumer, fresh: Callable[[], int]) -> None:
    one, two = fresh(), fresh()
    consumer.take(
        event(5, order_id=one),
        event(1, order_id=two, order={"status": "paid"}),
        event(2, order_id=one, account="other", order={"status": "canceled"}),
    )
    ends = [consumer.state(one), consumer.state(two), consumer.state(one, "other")]
    assert [(each["version"], each["status"]) for each in ends if each] == [
        ("5", "new"),
        ("1", "paid"),
        ("2", "canceled"),
    ]


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (error_answer("AccessDeniedException"), ClientError),
        (error_answer("InternalServerError", 500), ClientError),
        (ConnectTimeoutError(endpoint_url="table"), ConnectTimeoutError),
    ],
    ids=["refused", "broken", "away"],
)
def test_a_fault_is_raised_and_the_retry_stores_the_order(
    consumer: Consumer,
    fresh: Callable[[], int],
    fault: AWSResponse | Exception,
    raised: type[Exception],
) -> None:
    number = fresh()
    with failing(consumer.own_client, "PutItem", lambda _: fault), pytest.raises(raised):
        consumer.take(event(1, order_id=number))
    assert consumer.state(number) is None
    consumer.take(event(1, order_id=number))
    assert consumer.state(number)
