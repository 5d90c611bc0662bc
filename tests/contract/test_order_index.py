"""The contract of OrderIndex. The fake and the DynamoDB adapter must both pass."""

from dataclasses import replace

import pytest

from orders.adapters.table_keys import index_key
from orders.application.errors import StorageUnavailableError
from orders.application.ports import ALL_IDS, ChangeRange, OrderSlice, WriteOutcome
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.external_ids import plan_external_id_update
from orders.domain.fulfilment import Fulfilment
from orders.domain.importing import Write
from orders.domain.order import Cause
from orders.domain.ranges import Range
from orders.domain.settings import ExternalIdPolicy
from orders.domain.triggers import TriggerKind, trigger_of
from tests.support.deadlines import DEADLINE, FixedDeadline
from tests.support.order_changes import NOW, deletion, new_order
from tests.support.order_stores import OrderStore, memory_store, table_store

COMMITTED, CONFLICT = WriteOutcome.COMMITTED, WriteOutcome.CONFLICT


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> OrderStore:
    if request.param == "memory":
        return memory_store()
    return table_store(request.getfixturevalue("dynamodb"))


def test_an_order_is_found_by_its_id(store: OrderStore) -> None:
    store.create(new_order(), new_order("B", 2), new_order("A", 3, "other"))
    assert store.found(2) == StoredOrder(new_order("B", 2))
    assert store.found(3, "other").order.external_id == "A"
    assert store.index.find_by_order_id("demo", 3, DEADLINE) is None
    assert store.index.find_by_order_id("demo", 2**53 - 1, DEADLINE) is None


def test_an_order_has_the_trigger_of_its_version(store: OrderStore) -> None:
    first = new_order()
    trigger = trigger_of(None, first)
    assert store.orders.save("demo", [Write(first, None, trigger)], DEADLINE) == [COMMITTED]
    assert store.found(1).trigger is TriggerKind.ORDER_CREATED
    assert store.rename(1, "B") is COMMITTED
    assert store.found(1).trigger is TriggerKind.ORDER_EXTERNAL_ID_CHANGED
    [change] = store.changes_in(ChangeRange())
    [listed] = store.index.list_orders("demo", None, 10, DEADLINE).orders
    assert change.stored is not None
    assert listed.trigger is change.stored.trigger is TriggerKind.ORDER_EXTERNAL_ID_CHANGED
    silent = store.found(1).order.next_version(Cause("another", "shop", NOW))
    assert store.orders.save("demo", [Write(silent, 2, None)], DEADLINE) == [COMMITTED]
    assert store.found(1).trigger is None


def test_a_version_has_the_protocol_of_its_request(store: OrderStore) -> None:
    store.create(new_order())
    cause = Cause("another", "shop", NOW, "yandex_market")
    change = plan_external_id_update(store.found(1), "B", ExternalIdPolicy.CHANGE, cause)
    assert isinstance(change, OrderChange)
    assert store.changes.save(change, DEADLINE) is COMMITTED
    assert store.found(1).order.through == "yandex_market"
    # An import is a request of the order's own protocol.
    imported = store.found(1).order.next_version(Cause("import", "shop", NOW))
    assert store.orders.save("demo", [Write(imported, 2, None)], DEADLINE) == [COMMITTED]
    assert store.found(1).order.through == ""


def test_an_index_item_without_its_order_is_ignored(store: OrderStore) -> None:
    store.create(new_order("A", 1))
    outcomes = store.orders.save("demo", [Write(new_order("A", 2), None, None)], DEADLINE)
    assert list(outcomes) == [CONFLICT]
    assert store.index.find_by_order_id("demo", 2, DEADLINE) is None
    page = store.index.list_orders("demo", None, 10, DEADLINE)
    assert [named.order.order_id for named in page.orders] == [1]


def test_an_import_stores_the_state(store: OrderStore) -> None:
    for number, state in enumerate(Fulfilment, start=1):
        order = replace(new_order(f"order {number}", number), fulfilment=state)
        store.create(order)
        updated = replace(order, version=2, status="delivered", fulfilment=Fulfilment.DELIVERED)
        assert store.found(number).order == order
        trigger = trigger_of(order, updated)
        assert list(store.orders.save("demo", [Write(updated, 1, trigger)], DEADLINE)) == [
            COMMITTED
        ]
        assert store.found(number).order == updated


def test_orders_are_listed_newest_first(store: OrderStore) -> None:
    numbers = [1, 2, 3, 5, 8, 13, 21, 34, 1000, 2**53 - 1]
    store.create(*(new_order(f"order {number}", number) for number in numbers))
    store.create(new_order("order 1", 4, "other"))
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


def test_the_last_page_has_no_next_page(store: OrderStore) -> None:
    store.create(*(new_order(f"order {number}", number) for number in range(1, 6)))
    page = store.index.list_orders("demo", None, 10, DEADLINE)
    assert (len(page.orders), page.next_before) == (5, None)


def test_a_listed_order_has_its_aliases(store: OrderStore) -> None:
    store.create(new_order(), new_order("X", 2))
    store.rename(1, "B")
    page = store.index.list_orders("demo", None, 10, DEADLINE)
    assert list(page.orders) == [store.found(2), store.found(1)]
    assert page.orders[1].aliases == ("A",)


def test_nothing_is_read_after_the_deadline(store: OrderStore) -> None:
    store.create(new_order())
    late = FixedDeadline(0)
    with pytest.raises(StorageUnavailableError):
        store.index.find_by_order_id("demo", 1, late)
    with pytest.raises(StorageUnavailableError):
        store.index.list_orders("demo", None, 10, late)
    assert store.found(1) == StoredOrder(new_order())


def _create_many(store: OrderStore, count: int) -> None:
    orders = [new_order(f"order {number}", number) for number in range(1, count + 1)]
    writes = [Write(order, None, None) for order in orders]
    assert set(store.orders.save("demo", writes, DEADLINE)) == {COMMITTED}
    store.create(new_order("of another account", 3, "other"))


def _ids(store: OrderStore, offset: int, limit: int, *, newest_first: bool = False) -> list[int]:
    wanted = OrderSlice(offset, limit, newest_first)
    return [named.order.order_id for named in store.index.slice("demo", wanted, DEADLINE)]


def test_a_slice_covers_all_shards_in_both_directions(store: OrderStore) -> None:
    _create_many(store, 60)
    ids = list(range(1, 61))
    assert _ids(store, 0, 100) == ids
    assert _ids(store, 0, 100, newest_first=True) == ids[::-1]
    for offset, limit in ((0, 1), (7, 9), (16, 8), (59, 5), (60, 1), (0, 0)):
        assert _ids(store, offset, limit) == ids[offset : offset + limit]
        assert _ids(store, offset, limit, newest_first=True) == ids[::-1][offset : offset + limit]


def test_a_slice_can_come_from_one_shard(store: OrderStore) -> None:
    """All orders are in one shard, so its part has more than one page."""
    shard = index_key("demo", 1)["pk"]
    numbers = [n for n in range(1, 2000) if index_key("demo", n)["pk"] == shard][:60]
    writes = [Write(new_order(f"order {number}", number), None, None) for number in numbers]
    assert set(store.orders.save("demo", writes, DEADLINE)) == {COMMITTED}
    assert _ids(store, 0, 100) == numbers
    assert _ids(store, 30, 20, newest_first=True) == numbers[::-1][30:50]


def test_a_slice_has_the_current_external_ids(store: OrderStore) -> None:
    store.create(new_order(), new_order("B", 2))
    assert store.rename(1, "C") is COMMITTED
    [first, second] = store.index.slice("demo", OrderSlice(0, 10), DEADLINE)
    assert (first.order.external_id, first.aliases) == ("C", ("A",))
    assert second == StoredOrder(new_order("B", 2))


def test_orders_are_counted_up_to_a_limit(store: OrderStore) -> None:
    assert store.index.count("demo", 10, DEADLINE) == 0
    _create_many(store, 20)
    assert store.index.count("demo", 20, DEADLINE) == 20
    assert store.index.count("demo", 19, DEADLINE) is None


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (Range(7, 12), [7, 8, 9, 10, 11]),
        (Range(None, 4), [1, 2, 3]),
        (Range(18, None), [18, 19, 20]),
        (Range(12, 12), []),
        (Range(-5, 2), [1]),
        (Range(21, 2**70), []),
        (Range(None, -3), []),
    ],
)
def test_a_slice_and_a_count_may_have_a_range_of_ids(
    store: OrderStore, ids: Range[int], expected: list[int]
) -> None:
    _create_many(store, 20)
    for newest_first in (False, True):
        wanted = OrderSlice(0, 10, newest_first, ids)
        found = [each.order.order_id for each in store.index.slice("demo", wanted, DEADLINE)]
        assert found == expected[:: -1 if newest_first else 1]
    second = store.index.slice("demo", OrderSlice(1, 2, ids=ids), DEADLINE)
    assert [each.order.order_id for each in second] == expected[1:3]
    assert store.index.count("demo", 20, DEADLINE, ids) == len(expected)


@pytest.mark.parametrize("newest_first", [False, True])
def test_entries_are_read_without_their_orders(store: OrderStore, *, newest_first: bool) -> None:
    _create_many(store, 60)
    assert store.rename(9, "renamed") is COMMITTED
    read = store.index.entries("demo", Range(8, 50), DEADLINE, newest_first=newest_first)
    entries = list(read)
    assert [each.order_id for each in entries] == list(range(8, 50))[:: -1 if newest_first else 1]
    assert {each.external_id: each.aliases for each in entries if each.aliases} == {
        "renamed": ("order 9",)
    }
    none = store.index.entries("demo", Range(9, 9), DEADLINE, newest_first=newest_first)
    assert list(none) == []


def test_the_orders_of_entries_are_the_present_ones(store: OrderStore) -> None:
    _create_many(store, 4)
    entries = list(store.index.entries("demo", ALL_IDS, DEADLINE, newest_first=False))
    assert store.rename(2, "renamed") is COMMITTED
    assert store.changes.save(deletion(store.found(3)), DEADLINE) is COMMITTED
    found = store.index.read("demo", entries[1:], DEADLINE)
    assert {each.order.external_id: each.aliases for each in found} == {
        "renamed": ("order 2",),
        "order 4": (),
    }
    assert list(store.index.read("demo", [], DEADLINE)) == []


def test_a_slice_may_leave_out_ids(store: OrderStore) -> None:
    _create_many(store, 60)
    but_for = {1, 2, *range(10, 50), 60, 61}
    kept = [each for each in range(1, 61) if each not in but_for]
    for newest_first in (False, True):
        wanted = OrderSlice(2, 10, newest_first, but_for=but_for)
        found = [each.order.order_id for each in store.index.slice("demo", wanted, DEADLINE)]
        assert found == kept[:: -1 if newest_first else 1][2:12]


def test_orders_are_found_by_several_ids(store: OrderStore) -> None:
    store.create(new_order("A", 1), new_order("B", 2), new_order("C", 3))
    store.create(new_order("of another account", 4, "other"))
    store.rename(2, "D")
    found = store.index.find_by_order_ids("demo", {1, 2, 4, 5}, DEADLINE)
    assert sorted(each.order.external_id for each in found) == ["A", "D"]
    assert {each.aliases for each in found} == {(), ("B",)}
    assert list(store.index.find_by_order_ids("demo", [], DEADLINE)) == []
