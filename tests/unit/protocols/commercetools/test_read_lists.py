"""The lists of orders and messages, with stores in memory."""

import gzip
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from orders.application import list_orders
from orders.application.find_order_by_external_id import FindOrderByExternalId
from orders.application.get_order_by_id import GetOrderById
from orders.application.list_events import ListEvents
from orders.application.list_orders import ListOrders
from orders.application.read_versions import ReadVersions
from orders.domain.clients import Role
from orders.domain.fulfilment import Fulfilment
from orders.domain.identifiers import uuid_of
from orders.domain.order import Order
from orders.domain.order_numbers import EPOCH
from orders.domain.settings import Settings, StoredSettings
from orders.protocols.altcraft.summaries import summarise as summarise_altcraft
from orders.protocols.commercetools.access import ProjectAccess
from orders.protocols.commercetools.answers import answer_error
from orders.protocols.commercetools.messages import messages_of
from orders.protocols.commercetools.read_messages import GetMessageEndpoint, MessagesEndpoint
from orders.protocols.commercetools.read_orders import (
    GetOrderEndpoint,
    OrderFinder,
    PageOrdersEndpoint,
)
from orders.protocols.commercetools.read_project import GetProjectEndpoint
from orders.protocols.http import Endpoint, HttpAnswer
from tests.support.commercetools import draft
from tests.support.drafts import submitted
from tests.support.fakes import (
    FakeChangeIndex,
    FakeHistory,
    FakeOrderIndex,
    FakeOrders,
    FakeSettings,
    FakeTokens,
    client,
)
from tests.support.http import answered, request
from tests.support.yandex_market import stored_order

SECOND = timedelta(seconds=1)
NOON = datetime(2026, 3, 10, 12, 0, 0, 123_456, tzinfo=UTC)


def own_order(number: int, name: str | None = None, **document: object) -> Order:
    """Return an imported order, created `number` seconds after noon."""
    created = NOON + number * SECOND
    order_id = (((created - EPOCH) // SECOND) << 22) + 7
    submission = submitted(draft(orderNumber=name, **document))
    return Order(
        account="demo",
        external_id=name or uuid_of("demo", order_id),
        order_id=order_id,
        version=1,
        status=submission.status,
        protocol="commercetools",
        document=submission.document,
        created_at=created,
        updated_at=created,
        request_id="import",
    )


def changed(order: Order, seconds: int, **changes: Any) -> Order:  # noqa: ANN401
    return replace(order, version=2, updated_at=NOON + seconds * SECOND, **changes)


def foreign_order(number: int, name: str, email: str) -> Order:
    own = own_order(number, name)
    order = stored_order(name, own.order_id, email=email)
    return replace(order, created_at=own.created_at, updated_at=own.created_at)


@dataclass
class Shop:
    """A client of a project."""

    orders: FakeOrders = field(default_factory=FakeOrders)

    def __post_init__(self) -> None:
        self.index = FakeOrderIndex(self.orders)
        self.changes = FakeChangeIndex(self.orders)
        roles = (Role.ORDERS_READ, Role.ORDERS_WRITE, Role.ADMIN)
        access = ProjectAccess(FakeTokens({"token": client("demo", *roles)}))
        lists = ListOrders(self.index, self.changes, self.orders)
        get = GetOrderById(self.index)
        find = OrderFinder(get, FindOrderByExternalId(self.orders))
        self.settings = FakeSettings({"demo": StoredSettings(Settings(currencies=("USD",)), 3)})
        self.list = PageOrdersEndpoint(access, lists, summarise_altcraft)
        self.get = GetOrderEndpoint(access, find, summarise_altcraft)
        self.history = FakeHistory()
        versions = ReadVersions(self.history, lambda: datetime.now(UTC))
        derive = partial(messages_of, summarise=summarise_altcraft)
        messages = ListEvents(self.index, self.changes, versions, derive)
        self.messages = MessagesEndpoint(access, messages)
        self.message = GetMessageEndpoint(access, get, messages)
        self.project = GetProjectEndpoint(access, self.settings)

    def stock(self, *orders: Order) -> None:
        for order in orders:
            self.orders.orders[order.account, order.external_id] = order

    def ask(
        self,
        endpoint: Endpoint,
        path: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        **query: Any,  # noqa: ANN401 - a text, or a list of texts
    ) -> HttpAnswer:
        """Call an endpoint. In the names of parameters, `__` stands for a full stop."""
        queries = {
            name.replace("__", "."): tuple(map(str, value))
            if isinstance(value, list)
            else (str(value),)
            for name, value in query.items()
        }
        sent = request(
            b"",
            {"authorization": "Bearer token", **(headers or {})},
            path={"projectKey": "demo", **(path or {})},
        )
        sent = replace(
            sent,
            queries=queries,
            query={name: values[-1] for name, values in queries.items()},
        )
        return answered(endpoint, sent, answer_error).answer

    def page(self, endpoint: Endpoint | None = None, **query: Any) -> dict[str, Any]:  # noqa: ANN401 - the same
        answer = self.ask(endpoint or self.list, **query)
        assert answer.status == 200, answer.body
        tree: dict[str, Any] = json.loads(answer.body)
        return tree

    def numbers(self, **query: Any) -> list[str]:  # noqa: ANN401 - the same
        return [order["orderNumber"] for order in self.page(**query)["results"]]

    def refusal(self, endpoint: Endpoint | None = None, **query: Any) -> str:  # noqa: ANN401 - the same
        answer = self.ask(endpoint or self.list, **query)
        tree = json.loads(answer.body)
        assert (answer.status, tree["errors"][0]["code"]) == (400, "InvalidInput")
        return str(tree["message"])


A, B, C, D = (
    own_order(0, "A", customerEmail="a@example.com", paymentState="Paid", customerId="7"),
    own_order(1, "B", orderState="Cancelled", store={"typeId": "store", "key": "website"}),
    foreign_order(2, "C", email="c@example.com"),
    own_order(3, "D", shipmentState="Shipped", customerEmail="a@example.com"),
)


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.stock(
        changed(A, 100, fulfilment=Fulfilment.SHIPPED),
        replace(B, fulfilment=Fulfilment.CANCELLED),
        C,
        changed(D, 50),
    )
    return shop


def shown(moment: datetime) -> str:
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("id", "ABCD"),
        ("id asc", "ABCD"),
        ("id desc", "DCBA"),
        ("createdAt asc", "ABCD"),
        ("createdAt desc", "DCBA"),
        ("lastModifiedAt asc", "BCDA"),
        ("lastModifiedAt desc", "ADCB"),
        ("lastModifiedAt  ASC", "BCDA"),
        (["lastModifiedAt asc", "id asc"], "BCDA"),
        ("createdAt desc, id desc", "DCBA"),
    ],
)
def test_orders_are_sorted(shop: Shop, sort: object, expected: str) -> None:
    assert "".join(shop.numbers(sort=sort)) == expected


@pytest.mark.parametrize(
    "sort", ["totalPrice asc", "id up", "id asc desc", "", ["id asc", "createdAt asc"], "id,"]
)
def test_other_sort_orders_are_rejected(shop: Shop, sort: object) -> None:
    assert shop.refusal(sort=sort).startswith("Malformed parameter: sort: ")
    assert "second criterion" in shop.refusal(sort=["createdAt asc", "id desc"])


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ('customerEmail="a@example.com"', "AD"),
        ('customerEmail in ("a@example.com", "c@example.com")', "ACD"),
        ('customerId="7"', "A"),
        ('orderState="Open"', "CD"),
        ('orderState in ("Cancelled", "Confirmed")', "AB"),
        ('paymentState="Paid"', "A"),
        ('shipmentState="Shipped"', "AD"),
        ('store(key="website")', "BC"),
        ('store(key="website") and orderState="Open"', "C"),
        ('orderNumber="B"', "B"),
        ('orderNumber in ("D", "A", "none")', "AD"),
        ('orderNumber="B" and orderNumber="A"', ""),
        ('(orderNumber in ("A", "B")) and (orderState="Cancelled")', "B"),
    ],
)
def test_orders_are_filtered(shop: Shop, where: str, expected: str) -> None:
    assert "".join(shop.numbers(where=where)) == expected
    assert shop.page(where=where)["total"] == len(expected)


def test_ids_compare_as_they_are_sorted(shop: Shop) -> None:
    ids = [uuid_of("demo", order.order_id) for order in (A, B, C, D)]
    assert [each["id"] for each in shop.page()["results"]] == sorted(ids) == ids
    assert shop.numbers(where=f'id > "{ids[1]}"') == ["C", "D"]
    assert shop.numbers(where=f'id >= "{ids[1].upper()}"') == ["B", "C", "D"]
    assert shop.numbers(where=f'id < "{ids[1]}"') == ["A"]
    assert shop.numbers(where=f'id <= "{ids[1]}" and id > "{ids[0]}"') == ["B"]
    assert shop.numbers(where=f'id = "{ids[1]}"') == ["B"]
    assert shop.numbers(where=f'id in ("{ids[3]}", "{ids[0]}")') == ["A", "D"]
    assert shop.numbers(where=f'id > "{"0" * 8}-0000-0000-0000-{"0" * 12}"') == list("ABCD")
    assert shop.numbers(where=f'id > "{"f" * 8}-ffff-ffff-ffff-{"f" * 12}"') == []
    other = uuid_of("other", A.order_id)
    assert shop.numbers(where=f'id = "{other}"') == []
    assert shop.numbers(where='id = "no-uuid"') == []
    assert "id must be compared with a UUID" in shop.refusal(where='id > "no-uuid"')


def test_times_compare_as_they_are_shown(shop: Shop) -> None:
    b, d = shown(B.created_at), shown(NOON + 50 * SECOND)
    assert shop.numbers(where=f'createdAt > "{b}"') == ["C", "D"]
    assert shop.numbers(where=f'createdAt >= "{b}"') == ["B", "C", "D"]
    assert shop.numbers(where=f'createdAt < "{b}"') == ["A"]
    assert shop.numbers(where=f'createdAt <= "{b}"') == ["A", "B"]
    assert shop.numbers(where=f'createdAt = "{b}"') == ["B"]
    assert shop.numbers(where=f'createdAt = "{b}" and createdAt > "{b}"') == []
    assert shop.numbers(where=f'lastModifiedAt >= "{d}"', sort="lastModifiedAt desc") == ["A", "D"]
    assert shop.numbers(where=f'lastModifiedAt > "{d}"') == ["A"]
    assert shop.numbers(where=f'lastModifiedAt <= "{d}" and createdAt > "{b}"') == ["C", "D"]
    assert shop.numbers(where='lastModifiedAt >= "2026-03-10"', sort="id desc") == list("DCBA")
    assert shop.numbers(where='createdAt > "9999-12-31T23:59:59.999Z"') == []
    assert shop.numbers(where='createdAt > "0001"') == list("ABCD")
    assert "must be compared with a time" in shop.refusal(where='createdAt > "today"')


def test_predicates_may_have_input_variables(shop: Shop) -> None:
    date = shown(C.created_at)
    where = "lastModifiedAt >= :date"
    assert shop.numbers(where=where, var__date=date) == ["A", "C", "D"]
    assert shop.numbers(where="orderNumber in :names", var__names=["A", "C"]) == ["A", "C"]
    assert shop.numbers(
        where="orderNumber = :n and id > :i", var__n="B", var__i=uuid_of("demo", 1)
    ) == ["B"]
    assert "variable :date has no value" in shop.refusal(where=where, var__other="1")
    assert shop.numbers(where=['orderState="Open"', 'orderNumber="D"']) == ["D"]


@pytest.mark.parametrize(
    ("where", "named"),
    [
        ('orderState="Open" or orderState="Complete"', "or is not supported"),
        ('totalPrice(centAmount="5")', "totalPrice(centAmount) is not supported"),
        ('customerEmail > "a"', "operator > of customerEmail is not supported"),
        ('createdAt in ("2026")', "operator in of createdAt is not supported"),
        ("orderNumber is defined", "is defined is not supported"),
        ('resource(id="x")', "resource(id) is not supported"),
        ('id = "x', 'a string or a variable expected at character 6; got "\\"x".'),
    ],
)
def test_a_predicate_that_is_not_supported_is_named(shop: Shop, where: str, named: str) -> None:
    message = shop.refusal(where=where)
    assert message.startswith("Malformed parameter: where: ")
    assert named in message
    assert message.count("got") <= 1


def test_a_filter_that_examines_too_many_orders_is_rejected(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_orders, "MAX_EXAMINED", 3)
    monkeypatch.setattr(list_orders, "MAX_COUNTED", 3)
    message = shop.refusal(where='customerEmail="nobody"')
    assert 'Add a range to where that has fewer orders, such as createdAt >= "…"' in message
    message = shop.refusal(where='customerEmail="nobody"', sort="lastModifiedAt asc")
    assert "lastModifiedAt" in message
    page = shop.page(where='customerEmail="a@example.com"', limit=1)
    assert (page["count"], "total" in page) == (1, False)
    ranged = 'customerEmail="nobody" and createdAt > "2026-03-11"'
    assert shop.page(where=ranged)["total"] == 0


def test_the_vendors_process_reads_all_orders(shop: Shop) -> None:
    """The SDK's `process` sorts by id, and asks for ids above the last one."""
    shop.stock(*(own_order(n, f"N{n}") for n in range(4, 120)))
    seen: list[str] = []
    where: dict[str, Any] = {}
    new = 0
    while True:
        page = shop.page(sort="id asc", withTotal="false", limit=10, **where)["results"]
        seen += [each["orderNumber"] for each in page]
        # Imports and deletions go on.
        shop.stock(own_order(1000 + new, f"new {new}"))
        new += 1
        if len(page) < 10 or new > 30:
            break
        where = {"where": f'id > "{page[-1]["id"]}"'}
    assert len(seen) == len(set(seen))
    assert set(seen) >= {"A", "B", "C", "D", *(f"N{n}" for n in range(4, 120))}


def test_pages_by_last_modification_can_be_read_by_their_last_time(shop: Shop) -> None:
    shop.stock(*(own_order(n, f"N{n}") for n in range(4, 60)))
    shop.stock(*(changed(own_order(n, f"N{n}"), 200 + n) for n in range(10, 40)))
    seen: set[str] = set()
    date = "2026-01-01T00:00:00.000Z"
    for _ in range(40):
        page = shop.page(
            sort="lastModifiedAt asc", where="lastModifiedAt >= :date", var__date=date, limit=7
        )["results"]
        seen |= {each["orderNumber"] for each in page}
        if len(page) < 7:
            break
        date = page[-1]["lastModifiedAt"]
    assert seen == {"A", "B", "C", "D", *(f"N{n}" for n in range(4, 60))}


def test_messages_are_complete_at_any_depth(shop: Shop) -> None:
    shop.stock(*(own_order(n, f"N{n}") for n in range(4, 1500)))
    page = shop.page(shop.messages, offset=1400, limit=200)
    assert (page["total"], page["count"]) == (1499, 99)
    assert [each["order"]["orderNumber"] for each in page["results"][-3:]] == ["D", "B", "A"]
    first = shop.page(shop.messages, limit=1)["results"]
    assert first[0]["order"]["orderNumber"] == "N1499"
    assert "total" not in shop.page(shop.messages, limit=1, withTotal="false")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "DBA"),
        ({"sort": "createdAt asc"}, "ABD"),
        ({"sort": "id desc"}, "DBA"),
        ({"where": 'type="OrderImported"'}, "DBA"),
        ({"where": 'type in ("OrderCreated", "OrderImported")'}, "DBA"),
        ({"where": 'type="OrderCreated"'}, ""),
        ({"where": f'createdAt > "{shown(A.created_at)}"'}, "DB"),
        ({"where": f'resource(typeId="order" and id="{uuid_of("demo", B.order_id)}")'}, "B"),
        ({"where": f'resource(id="{uuid_of("demo", C.order_id)}")'}, ""),
        ({"where": 'resource(typeId="cart")'}, ""),
        ({"where": f'resource(id in ("{uuid_of("demo", B.order_id)}", "x"))'}, "B"),
    ],
)
def test_messages_are_filtered_and_sorted(shop: Shop, query: dict[str, str], expected: str) -> None:
    page = shop.page(shop.messages, **query)
    found = "".join(each["order"]["orderNumber"] for each in page["results"])
    assert (found, page["total"]) == (expected, len(expected))


def test_a_message_is_found_by_its_id(shop: Shop) -> None:
    messages = shop.page(shop.messages, sort="id asc")["results"]
    for message in messages:
        answer = shop.ask(shop.message, {"id": message["id"]})
        assert (answer.status, json.loads(answer.body)) == (200, message)
    ids = [message["id"] for message in messages]
    assert ids == sorted(ids)
    after = shop.page(shop.messages, sort="id asc", where=f'id > "{ids[0]}"')["results"]
    assert after == messages[1:]
    assert shop.page(shop.messages, where=f'id = "{ids[1]}"')["results"] == [messages[1]]
    for unknown in (uuid_of("demo", A.order_id), "no-uuid", uuid_of("demo/OrderImported", 5)):
        assert shop.ask(shop.message, {"id": unknown}).status == 404
    foreign = uuid_of("demo/OrderImported", C.order_id)
    assert shop.ask(shop.message, {"id": foreign}).status == 404


def test_the_project_is_returned(shop: Shop) -> None:
    answer = shop.ask(shop.project)
    assert (answer.status, json.loads(answer.body)) == (
        200,
        {
            "version": 3,
            "key": "demo",
            "name": "demo",
            "countries": [],
            "currencies": ["USD"],
            "languages": [],
            "createdAt": "2026-01-02T03:04:05.000Z",
            "messages": {"enabled": True},
            "carts": {"countryTaxRateFallbackEnabled": False},
        },
    )


def test_a_large_page_is_compressed_for_clients_that_accept_it(shop: Shop) -> None:
    note = json.dumps({f"{n}": f"note {n}" for n in range(700)})
    shop.stock(*(own_order(n, f"N{n}", purchaseOrderNumber=note) for n in range(10, 510)))
    accept = {"accept": "*/*", "accept-encoding": "gzip, deflate, br"}
    answer = shop.ask(shop.list, headers=accept, limit=500)
    assert (answer.status, answer.headers["Content-Encoding"]) == (200, "gzip")
    assert answer.headers["Vary"] == "Accept-Encoding"
    body = gzip.decompress(answer.body)
    assert len(body) > 6_000_000
    assert json.loads(body)["count"] == 500
    for headers in ({}, {"accept": "*/*"}, {**accept, "accept-encoding": "gzip;q=0, br"}):
        refused = shop.ask(shop.list, headers=headers, limit=500)
        assert refused.status == 413
        assert b"Send a lower limit, or Accept and Accept-Encoding: gzip." in refused.body
    assert "Content-Encoding" not in shop.ask(shop.list, headers=accept, limit=50).headers
