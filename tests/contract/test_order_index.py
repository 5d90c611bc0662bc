"""One contract for the orders by their ids, held by the fake and by DynamoDB."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.application.ports import (
    OrderIndex,
    OrderRepository,
    OrderSlice,
    StorageUnavailableError,
    WriteOutcome,
)
from orders.domain.changes import NamedOrder, OrderChange
from orders.domain.deletions import plan_deletion
from orders.domain.external_ids import MAX_ALIASES, plan_external_id_update
from orders.domain.fulfilment import Fulfilment, SalesModel
from orders.domain.importing import Write
from orders.domain.order import Order
from orders.domain.settings import ExternalIdPolicy
from orders.domain.status_updates import Move, plan_status_update
from orders.domain.triggers import trigger_of
from tests.support.deadlines import DEADLINE, FixedDeadline
from tests.support.fakes import FakeOrderIndex, FakeOrders
from tests.support.template_tables import create_table

COMMITTED, CONFLICT, TAKEN = WriteOutcome.COMMITTED, WriteOutcome.CONFLICT, WriteOutcome.TAKEN
NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@dataclass
class Store:
    """The two ways into one store."""

    orders: OrderRepository
    index: OrderIndex

    def create(self, *orders: Order) -> None:
        for order in orders:
            [outcome] = self.orders.save(order.account, [Write(order, None, None)], DEADLINE)
            assert outcome is COMMITTED

    def found(self, order_id: int, account: str = "demo") -> NamedOrder:
        named = self.index.find(account, order_id, DEADLINE)
        assert named is not None
        return named

    def by_name(self, *names: str) -> dict[str, Order]:
        return dict(self.orders.find("demo", names, DEADLINE).orders)

    def rename(self, order_id: int, external_id: str) -> WriteOutcome:
        return self.index.save(_renamed(self.found(order_id), external_id), DEADLINE)


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "memory":
        orders = FakeOrders()
        yield Store(orders, FakeOrderIndex(orders))
        return
    client: DynamoDBClient = request.getfixturevalue("dynamodb")
    table = create_table(client)
    yield Store(DynamoOrders(client, table), DynamoOrderIndex(client, table))


def _order(external_id: str = "A", order_id: int = 1, account: str = "demo") -> Order:
    return Order(
        account=account,
        external_id=external_id,
        order_id=order_id,
        version=1,
        status="new",
        protocol="altcraft",
        document='{"note":"я"}',
        created_at=NOW,
        updated_at=NOW,
        request_id="request",
        update_time=NOW,
    )


def _renamed(named: NamedOrder, external_id: str) -> OrderChange:
    # DynamoDB Local knows a transaction's token in every table: no two changes may share one.
    request_id = uuid4().hex
    change = plan_external_id_update(named, external_id, ExternalIdPolicy.CHANGE, request_id, NOW)
    assert isinstance(change, OrderChange)
    return change


def _deleted(named: NamedOrder) -> OrderChange:
    change = plan_deletion(named, None, uuid4().hex, NOW)
    assert isinstance(change, OrderChange)
    return change


def _shipped(named: NamedOrder) -> OrderChange:
    move = Move(Fulfilment.READY_TO_SHIP, SalesModel.FBS)
    change = plan_status_update(named, move, uuid4().hex, NOW)
    assert isinstance(change, OrderChange)
    return change


def test_an_order_is_found_by_its_id(store: Store) -> None:
    store.create(_order(), _order("B", 2), _order("A", 3, "other"))
    assert store.found(2) == NamedOrder(_order("B", 2))
    assert store.found(3, "other").order.external_id == "A"
    assert store.index.find("demo", 3, DEADLINE) is None
    assert store.index.find("demo", 2**53, DEADLINE) is None


def test_the_index_item_of_a_lost_race_leads_nowhere(store: Store) -> None:
    store.create(_order("A", 1))
    outcomes = store.orders.save("demo", [Write(_order("A", 2), None, None)], DEADLINE)
    assert list(outcomes) == [CONFLICT]
    assert store.index.find("demo", 2, DEADLINE) is None
    page = store.index.list_orders("demo", None, 10, DEADLINE)
    assert [named.order.order_id for named in page.orders] == [1]


def test_a_renamed_order_is_found_under_both_ids(store: Store) -> None:
    store.create(_order())
    change = _renamed(store.found(1), "B")
    assert store.index.save(change, DEADLINE) is COMMITTED
    assert store.found(1) == change.after
    assert store.found(1).aliases == ("A",)
    assert store.by_name("A", "B") == dict.fromkeys("AB", change.after.order)


def test_a_deleted_order_is_gone_with_its_aliases_and_frees_their_ids(store: Store) -> None:
    store.create(_order(), _order("X", 2))
    for name in ("B", "C"):
        assert store.rename(1, name) is COMMITTED
    assert store.index.save(_deleted(store.found(1)), DEADLINE) is COMMITTED
    assert store.index.find("demo", 1, DEADLINE) is None
    assert store.by_name(*"ABCX") == {"X": _order("X", 2)}
    page = store.index.list_orders("demo", None, 10, DEADLINE)
    assert [named.order.order_id for named in page.orders] == [2]
    store.create(_order("A", 3), _order("C", 4))
    assert store.rename(2, "B") is COMMITTED


@pytest.mark.parametrize("change", ["renamed", "moved on", "deleted", "created anew"])
def test_an_order_that_has_changed_is_not_deleted(store: Store, change: str) -> None:
    store.create(_order())
    assert store.rename(1, "B") is COMMITTED
    deletion = _deleted(store.found(1))
    if change == "renamed":
        assert store.rename(1, "A") is COMMITTED
    elif change == "moved on":
        assert store.index.save(_shipped(store.found(1)), DEADLINE) is COMMITTED
    else:
        assert store.index.save(_deleted(store.found(1)), DEADLINE) is COMMITTED
    if change == "created anew":
        store.create(_order("B", 2))
    stays = store.by_name("A", "B")
    assert store.index.save(deletion, DEADLINE) is CONFLICT
    assert store.by_name("A", "B") == stays


def test_aliases_make_no_chain(store: Store) -> None:
    store.create(_order())
    for name in ("B", "C", "D"):
        assert store.rename(1, name) is COMMITTED
    assert store.found(1).aliases == ("A", "B", "C")
    final = store.found(1).order
    assert (final.external_id, final.version) == ("D", 4)
    assert store.by_name(*"ABCD") == dict.fromkeys("ABCD", final)


def test_a_freed_id_returns_to_its_own_order_only(store: Store) -> None:
    store.create(_order(), _order("X", 2))
    assert store.rename(1, "B") is COMMITTED
    assert store.rename(2, "A") is TAKEN
    assert store.rename(1, "A") is COMMITTED
    assert store.found(1).aliases == ("B",)
    assert store.rename(2, "B") is TAKEN
    assert {name: order.order_id for name, order in store.by_name(*"ABX").items()} == {
        "A": 1,
        "B": 1,
        "X": 2,
    }


def test_an_id_of_another_order_is_taken_and_nothing_changes(store: Store) -> None:
    store.create(_order(), _order("B", 2))
    assert store.rename(1, "B") is TAKEN
    assert store.found(1) == NamedOrder(_order())
    assert store.by_name("A", "B") == {"A": _order(), "B": _order("B", 2)}


def test_the_same_id_in_another_account_is_free(store: Store) -> None:
    store.create(_order(), _order("B", 1, "other"))
    assert store.rename(1, "B") is COMMITTED
    assert store.found(1, "other") == NamedOrder(_order("B", 1, "other"))


def test_a_change_needs_the_order_as_it_was_read(store: Store) -> None:
    store.create(_order())
    stale = store.found(1)
    updated = replace(stale.order, version=2, status="paid")
    assert list(store.orders.save("demo", [Write(updated, 1, None)], DEADLINE)) == [COMMITTED]
    assert store.index.save(_renamed(stale, "B"), DEADLINE) is CONFLICT
    assert store.index.save(_shipped(stale), DEADLINE) is CONFLICT
    assert store.found(1) == NamedOrder(updated)
    assert store.by_name("B") == {}


def test_a_change_needs_the_aliases_as_they_were_read(store: Store) -> None:
    store.create(_order())
    assert store.rename(1, "B") is COMMITTED
    current = store.found(1)
    forgetful = replace(current, aliases=())
    assert store.index.save(_renamed(forgetful, "C"), DEADLINE) is CONFLICT
    invented = replace(current, aliases=("A", "Z"))
    assert store.index.save(_renamed(invented, "C"), DEADLINE) is CONFLICT
    assert store.found(1) == current


def test_an_import_that_read_the_order_before_its_rename_loses_the_race(store: Store) -> None:
    store.create(_order())
    stale = store.found(1).order
    assert store.rename(1, "B") is COMMITTED
    update = Write(replace(stale, version=2, status="paid"), 1, None)
    assert list(store.orders.save("demo", [update], DEADLINE)) == [CONFLICT]
    creation = Write(_order("A", 9), None, None)
    assert list(store.orders.save("demo", [creation], DEADLINE)) == [CONFLICT]
    assert store.found(1).order.external_id == "B"


def test_a_state_that_moved_is_kept_and_the_document_untouched(store: Store) -> None:
    store.create(_order())
    change = _shipped(store.found(1))
    assert store.index.save(change, DEADLINE) is COMMITTED
    stored = store.found(1).order
    assert stored.fulfilment is Fulfilment.READY_TO_SHIP
    assert (stored.status, stored.document, stored.version) == ("new", _order().document, 2)


def test_an_import_takes_a_state_along(store: Store) -> None:
    for number, state in enumerate(Fulfilment, start=1):
        order = replace(_order(f"order {number}", number), fulfilment=state)
        store.create(order)
        updated = replace(order, version=2, status="delivered", fulfilment=Fulfilment.DELIVERED)
        assert store.found(number).order == order
        trigger = trigger_of(order, updated)
        assert list(store.orders.save("demo", [Write(updated, 1, trigger)], DEADLINE)) == [
            COMMITTED
        ]
        assert store.found(number).order == updated


def test_fifty_aliases_are_kept(store: Store) -> None:
    store.create(_order())
    for number in range(MAX_ALIASES):
        assert store.rename(1, f"{number} {'я' * 250}") is COMMITTED
    assert len(store.found(1).aliases) == 50
    assert store.by_name("A")["A"] == store.found(1).order


def test_orders_are_listed_newest_first(store: Store) -> None:
    numbers = [1, 2, 3, 5, 8, 13, 21, 34, 1000, 2**53]
    store.create(*(_order(f"order {number}", number) for number in numbers))
    store.create(_order("order 1", 4, "other"))
    listed = []
    before = None
    pages = 0
    while True:
        page = store.index.list_orders("demo", before, 3, DEADLINE)
        listed += [named.order.order_id for named in page.orders]
        pages += 1
        if page.next_before is None:
            break
        before = page.next_before
    assert listed == numbers[::-1]
    assert pages == 4
    assert store.index.list_orders("nobody", None, 3, DEADLINE).orders == []


def test_a_page_that_holds_all_has_no_next(store: Store) -> None:
    store.create(*(_order(f"order {number}", number) for number in range(1, 6)))
    page = store.index.list_orders("demo", None, 10, DEADLINE)
    assert (len(page.orders), page.next_before) == (5, None)


def test_a_listed_order_has_its_aliases(store: Store) -> None:
    store.create(_order(), _order("X", 2))
    store.rename(1, "B")
    page = store.index.list_orders("demo", None, 10, DEADLINE)
    assert list(page.orders) == [store.found(2), store.found(1)]
    assert page.orders[1].aliases == ("A",)


def test_without_time_nothing_is_tried(store: Store) -> None:
    store.create(_order())
    late = FixedDeadline(0)
    assert store.index.save(_renamed(store.found(1), "B"), late) is WriteOutcome.UNTRIED
    with pytest.raises(StorageUnavailableError):
        store.index.find("demo", 1, late)
    with pytest.raises(StorageUnavailableError):
        store.index.list_orders("demo", None, 10, late)
    assert store.found(1) == NamedOrder(_order())


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.sampled_from("ABCDE")), max_size=8))
def test_no_renames_ever_lose_an_order_or_share_an_id(
    store: Store, steps: list[tuple[int, str]]
) -> None:
    account = uuid4().hex
    owners = {"A": 1, "B": 2}
    store.create(_order("A", 1, account), _order("B", 2, account))
    for order_id, name in steps:
        named = store.found(order_id, account)
        if named.order.external_id == name:
            continue
        outcome = store.index.save(_renamed(named, name), DEADLINE)
        free = owners.get(name, order_id) == order_id
        assert outcome is (COMMITTED if free else TAKEN)
        if free:
            owners[name] = order_id
    found = store.orders.find(account, "ABCDE", DEADLINE).orders
    assert {name: order.order_id for name, order in found.items()} == owners


def _create_many(store: Store, count: int) -> None:
    orders = [_order(f"order {number}", number) for number in range(1, count + 1)]
    writes = [Write(order, None, None) for order in orders]
    assert set(store.orders.save("demo", writes, DEADLINE)) == {COMMITTED}
    store.create(_order("of another account", 3, "other"))


def _ids(store: Store, offset: int, limit: int, *, newest_first: bool = False) -> list[int]:
    wanted = OrderSlice(offset, limit, newest_first)
    return [named.order.order_id for named in store.index.slice("demo", wanted, DEADLINE)]


def test_a_slice_is_cut_out_of_all_shards_either_way(store: Store) -> None:
    _create_many(store, 60)
    ids = list(range(1, 61))
    assert _ids(store, 0, 100) == ids
    assert _ids(store, 0, 100, newest_first=True) == ids[::-1]
    for offset, limit in ((0, 1), (7, 9), (16, 8), (59, 5), (60, 1), (0, 0)):
        assert _ids(store, offset, limit) == ids[offset : offset + limit]
        assert _ids(store, offset, limit, newest_first=True) == ids[::-1][offset : offset + limit]


def test_a_slice_needs_no_even_shards(store: Store) -> None:
    """All orders of one shard: its share takes more than one page."""
    numbers = [8 * number for number in range(1, 61)]
    writes = [Write(_order(f"order {number}", number), None, None) for number in numbers]
    assert set(store.orders.save("demo", writes, DEADLINE)) == {COMMITTED}
    assert _ids(store, 0, 100) == numbers
    assert _ids(store, 30, 20, newest_first=True) == numbers[::-1][30:50]


def test_a_slice_shows_orders_as_they_are_named_now(store: Store) -> None:
    store.create(_order(), _order("B", 2))
    assert store.rename(1, "C") is COMMITTED
    [first, second] = store.index.slice("demo", OrderSlice(0, 10), DEADLINE)
    assert (first.order.external_id, first.aliases) == ("C", ("A",))
    assert second == NamedOrder(_order("B", 2))


def test_orders_are_counted_up_to_a_limit(store: Store) -> None:
    assert store.index.count("demo", 10, DEADLINE) == 0
    _create_many(store, 20)
    assert store.index.count("demo", 20, DEADLINE) == 20
    assert store.index.count("demo", 19, DEADLINE) is None
