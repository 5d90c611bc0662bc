"""The filters and pages of the order lists of the Partner API."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orders.application import list_orders
from orders.domain.fulfilment import Fulfilment
from orders.domain.order import Order
from orders.domain.order_numbers import EPOCH
from tests.support.yandex_market import (
    BUSINESS,
    DBS,
    FBS,
    Seller,
    error_of,
    read_json,
    stored_order,
)

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
NOON = datetime(2026, 3, 10, 9, 0, 0, tzinfo=UTC)  # 12:00 in Moscow


def imported_at(
    moment: datetime, name: str, endpoint: str = "website", *, changed: datetime | None = None
) -> Order:
    """Return an order that was imported at this time, and changed later."""
    order_id = (((moment - EPOCH) // SECOND) << 22) + len(name)
    order = replace(
        stored_order(name, order_id, endpoint), created_at=moment, updated_at=changed or moment
    )
    return replace(order, version=2) if changed else order


def names(answer: object, member: str = "externalOrderId") -> list[str]:
    return [order[member] for order in read_json(answer)["orders"]]  # type: ignore[arg-type]


@pytest.fixture
def seller() -> Seller:
    """Return a seller with an order a day, from 8 to 12 March; the first one changed last."""
    seller = Seller()
    seller.stock(
        imported_at(NOON - 2 * DAY, "8 March", changed=NOON + 3 * DAY),
        imported_at(NOON - DAY, "9 March"),
        imported_at(NOON, "10 March"),
        imported_at(NOON + DAY, "11 March", changed=NOON + DAY + SECOND),
        imported_at(NOON + 2 * DAY, "12 March"),
        imported_at(NOON, "of another campaign", "couriers"),
        imported_at(NOON, "of no campaign", "offline"),
    )
    return seller


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"fromDate": "11-03-2026"}, ["12 March", "11 March"]),
        ({"fromDate": "2026-03-11"}, ["12 March", "11 March"]),
        # The day of toDate does not count.
        ({"toDate": "10-03-2026"}, ["9 March", "8 March"]),
        ({"fromDate": "09-03-2026", "toDate": "11-03-2026"}, ["10 March", "9 March"]),
        ({"fromDate": "10-03-2026", "toDate": "10-03-2026"}, ["10 March"]),
        ({"updatedAtFrom": "2026-03-11T12:00:00+03:00"}, ["11 March", "12 March", "8 March"]),
        ({"updatedAtFrom": "2026-03-11T12:00:01+03:00"}, ["11 March", "12 March", "8 March"]),
        ({"updatedAtFrom": "2026-03-11T12:00:02 03:00"}, ["12 March", "8 March"]),
        ({"updatedAtTo": "2026-03-10T09:00:00Z"}, ["9 March"]),
        (
            {"updatedAtFrom": "2026-03-10T09:00:00Z", "updatedAtTo": "2026-03-11T09:00:01Z"},
            ["10 March"],
        ),
        (
            {"updatedAtFrom": "2026-03-10T09:00:00Z", "fromDate": "12-03-2026"},
            ["12 March"],
        ),
    ],
)
def test_orders_are_filtered_by_their_times(
    seller: Seller, query: dict[str, str], expected: list[str]
) -> None:
    assert names(seller.list(query=query)) == expected


def test_the_shops_time_of_creation_counts(seller: Seller) -> None:
    order = imported_at(NOON, "late")
    document = order.document.replace("{", '{"create_time": "2026-03-01T10:00:00Z", ', 1)
    seller.stock(replace(order, document=document))
    query = {"fromDate": "01-03-2026", "toDate": "02-03-2026"}
    assert names(seller.list(query=query)) == ["late"]


def test_orders_are_filtered_by_their_ids(seller: Seller) -> None:
    ids = {name: order.order_id for (_, name), order in seller.orders.orders.items()}
    wanted = f"{ids['8 March']},{ids['11 March']},{ids['of another campaign']},5,{2**63 - 1}"
    assert names(seller.list(query={"orderIds": wanted})) == ["11 March", "8 March"]
    assert seller.index.orders_read == 0
    page = read_json(seller.list(query={"orderIds": wanted, "limit": "1"}))
    token = page["paging"]["nextPageToken"]
    assert names(seller.list(query={"orderIds": wanted, "pageToken": token})) == ["8 March"]
    assert names(seller.list(query={"orderIds": wanted, "status": "DELIVERED"})) == []


def test_test_orders_do_not_exist_and_are_not_searched(seller: Seller) -> None:
    assert read_json(seller.list(query={"fake": "true"})) == {"orders": [], "paging": {}}
    assert read_json(seller.list_business({"fake": True})) == {"orders": [], "paging": {}}
    assert seller.index.orders_read == seller.change_index.changes_read == 0


def test_a_larger_limit_is_reduced(seller: Seller) -> None:
    seller.stock(*(imported_at(NOON + n * SECOND, "x" * (n + 1)) for n in range(60)))
    for query in ({"limit": "51"}, {"limit": "1000"}, {"pageSize": "100"}, {}):
        assert len(names(seller.list(query=query))) == 50


def test_numbered_pages_have_a_pager(seller: Seller) -> None:
    def page(number: int, **query: str) -> dict[str, object]:
        asked = {"page": str(number), "pageSize": "2", **query}
        tree = read_json(seller.list(query=asked))
        return {"names": [order["externalOrderId"] for order in tree["orders"]], **tree["pager"]}

    assert page(1) == {
        "names": ["12 March", "11 March"],
        "total": 5,
        "from": 1,
        "to": 2,
        "currentPage": 1,
        "pagesCount": 3,
        "pageSize": 2,
    }
    assert page(3)["names"] == ["8 March"]
    assert page(4) == {
        "names": [],
        "total": 5,
        "currentPage": 4,
        "pagesCount": 3,
        "pageSize": 2,
    }
    polled = page(2, status="PROCESSING", updatedAtFrom="2026-03-10T00:00:00Z")
    assert (polled["names"], polled["total"]) == (["12 March", "8 March"], 4)
    assert "pager" not in read_json(seller.list(query={"pageSize": "2"}))


def test_a_filtered_page_is_full_or_the_list_ends(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_orders, "MAX_EXAMINED", 100)
    shipped = [
        replace(imported_at(NOON + n * SECOND, "x" * n), fulfilment=Fulfilment.SHIPPED)
        if n % 60 == 0
        else imported_at(NOON + n * SECOND, "x" * n)
        for n in range(1, 250)
    ]
    seller.stock(*shipped)
    sizes, query = [], {"substatus": "SHIPPED", "limit": "3"}
    while True:
        page = read_json(seller.list(query=query))
        sizes.append(len(page["orders"]))
        if "nextPageToken" not in page["paging"]:
            break
        query["pageToken"] = page["paging"]["nextPageToken"]
    # Two pages end because of the examined orders, the last one because of the list.
    assert sizes == [2, 2, 0]


@pytest.mark.parametrize("limit", ["1", "2", "50"])
def test_all_changes_are_listed_in_pages(seller: Seller, limit: str) -> None:
    query = {"updatedAtFrom": "2026-03-01T00:00:00Z", "limit": limit}
    seen: list[str] = []
    while True:
        page = read_json(seller.list(query=query))
        seen += [order["externalOrderId"] for order in page["orders"]]
        if "nextPageToken" not in page["paging"]:
            break
        query["pageToken"] = page["paging"]["nextPageToken"]
    assert seen == ["9 March", "10 March", "11 March", "12 March", "8 March"]


def test_the_orders_of_a_business_are_those_of_its_campaigns(seller: Seller) -> None:
    page = read_json(seller.list_business())
    assert [(each["externalOrderId"], each["campaignId"]) for each in page["orders"]] == [
        ("12 March", FBS),
        ("11 March", FBS),
        ("of another campaign", DBS),
        ("10 March", FBS),
        ("9 March", FBS),
        ("8 March", FBS),
    ]
    assert names(seller.list_business({"campaignIds": [DBS]})) == ["of another campaign"]
    assert names(seller.list_business({"programTypes": ["DBS", "FBY"]})) == ["of another campaign"]
    assert names(seller.list_business({"campaignIds": [1]})) == []
    first = read_json(seller.list_business(query={"limit": "4"}))
    rest = seller.list_business(query={"pageToken": first["paging"]["nextPageToken"]})
    assert names(rest) == ["9 March", "8 March"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"externalOrderIds": ["9 March", "of no campaign", "nobody"]}, ["9 March"]),
        ({"statuses": ["DELIVERED"]}, []),
        ({"substatuses": ["STARTED"], "campaignIds": [DBS]}, ["of another campaign"]),
        ({"dates": {"creationDateFrom": "2026-03-12"}}, ["12 March"]),
        ({"dates": {"creationDateTo": "2026-03-09"}}, ["8 March"]),
        ({"dates": {"updateDateFrom": "2026-03-12T00:00:00Z"}}, ["12 March", "8 March"]),
        ({"dates": {"updateDateTo": "2026-03-10T09:00:00Z"}}, ["9 March"]),
        (
            {"orderIds": None, "dates": {}, "fake": False, "externalOrderIds": ["8 March"]},
            ["8 March"],
        ),
    ],
)
def test_the_orders_of_a_business_are_filtered(
    seller: Seller, body: object, expected: list[str]
) -> None:
    assert names(seller.list_business(body)) == expected


def test_an_order_of_a_business_has_the_known_members(seller: Seller) -> None:
    [order] = read_json(seller.list_business({"externalOrderIds": ["8 March"]}))["orders"]
    amount = {"currencyId": "USD"}
    assert order == {
        "orderId": seller.orders["demo", "8 March"].order_id,
        "campaignId": FBS,
        "programType": "FBS",
        "externalOrderId": "8 March",
        "status": "PROCESSING",
        "substatus": "STARTED",
        "creationDate": "2026-03-08T12:00:00+03:00",
        "updateDate": "2026-03-13T12:00:00+03:00",
        "paymentType": "UNKNOWN",
        "paymentMethod": "UNKNOWN",
        "fake": False,
        "items": [
            {
                "id": 1,
                "offerId": "mug",
                "offerName": "mug",
                "count": 2,
                "prices": {"payment": {"value": 900.25, **amount}, "vat": "UNKNOWN_VALUE"},
            }
        ],
        "prices": {
            "payment": {"value": 1800.5, **amount},
            "delivery": {"payment": {"value": 100, **amount}},
        },
        "delivery": {
            "type": "UNKNOWN",
            "deliveryPartnerType": "YANDEX_MARKET",
            "serviceName": "UNKNOWN",
            "deliveryServiceId": 0,
            "dates": {"fromDate": "1970-01-01"},
        },
        "buyerType": "PERSON",
    }


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"sourcePlatforms": ["OZON"]}, "sourcePlatforms is not supported; remove it"),
        ({"dates": {"shipmentDateFrom": "2026-01-01"}}, "dates.shipmentDateFrom is not supported"),
        ({"waitingForCancellationApprove": True}, "Type mismatch: waitingForCancellationApprove"),
        ({"orderIds": []}, "orderIds must not be empty (rejected value: 0 values)"),
        ({"orderIds": ["1"]}, "Type mismatch: orderIds.0 (rejected value: 1)"),
        (
            {"externalOrderIds": ["a"] * 51},
            "externalOrderIds size must be between 1 and 50 (rejected value: 51 values)",
        ),
        ({"statuses": ["NOPE"]}, "Type mismatch: NOPE"),
        ({"substatuses": ["NOPE"]}, "Type mismatch: NOPE"),
        ({"programTypes": ["NOPE"]}, "Type mismatch: programTypes.0 (rejected value: NOPE)"),
        ({"dates": {"creationDateFrom": "March"}}, "Type mismatch: March"),
        ([], "JSON: the body must be an object"),
    ],
)
def test_filters_of_a_business_that_cannot_be_answered_are_rejected(
    seller: Seller, body: object, message: str
) -> None:
    status, code, text = error_of(seller.list_business(body))
    assert (status, code) == (400, "BAD_REQUEST")
    assert text.startswith(message)


def test_foreign_and_unknown_businesses_get_the_same_error(seller: Seller) -> None:
    expected = (403, "FORBIDDEN", "Access denied")
    for business_id in (78, 79, FBS):
        assert error_of(seller.list_business(business_id=business_id)) == expected
    assert error_of(seller.list_business(headers={"api_key": "stranger"})) == expected
    assert error_of(seller.list_business(headers={"api_key": "writer"}))[0] == 403


def test_the_campaigns_of_the_account_are_listed(seller: Seller) -> None:
    page = read_json(seller.campaigns())
    business = {"id": BUSINESS, "name": "demo"}
    assert [(each["id"], each["placementType"], each["domain"]) for each in page["campaigns"]] == [
        (1001, "FBS", "website"),
        (1002, "DBS", "couriers"),
        (1003, "FBS", "express"),
        (1004, "FBY", "stock"),
        (1005, "LAAS", "carrier"),
    ]
    assert all(each["business"] == business for each in page["campaigns"])
    assert page["pager"] == {
        "total": 5,
        "from": 1,
        "to": 5,
        "currentPage": 1,
        "pagesCount": 1,
        "pageSize": 50,
    }
    first = read_json(seller.campaigns({"limit": "2"}))
    assert first["paging"] == {"nextPageToken": "2"}
    second = read_json(seller.campaigns({"limit": "2", "pageToken": "2"}))
    assert [each["id"] for each in second["campaigns"]] == [1003, 1004]
    last = read_json(seller.campaigns({"page": "3", "pageSize": "2"}))
    assert ([each["id"] for each in last["campaigns"]], last["paging"]) == ([1005], {})
    assert read_json(seller.campaigns({"page": "9"}))["campaigns"] == []
    assert seller.campaigns(headers={"api_key": "wrong"}).status == 401


def test_a_campaign_is_returned_to_its_account(seller: Seller) -> None:
    campaign = read_json(seller.campaign(DBS))["campaign"]
    assert campaign in read_json(seller.campaigns())["campaigns"]
    assert read_json(seller.campaign(f"{DBS}.json"))["campaign"] == campaign
    assert error_of(seller.campaign(2001)) == (403, "FORBIDDEN", "Access denied")
