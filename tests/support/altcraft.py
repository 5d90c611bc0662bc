"""The Altcraft import with its stores in memory."""

import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from orders.application.import_orders import ImportOrders
from orders.application.import_together import ImportTogether
from orders.domain.clients import Role
from orders.domain.settings import StoredSettings
from orders.protocols.altcraft.access import AccountAccess
from orders.protocols.altcraft.answers import answer_error
from orders.protocols.altcraft.import_orders import ImportOrdersEndpoint
from orders.protocols.http import HttpAnswer
from tests.support.catalogue import FakeCatalogue
from tests.support.deadlines import CountingPause
from tests.support.fakes import (
    FakeOrderIds,
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
from tests.support.samples import settings

JSON = "application/json"
XML = "application/xml"


@dataclass
class Shop:
    """A client of the import endpoint. `token` may import, `reader` may only read."""

    orders: FakeOrders = field(default_factory=FakeOrders)
    settings: FakeSettings = field(
        default_factory=lambda: FakeSettings({"demo": StoredSettings(settings(), 1)})
    )
    publisher: FakePublisher = field(default_factory=FakePublisher)
    order_ids: FakeOrderIds = field(default_factory=FakeOrderIds)
    tokens: FakeTokens = field(
        default_factory=lambda: FakeTokens(
            {"token": client(), "reader": client("demo", Role.ORDERS_READ)}
        )
    )
    catalogue: FakeCatalogue = field(default_factory=FakeCatalogue)
    pause: CountingPause = field(default_factory=lambda: CountingPause(limit=3))

    def __post_init__(self) -> None:
        numbers = count(1)
        self.transactions = FakeOrderTransactions(self.orders, self.settings)
        use_case = ImportOrders(
            self.orders,
            self.order_ids,
            self.settings,
            publishing(self.publisher),
            TickingClock(),
            self.pause,
            self.catalogue,
        )
        self.endpoint = ImportOrdersEndpoint(
            AccountAccess(self.tokens),
            use_case,
            ImportTogether(use_case, self.transactions),
            new_request_id=lambda: f"request-{next(numbers)}",
        )

    def post(
        self,
        body: bytes | dict[str, Any] | list[Any] | str,
        content_type: str | None = JSON,
        *,
        query: dict[str, str] | None = None,
        **headers: str,
    ) -> HttpAnswer:
        """Send a body. Plain data is sent as JSON. The header has the token by default."""
        if isinstance(body, str):
            body = body.encode()
        elif not isinstance(body, bytes):
            body = json.dumps(body).encode()
        sent = {"authorization": "Bearer token"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        if content_type:
            sent["content-type"] = content_type
        present = {name: value for name, value in sent.items() if value}
        asked = request(body, present, query or {})
        return answered(self.endpoint, asked, answer_error).answer

    def documents(self) -> dict[str, Any]:
        """Return the stored documents by external id."""
        return {name: order.tree() for (_, name), order in self.orders.orders.items()}


def read_json(answer: HttpAnswer) -> dict[str, Any]:
    """Return the body of a JSON answer."""
    tree: dict[str, Any] = json.loads(answer.body)
    return tree
