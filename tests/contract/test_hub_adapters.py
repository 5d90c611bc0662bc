"""Commands read the same with AWS credentials, with a token over HTTP, and from the fakes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from operator_cli.composition import Connection, Operator
from operator_cli.errors import CursorExpiredError, UsageError
from operator_cli.hub import CHANGES, ORDERS, HubRequest
from operator_cli.hub_on_table import HubOnTable
from operator_cli.hub_over_http import HubOverHttp
from operator_cli.hub_reads import OrderFilters
from orders.adapters.dynamodb_history import DynamoHistory
from orders.domain.clients import Role
from orders.domain.times import format_time
from orders.protocols.cursors import microseconds, write_cursor
from tests.support.functions import Tenant, deployed
from tests.support.hub_worlds import LATER, World, memory_world
from tests.support.loopback_http import function_answers, served
from tests.support.order_stores import store_in

TENANTS = (Tenant("demo", "reader-token", (Role.ORDERS_READ,)),)
OLDEST_FIRST = OrderFilters(newest_first=False)


class _LaterOperator(Operator):
    def clock(self) -> datetime:
        return LATER


@pytest.fixture(params=["memory", "table", "api"])
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    if request.param == "memory":
        yield memory_world()
        return
    dynamodb: DynamoDBClient = request.getfixturevalue("dynamodb")
    if request.param == "table":
        table = request.getfixturevalue("table")
        connection = Connection(dynamodb.meta.endpoint_url, table.removesuffix("-orders"))
        hub = HubOnTable(_LaterOperator(dynamodb, table), connection, "demo")
        yield World(store_in(dynamodb, table), DynamoHistory(dynamodb, table), hub)
        return
    monkeypatch.setattr("orders.runtime.composition.hub.utc_now", lambda: LATER)
    with deployed(dynamodb, monkeypatch, {}, TENANTS) as function:
        read_hub = function("read_hub")
        with served(function_answers(read_hub, function("manage_orders"))) as url:
            yield World(
                store_in(dynamodb, read_hub.table),
                DynamoHistory(dynamodb, read_hub.table),
                HubOverHttp(url, "reader-token"),
            )


def _names(orders: list[dict[str, object]]) -> list[object]:
    return [each["external_id"] for each in orders]


def test_pages_of_orders_follow_each_other_in_both_directions(world: World) -> None:
    world.create("A", "B", "C")
    first = world.reads.page_of_orders(OLDEST_FIRST, limit=2)
    rest = world.reads.page_of_orders(OLDEST_FIRST, first.following, limit=2)
    assert _names([*first.entries, *rest.entries]) == ["A", "B", "C"]
    assert rest.following is None
    assert _names(list(world.reads.first_orders(OrderFilters(), 2))) == ["C", "B"]


def test_ids_are_listed_by_creation_if_the_hub_can(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Times may lie inside a second, and few entries are read in one go."""
    monkeypatch.setattr("operator_cli.hub_on_table._ENTRIES", 2)
    orders = world.create_many(6)
    world.rename("A-2", "renamed")
    world.delete("A-3")
    times = [format_time(order.created_at + timedelta(seconds=0.5)) for order in orders]
    for start, end in ((None, None), (0, 4), (1, None), (None, 2)):
        filters = OrderFilters(
            created_from=None if start is None else times[start],
            created_to=None if end is None else times[end],
            newest_first=False,
        )
        ids = world.reads.ids_of_orders(filters)
        listed = [
            (each["order_id"], each["external_id"])
            for page in world.reads.orders(filters)
            for each in page
        ]
        assert listed
        assert ids is None or list(ids) == listed
    assert world.reads.ids_of_orders(replace(filters, status=("paid",))) is None
    if isinstance(world.hub, HubOnTable):
        assert ids is not None
        assert world.reads.ids_of_orders(OrderFilters(created_from="yesterday")) is None


def test_every_filter_of_a_list_restricts_it(world: World) -> None:
    a = world.create("A")
    b = world.create("B", endpoint="shop 2/ü", status="paid")
    world.update("A", comment="later")
    at = format_time(b.created_at)
    for filters, expected in (
        (OrderFilters(created_from=at), ["B"]),
        (OrderFilters(created_to=at), ["A"]),
        (OrderFilters(changed_from=format_time(world.named("A").updated_at)), ["A"]),
        (OrderFilters(changed_to=format_time(b.updated_at)), []),
        (OrderFilters(status=("paid", "canceled")), ["B"]),
        (OrderFilters(endpoint=("shop 2/ü",)), ["B"]),
        (OrderFilters(protocol=("commercetools",)), []),
        (OrderFilters(protocol=("altcraft", "commercetools"), newest_first=False), ["A", "B"]),
    ):
        pages = world.reads.orders(filters)
        assert [name for page in pages for name in _names(list(page))] == expected, filters
    assert a.order_id < b.order_id


def test_an_order_is_found_by_its_ids_and_by_a_former_one(world: World) -> None:
    order = world.create("old & id/ü")
    world.rename("old & id/ü", "new +id")
    by_id = world.reads.order(order.order_id)
    assert by_id is not None
    assert by_id["former_external_ids"] == ["old & id/ü"]
    assert world.reads.order_named("old & id/ü") == by_id == world.reads.order_named("new +id")
    assert world.reads.order_named("unknown") is None
    assert world.reads.order(order.order_id + 1) is None


def test_a_history_has_all_versions_with_their_changes(world: World) -> None:
    order = world.create("A")
    world.update("A", status="paid")
    world.rename("A", "B")
    versions = world.reads.history(order.order_id)
    assert versions is not None
    assert [each["changed"] for each in versions] == [
        {"external_id": {"old": "A", "new": "B"}},
        {"status": {"old": "new", "new": "paid"}},
        {},
    ]
    assert world.reads.history(order.order_id + 1) is None


def test_changes_have_every_order_once_and_go_on_after_their_cursor(world: World) -> None:
    world.create("A", "B", "C")
    world.update("A", status="paid")
    world.delete("B")
    first = world.reads.changes(None, with_orders=True)
    assert not first.has_more
    kinds = {each["external_id"]: each["kind"] for each in first.entries}
    assert kinds.pop("B", "deleted") == "deleted"
    assert kinds == {"C": "created", "A": "updated"}
    assert {each["external_id"]: (each["order"] or {}).get("status") for each in first.entries}[
        "A"
    ] == "paid"
    assert world.reads.changes(first.following).entries == []


def test_results_of_a_comparison_are_in_the_sequence_of_its_entries(world: World) -> None:
    order = world.create("A")
    world.create("C")
    world.rename("C", "D")
    results = world.reads.reconcile(
        [
            {"external_id": "C", "version": 2},
            {"external_id": "A", "digest": order.digest},
            {"external_id": "X", "version": 1},
            {"external_id": "A", "version": 2},
        ]
    )
    assert [each["result"] for each in results] == ["renamed", "equal", "missing", "different"]
    assert results[0]["present_external_id"] == "D"


def test_what_the_hub_rejects_is_an_error_of_usage(world: World) -> None:
    with pytest.raises(UsageError, match="created_from must be"):
        world.reads.page_of_orders(OrderFilters(created_from="yesterday"))
    with pytest.raises(UsageError, match="after must be"):
        world.reads.changes("no cursor")
    with pytest.raises(UsageError, match="protocol must be"):
        world.reads.page_of_orders(OrderFilters(protocol=("fax",)))


def test_an_expired_cursor_is_an_error_of_its_own(world: World) -> None:
    expired = write_cursor(
        "changes\ndemo", [microseconds(LATER.replace(year=2025)), None, None, None]
    )
    with pytest.raises(CursorExpiredError, match="older than 90 days"):
        world.reads.changes(expired)


def test_an_error_of_the_hub_is_answered_with_problem_details(world: World) -> None:
    for resource in (ORDERS, CHANGES):
        answer = world.hub.ask(HubRequest("GET", resource, query={"limit": ("0",)}))
        assert answer.status == 400
        assert b'"code":"invalid_parameter"' in answer.body
