"""Everything that an import accepts can be shown by every read of every protocol."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from orders.application.change_order import ChangeOrder
from orders.application.find_order_by_external_id import FindOrderByExternalId
from orders.application.get_order_by_id import GetOrderById
from orders.application.import_orders import ImportOrders
from orders.application.import_together import ImportTogether
from orders.application.list_events import ListEvents
from orders.application.list_orders import ListOrders
from orders.application.read_changes import SETTLED_AFTER
from orders.application.read_versions import ReadVersions
from orders.application.update_order_status import UpdateOrderStatus
from orders.domain.clients import Role
from orders.domain.fulfilment import Fulfilment
from orders.domain.history import ReplacedVersion
from orders.domain.identifiers import uuid_of
from orders.domain.order import Order
from orders.domain.settings import Endpoint as PointOfSale
from orders.domain.settings import ListAmounts, Policies, Settings, StoredSettings, TotalCheck
from orders.protocols.altcraft import access as altcraft_access
from orders.protocols.altcraft import answers as altcraft_answers
from orders.protocols.altcraft import import_orders as altcraft_import
from orders.protocols.commercetools import access as project_access
from orders.protocols.commercetools import answers as project_answers
from orders.protocols.commercetools import import_orders as project_import
from orders.protocols.commercetools import read_messages, read_orders
from orders.protocols.commercetools.messages import messages_of
from orders.protocols.http import Endpoint
from orders.protocols.hub import answers as hub_answers
from orders.protocols.yandex_market import access as campaign_access
from orders.protocols.yandex_market import answers as campaign_answers
from orders.protocols.yandex_market import read_orders as campaign_reads
from orders.protocols.yandex_market import update_order_status
from orders.runtime.composition.order_protocols import present, summarise
from tests.support import altcraft_reads, commercetools, hub, samples
from tests.support.catalogue import FakeCatalogue
from tests.support.contract_schemas import faults_of_route
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.fakes import (
    FakeChangeIndex,
    FakeHistory,
    FakeOrderChanges,
    FakeOrderIds,
    FakeOrderIndex,
    FakeOrders,
    FakeOrderTransactions,
    FakePublisher,
    FakeSettings,
    FakeTokens,
    TickingClock,
    client,
    publishing,
)
from tests.support.http import answered, request

type Tree = dict[str, Any]

CAMPAIGN = "/campaigns/{campaignId}/orders"
BUSINESS = "/v1/businesses/{businessId}/orders"
HUB = "/hub/v1"
ALTCRAFT = "/api/v1.1/market/orders"
# ISO 4217 codes with 0, 2, 3 and 4 digits, and one that commercetools does not know.
CURRENCIES = ("JPY", "USD", "KWD", "CLF", "XQQ")
SHOP = Settings(
    currencies=CURRENCIES,
    endpoints={"website": PointOfSale("website", campaign_id=1001)},
    policies=Policies(TotalCheck.OFF),
    business_id=77,
)
INT64 = 2**63 - 1


@dataclass
class Hub:
    """All imports and reads on one store in memory."""

    orders: FakeOrders = field(default_factory=FakeOrders)
    history: FakeHistory = field(default_factory=FakeHistory)

    def __post_init__(self) -> None:
        self.settings = stored = FakeSettings({"demo": StoredSettings(SHOP, 1)})
        tokens = FakeTokens({"token": client("demo", *Role)})
        numbers = count(1)
        clock, pause, publish = TickingClock(), CountingPause(3), publishing(FakePublisher())
        self.index = index = FakeOrderIndex(self.orders)
        self.change_index = FakeChangeIndex(self.orders)
        imports = ImportOrders(
            self.orders, FakeOrderIds(), stored, publish, clock, pause, FakeCatalogue()
        )

        def new_id() -> str:
            return f"request-{next(numbers)}"

        lists = ListOrders(index, self.change_index, self.orders)
        by_id = GetOrderById(index)
        messages = ListEvents(
            index,
            self.change_index,
            ReadVersions(FakeHistory(), clock),
            partial(messages_of, summarise=summarise),
        )
        project = project_access.ProjectAccess(tokens)
        campaign = campaign_access.CampaignAccess(tokens, stored)
        find = read_orders.OrderFinder(by_id, FindOrderByExternalId(self.orders))
        change = ChangeOrder(by_id, FakeOrderChanges(self.orders), publish, pause)
        own = hub.hub_endpoints(self, tokens, lambda: clock.now + 2 * SETTLED_AFTER)
        altcraft = altcraft_reads.read_endpoints(self.orders, tokens, stored, lambda: clock.now)
        root = "/{projectKey}"
        self.endpoints: Mapping[tuple[str, str], Endpoint] = {
            ("POST", samples.IMPORT_RESOURCE): altcraft_import.ImportOrdersEndpoint(
                altcraft_access.AccountAccess(tokens),
                imports,
                ImportTogether(imports, FakeOrderTransactions(self.orders, stored)),
                new_id,
            ),
            ("POST", f"{root}/orders/import"): project_import.ImportOrdersEndpoint(
                project, imports, new_id
            ),
            ("GET", f"{root}/orders/{{ref+}}"): read_orders.GetOrderEndpoint(
                project, find, summarise
            ),
            ("GET", f"{root}/orders"): read_orders.PageOrdersEndpoint(project, lists, summarise),
            ("GET", f"{root}/messages"): read_messages.MessagesEndpoint(project, messages),
            ("GET", f"{root}/messages/{{id}}"): read_messages.GetMessageEndpoint(
                project, by_id, messages
            ),
            ("GET", CAMPAIGN): campaign_reads.ListOrdersEndpoint(campaign, lists, summarise),
            ("POST", BUSINESS): campaign_reads.ListBusinessOrdersEndpoint(
                campaign, lists, summarise
            ),
            ("GET", f"{CAMPAIGN}/{{orderId}}"): campaign_reads.GetOrderEndpoint(
                campaign, by_id, summarise
            ),
            (
                "PUT",
                f"{CAMPAIGN}/{{orderId}}/status",
            ): update_order_status.UpdateOrderStatusEndpoint(
                campaign, UpdateOrderStatus(change, clock), summarise, new_id
            ),
            ("GET", f"{HUB}/orders"): own[hub.ORDERS],
            ("GET", f"{HUB}/orders/{{order_id}}"): own[hub.ORDER],
            ("GET", f"{HUB}/orders/{{order_id}}/history"): own[hub.HISTORY],
            ("GET", f"{HUB}/changes"): own[hub.CHANGES],
            ("POST", f"{HUB}/reconcile"): own[hub.RECONCILE],
            **{("POST", f"{ALTCRAFT}/{call}"): each for call, each in altcraft.items()},
        }

    def ask(
        self,
        method: str,
        resource: str,
        body: object = None,
        query: Mapping[str, str] = MappingProxyType({}),
        **path: str,
    ) -> Tree:
        """Return the body of the answer, which must be successful and fit the description."""
        known = {"projectKey": "demo", "campaignId": "1001", "businessId": "77", "orderId": "1"}
        known["order_id"] = "1"
        headers = {"content-type": "application/json", "authorization": "Bearer token"}
        sent = request(
            b"" if body is None else json.dumps(body).encode(),
            {**headers, "api-key": "token"},
            path={**known, **path},
            method=method,
            query=query,
        )
        errors = {"/api": altcraft_answers, "/{pr": project_answers, "/cam": campaign_answers}
        errors |= {"/v1/": campaign_answers, "/hub": hub_answers}
        # The modules modules have one function of this name each.
        error: Any = errors[resource[:4]]
        answer = answered(self.endpoints[method, resource], sent, error.answer_error).answer
        text = answer.body.decode()
        wire = {"statusCode": answer.status, "headers": answer.headers, "body": text}
        assert answer.status < 300, (resource, text)
        faults = faults_of_route(method, resource, wire)
        assert faults == [], faults
        tree: Tree = json.loads(text)
        if resource.startswith("/{projectKey}"):
            assert [number for number in _integers(tree) if abs(number) > INT64] == []
        return tree

    def read_everywhere(self) -> None:
        """Read the order through every read, and change its status."""
        for _ in range(2):
            project = "/{projectKey}/orders"
            self.ask("GET", f"{project}/{{ref+}}", ref=uuid_of("demo", 1))
            self.ask("GET", project)
            for message in self.ask("GET", "/{projectKey}/messages")["results"]:
                self.ask("GET", "/{projectKey}/messages/{id}", id=message["id"])
            [order] = self.orders.orders.values()
            json.loads(present(order))
            self.read_as_hub(order)
            self.read_as_altcraft(order)
            if order.endpoint is None:
                return
            self.ask("GET", CAMPAIGN)
            self.ask("POST", BUSINESS, {})
            self.ask("GET", f"{CAMPAIGN}/{{orderId}}")
            if order.fulfilment in {Fulfilment.STARTED, Fulfilment.SHOP_FAILED}:
                status = {"status": "CANCELLED", "substatus": "SHOP_FAILED"}
                self.ask("PUT", f"{CAMPAIGN}/{{orderId}}/status", {"order": status})
                self.history.keep([(ReplacedVersion(order, None, order.updated_at), 400)], DEADLINE)

    def read_as_hub(self, order: Order) -> None:
        """Read the order, its change and its history, and compare it, through the hub's own API."""
        one = self.ask("GET", f"{HUB}/orders/{{order_id}}")
        assert self.ask("GET", f"{HUB}/orders")["orders"] == [one]
        name = {"external_id": order.external_id}
        assert self.ask("GET", f"{HUB}/orders", query=name)["orders"] == [one]
        [change] = self.ask("GET", f"{HUB}/changes", query={"include": "order"})["changes"]
        assert change["order"] == one
        versions = self.ask("GET", f"{HUB}/orders/{{order_id}}/history")["versions"]
        assert [each["version"] for each in versions] == list(range(order.version, 0, -1))
        expected = {**name, "digest": one["digest"], "version": order.version}
        expected |= {"update_time": one["update_time"]} if one["update_time"] else {}
        [result] = self.ask("POST", f"{HUB}/reconcile", {"orders": [expected]})["results"]
        assert result["result"] == "equal"

    def read_as_altcraft(self, order: Order) -> None:
        """Read the order through Altcraft, with both units of amounts, in both formats."""
        for amounts in ListAmounts:
            policies = replace(SHOP.policies, list_amounts=amounts)
            self.settings.stored["demo"] = StoredSettings(replace(SHOP, policies=policies), 1)
            [listed] = self.ask("POST", f"{ALTCRAFT}/list", {})["result"]
            assert listed["external_id"] == order.external_id
            sent = {"token": "token", "format": "xml"}
            text = self.ask_xml(f"{ALTCRAFT}/list", sent)
            [result] = etree.fromstring(text).findall("result")
            assert [each.tag for each in result if each.tag != "lines"] == [
                each
                for name, value in listed.items()
                if name != "lines"
                for each in ([name] * len(value) if isinstance(value, list) else [name])
            ]
        for name in ({"id": order.order_id}, {"external_id": order.external_id}):
            found = self.ask("POST", f"{ALTCRAFT}/get_status", name)["result"]
            assert found == {"endpoint": order.endpoint or "", "status": listed["status"]}

    def ask_xml(self, resource: str, body: Tree) -> bytes:
        """Return the body of the answer in XML."""
        headers = {"content-type": "application/json"}
        sent = request(json.dumps(body).encode(), headers)
        endpoint = self.endpoints["POST", resource]
        answer = answered(endpoint, sent, altcraft_answers.answer_error).answer
        assert answer.status == 200, answer.body
        return answer.body


def _integers(tree: object) -> Iterator[int]:
    if isinstance(tree, dict):
        for value in tree.values():
            yield from _integers(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _integers(value)
    elif isinstance(tree, int):
        yield tree


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
digits = st.one_of(st.integers(0, 10**15 - 1), st.just(10**15 - 1))
amounts = st.one_of(
    digits.map(str),
    st.tuples(digits, st.integers(0, 10**8 - 1)).map(lambda each: f"{each[0]}.{each[1]:08}"),
)
clocks = st.sampled_from(["00:00:00", "23:59:59.999999", "12:34:56.7"])
zones = st.sampled_from(["Z", "+23:59", "-23:59", "+03:00", "-12:00"])
days = st.sampled_from(
    ["0001-01-01", "0001-01-02", "0999-12-31", "9999-12-30", "9999-12-31", "2026-02-03"]
)
times = st.builds(lambda day, clock, zone: f"{day}T{clock}{zone}", days, clocks, zones)
lines = st.builds(
    lambda article, price, base, pieces: {
        "sku": article,
        "final_price_per_item": price,
        "base_price_per_item": base,
        "count": pieces,
    },
    texts,
    amounts,
    st.none() | amounts,
    st.sampled_from([1, 2, 10**9]),
)
altcraft_orders = st.builds(
    lambda external_id, rows, moment, total, delivery, currency, status: samples.order(
        external_id=external_id,
        lines=[samples.line(external_id=str(n), product=None, **row) for n, row in enumerate(rows)],
        create_time=moment,
        update_time=moment,
        total_price=total,
        delivery_cost=delivery,
        currency=currency,
        status=status,
    ),
    texts,
    st.lists(lines, min_size=1, max_size=3),
    st.none() | times,
    amounts,
    amounts,
    st.sampled_from(CURRENCIES),
    st.sampled_from(["new", "paid", "delivered", "part_refunded", "canceled"]),
)


@settings(max_examples=40)
@given(altcraft_orders)
def test_every_accepted_altcraft_order_can_be_read_everywhere(sent: Tree) -> None:
    hub = Hub()
    body = {**samples.request(sent), "result_details": True}
    [result] = hub.ask("POST", samples.IMPORT_RESOURCE, body)["result"]
    if result["outcome"] == "created":
        hub.read_everywhere()


longs = st.one_of(st.integers(-INT64, INT64), st.sampled_from([INT64, -INT64, 0, 1]))


@st.composite
def drafts(draw: st.DrawFn) -> Tree:
    """Return drafts with amounts and quantities at the ends of their ranges."""
    currency = draw(st.sampled_from(CURRENCIES[:-1]))
    rows = [
        commercetools.line(
            name={"en": draw(texts)},
            variant={"sku": draw(texts)},
            price={"value": commercetools.money(draw(longs), currency)},
            quantity=draw(st.sampled_from([0, 1, 2, INT64, -1])),
        )
        for _ in range(draw(st.integers(1, 2)))
    ]
    return commercetools.draft(
        orderNumber=draw(st.none() | texts),
        totalPrice=commercetools.money(draw(longs), currency),
        lineItems=rows,
        completedAt=draw(st.none() | times),
        store=draw(st.sampled_from([None, {"typeId": "store", "key": "website"}])),
    )


@settings(max_examples=40)
@given(drafts())
def test_every_accepted_draft_can_be_read_everywhere(sent: Tree) -> None:
    hub = Hub()
    try:
        hub.ask("POST", "/{projectKey}/orders/import", sent)
    except AssertionError:
        if hub.orders.orders:
            raise
        return
    hub.read_everywhere()


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_orders_at_both_ends_of_the_calendar_can_be_read_everywhere(moment: str) -> None:
    hub = Hub()
    sent = samples.order(create_time=moment, update_time=moment)
    hub.ask("POST", samples.IMPORT_RESOURCE, samples.request(sent))
    hub.read_everywhere()
