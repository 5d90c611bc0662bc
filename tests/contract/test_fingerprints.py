"""The contract of Fingerprints. The fake and the DynamoDB adapter must both pass."""

from dataclasses import replace

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.table_keys import order_key
from orders.application.errors import StorageUnavailableError
from orders.application.ports import Fingerprint, WriteOutcome
from orders.domain.order import Order
from tests.support.deadlines import DEADLINE, FixedDeadline
from tests.support.order_changes import new_order
from tests.support.order_stores import OrderStore, memory_store, store_in, table_store
from tests.support.template_tables import create_table

COMMITTED = WriteOutcome.COMMITTED


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> OrderStore:
    if request.param == "memory":
        return memory_store()
    return table_store(request.getfixturevalue("dynamodb"))


def _of(order: Order) -> Fingerprint:
    return Fingerprint(
        order.external_id, order.order_id, order.version, order.digest, order.update_time
    )


def test_a_fingerprint_is_found_under_each_external_id(store: OrderStore) -> None:
    without_time = replace(new_order("C", 3), update_time=None, document='{"other":1}')
    store.create(new_order("A", 1), new_order("B", 2), without_time)
    for name in ("A2", "A3"):
        assert store.rename(1, name) is COMMITTED
    renamed = store.found(1).order
    found = store.fingerprints.find("demo", ["A", "A2", "A3", "B", "C", "D"], DEADLINE)
    assert found == {
        **dict.fromkeys(("A", "A2", "A3"), _of(renamed)),
        "B": _of(new_order("B", 2)),
        "C": _of(without_time),
    }


def test_fingerprints_of_another_account_are_not_found(store: OrderStore) -> None:
    store.create(new_order("A", 1, "other"))
    assert store.fingerprints.find("demo", ["A"], DEADLINE) == {}
    assert store.fingerprints.find("demo", [], DEADLINE) == {}


def test_many_fingerprints_are_found_at_once(store: OrderStore) -> None:
    orders = [new_order(f"order {number}", number) for number in range(1, 112)]
    store.create(*orders)
    names = [each.external_id for each in orders]
    assert store.fingerprints.find("demo", names, DEADLINE) == {
        each.external_id: _of(each) for each in orders
    }


def test_no_fingerprint_is_found_after_the_deadline(store: OrderStore) -> None:
    store.create(new_order())
    with pytest.raises(StorageUnavailableError):
        store.fingerprints.find("demo", ["A"], FixedDeadline(0))


def test_an_order_that_was_stored_without_a_digest_has_one(dynamodb: DynamoDBClient) -> None:
    table = create_table(dynamodb)
    store = store_in(dynamodb, table)
    store.create(new_order("A", 1), new_order("B", 2))
    dynamodb.update_item(
        TableName=table, Key=order_key("demo", "A"), UpdateExpression="REMOVE digest"
    )
    assert store.fingerprints.find("demo", ["A", "B"], DEADLINE) == {
        "A": _of(new_order("A", 1)),
        "B": _of(new_order("B", 2)),
    }
