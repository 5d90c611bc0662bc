"""The contract of OrderRepository. The fake and the DynamoDB adapter must both pass."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.table_keys import index_key, order_key
from orders.application.errors import StorageUnavailableError
from orders.application.ports import OrderRepository, WriteOutcome
from orders.domain.importing import Write
from orders.domain.order import Order
from orders.domain.triggers import trigger_of
from tests.support.deadlines import FixedDeadline
from tests.support.fakes import FakeOrders
from tests.support.template_tables import create_table

COMMITTED, CONFLICT = WriteOutcome.COMMITTED, WriteOutcome.CONFLICT
NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
DEADLINE = FixedDeadline()


class Store(Protocol):
    """A repository, and a function that puts an alias into it."""

    @property
    def repository(self) -> OrderRepository: ...

    def add_alias(self, order: Order, old_id: str) -> None: ...


@dataclass
class MemoryStore:
    repository: FakeOrders

    def add_alias(self, order: Order, old_id: str) -> None:
        self.repository.aliases[order.account, old_id] = order.order_id


@dataclass
class TableStore:
    repository: DynamoOrders

    def add_alias(self, order: Order, old_id: str) -> None:
        self.repository.client.put_item(
            TableName=self.repository.table,
            Item={
                **order_key(order.account, old_id),
                "type": {"S": "alias"},
                "order_id": {"N": str(order.order_id)},
            },
        )


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore(FakeOrders())
    client: DynamoDBClient = request.getfixturevalue("dynamodb")
    return TableStore(DynamoOrders(client, create_table(client)))


def _order(external_id: str = "A", order_id: int = 1, account: str = "demo") -> Order:
    return Order(
        account=account,
        external_id=external_id,
        order_id=order_id,
        version=1,
        status="new",
        protocol="altcraft",
        document='{"note":"я \\"quoted\\""}',
        created_at=NOW,
        updated_at=NOW,
        request_id="request",
        update_time=NOW,
    )


def _save(store: Store, *writes: Write) -> list[WriteOutcome]:
    return list(store.repository.save(writes[0].order.account, writes, DEADLINE))


def _create(store: Store, order: Order) -> WriteOutcome:
    return _save(store, Write(order, None, trigger_of(None, order)))[0]


def _find(store: Store, *names: str, account: str = "demo") -> dict[str, Order]:
    lookup = store.repository.find_by_external_ids(account, names, DEADLINE)
    assert lookup.unread == frozenset()
    return dict(lookup.orders)


def test_a_saved_order_is_found(store: Store) -> None:
    plain = replace(_order("B", 2), update_time=None)
    assert _create(store, _order()) is COMMITTED
    assert _create(store, plain) is COMMITTED
    assert _find(store, "A", "B", "C") == {"A": _order(), "B": plain}


def test_an_empty_request_finds_nothing(store: Store) -> None:
    assert _find(store) == {}


def test_an_order_is_created_once(store: Store) -> None:
    assert _create(store, _order()) is COMMITTED
    assert _create(store, _order(order_id=2)) is CONFLICT
    assert _find(store, "A")["A"].order_id == 1


def test_a_write_fails_if_the_version_changed(store: Store) -> None:
    _create(store, _order())
    second = replace(_order(), version=2, status="paid", update_time=None)
    assert _save(store, Write(second, 1, trigger_of(_order(), second))) == [COMMITTED]
    assert _save(store, Write(replace(second, status="new"), 1, None)) == [CONFLICT]
    assert _find(store, "A") == {"A": second}


def test_an_update_of_an_unknown_order_fails(store: Store) -> None:
    assert _save(store, Write(replace(_order(), version=2), 1, None)) == [CONFLICT]
    assert _find(store, "A") == {}


def test_a_failed_write_does_not_stop_others(store: Store) -> None:
    _create(store, _order("B", 2))
    writes = [Write(_order(name, number), None, None) for number, name in enumerate("ABC", 10)]
    assert _save(store, *writes) == [COMMITTED, CONFLICT, COMMITTED]
    assert {name: order.order_id for name, order in _find(store, *"ABC").items()} == {
        "A": 10,
        "B": 2,
        "C": 12,
    }


def test_accounts_see_only_their_own_orders(store: Store) -> None:
    theirs = replace(_order(account="other"), status="paid")
    assert _create(store, _order()) is COMMITTED
    assert _create(store, theirs) is COMMITTED
    assert _find(store, "A") == {"A": _order()}
    assert _find(store, "A", account="other") == {"A": theirs}


def test_an_alias_leads_to_its_order(store: Store) -> None:
    _create(store, _order("new"))
    _create(store, _order("another", 2))
    for alias in ("old", "older"):
        store.add_alias(_order("new"), alias)
    found = _find(store, "old", "new", "older", "missing")
    assert found == dict.fromkeys(("old", "new", "older"), _order("new"))
    store.add_alias(_order("another", 2), "former")
    assert {name: order.order_id for name, order in _find(store, "old", "former").items()} == {
        "old": 1,
        "former": 2,
    }


def test_no_order_can_be_created_with_an_alias(store: Store) -> None:
    _create(store, _order("new"))
    store.add_alias(_order("new"), "old")
    assert _create(store, _order("old", 2)) is CONFLICT


def test_no_call_is_made_after_the_deadline(store: Store) -> None:
    late = FixedDeadline(0)
    assert store.repository.save("demo", [Write(_order(), None, None)], late) == [
        WriteOutcome.UNTRIED
    ]
    assert _find(store, "A") == {}
    assert store.repository.find_by_external_ids("demo", ["A"], late).unread == frozenset({"A"})
    _create(store, _order())
    update = Write(replace(_order(), version=2, status="paid"), 1, None)
    assert store.repository.save("demo", [update], late) == [WriteOutcome.UNTRIED]
    assert _find(store, "A") == {"A": _order()}


def test_many_orders_are_saved_and_found(store: Store) -> None:
    orders = [_order(f"order {number}", number) for number in range(1, 232)]
    assert set(_save(store, *(Write(order, None, None) for order in orders))) == {COMMITTED}
    found = _find(store, *(order.external_id for order in orders))
    assert found == {order.external_id: order for order in orders}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    external_id=st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60),
    document=st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_text_is_stored_unchanged(store: Store, external_id: str, document: str) -> None:
    # No two orders may have one id.
    order_id = crc32(external_id.encode())
    order = replace(_order(external_id, order_id), document=document, account="texts")
    known = _find(store, external_id, account="texts")
    write = (
        Write(
            replace(order, version=known[external_id].version + 1), known[external_id].version, None
        )
        if known
        else Write(order, None, None)
    )
    assert _save(store, write) == [COMMITTED]
    assert _find(store, external_id, account="texts") == {external_id: write.order}


def test_a_stored_order_is_not_a_deleted_one(store: Store) -> None:
    _create(store, _order())
    assert store.repository.find_deleted("demo", [1, 2], DEADLINE) == frozenset()
    with pytest.raises(StorageUnavailableError):
        store.repository.find_deleted("demo", [1], FixedDeadline(0))


def test_the_index_maps_the_order_id_to_the_external_id(
    dynamodb: DynamoDBClient, table: str
) -> None:
    store = TableStore(DynamoOrders(dynamodb, table))
    _create(store, _order("A", 17))
    item = dynamodb.get_item(TableName=table, Key=index_key("demo", 17))["Item"]
    assert {name: item[name] for name in item.keys() - {"pk", "sk"}} == {"name": {"S": "A"}}
