"""Altcraft's reads with their stores in memory."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from orders.application.find_order_by_external_id import FindOrderByExternalId
from orders.application.follow_orders import FollowOrders
from orders.application.get_order_by_id import GetOrderById
from orders.application.import_orders import ImportOrders
from orders.domain.clients import Role
from orders.domain.order import Order
from orders.domain.settings import ListAmounts, StoredSettings, UnknownMembers
from orders.protocols.altcraft.access import AccountAccess
from orders.protocols.altcraft.answers import answer_error
from orders.protocols.altcraft.calls import Calls
from orders.protocols.altcraft.get_status import GetStatusEndpoint
from orders.protocols.altcraft.list_orders import ListOrdersEndpoint
from orders.protocols.altcraft.named_orders import OrderFinder
from orders.protocols.commercetools import import_orders as project_import
from orders.protocols.commercetools.access import ProjectAccess
from orders.protocols.http import Endpoint, HttpAnswer
from orders.runtime.composition.order_protocols import summarise
from tests.support.catalogue import FakeCatalogue
from tests.support.commercetools import draft
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.fakes import (
    FakeOrderIds,
    FakeOrderIndex,
    FakeOrders,
    FakePublisher,
    FakeSettings,
    FakeTokens,
    client,
    publishing,
)
from tests.support.http import answered, request
from tests.support.hub import order_number
from tests.support.samples import settings, to_xml
from tests.support.yandex_market import stored_order

type Tree = dict[str, Any]

ROOT = "/api/v1.1/market/orders"
LIST, GET_STATUS = "list", "get_status"
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def read_endpoints(
    orders: FakeOrders,
    tokens: FakeTokens,
    stored: FakeSettings,
    clock: Any,  # noqa: ANN401
) -> dict[str, Endpoint]:
    """Return the endpoints, by the last part of their routes."""
    calls = Calls(AccountAccess(tokens), stored)
    index = FakeOrderIndex(orders)
    find = OrderFinder(GetOrderById(index), FindOrderByExternalId(orders))
    return {
        LIST: ListOrdersEndpoint(calls, FollowOrders(index, clock), summarise),
        GET_STATUS: GetStatusEndpoint(calls, find),
    }


@dataclass
class Reader:
    """A client of the reads, and the orders behind them. `now` is the hub's time."""

    now: datetime = START
    orders: FakeOrders = field(default_factory=FakeOrders)
    tokens: FakeTokens = field(
        default_factory=lambda: FakeTokens(
            {
                "reader": client("demo", Role.ORDERS_READ),
                "writer": client("demo", Role.ORDERS_WRITE),
                "stranger": client("other", Role.ORDERS_READ),
                "admin": client("demo", *Role),
            }
        )
    )
    settings: FakeSettings = field(
        default_factory=lambda: FakeSettings(
            {name: StoredSettings(settings(), 1) for name in ("demo", "other")}
        )
    )

    def __post_init__(self) -> None:
        self._endpoints = read_endpoints(self.orders, self.tokens, self.settings, lambda: self.now)

    def ask(
        self,
        call: str,
        body: Tree | bytes,
        content_type: str = "application/json",
        query: dict[str, str] | None = None,
        **headers: str,
    ) -> HttpAnswer:
        """Return the answer to a call. The header has the token, unless it is empty."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"authorization": "Bearer reader", "content-type": content_type, **headers}
        present = {name: value for name, value in sent.items() if value}
        return answered(
            self._endpoints[call], request(raw, present, query or {}), answer_error
        ).answer

    def call(self, call: str, **body: object) -> Tree:
        """Return the body of a 200 answer to a call in JSON."""
        answer = self.ask(call, body)
        assert answer.status == 200, answer.body
        tree: Tree = json.loads(answer.body)
        assert (tree["error"], tree["error_text"]) == (0, "")
        return tree

    def call_xml(self, call: str, **body: object) -> str:
        """Return the body of a 200 answer to a call in XML."""
        answer = self.ask(call, to_xml(body), "application/xml")
        assert answer.status == 200, answer.body
        assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
        return answer.body.decode()

    def pages(self, **body: object) -> list[list[str]]:
        """Return the external ids of all pages, up to the empty one."""
        pages: list[list[str]] = []
        from_id = ""
        while not pages or pages[-1]:
            assert len(pages) < 100
            tree = self.call(LIST, from_id=from_id, **body)
            pages.append([each["external_id"] for each in tree["result"]])
            from_id = tree["next_from_id"]
        return pages[:-1]

    def create(self, external_id: str = "A", place: int = 0, **members: object) -> Order:
        """Store a new order at the present time. `document` has members to change."""
        account = str(members.pop("account", "demo"))
        facts = members.pop("order", {})
        assert isinstance(facts, dict)
        order = replace(
            stored_order(external_id, order_number(self.now, place), **members),  # type: ignore[arg-type]
            account=account,
            created_at=self.now,
            updated_at=self.now,
        )
        order = replace(order, **facts)
        self.orders.orders[account, external_id] = order
        return order

    def create_draft(self, **changes: object) -> Order:
        """Store an order through commercetools."""
        use_case = ImportOrders(
            self.orders,
            FakeOrderIds(),
            self.settings,
            publishing(FakePublisher()),
            lambda: self.now,
            CountingPause(3),
            FakeCatalogue(),
        )
        endpoint = project_import.ImportOrdersEndpoint(
            ProjectAccess(self.tokens), use_case, lambda: "request"
        )
        sent = request(
            json.dumps(draft(**changes)).encode(),
            {"authorization": "Bearer admin", "content-type": "application/json"},
            path={"projectKey": "demo"},
        )
        before = set(self.orders.orders)
        assert endpoint(sent, DEADLINE).answer.status == 201
        [key] = self.orders.orders.keys() - before
        return self.orders.orders[key]

    def declare(
        self,
        list_amounts: ListAmounts = ListAmounts.MAJOR,
        unknown_members: UnknownMembers = UnknownMembers.WARN_NEAR_MISS,
    ) -> None:
        """Set policies of the account."""
        present = settings()
        policies = replace(
            present.policies, list_amounts=list_amounts, unknown_members=unknown_members
        )
        self.settings.stored["demo"] = StoredSettings(replace(present, policies=policies), 2)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
