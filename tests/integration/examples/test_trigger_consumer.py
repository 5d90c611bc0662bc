"""The sample consumer reaches the same state in every order of arrival."""

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, ConnectTimeoutError
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.eventbridge import SOURCE, detail_of
from orders.domain.fulfilment import Fulfilment
from orders.domain.order import Order
from orders.domain.settings import Rulebook, Settings
from orders.domain.submissions import Submission
from orders.domain.triggers import Trigger, TriggerKind, deletion_of, trigger_of
from orders.protocols.commercetools.requests import read_draft
from orders.protocols.commercetools.submissions import SentDraft
from orders.runtime.composition.order_protocols import lines_of, present
from tests.support import commercetools
from tests.support.aws_faults import error_answer, failing
from tests.support.functions import Tree
from tests.support.template_tables import load_template

EXAMPLE = Path(__file__).parents[3] / "examples" / "trigger_consumer"
MODULE = "examples.trigger_consumer.handler"
NOW = datetime(2026, 1, 2, tzinfo=UTC)


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
        "protocol": "altcraft",
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


def _altcraft(status: str, line: str = "new", **rest: object) -> str:
    tree = {"lines": [{"external_id": "1", "status": line}], "status": status, **rest}
    return json.dumps(tree)


def _commercetools(state: str, _line: str = "", **rest: object) -> str:
    body = json.dumps(commercetools.draft(orderState=state, **rest)).encode()
    sent = SentDraft(read_draft(body, None, "shop"), "A", "shop", "client")
    submission = sent.submit(Rulebook.of(Settings()))
    assert isinstance(submission, Submission)
    return submission.document


def _triggers() -> Iterator[tuple[Trigger, str]]:
    """Yield a trigger of each kind in each protocol that writes orders, and the order's status.

    Yandex Market writes no orders of its own: it changes the ids and the fulfilment of both.
    """
    ready, delivered = Fulfilment.READY_TO_SHIP, Fulfilment.DELIVERED
    for protocol, stored, first, last, when_ready in (
        ("altcraft", _altcraft, "new", "delivered", "new"),
        ("commercetools", _commercetools, "Open", "Complete", "Confirmed"),
    ):
        document = stored(first)
        one = Order("shop", "A", 1, 1, first, protocol, document, NOW, NOW, "request")
        two = replace(one, version=2)
        final = replace(two, status=last, document=stored(last), fulfilment=delivered)
        lines = lines_of(one)
        yield trigger_of(None, one, lines), first
        yield trigger_of(one, final, lines), last
        yield trigger_of(one, replace(two, external_id="B"), lines), first
        yield trigger_of(one, replace(two, fulfilment=ready), lines), when_ready
        yield (
            trigger_of(
                one, replace(two, document=stored(first, custom={"type": {"id": "t"}})), lines
            ),
            first,
        )
        if lines is not None:
            yield trigger_of(one, replace(two, document=stored(first, "delivered")), lines), first
        yield deletion_of(two), ""


TRIGGERS = list(_triggers())


def test_the_triggers_are_of_every_protocol_and_kind() -> None:
    found = {(trigger.order.protocol, trigger.kind) for trigger, _ in TRIGGERS}
    # Lines of commercetools have no status that triggers report.
    impossible = {("commercetools", TriggerKind.ORDER_LINE_STATUS_CHANGED)}
    every = {(name, kind) for name in ("altcraft", "commercetools") for kind in TriggerKind}
    assert found == every - impossible


@pytest.mark.parametrize(
    ("trigger", "status"),
    TRIGGERS,
    ids=[f"{trigger.order.protocol} {trigger.kind}" for trigger, _ in TRIGGERS],
)
def test_an_event_of_every_protocol_and_kind_gives_the_status(
    consumer: Consumer, fresh: Callable[[], int], trigger: Trigger, status: str
) -> None:
    number = fresh()
    own = replace(trigger, order=replace(trigger.order, order_id=number))
    detail = json.loads(detail_of(own, present))
    consumer.take({"id": "1", "source": SOURCE, "detail-type": str(own.kind), "detail": detail})
    end: Tree = {"status": status} if status else {"deleted": True}
    known = {"version": str(own.order.version), "external_id": own.order.external_id}
    assert consumer.state(number) == known | end


def test_a_changed_state_without_its_order_is_read_in_every_protocol(
    consumer: Consumer, fresh: Callable[[], int]
) -> None:
    for protocol, member in (("altcraft", "status"), ("commercetools", "orderState")):
        number = fresh()
        changed = {member: {"old": "a", "new": "b"}}
        omitted: Tree = {"order": None, "order_omitted": True, "changed": changed}
        consumer.take(event(2, order_id=number, protocol=protocol, **omitted))
        assert consumer.state(number) == {"version": "2", "external_id": "A", "status": "b"}


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


SAMPLES = {path.stem: json.loads(path.read_text()) for path in (EXAMPLE / "events").glob("*")}
SCHEMAS = EXAMPLE.parents[1] / "events" / "schemas"


def test_every_kind_of_trigger_has_a_sample_event() -> None:
    reduced = {"OrderDeletedThin", "OrderUpdatedWithoutPerson"}
    assert set(SAMPLES) == set(map(str, TriggerKind)) | reduced
    assert all(SAMPLES[name]["detail"]["person_omitted"] for name in reduced)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_event_is_one_of_the_hub_and_is_stored(
    consumer: Consumer, fresh: Callable[[], int], name: str
) -> None:
    sent = SAMPLES[name]
    kind = sent["detail-type"]
    schema = json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(sent["detail"])
    assert sent["source"] == SOURCE
    assert name.startswith(kind)
    [own] = _of(fresh(), (sent,))
    consumer.take(own)
    state = consumer.state(own["detail"]["order_id"], own["detail"]["account"])
    assert state
    assert state["external_id"] == own["detail"]["external_id"]
    assert state["version"] == str(own["detail"]["version"])


def test_sam_local_can_set_the_variables_of_the_consumer() -> None:
    function = load_template(EXAMPLE / "template.yaml")["Resources"]["ConsumerFunction"]
    variables = json.loads((EXAMPLE / "env.json").read_text(encoding="utf-8"))["Parameters"]
    assert set(variables) == set(function["Properties"]["Environment"]["Variables"])
    assert function["Properties"]["Architectures"] == [{"Ref": "Architecture"}]
