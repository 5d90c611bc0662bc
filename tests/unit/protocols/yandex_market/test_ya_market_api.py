"""PyPI's ya-market-api, unmodified, reads orders. Its requests go to the endpoints directly."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import pytest
from arrow import Arrow
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from ya_market_api.order.const import OrderStatus, OrderSubstatus
from ya_market_api.order.dataclass import OrderGetRequest, OrderListRequest
from ya_market_api.order.dataclass.list import Dates
from ya_market_api.sync_api import SyncAPI

from orders.domain.creation_times import ids_created_in
from orders.domain.ranges import Range
from orders.domain.settings import PartnerOrderMembers, Policies
from tests.support.yandex_market import BUSINESS, FBS, NOW, Seller, stored_order

# The client warns of the routes that the protocol is going to switch off.
pytestmark = pytest.mark.filterwarnings("ignore:Function .* is deprecated:DeprecationWarning")
ID_A = ids_created_in(Range(NOW)).start or 0
BASE_URL = "http://hub.test"


class Bridge(BaseAdapter):
    """Answers the requests of a session with the endpoints of a seller."""

    def __init__(self, seller: Seller) -> None:
        super().__init__()
        self.seller = seller

    def send(self, request: PreparedRequest, *_args: object, **_options: object) -> Response:
        url = urlsplit(str(request.url))
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        headers = {"api_key": str(request.headers.get("Api-Key", ""))}
        match [request.method, *url.path.strip("/").split("/")]:
            case ["GET", "campaigns"]:
                answer = self.seller.campaigns(query, headers=headers)
            case ["GET", "campaigns", campaign_id, "orders", order_id]:
                answer = self.seller.get(order_id, campaign_id, headers=headers)
            case ["POST", "v1", "businesses", business_id, "orders"]:
                assert isinstance(request.body, bytes)
                body = json.loads(request.body)
                answer = self.seller.list_business(body, query, business_id, headers=headers)
            case other:
                pytest.fail(f"no endpoint for {other}")
        response = Response()
        response.status_code = answer.status
        response.headers.update(answer.headers)
        response._content = answer.body  # noqa: SLF001 - as requests' own adapter does
        response.url = str(request.url)
        return response

    def close(self) -> None:
        pass


@pytest.fixture
def seller() -> Seller:
    seller = Seller()
    line = {"count": 1, "external_id": "1", "final_price_per_item": "5", "product": "cup"}
    seller.stock(
        stored_order("A", ID_A),
        stored_order("B", ID_A + 1, lines=[line], currency="RUB"),
        stored_order("C", ID_A + 2, "couriers", status="canceled"),
    )
    return seller


@pytest.fixture
def api(seller: Seller) -> SyncAPI:
    api = SyncAPI.build(api_key="key", base_url=BASE_URL, business_id=BUSINESS, campaign_id=FBS)
    api.config.session.mount(BASE_URL, Bridge(seller))
    return api


def test_the_client_reads_an_order(api: SyncAPI) -> None:
    for order_id, external_id in ((ID_A, "A"), (ID_A + 1, "B")):
        order = api.order.get_order(OrderGetRequest(order_id=order_id)).order
        assert order is not None
        assert (order.id, order.external_order_id) == (order_id, external_id)
        assert order.created_at == Arrow.fromdatetime(NOW)
        assert order.items[0].offer_id == ("mug" if order_id == ID_A else "cup")


def test_the_client_lists_orders_in_pages(api: SyncAPI) -> None:
    first = api.order.get_order_list(OrderListRequest(limit=2))
    assert [order.external_order_id for order in first.orders] == ["C", "B"]
    assert first.orders[0].status is OrderStatus.CANCELLED
    assert first.paging is not None
    rest = api.order.get_order_list(OrderListRequest(page_token=first.paging.next_page_token))
    assert [order.order_id for order in rest.orders] == [ID_A]
    assert rest.orders[0].created_at == Arrow.fromdatetime(NOW)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["C", "B", "A"]),
        ({"order_ids": {ID_A, ID_A + 2}}, ["C", "A"]),
        ({"external_order_ids": {"B", "none"}}, ["B"]),
        ({"statuses": {OrderStatus.PROCESSING}}, ["B", "A"]),
        ({"substatuses": {OrderSubstatus.SHIPPED}}, []),
        ({"fake": True}, []),
    ],
)
def test_the_client_filters_orders(
    api: SyncAPI, asked: Mapping[str, object], expected: list[str]
) -> None:
    listed = api.order.get_order_list(OrderListRequest(**asked))
    assert [order.external_order_id for order in listed.orders] == expected


def test_the_client_filters_orders_by_their_times(api: SyncAPI) -> None:
    day = Arrow.fromdatetime(NOW).floor("day")

    def found(**dates: Arrow) -> int:
        return len(api.order.get_order_list(OrderListRequest(dates=Dates(**dates))).orders)

    assert found(creation_date_from=day, creation_date_to=day.shift(days=1)) == 3
    assert found(creation_date_from=day.shift(days=1)) == 0
    assert found(update_date_to=day) == 0


def test_the_client_lists_campaigns(api: SyncAPI) -> None:
    listed = api.campaign.get_campaign_list()
    assert [campaign.id for campaign in listed.campaigns] == [1001, 1002, 1003, 1004, 1005]
    assert {campaign.business.id for campaign in listed.campaigns if campaign.business} == {
        BUSINESS
    }
    assert listed.pager is not None
    assert listed.pager.total == 5


def test_the_client_cannot_read_orders_without_the_neutral_members(
    seller: Seller, api: SyncAPI
) -> None:
    seller.declare(Policies(partner_order_members=PartnerOrderMembers.KNOWN_ONLY))
    with pytest.raises(ValueError, match="Field required"):
        api.order.get_order(OrderGetRequest(order_id=ID_A))
