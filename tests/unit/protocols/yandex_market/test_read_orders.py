"""Order reads and the status update of the Partner API."""

import json
from dataclasses import replace

import pytest

from orders.application.list_orders import MAX_EXAMINED
from orders.application.ports import WriteOutcome
from orders.domain.fulfilment import Fulfilment
from orders.domain.identifiers import uuid_of
from orders.domain.settings import PartnerOrderMembers, Policies
from orders.domain.triggers import TriggerKind
from tests.support.yandex_market import (
    DBS,
    EXPRESS,
    FBS,
    FBY,
    LAAS,
    Seller,
    error_of,
    read_json,
    stored_order,
)


@pytest.fixture
def seller() -> Seller:
    seller = Seller()
    seller.stock(stored_order())
    return seller


def test_an_order_has_the_known_members(seller: Seller) -> None:
    answer = seller.get()
    assert answer.status == 200
    assert read_json(answer) == {
        "order": {
            "id": 1,
            "externalOrderId": "A",
            "status": "PROCESSING",
            "substatus": "STARTED",
            "creationDate": "02-01-2026 06:04:05",
            "updatedAt": "02-01-2026 06:04:05",
            "currency": "USD",
            "itemsTotal": 1800.5,
            "deliveryTotal": 100,
            "buyerItemsTotalBeforeDiscount": 1901,
            "paymentType": "UNKNOWN",
            "paymentMethod": "UNKNOWN",
            "fake": False,
            "items": [
                {
                    "id": 1,
                    "offerId": "mug",
                    "price": 900.25,
                    "buyerPrice": 900.25,
                    "buyerPriceBeforeDiscount": 950.5,
                    "count": 2,
                    "offerName": "mug",
                    "vat": "UNKNOWN_VALUE",
                }
            ],
            "delivery": {
                "type": "UNKNOWN",
                "price": 100,
                "deliveryPartnerType": "YANDEX_MARKET",
                "serviceName": "UNKNOWN",
                "deliveryServiceId": 0,
                "dates": {"fromDate": "01-01-1970"},
            },
            "buyer": {"type": "PERSON"},
            "taxSystem": "UNKNOWN_VALUE",
        }
    }


def test_amounts_keep_their_digits(seller: Seller) -> None:
    seller.stock(stored_order("X", 2, delivery_cost="999999999999999.12345678"))
    assert b'"deliveryTotal":999999999999999.12345678' in seller.get(2).body


def test_a_price_before_discounts_that_is_not_known_is_the_price(seller: Seller) -> None:
    line = {"count": 2, "external_id": "1", "final_price_per_item": "5", "product": "cup"}
    other = {**line, "external_id": "2", "base_price_per_item": "7.5"}
    seller.stock(stored_order("X", 2, lines=[line, other]))
    order = read_json(seller.get(2))["order"]
    assert [each["buyerPriceBeforeDiscount"] for each in order["items"]] == [5, 7.5]
    assert order["buyerItemsTotalBeforeDiscount"] == 25


def test_the_account_can_leave_out_members_that_are_not_known(seller: Seller) -> None:
    seller.declare(Policies(partner_order_members=PartnerOrderMembers.KNOWN_ONLY))
    line = {"count": 1, "external_id": "1", "final_price_per_item": "5", "product": "cup"}
    seller.stock(stored_order("X", 2, lines=[line], currency="RUB"))
    order = read_json(seller.get(2))["order"]
    assert "buyerItemsTotalBeforeDiscount" not in order
    assert order["currency"] == "RUR"
    assert order["items"] == [{"id": 1, "offerId": "cup", "price": 5, "buyerPrice": 5, "count": 1}]
    assert "buyer" not in order
    assert set(order["delivery"]) == {"type", "price", "deliveryPartnerType"}
    [_, listed] = read_json(seller.list())["orders"][::-1]
    assert listed == order
    [business] = read_json(seller.list_business({"orderIds": [2]}))["orders"]
    assert "buyerType" not in business
    assert set(business["delivery"]) == {"type", "deliveryPartnerType"}
    assert set(business["items"][0]) == {"id", "offerId", "count", "prices"}
    assert set(business["items"][0]["prices"]) == {"payment"}


def test_the_creation_time_of_the_shop_is_returned(seller: Seller) -> None:
    seller.stock(stored_order("X", 2, create_time="2022-01-02T22:04:05.141Z"))
    assert read_json(seller.get(2))["order"]["creationDate"] == "03-01-2022 01:04:05"


def test_the_delivery_partner_of_dbs_is_the_shop(seller: Seller) -> None:
    seller.stock(stored_order("X", 2, "couriers"))
    order = read_json(seller.get(2, DBS))["order"]
    assert order["delivery"]["deliveryPartnerType"] == "SHOP"


def test_an_order_has_no_external_id_until_the_shop_sets_one(seller: Seller) -> None:
    seller.stock(stored_order(uuid_of("demo", 2), 2))
    assert "externalOrderId" not in read_json(seller.get(2))["order"]
    assert all(
        ("externalOrderId" in order) is (order["id"] == 1)
        for order in read_json(seller.list())["orders"]
    )
    assert seller.rename("B", 2).status == 200
    assert read_json(seller.get(2))["order"]["externalOrderId"] == "B"


def test_the_current_external_id_is_returned_after_a_change(seller: Seller) -> None:
    seller.rename("B")
    assert read_json(seller.get())["order"]["externalOrderId"] == "B"


def test_a_json_suffix_is_allowed(seller: Seller) -> None:
    assert seller.get("1.json").status == 200


@pytest.mark.parametrize("order_id", [2, 2**63 - 1])
def test_an_unknown_order_is_not_found(seller: Seller, order_id: int) -> None:
    expected = (404, "NOT_FOUND", f"Order not found: {order_id}")
    assert error_of(seller.get(order_id)) == expected
    assert error_of(seller.move("DELIVERY", None, order_id)) == expected
    # A missing order is reported before an unsupported status.
    assert error_of(seller.move("UNPAID", None, order_id)) == expected
    assert error_of(seller.move("PROCESSING", "PACKAGING", order_id)) == expected


def test_an_order_of_another_campaign_is_not_found(seller: Seller) -> None:
    assert error_of(seller.get(campaign_id=DBS))[:2] == (404, "NOT_FOUND")
    assert error_of(seller.move("DELIVERY", campaign_id=DBS))[:2] == (404, "NOT_FOUND")
    assert read_json(seller.list(DBS))["orders"] == []


@pytest.mark.parametrize("key", ["writer", "wrong", "stranger"])
def test_reading_requires_a_key_with_the_role(seller: Seller, key: str) -> None:
    headers = {"api_key": key}
    assert seller.get(headers=headers).status in {401, 403}
    assert seller.list(headers=headers).status == seller.get(headers=headers).status


def test_a_key_that_may_only_read_cannot_change_an_order(seller: Seller) -> None:
    headers = {"api_key": "reader"}
    assert seller.get(headers=headers).status == 200
    assert seller.move("PROCESSING", "READY_TO_SHIP", headers=headers).status == 403


@pytest.mark.parametrize("campaign_id", [FBY, LAAS])
def test_orders_of_other_sales_models_can_be_listed_but_not_changed(
    seller: Seller, campaign_id: int
) -> None:
    assert read_json(seller.list(campaign_id)) == {"orders": [], "paging": {}}
    message = error_of(seller.move("DELIVERY", campaign_id=campaign_id))[2]
    assert message == "Campaign type is not allowed. Allowed campaign types: FBS, DBS, EXPRESS"


def test_orders_are_listed_in_pages_newest_first(seller: Seller) -> None:
    seller.stock(*(stored_order(f"order {n}", n) for n in range(2, 121)))
    seller.stock(stored_order("elsewhere", 500, "couriers"))
    ids: list[int] = []
    sizes = []
    query: dict[str, str] = {}
    while True:
        page = read_json(seller.list(query=query))
        ids += [order["id"] for order in page["orders"]]
        sizes.append(len(page["orders"]))
        token = page["paging"].get("nextPageToken")
        if token is None:
            break
        query = {"pageToken": token}
    assert ids == list(range(120, 0, -1))
    assert sizes[:2] == [50, 50]


@pytest.mark.parametrize("names", [("limit", "page_token"), ("pageSize", "pageToken")])
def test_both_names_of_the_paging_parameters_are_accepted(
    seller: Seller, names: tuple[str, str]
) -> None:
    seller.stock(*(stored_order(f"order {n}", n) for n in range(2, 6)))
    limit, token = names
    first = read_json(seller.list(query={limit: "2"}))
    assert [order["id"] for order in first["orders"]] == [5, 4]
    query = {limit: "2", token: first["paging"]["nextPageToken"]}
    assert [order["id"] for order in read_json(seller.list(query=query))["orders"]] == [3, 2]


def test_a_page_ends_before_the_answer_is_too_large(seller: Seller) -> None:
    line = {"count": 1, "external_id": "1", "final_price_per_item": "5", "product": "c" * 500}
    seller.stock(*(stored_order(f"{n}", n, lines=[line] * 500) for n in range(2, 52)))
    ids: list[int] = []
    query: dict[str, str] = {}
    pages = 0
    while True:
        answer = seller.list(query=query)
        # Lambda returns the body as a JSON string of at most 6 MB.
        assert len(json.dumps(answer.body.decode(), ensure_ascii=False)) < 6_000_000
        page = read_json(answer)
        ids += [order["id"] for order in page["orders"]]
        pages += 1
        if "nextPageToken" not in page["paging"]:
            break
        query = {"pageToken": page["paging"]["nextPageToken"]}
    assert ids == list(range(51, 0, -1))
    assert pages > 2


def test_a_page_reads_a_limited_number_of_orders(seller: Seller) -> None:
    others = MAX_EXAMINED + 100
    seller.stock(*(stored_order(f"other {n}", n, "couriers") for n in range(2, others + 2)))
    page = read_json(seller.list())
    assert page["orders"] == []
    assert seller.index.orders_read == MAX_EXAMINED
    rest = read_json(seller.list(query={"pageToken": page["paging"]["nextPageToken"]}))
    assert [order["id"] for order in rest["orders"]] == [1]


def test_orders_are_filtered_by_their_state(seller: Seller) -> None:
    seller.stock(
        replace(stored_order("X", 2), fulfilment=Fulfilment.SHIPPED),
        replace(stored_order("Y", 3), fulfilment=Fulfilment.SHOP_FAILED),
    )

    def ids(**query: str) -> list[int]:
        return [order["id"] for order in read_json(seller.list(query=query))["orders"]]

    assert ids() == [3, 2, 1]
    assert ids(status="PROCESSING") == [2, 1]
    assert ids(status="PROCESSING,CANCELLED", substatus="SHIPPED,SHOP_FAILED") == [3, 2]
    assert ids(fake="true") == []
    assert ids(fake="false", hasCis="false") == [3, 2, 1]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"limit": "0"}, "limit must be between 1 and 50 (rejected value: 0)"),
        ({"limit": "9" * 11}, "limit must be between 1 and 50 (rejected value: 99999999999)"),
        ({"pageSize": "x"}, "limit must be between 1 and 50 (rejected value: x)"),
        ({"pageToken": "x"}, "Type mismatch: x"),
        ({"pageToken": "9" * 17}, "Type mismatch: 99999999999999999"),
        ({"pageToken": "1.5.7"}, "Type mismatch: 1.5.7"),
        ({"pageToken": "1.2", "updatedAtFrom": "2026-01-01T00:00:00Z"}, "Type mismatch: 1.2"),
        ({"page": "0"}, "page must be between 1 and 10000 (rejected value: 0)"),
        ({"fromDate": "2026"}, "Type mismatch: 2026"),
        ({"fromDate": "31-02-2026"}, "Type mismatch: 31-02-2026"),
        ({"fromDate": "02-01-2026", "toDate": "01-01-2026"}, "fromDate must not be later than"),
        ({"updatedAtFrom": "yesterday"}, "Type mismatch: yesterday"),
        ({"updatedAtTo": "0001-01-01T00:00:00+03:00"}, "Type mismatch: 0001-01-01"),
        ({"orderIds": "false"}, "Type mismatch: false"),
        ({"orderIds": ",".join(map(str, range(1, 52)))}, "orderIds size must be between 1 and 50"),
        ({"supplierShipmentDateFrom": "01-01-2026"}, "Query parameter supplierShipmentDateFrom is"),
        ({"substatus": "STARTED,NOPE"}, "Type mismatch: NOPE"),
        ({"externalOrderIds": "A"}, "Query parameter externalOrderIds is not supported"),
        ({"hasCis": "true"}, "Query parameter hasCis is not supported"),
        ({"fake": "maybe"}, "Type mismatch: maybe"),
        ({"status": "PROCESSING,NOPE"}, "Type mismatch: NOPE"),
    ],
)
def test_unsupported_query_parameters_are_rejected(
    seller: Seller, query: dict[str, str], message: str
) -> None:
    status, code, text = error_of(seller.list(query=query))
    assert (status, code) == (400, "BAD_REQUEST")
    assert text.startswith(message)


def test_a_status_update_returns_the_order(seller: Seller) -> None:
    before = seller.found()
    answer = seller.move("PROCESSING", "READY_TO_SHIP")
    assert answer.status == 200
    order = read_json(answer)["order"]
    assert (order["status"], order["substatus"]) == ("PROCESSING", "READY_TO_SHIP")
    assert order["externalOrderId"] == "A"
    stored = seller.found()
    assert (stored.version, stored.status, stored.document) == (2, "new", before.document)
    [trigger] = seller.publisher.sent
    assert (trigger.kind, set(trigger.changed)) == (TriggerKind.ORDER_UPDATED, {"fulfilment"})
    assert error_of(seller.rename("B"))[1] == "EXTERNAL_ORDER_ID_UPDATE_ERROR"


def test_the_same_status_again_changes_nothing(seller: Seller) -> None:
    seller.move("PROCESSING", "READY_TO_SHIP")
    assert seller.move("PROCESSING", "READY_TO_SHIP").status == 200
    assert (seller.found().version, len(seller.publisher.sent)) == (2, 1)


def test_each_sales_model_has_its_sequence_of_statuses(seller: Seller) -> None:
    seller.stock(stored_order("X", 2, "couriers"), stored_order("Y", 3, "express"))
    moves = [
        ("PROCESSING", "READY_TO_SHIP", 1, FBS),
        ("PROCESSING", "SHIPPED", 1, FBS),
        ("DELIVERY", None, 2, DBS),
        ("PICKUP", "PICKUP_SERVICE_RECEIVED", 2, DBS),
        ("DELIVERED", None, 2, DBS),
        ("PROCESSING", "READY_TO_SHIP", 3, EXPRESS),
        ("CANCELLED", "SHOP_FAILED", 3, EXPRESS),
    ]
    assert {seller.move(*move).status for move in moves} == {200}
    assert seller.found(1).fulfilment is Fulfilment.SHIPPED
    assert seller.found(2).fulfilment is Fulfilment.DELIVERED
    assert seller.found(3).fulfilment is Fulfilment.SHOP_FAILED


@pytest.mark.parametrize(
    ("state", "move", "code", "message"),
    [
        (
            Fulfilment.STARTED,
            ("UNPAID", None),
            "STATUS_NOT_ALLOWED",
            "Status not allowed: UNPAID; allowed values: PROCESSING, CANCELLED, DELIVERY, ",
        ),
        (
            Fulfilment.STARTED,
            ("PROCESSING", None),
            "SUBSTATUS_NOT_ALLOWED",
            "order.substatus is required; allowed values for PROCESSING: STARTED, ",
        ),
        (
            Fulfilment.STARTED,
            ("CANCELLED", "USER_CHANGED_MIND"),
            "SUBSTATUS_NOT_ALLOWED",
            "Substatus not allowed: USER_CHANGED_MIND; allowed values for CANCELLED: SHOP_FAILED",
        ),
        (
            Fulfilment.CANCELLED,
            ("PROCESSING", "STARTED"),
            "ORDER_IN_TERMINAL_STATE",
            "No transition found: CANCELLED -> PROCESSING",
        ),
        (
            Fulfilment.STARTED,
            ("DELIVERY", None),
            "STATUS_NOT_ALLOWED",
            "Transition PROCESSING -> DELIVERY is not allowed. Reason: an order of model FBS",
        ),
        (
            Fulfilment.READY_TO_SHIP,
            ("PROCESSING", "STARTED"),
            "STATUS_NOT_ALLOWED",
            "Transition PROCESSING -> PROCESSING is not allowed. Reason: ",
        ),
    ],
)
def test_a_rejected_status_update_has_its_reason(
    seller: Seller,
    state: Fulfilment,
    move: tuple[str, str | None],
    code: str,
    message: str,
) -> None:
    seller.stock(replace(stored_order(), fulfilment=state))
    status, told_code, text = error_of(seller.move(*move))
    assert (status, told_code) == (400, code)
    assert text.startswith(message)
    assert seller.found().fulfilment is state


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{}", "order must not be null (rejected value: null)"),
        (b'{"order":5}', "Type mismatch: order (rejected value: 5)"),
        (b'{"order":{}}', "order.status must not be null (rejected value: null)"),
        (b'{"order":{"status":5}}', "Type mismatch: order.status (rejected value: 5)"),
    ],
)
def test_an_invalid_body_is_rejected_with_the_reason(
    seller: Seller, body: bytes, message: str
) -> None:
    assert error_of(seller.move(None, body=body)) == (400, "BAD_REQUEST", message)


def test_other_members_of_a_status_update_are_ignored(seller: Seller) -> None:
    delivery = {"dates": {"realDeliveryDate": "01-01-2026"}}
    order = {"status": "CANCELLED", "substatus": "SHOP_FAILED", "delivery": delivery}
    assert seller.move(None, body=json.dumps({"order": order}).encode()).status == 200


def test_reads_and_status_updates_are_not_rate_limited(seller: Seller) -> None:
    seller.declare(Policies(external_id_requests_per_hour=1))
    for _ in range(3):
        answers = [seller.get(), seller.list(), seller.move("PROCESSING", "READY_TO_SHIP")]
        assert [answer.status for answer in answers] == [200, 200, 200]
    assert seller.counter.counts == {}


def test_faults_of_the_store_return_503(seller: Seller) -> None:
    seller.changes.faults += [lambda _changes, _change: WriteOutcome.UNKNOWN] * 9
    assert error_of(seller.move("PROCESSING", "READY_TO_SHIP"))[0] == 503
    seller.index.available = False
    assert error_of(seller.get())[0] == 503
    assert error_of(seller.list())[0] == 503
