"""The triggers that are read from the stream equal the committed ones, or are unreadable."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_order_changes import DynamoOrderChanges
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.dynamodb_receipts import DynamoReceipts
from orders.adapters.stream_records import StreamedChange, read_record
from orders.adapters.table_keys import order_key, tombstone_key
from orders.application.ports import RequestKey, Unreadable, WriteOutcome
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.deletions import plan_deletion
from orders.domain.external_ids import plan_external_id_update
from orders.domain.fulfilment import Fulfilment, SalesModel
from orders.domain.importing import Write
from orders.domain.order import Cause, Order
from orders.domain.order_updates import Revision, Update, plan_update
from orders.domain.settings import ExternalIdPolicy
from orders.domain.status_updates import Move, plan_status_update
from orders.domain.triggers import Trigger, TriggerKind, TriggerPayload, trigger_of
from orders.domain.undoing import plan_restoration
from orders.protocols.altcraft.documents import LINES
from orders.protocols.altcraft.states import fulfilment_of
from orders.runtime.composition.order_protocols import reduce_trigger
from orders.runtime.composition.trigger_rules import TRIGGER_RULES
from tests.support.deadlines import DEADLINE
from tests.support.order_changes import deletion, revival, soft_deletion
from tests.support.stream import Record, passes_filter, read_stream
from tests.support.template_tables import create_table

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
CUSTOMER = "customer@example.com"


def _order(external_id: str = "A", order_id: int = 1, **members: object) -> Order:
    document = {
        "email": CUSTOMER,
        "lines": [{"external_id": "1", "status": "new"}],
        "status": "new",
        **members,
    }
    return Order(
        account="demo",
        external_id=external_id,
        order_id=order_id,
        version=1,
        status=str(document["status"]),
        protocol="altcraft",
        document=json.dumps(document),
        created_at=NOW,
        updated_at=NOW,
        request_id="import",
        fulfilment=fulfilment_of(str(document["status"])),
    )


def _updated(before: Order, **members: object) -> Order:
    changed = _order(before.external_id, before.order_id, **members)
    return replace(
        before,
        version=before.version + 1,
        status=changed.status,
        document=changed.document,
        updated_at=NOW + timedelta(minutes=1),
        request_id="second import",
        update_time=NOW,
    )


@dataclass
class Table:
    """A table with writers that return the committed triggers."""

    client: DynamoDBClient
    name: str
    payload: TriggerPayload = TriggerPayload.FULL

    def __post_init__(self) -> None:
        self.orders = DynamoOrders(self.client, self.name)
        self.index = DynamoOrderIndex(self.client, self.name)
        self.changes = DynamoOrderChanges(self.client, self.name)

    def create(self, order: Order) -> Trigger:
        return self._write(Write(order, None, trigger_of(None, order)))

    def update(self, before: Order, after: Order) -> Trigger:
        return self._write(Write(after, before.version, trigger_of(before, after, LINES)))

    def rename(self, order_id: int, external_id: str) -> Trigger:
        stored, request_id = self._found(order_id), uuid4().hex
        policy = ExternalIdPolicy.CHANGE
        return self._change(
            plan_external_id_update(stored, external_id, policy, Cause(request_id, "shop", NOW))
        )

    def ship(self, order_id: int) -> Trigger:
        stored, request_id = self._found(order_id), uuid4().hex
        move = Move(Fulfilment.READY_TO_SHIP, SalesModel.FBS)
        return self._change(plan_status_update(stored, move, Cause(request_id, "shop", NOW)))

    def revise(self, order_id: int, revision: Revision) -> Trigger:
        """Update an order that the shop gave no external id before, so that it can move."""
        stored, cause = self._found(order_id), Cause(uuid4().hex, "shop", NOW)
        update = Update(stored.order.version, lambda _order: revision, ExternalIdPolicy.CHANGE)
        started = replace(stored.order, fulfilment=Fulfilment.STARTED)
        planned = plan_update(replace(stored, order=started), update, cause)
        assert isinstance(planned, OrderChange)
        trigger = trigger_of(stored.order, planned.after.order)
        return self._change(replace(planned, before=stored, trigger=trigger))

    def restore(self, order_id: int, version: int, earlier: Order) -> Trigger:
        stored, cause = self._found(order_id), Cause(uuid4().hex, "shop", NOW)
        return self._change(plan_restoration(stored, version, earlier, cause))

    def delete(self, order_id: int) -> Trigger:
        return self._change(
            plan_deletion(self._found(order_id), None, Cause(uuid4().hex, "shop", NOW))
        )

    def index_order(self, order_id: int) -> Order:
        return self._found(order_id).order

    def hide(self, order_id: int) -> Trigger:
        return self._change(soft_deletion(self._found(order_id), NOW))

    def revive(self, order_id: int) -> Trigger:
        return self._change(revival(self._hidden(order_id), NOW))

    def delete_hidden(self, order_id: int) -> Trigger:
        return self._change(deletion(self._hidden(order_id), NOW))

    def _hidden(self, order_id: int) -> StoredOrder:
        stored = self.index.find_hidden("demo", order_id, DEADLINE)
        assert stored is not None
        return stored

    def records(self) -> list[Record]:
        return read_stream(self.client, self.name)

    def passing(self) -> list[Record]:
        return [each for each in self.records() if passes_filter(each)]

    def last(self) -> Record:
        return self.passing()[-1]

    def _found(self, order_id: int) -> StoredOrder:
        stored = self.index.find_by_order_id("demo", order_id, DEADLINE)
        assert stored is not None
        return stored

    def _write(self, write: Write) -> Trigger:
        assert write.trigger is not None
        write = replace(write, trigger=reduce_trigger(write.trigger, self.payload))
        assert list(self.orders.save("demo", [write], DEADLINE)) == [WriteOutcome.COMMITTED]
        assert write.trigger is not None
        return write.trigger

    def _change(self, change: object) -> Trigger:
        assert isinstance(change, OrderChange)
        assert change.trigger is not None
        change = replace(change, trigger=reduce_trigger(change.trigger, self.payload))
        assert self.changes.save(change, DEADLINE) is WriteOutcome.COMMITTED
        assert change.trigger is not None
        return change.trigger


@pytest.fixture
def store(dynamodb: DynamoDBClient) -> Table:
    return Table(dynamodb, create_table(dynamodb, stream=True))


def _read(record: Record) -> StreamedChange:
    change = read_record(record, TRIGGER_RULES)
    assert isinstance(change, StreamedChange)
    return change


def test_every_kind_of_write_is_read_as_its_trigger(store: Table) -> None:
    first = _order()
    paid = _updated(first, status="paid")
    picked = _updated(paid, status="paid", lines=[{"external_id": "1", "status": "picked"}])
    noted = _updated(picked, status="paid", lines=[{"external_id": "1", "status": "picked"}], a=1)
    written = [
        store.create(first),
        store.update(first, paid),
        store.update(paid, picked),
        store.update(picked, noted),
        store.create(_order("X", 2)),
        store.ship(2),
        store.rename(1, "B"),
        store.rename(1, "C"),
        store.delete(1),
    ]
    assert [_read(record).trigger for record in store.passing()] == written
    assert {trigger.kind for trigger in written} == set(TriggerKind)


def test_soft_deletions_and_their_ends_are_read_as_their_triggers(store: Table) -> None:
    store.create(_order())
    store.rename(1, "B")
    written = [
        store.hide(1),
        store.revive(1),
        store.update(store.index_order(1), _updated(store.index_order(1), status="paid")),
        store.hide(1),
        store.delete_hidden(1),
    ]
    read = [_read(record).trigger for record in store.passing()[2:]]
    assert read == written
    assert [(trigger.kind, trigger.revived) for trigger in read] == [
        (TriggerKind.ORDER_DELETED, False),
        (TriggerKind.ORDER_CREATED, True),
        (TriggerKind.ORDER_STATUS_CHANGED, False),
        (TriggerKind.ORDER_DELETED, False),
        (TriggerKind.ORDER_DELETED, False),
    ]


def test_an_order_that_returns_to_a_former_id_is_read(store: Table) -> None:
    """The order replaces its own alias, so the old image of the record is the alias."""
    store.create(_order())
    store.rename(1, "B")
    returned = store.rename(1, "A")
    record = store.last()
    assert record["dynamodb"]["OldImage"]["type"] == {"S": "alias"}
    assert _read(record).trigger == returned
    assert returned.changed == {"external_id": {"old": "B", "new": "A"}}


@pytest.mark.parametrize("before", ["", '{"status":"paid"}'])
def test_a_move_that_changes_more_than_the_id_is_read_as_its_trigger(
    store: Table, before: str
) -> None:
    store.create(replace(_order(), overrides=before))
    trigger = store.revise(1, Revision("B", "new", Fulfilment.SHIPPED, None, '{"note":"x"}'))
    assert _read(store.last()).trigger == trigger
    assert trigger.changed.keys() >= {"external_id", "note", "fulfilment"}
    # Only the fulfilment state, which becomes the first one again.
    trigger = store.revise(1, Revision("C", "new", Fulfilment.STARTED, None, '{"note":"x"}'))
    assert _read(store.last()).trigger == trigger
    assert trigger.changed.keys() == {"external_id", "fulfilment"}


def test_a_restored_version_with_another_id_is_read_as_its_trigger(store: Table) -> None:
    first = _order()
    store.create(first)
    other = '{"external_id":"A","status":"paid","note":"other"}'
    store.update(first, _updated(first, status="paid", document=other))
    store.rename(1, "B")
    trigger = store.restore(1, 1, first)
    assert _read(store.last()).trigger == trigger
    assert trigger.kind is TriggerKind.ORDER_EXTERNAL_ID_CHANGED
    assert trigger.changed.keys() > {"external_id"}


def test_an_order_after_its_rename_is_compared_with_itself(store: Table) -> None:
    store.create(_order())
    renamed = store.rename(1, "B").order
    updated = store.update(renamed, _updated(renamed, status="paid"))
    assert _read(store.last()).trigger == updated
    assert updated.kind is TriggerKind.ORDER_STATUS_CHANGED


def test_an_external_id_may_contain_characters_of_the_keys(store: Table) -> None:
    for number, name in enumerate(("#", "O#A", "A#other#O#x", " я #"), start=1):
        created = store.create(_order(name, number))
        change = _read(store.last())
        assert change.trigger == created
        assert change.request == RequestKey("demo", "import")


def test_a_change_has_request_sequence_number_and_time(store: Table) -> None:
    # AWS truncates the times to seconds, DynamoDB Local to minutes.
    before = datetime.now(UTC).replace(second=0, microsecond=0)
    store.create(_order())
    record = store.last()
    change = _read(record)
    assert change.request == RequestKey("demo", "import")
    assert change.sequence_number == record["dynamodb"]["SequenceNumber"]
    assert before <= change.committed_at <= datetime.now(UTC)
    assert change.committed_at.timestamp() == record["dynamodb"]["ApproximateCreationDateTime"]
    assert change.committed_at.utcoffset() == timedelta(0)


def test_the_request_is_the_one_that_made_the_change(store: Table) -> None:
    first = _order()
    store.create(first)
    store.update(first, _updated(first, status="paid"))
    assert _read(store.last()).request == RequestKey("demo", "second import")


def test_a_skipped_change_is_not_returned(store: Table) -> None:
    first = _order()
    store.create(first)
    skipped = Write(_updated(first, status="paid"), 1, None)
    assert list(store.orders.save("demo", [skipped], DEADLINE)) == [WriteOutcome.COMMITTED]
    record = store.records()[-1]
    assert record["dynamodb"]["NewImage"]["version"] == {"N": "2"}
    assert "trigger" in record["dynamodb"]["OldImage"]
    assert not passes_filter(record)
    assert read_record(record, TRIGGER_RULES) is None


def test_a_change_after_a_skipped_one_is_compared_with_it(store: Table) -> None:
    first = _order()
    paid = _updated(first, status="paid")
    store.orders.save("demo", [Write(first, None, None)], DEADLINE)
    updated = store.update(first, paid)
    assert [_read(record).trigger for record in store.passing()] == [updated]


def test_other_items_pass_neither_the_filter_nor_the_code(
    store: Table,
) -> None:
    store.create(_order())
    store.rename(1, "B")
    DynamoReceipts(store.client, store.name).leave(RequestKey("demo", "r"), ["id"], DEADLINE)
    others = [
        each
        for each in store.records()
        if each["dynamodb"].get("NewImage", {}).get("type") != {"S": "order"}
    ]
    kinds = {each["dynamodb"].get("NewImage", {}).get("type", {}).get("S") for each in others}
    # An index item has no type.
    assert {None, "alias", "receipt"} <= kinds
    assert [each for each in others if passes_filter(each)] == []
    assert [each for each in others if read_record(each, TRIGGER_RULES) is not None] == []


def test_the_removal_of_an_item_is_not_a_change(store: Table) -> None:
    store.create(_order())
    store.client.delete_item(TableName=store.name, Key=order_key("demo", "A"))
    record = store.records()[-1]
    assert record["eventName"] == "REMOVE"
    assert not passes_filter(record)
    assert read_record(record, TRIGGER_RULES) is None


type Image = dict[str, Any]
type Damage = Callable[[Image], None]


def _envelope(name: str, value: object) -> Damage:
    def damage(record: Image) -> None:
        record["NewImage"]["trigger"]["M"][name] = {"S": value}

    return damage


def _set(image: str, name: str, value: object) -> Damage:
    def damage(record: Image) -> None:
        record[image][name] = value

    return damage


def _drop(image: str, name: str) -> Damage:
    def damage(record: Image) -> None:
        del record[image][name]

    return damage


def _drop_from_envelope(name: str) -> Damage:
    def damage(record: Image) -> None:
        del record["NewImage"]["trigger"]["M"][name]

    return damage


_CUT_OFF = f'{{"email":"{CUSTOMER}","lines":[{{"exter'
# Damages of the record of an update, and the reported reasons.
DAMAGES: dict[str, tuple[Damage, str]] = {
    "the id of another change": (_envelope("id", "0" * 32), "ValueError"),
    "another kind of change": (_envelope("kind", "OrderCreated"), "ValueError"),
    "a kind that nobody knows": (_envelope("kind", "OrderEaten"), "ValueError"),
    "another version": (_set("NewImage", "version", {"N": "7"}), "ValueError"),
    "another order's id": (_set("NewImage", "order_id", {"N": "2"}), "ValueError"),
    "a document cut off": (_set("NewImage", "document", {"S": _CUT_OFF}), "JSONDecodeError"),
    "a former one cut off": (_set("OldImage", "document", {"S": _CUT_OFF}), "JSONDecodeError"),
    "a document of no members": (_set("NewImage", "document", {"S": "[]"}), "TypeError"),
    "lines that are no lines": (_set("NewImage", "document", {"S": '{"lines":[1]}'}), "TypeError"),
    "lines without an id": (_set("NewImage", "document", {"S": '{"lines":[{}]}'}), "KeyError"),
    "no document": (_drop("NewImage", "document"), "KeyError"),
    "no former document": (_drop("OldImage", "document"), "KeyError"),
    "no status": (_drop("NewImage", "status"), "KeyError"),
    "no type": (_drop("NewImage", "type"), "KeyError"),
    "no request": (_drop_from_envelope("request_id"), "KeyError"),
    "no id of the trigger": (_drop_from_envelope("id"), "KeyError"),
    "an envelope of another type": (_set("NewImage", "trigger", {"S": CUSTOMER}), "KeyError"),
    "a version that is not a number": (_set("NewImage", "version", {"N": CUSTOMER}), "ValueError"),
    "a time that is no time": (_set("NewImage", "updated_at", {"S": CUSTOMER}), "ValueError"),
    "an unknown state": (_set("NewImage", "fulfilment", {"S": CUSTOMER}), "KeyError"),
    "the key of no order": (_set("NewImage", "pk", {"S": "A#demo#Q#r"}), "ValueError"),
    "a key of fewer parts": (_set("NewImage", "pk", {"S": CUSTOMER}), "ValueError"),
    "no time of the commit": (
        lambda record: record.__delitem__("ApproximateCreationDateTime"),
        "KeyError",
    ),
    "a protocol that nobody knows": (
        _set("NewImage", "protocol", {"S": CUSTOMER}),
        "UnknownProtocolError",
    ),
    "an image that is none": (lambda record: record.update(NewImage="order"), "TypeError"),
}


@pytest.fixture(scope="module")
def update(dynamodb: DynamoDBClient) -> Record:
    """Return the record of an update. Each test damages a copy of it."""
    store = Table(dynamodb, create_table(dynamodb, stream=True))
    first = _order()
    store.create(first)
    store.update(first, _updated(first, status="paid", email=f"new-{CUSTOMER}"))
    return store.last()


def test_the_undamaged_record_can_be_read(update: Record) -> None:
    assert _read(update).trigger.kind is TriggerKind.ORDER_STATUS_CHANGED


@pytest.mark.parametrize("name", DAMAGES)
def test_an_unreadable_record_is_reported_without_customer_data(update: Record, name: str) -> None:
    damage, reason = DAMAGES[name]
    record = deepcopy(update)
    damage(record["dynamodb"])
    read = read_record(record, TRIGGER_RULES)
    assert isinstance(read, Unreadable)
    assert read.sequence_number == update["dynamodb"]["SequenceNumber"]
    assert read.parked.reason == f"unreadable record: {reason}"
    assert read.parked.what == {
        "sequence_number": read.sequence_number,
        "keys": order_key("demo", "A"),
    }
    assert CUSTOMER not in json.dumps([read.parked.reason, dict(read.parked.what)])


def test_a_move_without_its_old_id_is_unreadable(store: Table) -> None:
    store.create(_order())
    store.rename(1, "B")
    record = store.last()
    del record["dynamodb"]["NewImage"]["trigger"]["M"]["moved_from"]
    assert isinstance(read_record(record, TRIGGER_RULES), Unreadable)


@pytest.mark.parametrize("missing", ["document", "external_id", "version"])
def test_an_unreadable_deletion_is_reported_with_its_key(store: Table, missing: str) -> None:
    store.create(_order())
    store.delete(1)
    record = store.last()
    del record["dynamodb"]["NewImage"][missing]
    read = read_record(record, TRIGGER_RULES)
    assert isinstance(read, Unreadable)
    assert read.parked.what["keys"] == tombstone_key("demo", 1)
    assert CUSTOMER not in json.dumps([read.parked.reason, dict(read.parked.what)])


def test_the_document_of_a_new_order_is_not_checked(store: Table) -> None:
    """A new order is compared with nothing, so only the bus checks that the detail is JSON."""
    store.create(_order())
    record = store.last()
    record["dynamodb"]["NewImage"]["document"] = {"S": _CUT_OFF}
    assert _read(record).trigger.order.document == _CUT_OFF


@pytest.mark.parametrize("payload", [TriggerPayload.WITHOUT_PERSON, TriggerPayload.THIN])
def test_a_reduced_trigger_is_read_as_it_was_written(store: Table, payload: TriggerPayload) -> None:
    """The policy at the time of the write decides, also if the relay publishes the trigger."""
    store.payload = payload
    person = {"email": "jane@example.com", "custom_fields": {"note": "Jane"}}
    first = _updated(_order(), status="new", **person)
    first = replace(first, version=1)
    paid = _updated(first, status="paid", email="new-jane@example.com")
    written = [
        store.create(first),
        store.update(first, paid),
        store.rename(1, "B"),
        store.hide(1),
        store.revive(1),
        store.delete(1),
    ]
    read = [_read(record).trigger for record in store.passing()]
    assert read == written
    assert {trigger.payload for trigger in read} == {payload}
    assert "jane" not in repr(read).lower()
    [tombstone] = [
        each["dynamodb"]["NewImage"]
        for each in store.records()
        if each["dynamodb"].get("NewImage", {}).get("type") == {"S": "tombstone"}
    ]
    assert "jane" not in repr(tombstone).lower()


def test_a_deletion_without_a_trigger_leaves_no_document(store: Table) -> None:
    store.create(_order())
    stored = store.index.find_by_order_id("demo", 1, DEADLINE)
    assert stored
    change = plan_deletion(stored, None, Cause("request", "shop", NOW))
    assert isinstance(change, OrderChange)
    store.changes.save(replace(change, trigger=None), DEADLINE)
    key = tombstone_key("demo", 1)
    item = store.client.get_item(TableName=store.name, Key=key)["Item"]
    assert item["document"] == {"S": "{}"}
