"""The Partner API with its stores in memory."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from types import MappingProxyType
from typing import Any

from orders.application.change_order import ChangeOrder
from orders.application.get_order_by_id import GetOrderById
from orders.application.limit_requests import LimitRequests
from orders.application.list_orders import ListOrders
from orders.application.update_external_id import UpdateExternalId
from orders.application.update_order_status import UpdateOrderStatus
from orders.application.update_order_statuses import UpdateOrderStatuses
from orders.domain.clients import Role
from orders.domain.fulfilment import SalesModel
from orders.domain.order import Order
from orders.domain.settings import Endpoint, ExternalIdPolicy, Policies, Settings, StoredSettings
from orders.protocols.altcraft.states import fulfilment_of
from orders.protocols.altcraft.summaries import summarise
from orders.protocols.http import EndpointResult, HttpAnswer, HttpRequest
from orders.protocols.yandex_market.access import CampaignAccess
from orders.protocols.yandex_market.answers import answer_error
from orders.protocols.yandex_market.read_buyers import GetBuyerEndpoint
from orders.protocols.yandex_market.read_campaigns import (
    GetCampaignEndpoint,
    ListCampaignsEndpoint,
)
from orders.protocols.yandex_market.read_orders import (
    GetOrderEndpoint,
    ListBusinessOrdersEndpoint,
    ListOrdersEndpoint,
)
from orders.protocols.yandex_market.update_external_id import UpdateExternalIdEndpoint
from orders.protocols.yandex_market.update_order_status import UpdateOrderStatusEndpoint
from orders.protocols.yandex_market.update_order_statuses import UpdateOrderStatusesEndpoint
from tests.support.deadlines import CountingPause, FixedDeadline
from tests.support.fakes import (
    FakeChangeIndex,
    FakeOrderChanges,
    FakeOrderIndex,
    FakeOrders,
    FakePublisher,
    FakeRequestCounter,
    FakeSettings,
    FakeTokens,
    TickingClock,
    client,
    publishing,
)
from tests.support.http import answered, request

BUSINESS = 77
FBS, DBS, EXPRESS, FBY, LAAS = 1001, 1002, 1003, 1004, 1005
ENDPOINTS = {
    "website": Endpoint("website", campaign_id=FBS, sales_model=SalesModel.FBS),
    "couriers": Endpoint("couriers", campaign_id=DBS, sales_model=SalesModel.DBS),
    "express": Endpoint("express", campaign_id=EXPRESS, sales_model=SalesModel.EXPRESS),
    "stock": Endpoint("stock", campaign_id=FBY, sales_model=SalesModel.FBY),
    "carrier": Endpoint("carrier", campaign_id=LAAS, sales_model=SalesModel.LAAS),
    "offline": Endpoint("offline"),
}
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def stored_order(
    external_id: str = "A", order_id: int = 1, endpoint: str = "website", **members: object
) -> Order:
    """Return an order in the form in which an import stores it."""
    document = {
        "currency": "USD",
        "delivery_cost": "100",
        "endpoint": endpoint,
        "lines": [
            {
                "base_price_per_item": "950.5",
                "count": 2,
                "external_id": "1",
                "final_price_per_item": "900.25",
                "product": "cup",
                "sku": "mug",
                "status": "new",
            }
        ],
        "status": "new",
        "total_price": "1900.5",
        **members,
    }
    return Order(
        account="demo",
        external_id=external_id,
        order_id=order_id,
        version=1,
        status=str(document["status"]),
        protocol="altcraft",
        document=json.dumps(document),
        created_at=NOW,
        updated_at=NOW,
        request_id="import",
        fulfilment=fulfilment_of(str(document["status"])),
        endpoint=endpoint,
    )


@dataclass
class Seller:
    """A client of the API. `key` has all roles, `reader` may only read, `writer` only write."""

    orders: FakeOrders = field(default_factory=FakeOrders)
    settings: FakeSettings = field(
        default_factory=lambda: FakeSettings(
            {
                "demo": StoredSettings(Settings(endpoints=ENDPOINTS, business_id=BUSINESS), 1),
                "other": StoredSettings(
                    Settings(
                        endpoints={"theirs": Endpoint("theirs", campaign_id=2001)}, business_id=78
                    ),
                    1,
                ),
            }
        )
    )
    publisher: FakePublisher = field(default_factory=FakePublisher)
    counter: FakeRequestCounter = field(default_factory=FakeRequestCounter)
    clock: TickingClock = field(default_factory=TickingClock)
    tokens: FakeTokens = field(
        default_factory=lambda: FakeTokens(
            {
                "key": client("demo", Role.ORDERS_WRITE, Role.ORDERS_READ),
                "reader": client("demo", Role.ORDERS_READ),
                "writer": client("demo", Role.ORDERS_WRITE),
                "stranger": client("other", Role.ORDERS_WRITE, Role.ORDERS_READ),
            }
        )
    )
    pause: CountingPause = field(default_factory=lambda: CountingPause(limit=3))

    def __post_init__(self) -> None:
        numbers = count(1)

        def new_request_id() -> str:
            return f"request-{next(numbers)}"

        self.index = FakeOrderIndex(self.orders)
        self.change_index = FakeChangeIndex(self.orders)
        self.changes = FakeOrderChanges(self.orders)
        access = CampaignAccess(self.tokens, self.settings)
        get_order_by_id = GetOrderById(self.index)
        change = ChangeOrder(get_order_by_id, self.changes, publishing(self.publisher), self.pause)
        self._update_external_id = UpdateExternalIdEndpoint(
            access,
            LimitRequests(self.counter, self.clock),
            UpdateExternalId(change, self.clock),
            new_request_id,
        )
        self._get_order = GetOrderEndpoint(access, get_order_by_id, summarise)
        list_orders = ListOrders(self.index, self.change_index, self.orders)
        self._list_orders = ListOrdersEndpoint(access, list_orders, summarise)
        self._list_business_orders = ListBusinessOrdersEndpoint(access, list_orders, summarise)
        self._list_campaigns = ListCampaignsEndpoint(access)
        self._get_campaign = GetCampaignEndpoint(access)
        self._update_status = UpdateOrderStatusEndpoint(
            access, UpdateOrderStatus(change, self.clock), summarise, new_request_id
        )
        update_statuses = UpdateOrderStatuses(
            self.index, self.orders, publishing(self.publisher), self.clock, self.pause
        )
        self._update_statuses = UpdateOrderStatusesEndpoint(access, update_statuses, new_request_id)
        self._get_buyer = GetBuyerEndpoint(access, get_order_by_id)

    def stock(self, *orders: Order) -> None:
        """Store orders."""
        for order in orders:
            self.orders.orders[order.account, order.external_id] = order

    def declare(self, policies: Policies) -> None:
        """Change the account's policies."""
        stored = self.settings.stored["demo"]
        settings = replace(stored.settings, policies=policies)
        self.settings.stored["demo"] = replace(stored, settings=settings)

    def declare_once(self) -> None:
        """Set the policy that an external id can be set only once."""
        self.declare(Policies(external_id_policy=ExternalIdPolicy.ONCE))

    def rename(
        self,
        external_id: object = "B",
        order_id: object = 1,
        campaign_id: object = FBS,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> HttpAnswer:
        """Call the external-id update."""
        return self.answer_rename(
            external_id, order_id, campaign_id, body=body, headers=headers
        ).answer

    def answer_rename(
        self,
        external_id: object = "B",
        order_id: object = 1,
        campaign_id: object = FBS,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> EndpointResult:
        """Call the external-id update. Return the answer and the report."""
        sent = json.dumps({"externalOrderId": external_id}).encode() if body is None else body
        asked = _request(campaign_id, order_id, headers, sent)
        return answered(self._update_external_id, asked, answer_error)

    def get(
        self,
        order_id: object = 1,
        campaign_id: object = FBS,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> HttpAnswer:
        """Call the read of one order."""
        asked = _request(campaign_id, order_id, headers)
        return answered(self._get_order, asked, answer_error).answer

    def list(
        self,
        campaign_id: object = FBS,
        query: dict[str, str] | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> HttpAnswer:
        """Call the list of orders."""
        asked = replace(_request(campaign_id, None, headers), query=query or {})
        return answered(self._list_orders, asked, answer_error).answer

    def list_business(
        self,
        body: object = None,
        query: dict[str, str] | None = None,
        business_id: object = BUSINESS,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> HttpAnswer:
        """Call the list of a business's orders."""
        sent = json.dumps({} if body is None else body).encode()
        asked = replace(
            _request(None, None, headers, sent),
            query=query or {},
            path={"businessId": str(business_id)},
        )
        return answered(self._list_business_orders, asked, answer_error).answer

    def campaigns(
        self, query: dict[str, str] | None = None, headers: Mapping[str, str] = NO_HEADERS
    ) -> HttpAnswer:
        """Call the list of campaigns."""
        asked = replace(_request(None, None, headers), query=query or {})
        return answered(self._list_campaigns, asked, answer_error).answer

    def campaign(self, campaign_id: object = FBS) -> HttpAnswer:
        """Call the read of one campaign."""
        return answered(self._get_campaign, _request(campaign_id, None, {}), answer_error).answer

    def move(
        self,
        status: object,
        substatus: object = None,
        order_id: object = 1,
        campaign_id: object = FBS,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> HttpAnswer:
        """Call the status update."""
        order = {"status": status} | ({} if substatus is None else {"substatus": substatus})
        sent = json.dumps({"order": order}).encode() if body is None else body
        asked = _request(campaign_id, order_id, headers, sent)
        return answered(self._update_status, asked, answer_error).answer

    def move_several(
        self,
        *orders: object,
        campaign_id: object = FBS,
        body: bytes | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> HttpAnswer:
        """Call the update of several statuses."""
        sent = json.dumps({"orders": orders}).encode() if body is None else body
        asked = _request(campaign_id, None, headers, sent)
        return answered(self._update_statuses, asked, answer_error).answer

    def buyer(
        self,
        order_id: object = 1,
        campaign_id: object = DBS,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> HttpAnswer:
        """Call the read of an order's buyer."""
        asked = _request(campaign_id, order_id, headers)
        return answered(self._get_buyer, asked, answer_error).answer

    def found(self, order_id: int = 1) -> Order:
        """Return a stored order."""
        named = self.index.find_by_order_id("demo", order_id, FixedDeadline())
        assert named is not None
        return named.order


def read_json(answer: HttpAnswer) -> dict[str, Any]:
    """Return the body of an answer."""
    tree: dict[str, Any] = json.loads(answer.body)
    return tree


def error_of(answer: HttpAnswer) -> tuple[int, str, str]:
    """Return the status, code and message of an error. Asserts its shape."""
    tree = read_json(answer)
    [error] = tree["errors"]
    assert tree == {"status": "ERROR", "errors": [error]}
    assert set(error) == {"code", "message"}
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    return answer.status, error["code"], error["message"]


def _request(
    campaign_id: object, order_id: object, headers: Mapping[str, str], body: bytes = b""
) -> HttpRequest:
    path = {"campaignId": str(campaign_id)}
    if order_id is not None:
        path["orderId"] = str(order_id)
    sent = {"api-key": "key", "content-type": "application/json"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    present = {name: value for name, value in sent.items() if value}
    return request(body, present, path=path)
