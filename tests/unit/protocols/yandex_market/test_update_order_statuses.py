"""The status changes of several orders in one request, in the form of the Partner API."""

import json
from dataclasses import replace
from typing import Any

import pytest

from orders.application.ports import WriteOutcome
from orders.domain.fulfilment import Fulfilment
from orders.protocols.http import HttpAnswer
from orders.protocols.yandex_market.requests import MAX_INT64, MAX_MOVED
from tests.support.yandex_market import (
    DBS,
    FBS,
    FBY,
    LAAS,
    Seller,
    error_of,
    read_json,
    stored_order,
)

READY = {"status": "PROCESSING", "substatus": "READY_TO_SHIP"}
type Tree = dict[str, Any]


@pytest.fixture
def seller() -> Seller:
    seller = Seller()
    seller.stock(stored_order("A", 1), stored_order("B", 2), stored_order("C", 3, "couriers"))
    return seller


def _results(answer: HttpAnswer) -> list[Tree]:
    assert answer.status == 200, answer.body
    tree = read_json(answer)
    orders: list[Tree] = tree["result"]["orders"]
    assert tree == {"status": "OK", "result": {"orders": orders}}
    return orders


def test_each_order_has_its_own_result(seller: Seller) -> None:
    results = _results(
        seller.move_several(
            {"id": 1, **READY},
            {"id": 9, **READY},
            {"id": 2, "status": "CANCELLED", "substatus": "SHOP_FAILED"},
        )
    )
    assert results == [
        {"id": 1, **READY, "updateStatus": "OK"},
        {"id": 9, "updateStatus": "ERROR", "errorDetails": "Order not found: 9"},
        {"id": 2, "status": "CANCELLED", "substatus": "SHOP_FAILED", "updateStatus": "OK"},
    ]
    assert [trigger.order.order_id for trigger in seller.publisher.sent] == [1, 2]


REFUSED = {
    "a status of another kind": (
        {"status": "UNPAID"},
        "Status not allowed: UNPAID; allowed values: PROCESSING, CANCELLED, DELIVERY, PICKUP, ",
    ),
    "no reason": (
        {"status": "CANCELLED"},
        "order.substatus is required; allowed values for CANCELLED: SHOP_FAILED",
    ),
    "another reason": (
        {"status": "CANCELLED", "substatus": "USER_NOT_PAID"},
        "Substatus not allowed: USER_NOT_PAID; allowed values for CANCELLED: SHOP_FAILED",
    ),
    "too far": (
        {"status": "DELIVERY"},
        "Transition PROCESSING -> DELIVERY is not allowed. Reason: ",
    ),
}


@pytest.mark.parametrize(("sent", "details"), REFUSED.values(), ids=REFUSED)
def test_a_refused_order_has_the_words_of_the_single_update_and_its_state(
    seller: Seller, sent: Tree, details: str
) -> None:
    [refused, changed] = _results(seller.move_several({"id": 1, **sent}, {"id": 2, **READY}))
    assert refused == {
        "id": 1,
        "status": "PROCESSING",
        "substatus": "STARTED",
        "updateStatus": "ERROR",
        "errorDetails": refused["errorDetails"],
    }
    assert changed["updateStatus"] == "OK"
    _, _, message = error_of(seller.move(sent["status"], sent.get("substatus")))
    assert refused["errorDetails"] == f"{message} (orderId = 1)"
    assert message.startswith(details)


def test_a_delivered_order_is_at_its_end(seller: Seller) -> None:
    seller.stock(replace(stored_order("A", 1), fulfilment=Fulfilment.DELIVERED))
    [refused] = _results(seller.move_several({"id": 1, **READY}))
    assert refused["errorDetails"] == "No transition found: DELIVERED -> PROCESSING (orderId = 1)"
    assert refused["status"] == "DELIVERED"


def test_one_order_twice_is_moved_in_request_order(seller: Seller) -> None:
    shipped = {"status": "PROCESSING", "substatus": "SHIPPED"}
    results = _results(seller.move_several({"id": 1, **READY}, {"id": 1, **shipped}))
    assert [each["substatus"] for each in results] == ["READY_TO_SHIP", "SHIPPED"]
    assert seller.found().version == 2
    assert len(seller.publisher.sent) == 1


def test_only_orders_of_the_campaign_are_found(seller: Seller) -> None:
    results = _results(seller.move_several({"id": 1, **READY}, {"id": 3, **READY}))
    assert [each["updateStatus"] for each in results] == ["OK", "ERROR"]
    [moved] = _results(
        seller.move_several({"id": 3, "status": "DELIVERY"}, campaign_id=DBS),
    )
    assert moved["substatus"] == "DELIVERY_SERVICE_RECEIVED"


def test_orders_whose_outcome_is_not_known_can_be_sent_again(seller: Seller) -> None:
    seller.orders.faults += [lambda _orders, _write: WriteOutcome.UNKNOWN] * 3
    [first] = _results(seller.move_several({"id": 1, **READY}))
    assert first == {
        "id": 1,
        "updateStatus": "ERROR",
        "errorDetails": "Service temporarily unavailable. Please, try again later (orderId = 1)",
    }
    seller.orders.faults.append(lambda _orders, _write: WriteOutcome.REFUSED)
    [first] = _results(seller.move_several({"id": 1, **READY}))
    assert first["errorDetails"] == "Internal server error (orderId = 1)"


def test_the_request_is_unavailable_if_nothing_was_changed(seller: Seller) -> None:
    seller.index.available = False
    answer = seller.move_several({"id": 1, **READY})
    assert error_of(answer)[:2] == (503, "SERVICE_UNAVAILABLE")
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize("order_id", [0, -1, -(2**63), MAX_INT64])
def test_every_int64_is_an_id(seller: Seller, order_id: int) -> None:
    [missing] = _results(seller.move_several({"id": order_id, **READY}))
    assert missing["errorDetails"] == f"Order not found: {order_id}"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "orders must not be null (rejected value: null)"),
        ({"orders": None}, "orders must not be null (rejected value: null)"),
        ({"orders": []}, "orders must not be empty (rejected value: 0 values)"),
        (
            {"orders": [{"id": 1, **READY}] * (MAX_MOVED + 1)},
            "orders size must be between 1 and 30 (rejected value: 31 values)",
        ),
        ({"orders": [{"id": 1}]}, "orders.0.status must not be null (rejected value: null)"),
        (
            {"orders": [{"id": 1, **READY}, READY]},
            "orders.1.id must not be null (rejected value: null)",
        ),
        ({"orders": [{**READY, "id": "1"}]}, "Type mismatch: orders.0.id (rejected value: 1)"),
        ({"orders": [{**READY, "id": True}]}, "Type mismatch: orders.0.id (rejected value: true)"),
        (
            {"orders": [{**READY, "id": MAX_INT64 + 1}]},
            "Type mismatch: orders.0.id (rejected value: 9223372036854775808)",
        ),
        ({"orders": [1]}, "Type mismatch: orders.0 (rejected value: 1)"),
        ({"orders": {"id": 1}}, "Type mismatch: orders (rejected value: "),
        ([], "JSON: the body must be an object"),
    ],
)
def test_a_body_of_another_shape_is_rejected_as_a_whole(
    seller: Seller, body: object, message: str
) -> None:
    answer = seller.move_several(body=json.dumps(body).encode())
    status, code, text = error_of(answer)
    assert (status, code) == (400, "BAD_REQUEST")
    assert text.startswith(message)
    assert seller.publisher.sent == []


def test_as_many_orders_as_the_protocol_allows_are_moved_at_once(seller: Seller) -> None:
    seller.stock(*(stored_order(f"N{number}", number) for number in range(10, 10 + MAX_MOVED)))
    sent = [{"id": number, **READY} for number in range(10, 10 + MAX_MOVED)]
    results = _results(seller.move_several(*sent))
    assert {each["updateStatus"] for each in results} == {"OK"}
    assert len(seller.publisher.sent) == MAX_MOVED


def test_the_campaign_and_the_role_are_checked_before_the_body(seller: Seller) -> None:
    for campaign_id in (FBY, LAAS):
        answer = seller.move_several(body=b"?", campaign_id=campaign_id)
        assert error_of(answer)[2].startswith("Campaign type is not allowed.")
    refused = {"reader": 403, "stranger": 403, "unknown": 401, "": 401}
    for key, status in refused.items():
        answer = seller.move_several(body=b"?", campaign_id=FBS, headers={"api_key": key})
        assert error_of(answer)[0] == status
