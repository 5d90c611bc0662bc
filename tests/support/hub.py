"""The hub's own API with its stores in memory."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol

from orders.application.find_order_by_external_id import FindOrderByExternalId
from orders.application.get_order_by_id import GetOrderById
from orders.application.list_orders import ListOrders
from orders.application.ports import Clock, WriteOutcome
from orders.application.read_changes import ReadChanges
from orders.application.read_history import ReadHistory
from orders.application.reconcile import Reconcile
from orders.domain.changes import OrderChange
from orders.domain.clients import Role
from orders.domain.deletions import Deletion
from orders.domain.history import OrderKey, ReplacedVersion
from orders.domain.importing import Write
from orders.domain.order import Cause, Order
from orders.domain.order_numbers import first_number_of, second_of
from orders.domain.triggers import trigger_of
from orders.protocols.altcraft.documents import LINES
from orders.protocols.http import Endpoint, HttpAnswer, HttpRequest
from orders.protocols.hub.access import ReadAccess
from orders.protocols.hub.answers import answer_error
from orders.protocols.hub.read_changes import ReadChangesEndpoint
from orders.protocols.hub.read_history import ReadHistoryEndpoint
from orders.protocols.hub.read_orders import GetOrderEndpoint, ListOrdersEndpoint
from orders.protocols.hub.reconcile import ReconcileEndpoint
from orders.protocols.hub.representation import OrderProtocols
from orders.runtime.composition.order_protocols import (
    PROTOCOLS,
    contents,
    lines_of,
    present,
    summarise,
)
from tests.support.deadlines import DEADLINE
from tests.support.fakes import (
    FakeChangeIndex,
    FakeFingerprints,
    FakeHistory,
    FakeOrderChanges,
    FakeOrderIndex,
    FakeOrders,
    FakeTokens,
    client,
)
from tests.support.http import answered
from tests.support.order_changes import deletion, renaming, revival, shipping, soft_deletion
from tests.support.yandex_market import stored_order

type Tree = dict[str, Any]

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ORDERS, ORDER, HISTORY = "orders", "order", "history"
CHANGES, RECONCILE = "changes", "reconcile"
NOTHING: Mapping[str, str] = MappingProxyType({})


def order_number(at: datetime, place: int = 0) -> int:
    """Return an order id that is taken at a time."""
    return first_number_of(second_of(at)) + place


class Stores(Protocol):
    """The stores behind the API, in memory."""

    orders: FakeOrders
    history: FakeHistory
    index: FakeOrderIndex
    change_index: FakeChangeIndex


def hub_endpoints(stores: Stores, tokens: FakeTokens, clock: Clock) -> Mapping[str, Endpoint]:
    """Return the endpoints of the API, by the last part of their routes."""
    access = ReadAccess(tokens)
    protocols = OrderProtocols(PROTOCOLS, summarise, present, lines_of, contents)
    by_id = GetOrderById(stores.index)
    return {
        ORDERS: ListOrdersEndpoint(
            access,
            ListOrders(stores.index, stores.change_index, stores.orders),
            FindOrderByExternalId(stores.orders),
            by_id,
            protocols,
        ),
        ORDER: GetOrderEndpoint(access, by_id, protocols),
        HISTORY: ReadHistoryEndpoint(access, ReadHistory(stores.index, stores.history), protocols),
        CHANGES: ReadChangesEndpoint(
            access, ReadChanges(stores.index, stores.change_index, clock), protocols
        ),
        RECONCILE: ReconcileEndpoint(access, Reconcile(FakeFingerprints(stores.orders))),
    }


@dataclass
class Hub:
    """A client of the API, and the orders behind it. `now` is the hub's time."""

    now: datetime = START
    orders: FakeOrders = field(default_factory=FakeOrders)
    history: FakeHistory = field(default_factory=FakeHistory)
    tokens: FakeTokens = field(
        default_factory=lambda: FakeTokens(
            {
                "reader": client("demo", Role.ORDERS_READ),
                "writer": client("demo", Role.ORDERS_WRITE),
                "stranger": client("other", Role.ORDERS_READ),
            }
        )
    )

    def __post_init__(self) -> None:
        self.index = FakeOrderIndex(self.orders)
        self.change_index = FakeChangeIndex(self.orders)
        self.changes = FakeOrderChanges(self.orders)
        self._endpoints = hub_endpoints(self, self.tokens, lambda: self.now)

    def ask(
        self,
        route: str,
        query: Mapping[str, str | tuple[str, ...]] = NOTHING,
        order_id: object = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """Return the answer to a request. Several values of a parameter are a tuple."""
        queries = {n: each if isinstance(each, tuple) else (each,) for n, each in query.items()}
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = HttpRequest(
            headers={"authorization": "Bearer reader"} if headers is None else headers,
            query={name: values[-1] for name, values in queries.items()},
            queries=queries,
            path={} if order_id is None else {"order_id": str(order_id)},
            read_body=lambda: b"" if body is None else raw,
        )
        return answered(self._endpoints[route], sent, answer_error).answer

    def get(
        self, route: str, order_id: object = None, **query: str | int | tuple[str, ...]
    ) -> Tree:
        """Return the body of a 200 answer."""
        texts = {n: each if isinstance(each, tuple) else str(each) for n, each in query.items()}
        answer = self.ask(route, texts, order_id)
        assert answer.status == 200, answer.body
        tree: Tree = json.loads(answer.body)
        return tree

    def pages(
        self, route: str, order_id: object = None, **query: str | int | tuple[str, ...]
    ) -> list[Tree]:
        """Return all pages, at most a hundred, each after the `next` of the one before."""
        pages = [self.get(route, order_id, **query)]
        while pages[-1].get("has_more", pages[-1]["next"]):
            assert len(pages) < 100
            pages.append(self.get(route, order_id, **query, after=pages[-1]["next"]))
        return pages

    def reconcile(self, *orders: Tree) -> Tree:
        """Return the body of a 200 answer to a comparison."""
        answer = self.ask(RECONCILE, body={"orders": orders})
        assert answer.status == 200, answer.body
        tree: Tree = json.loads(answer.body)
        return tree

    def create(self, external_id: str = "A", place: int = 0, **members: object) -> Order:
        """Store a new order at the present time."""
        account = str(members.pop("account", "demo"))
        order = replace(
            stored_order(external_id, order_number(self.now, place), **members),  # type: ignore[arg-type]
            account=account,
            created_at=self.now,
            updated_at=self.now,
            client="shop",
        )
        self._save(None, order)
        return order

    def update(self, external_id: str, *, silent: bool = False, **members: object) -> Order:
        """Import an order again with these members of the document."""
        before = self.orders["demo", external_id]
        document = {**json.loads(before.document), **members}
        after = replace(
            before.next_version(Cause("update", "shop", self.now)),
            document=json.dumps(document),
            status=str(document["status"]),
        )
        self._save(before, after, silent=silent)
        return after

    def rename(self, external_id: str, new: str) -> None:
        """Give an order another external id."""
        self._change(renaming(self._stored(external_id), new, self.now))

    def ship(self, external_id: str) -> None:
        """Move an order to READY_TO_SHIP."""
        self._change(shipping(self._stored(external_id), self.now))

    def delete(self, external_id: str) -> None:
        """Delete an order permanently, and its history, as the stream's function does."""
        stored = self._stored(external_id)
        self._change(deletion(stored, self.now))
        last = self.orders.deleted[-1]
        key = OrderKey("demo", last.order_id)
        self.history.erase([key], DEADLINE)
        self.history.deletions[key] = Deletion(
            last.order_id,
            last.external_id,
            last.version,
            last.protocol,
            "commercetools",
            last.updated_at,
            last.request_id,
            last.client,
        )

    def hide(self, external_id: str) -> None:
        """Delete an order softly."""
        self._change(soft_deletion(self._stored(external_id), self.now))

    def revive(self, external_id: str) -> None:
        """End the soft deletion of an order."""
        hidden = self.orders.as_stored(self.orders.hidden["demo", external_id])
        self._change(revival(hidden, self.now))

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def _stored(self, external_id: str) -> Any:  # noqa: ANN401
        return self.orders.as_stored(self.orders["demo", external_id])

    def _change(self, change: OrderChange) -> None:
        before = self.orders.as_stored(change.before.order)
        assert self.changes.save(change, DEADLINE) is WriteOutcome.COMMITTED
        self._keep(before.order)

    def _save(self, before: Order | None, after: Order, *, silent: bool = False) -> None:
        trigger = None if silent else trigger_of(before, after, LINES)
        write = Write(after, before.version if before else None, trigger)
        [outcome] = self.orders.save(after.account, [write], DEADLINE)
        assert outcome is WriteOutcome.COMMITTED
        if before:
            self._keep(before)

    def _keep(self, before: Order) -> None:
        kind = self.orders.as_stored(before).trigger
        self.history.keep([(ReplacedVersion(before, kind, self.now), 400)], DEADLINE)


def problem(answer: HttpAnswer) -> Tree:
    """Return the problem details of an error's answer."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    tree: Tree = json.loads(answer.body)
    assert tree["status"] == answer.status
    assert {"type", "title", "status", "code", "detail"} <= set(tree)
    return tree
