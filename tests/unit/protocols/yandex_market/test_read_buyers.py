"""The buyer of an order, in the form of the Partner API."""

from dataclasses import replace

import pytest

from orders.domain.fulfilment import Fulfilment
from orders.domain.settings import PartnerOrderMembers, Policies
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
    seller.stock(stored_order("A", 1, "couriers"))
    return seller


def test_the_buyer_of_an_order_is_neutral(seller: Seller) -> None:
    answer = seller.buyer()
    assert answer.status == 200
    assert read_json(answer) == {"status": "OK", "result": {"type": "PERSON"}}
    assert read_json(answer)["result"] == read_json(seller.get(1, DBS))["order"]["buyer"]


def test_an_account_without_neutral_members_shows_no_buyer(seller: Seller) -> None:
    seller.declare(Policies(partner_order_members=PartnerOrderMembers.KNOWN_ONLY))
    assert read_json(seller.buyer()) == {"status": "OK"}


@pytest.mark.parametrize("campaign_id", [FBS, EXPRESS, FBY, LAAS])
def test_only_the_orders_of_a_shop_that_delivers_itself_have_a_buyer(
    seller: Seller, campaign_id: int
) -> None:
    assert error_of(seller.buyer(1, campaign_id)) == (
        400,
        "BAD_REQUEST",
        "Campaign type is not allowed. Allowed campaign types: DBS",
    )


@pytest.mark.parametrize("state", Fulfilment)
def test_the_buyer_is_known_until_the_order_ends(seller: Seller, state: Fulfilment) -> None:
    seller.stock(replace(stored_order("A", 1, "couriers"), fulfilment=state))
    answer = seller.buyer()
    if state.status in {"PROCESSING", "DELIVERY", "PICKUP"}:
        assert answer.status == 200
        return
    message = (
        f"Cannot do operation for order with status {state.status}, and substatus "
        f"{state.substatus} (partnerId = {DBS}, orderId = 1)"
    )
    assert error_of(answer) == (400, "BAD_REQUEST", message)


def test_a_missing_order_has_no_buyer(seller: Seller) -> None:
    seller.stock(stored_order("B", 2, "website"))
    for order_id in (2, 9):
        assert error_of(seller.buyer(order_id)) == (
            404,
            "NOT_FOUND",
            f"Order not found: {order_id}",
        )
    assert error_of(seller.buyer("x"))[0] == 400


def test_the_buyer_requires_the_role_and_the_campaign(seller: Seller) -> None:
    for key, status in {"reader": 200, "writer": 403, "stranger": 403, "": 401}.items():
        assert seller.buyer(headers={"api_key": key}).status == status
