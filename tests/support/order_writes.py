"""The changes of single orders in Altcraft and in the hub's own API, on one store in memory."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from orders.application.change_order import ChangeOrder
from orders.application.delete_order import DeleteOrder
from orders.application.find_order_by_external_id import FindOrderByExternalId
from orders.application.get_order_by_id import GetOrderById
from orders.application.revive_order import ReviveOrder
from orders.application.update_line_status import UpdateLineStatus
from orders.domain.clients import Role
from orders.domain.order import Order
from orders.domain.settings import StoredSettings, UnknownMembers
from orders.domain.triggers import TriggerKind
from orders.protocols.altcraft import answers as altcraft
from orders.protocols.altcraft.access import AccountAccess
from orders.protocols.altcraft.calls import Calls
from orders.protocols.altcraft.delete_order import DeleteOrderEndpoint as DeleteByName
from orders.protocols.altcraft.named_orders import OrderFinder
from orders.protocols.altcraft.update_line_status import (
    UpdateLineStatusEndpoint as UpdateLineByName,
)
from orders.protocols.http import Endpoint, HttpAnswer, HttpRequest
from orders.protocols.hub import answers as hub
from orders.protocols.hub.access import WriteAccess
from orders.protocols.hub.delete_order import DeleteOrderEndpoint
from orders.protocols.hub.representation import OrderProtocols
from orders.protocols.hub.revive_order import ReviveOrderEndpoint
from orders.protocols.hub.update_line_status import UpdateLineStatusEndpoint
from orders.runtime.composition.order_protocols import (
    PROTOCOLS,
    contents,
    lines_of,
    present,
    status_of_lines,
    summarise,
)
from tests.support.deadlines import CountingPause
from tests.support.fakes import (
    FakeOrderChanges,
    FakeOrderIndex,
    FakeOrders,
    FakePublisher,
    FakeSettings,
    FakeTokens,
    TickingClock,
    client,
    publishing,
)
from tests.support.http import answered, request
from tests.support.samples import settings, to_xml
from tests.support.yandex_market import stored_order

type Tree = dict[str, Any]

# The calls of Altcraft, and the routes of the hub's own API.
DELETE, LINE_STATUS = "delete", "update_order_line_status"
HUB_DELETE, HUB_LINE_STATUS, HUB_REVIVE = "DELETE", "PUT", "POST"


def line(external_id: str, status: str = "new") -> Tree:
    """Return a line of a stored order."""
    return {
        "external_id": external_id,
        "status": status,
        "product": "p",
        "count": 1,
        "final_price_per_item": "1",
    }


@dataclass
class Writer:
    """A client that may change orders, and the orders of its account."""

    orders: FakeOrders = field(default_factory=FakeOrders)
    publisher: FakePublisher = field(default_factory=FakePublisher)
    tokens: FakeTokens = field(
        default_factory=lambda: FakeTokens(
            {
                "reader": client("demo", Role.ORDERS_READ),
                "writer": client("demo", Role.ORDERS_WRITE),
                "stranger": client("other", Role.ORDERS_WRITE),
            }
        )
    )
    settings: FakeSettings = field(
        default_factory=lambda: FakeSettings(
            {name: StoredSettings(settings(), 1) for name in ("demo", "other")}
        )
    )

    def __post_init__(self) -> None:
        self.changes = FakeOrderChanges(self.orders)
        self.index = FakeOrderIndex(self.orders)
        by_id, by_name = GetOrderById(self.index), FindOrderByExternalId(self.orders)
        clock = TickingClock()
        change = ChangeOrder(by_id, self.changes, publishing(self.publisher), CountingPause(3))
        update = UpdateLineStatus(change, self.settings, lines_of, status_of_lines, clock)
        delete = DeleteOrder(change, clock)
        calls = Calls(AccountAccess(self.tokens), self.settings)
        self._calls: dict[str, Endpoint] = {
            DELETE: DeleteByName(
                calls, OrderFinder(by_id.with_hidden, by_name.with_hidden), delete, self._new_id
            ),
            LINE_STATUS: UpdateLineByName(calls, OrderFinder(by_id, by_name), update, self._new_id),
        }
        access = WriteAccess(self.tokens)
        protocols = OrderProtocols(PROTOCOLS, summarise, present, lines_of, contents)
        self._routes: dict[str, Endpoint] = {
            HUB_DELETE: DeleteOrderEndpoint(access, delete, self._new_id),
            HUB_REVIVE: ReviveOrderEndpoint(
                access, ReviveOrder(change, clock), protocols, self._new_id
            ),
            HUB_LINE_STATUS: UpdateLineStatusEndpoint(access, update, protocols, self._new_id),
        }
        self._last_id = 0

    def _new_id(self) -> str:
        self._last_id += 1
        return f"request-{self._last_id}"

    def create(self, external_id: str = "A", order_id: int = 1, **members: object) -> Order:
        """Store an order with the lines 1 and 2."""
        members.setdefault("lines", [line("1"), line("2")])
        order = replace(stored_order(external_id, order_id, **members), version=2)  # type: ignore[arg-type]
        self.orders.orders["demo", external_id] = order
        return order

    def call(
        self,
        name: str,
        body: Tree | bytes,
        content_type: str = "application/json",
        query: dict[str, str] | None = None,
        authorization: str = "Bearer writer",
    ) -> HttpAnswer:
        """Return the answer to a call of Altcraft. An empty header is not sent."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"authorization": authorization, "content-type": content_type}
        present = {each: value for each, value in sent.items() if value}
        sent_request = request(raw, present, query or {})
        return answered(self._calls[name], sent_request, altcraft.answer_error).answer

    def call_xml(self, name: str, body: Tree) -> HttpAnswer:
        """Return the answer to a call of Altcraft in XML."""
        return self.call(name, to_xml(body), "application/xml")

    def ask(
        self,
        method: str,
        order_id: object = 1,
        line_id: str = "1",
        body: object = None,
        token: str = "writer",  # noqa: S107
        *,
        dry_run: str | None = None,
        **query: str,
    ) -> HttpAnswer:
        """Return the answer of the hub's own API."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"authorization": f"Bearer {token}"} if token else {}
        if dry_run is not None:
            sent["x-dry-run"] = dry_run
        sent_request = HttpRequest(
            headers=sent,
            query=query,
            queries={name: (value,) for name, value in query.items()},
            path={"order_id": str(order_id), "line_id": line_id},
            read_body=lambda: b"" if body is None else raw,
        )
        return answered(self._routes[method], sent_request, hub.answer_error).answer

    def declare(self, unknown_members: UnknownMembers) -> None:
        """Set a policy of the account."""
        present = settings()
        policies = replace(present.policies, unknown_members=unknown_members)
        self.settings.stored["demo"] = StoredSettings(replace(present, policies=policies), 2)

    @property
    def kinds(self) -> list[TriggerKind]:
        """Return the kinds of the published triggers."""
        return [trigger.kind for trigger in self.publisher.sent]

    def statuses(self, external_id: str = "A") -> list[str]:
        """Return the statuses of an order's lines."""
        return [each["status"] for each in self.orders["demo", external_id].tree()["lines"]]
