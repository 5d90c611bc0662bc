"""The representation of an order: all sent members, stable ids, and money with types."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orders.domain.identifiers import order_id_of, uuid_of
from orders.domain.order import Order
from orders.domain.settings import Rulebook
from orders.domain.submissions import Submission
from orders.protocols.commercetools import shapes
from orders.protocols.commercetools.errors import RequestRefusedError
from orders.protocols.commercetools.messages import message_of
from orders.protocols.commercetools.representation import represent
from orders.protocols.commercetools.requests import ORDER_IMPORT_DRAFT
from orders.protocols.commercetools.submissions import SentDraft
from orders.protocols.json_text import write_json
from tests.support.commercetools import PROJECT, draft, full_draft, line, money, referring_by
from tests.support.drafts import CREATED, SHOP, lost, places, read, stored
from tests.support.functions import Tree

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def returned(sent: object) -> Tree:
    """Return the answer as a client decodes it."""
    return read_back(stored(sent))


def read_back(order: Order) -> Tree:
    tree: Tree = json.loads(write_json(represent(order)))
    return tree


def test_every_sent_member_is_returned() -> None:
    sent = full_draft()
    number = sent.pop("orderNumber")
    order = returned(sent)
    assert order["orderNumber"] != number, "the number is the stored order's, not the draft's"
    assert list(lost(sent, order)) == []


@pytest.mark.parametrize("names", [("id",), ("key",), ("id", "key")])
def test_the_id_and_the_key_of_every_reference_are_returned(names: tuple[str, ...]) -> None:
    sent = referring_by(names, full_draft())
    references = [each for each in _objects(sent) if "typeId" in each]
    assert len({each["typeId"] for each in references}) > 12
    assert all(set(each) == {"typeId", *names} for each in references)
    order = returned(sent)
    assert list(lost(sent | {"orderNumber": "CT-1"}, order)) == []
    by_key = {"store", "business-unit"}
    for each in _objects(order):
        if "typeId" in each and each["typeId"] != "product-type":
            assert each.keys() - {"obj"} >= {"typeId", "key" if each["typeId"] in by_key else "id"}


def test_the_full_draft_has_every_member() -> None:
    assert list(_not_sent(ORDER_IMPORT_DRAFT, [full_draft()])) == []


def _not_sent(shape: object, values: list[Any], path: str = "") -> Iterator[str]:
    """Yield every member of the shape that no value has."""
    match shape:
        case shapes.Record(members):
            for member in members:
                sent = [each[member.name] for each in values if member.name in each]
                if not sent:
                    yield f"{path}/{member.name}"
                yield from _not_sent(member.shape, sent, f"{path}/{member.name}")
        case shapes.Array(inner):
            yield from _not_sent(inner, [each for value in values for each in value], path)
        case shapes.Tagged(tag, choices):
            for name, choice in choices.items():
                tagged = [each for each in values if each[tag] == name]
                yield from _not_sent(choice, tagged, f"{path}/{name}")


def _objects(tree: object) -> Iterator[Tree]:
    if isinstance(tree, dict):
        yield tree
        for value in tree.values():
            yield from _objects(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _objects(value)


MONEY = ["type", "currencyCode", "centAmount"]


def test_money_has_only_the_documented_members() -> None:
    amounts = [
        each
        for each in _objects(returned(full_draft()))
        if {"centAmount", "preciseAmount"} & each.keys()
    ]
    assert len(amounts) > 30
    for amount in amounts:
        if amount["type"] == "centPrecision":
            assert list(amount) == [*MONEY, "fractionDigits"]
        else:
            assert amount["type"] == "highPrecision"
            assert list(amount) == [*MONEY, "preciseAmount", "fractionDigits"]


def test_no_member_is_null() -> None:
    for sent in (draft(), full_draft()):
        assert "null" not in write_json(represent(stored(sent))).decode()


def test_additional_members_of_the_document_are_not_returned() -> None:
    order = returned(full_draft())
    assert not {"endpoint", "client_id", "first_number", "external_id"} & order.keys()
    assert "external_user_id" not in order


def test_the_members_of_the_store_come_first() -> None:
    later = replace(stored(draft()), version=4, updated_at=CREATED + timedelta(days=1))
    order = read_back(later)
    assert list(order.items())[:8] == [
        ("type", "Order"),
        ("id", uuid_of(PROJECT, 7)),
        ("version", 4),
        ("createdAt", "2026-03-04T05:06:07.891Z"),
        ("lastModifiedAt", "2026-03-05T05:06:07.891Z"),
        ("lastModifiedBy", {"clientId": "client", "isPlatformClient": False}),
        ("createdBy", {"clientId": "client", "isPlatformClient": False}),
        ("orderNumber", "CT-1"),
    ]
    assert order_id_of(PROJECT, order["id"]) == 7


def test_the_user_of_the_client_is_returned_as_the_external_user() -> None:
    sent = SentDraft(read(draft()), "CT-1", PROJECT, "client", "user 7")
    submission = sent.submit(Rulebook.of(SHOP))
    assert isinstance(submission, Submission)
    order = replace(stored(draft()), document=submission.document)
    user = {"clientId": "client", "externalUserId": "user 7", "isPlatformClient": False}
    assert represent(order)["createdBy"] == represent(order)["lastModifiedBy"] == user
    message = message_of(order)
    assert message["createdBy"] == message["lastModifiedBy"] == user
    assert message["order"]["createdBy"] == user


def test_a_later_change_was_not_made_by_the_user_of_the_import() -> None:
    sent = SentDraft(read(draft()), "CT-1", PROJECT, "client", "user 7")
    submission = sent.submit(Rulebook.of(SHOP))
    assert isinstance(submission, Submission)
    order = replace(stored(draft()), document=submission.document, version=2)
    assert represent(order)["createdBy"]["externalUserId"] == "user 7"
    assert "externalUserId" not in represent(order)["lastModifiedBy"]


def test_an_order_without_a_number_has_no_order_number() -> None:
    order = stored(draft(orderNumber=None), external_id=uuid_of(PROJECT, 7))
    assert "orderNumber" not in represent(order)
    of_another = replace(order, order_id=8)
    assert represent(of_another)["orderNumber"] == uuid_of(PROJECT, 7)


def test_a_minimal_order_has_all_required_members() -> None:
    order = returned(draft())
    required = (
        *("id", "version", "createdAt", "lastModifiedAt", "lineItems", "customLineItems"),
        *("totalPrice", "shippingMode", "shipping", "refusedGifts", "origin", "orderState"),
        "syncInfo",
    )
    assert set(required) <= order.keys()
    assert (order["shippingMode"], order["taxMode"]) == ("Single", "External")
    empty = ("syncInfo", "returnInfo", "shipping", "discountCodes", "directDiscounts")
    assert all(order[name] == [] for name in (*empty, "refusedGifts", "itemShippingAddresses"))
    assert order["transactionFee"] is False
    unset = ("taxedPrice", "shippingInfo", "paymentInfo", "custom", "store", "completedAt", "state")
    assert not set(unset) & order.keys()


def test_a_line_has_all_required_members() -> None:
    [item] = returned(draft())["lineItems"]
    required = (
        *("id", "productId", "name", "productType", "variant", "price", "quantity", "totalPrice"),
        *("discountedPricePerQuantity", "taxedPricePortions", "state", "perMethodTaxRate"),
        *("priceMode", "lineItemMode"),
    )
    assert set(required) <= item.keys()
    assert (item["priceMode"], item["lineItemMode"]) == ("Platform", "Standard")
    assert item["variant"] == {
        "id": 1,
        "sku": "mug",
        "prices": [],
        "images": [],
        "attributes": [],
        "assets": [],
    }
    [state] = item["state"]
    assert (state["quantity"], state["state"]["typeId"]) == (2, "state")


def test_matching_shipping_details_are_valid() -> None:
    order = returned(full_draft())
    for item in (*order["lineItems"], *order["customLineItems"]):
        assert item["shippingDetails"]["valid"] is True


def _made_ids(order: Tree) -> list[str]:
    [delivery] = order["shippingInfo"]["deliveries"]
    [item], [custom] = order["lineItems"], order["customLineItems"]
    parts = [delivery, *delivery["parcels"], item, custom, item["price"]]
    return [part["id"] for part in [*parts, *item["variant"]["prices"]]]


def test_every_part_has_a_unique_and_stable_id() -> None:
    order = stored(full_draft())
    ids = _made_ids(read_back(order))
    assert len(set(ids)) == len(ids) == 7
    assert all(str(UUID(each)) == each for each in ids)
    later = replace(order, version=2, external_id="renamed", updated_at=CREATED + timedelta(1))
    assert _made_ids(read_back(later)) == ids
    assert not set(_made_ids(read_back(replace(order, order_id=8)))) & set(ids)


def test_equal_lines_have_different_ids() -> None:
    customs = [{"name": {"en": "x"}, "slug": "sl", "quantity": 1, "money": money(1)}] * 2
    priced = line(variant={"sku": "m", "prices": [{"value": money(1)}]})
    order = returned(draft(lineItems=[priced] * 3, customLineItems=customs))
    ids = [each["id"] for each in (*order["lineItems"], *order["customLineItems"])]
    for item in order["lineItems"]:
        ids += [price["id"] for price in (item["price"], *item["variant"]["prices"])]
    assert len(set(ids)) == len(ids) == 5 + 6


def test_deliveries_and_parcels_have_the_creation_time_of_the_order() -> None:
    [delivery] = returned(full_draft())["shippingInfo"]["deliveries"]
    for part in (delivery, *delivery["parcels"]):
        assert part["createdAt"] == "2026-03-04T05:06:07.891Z"


def test_every_time_has_three_digits_and_is_utc() -> None:
    names = {"createdAt", "lastModifiedAt", "completedAt", "validFrom", "validUntil"}
    times = [
        value
        for each in _objects(returned(full_draft()))
        for name, value in each.items()
        if name in names
    ]
    assert len(times) >= 9
    assert all(TIME.fullmatch(each) for each in times)


def test_numbers_keep_their_digits() -> None:
    fields = {"long": "@long", "rate": "@rate"}
    body = json.dumps(draft(custom={"type": {"id": "t"}, "fields": fields}))
    long, rate = "12345678901234567890123", "0.1000000000000000055"
    body = body.replace('"@long"', long).replace('"@rate"', rate)
    answer = write_json(represent(stored(body.encode()))).decode()
    assert f'"long":{long}' in answer
    assert f'"rate":{rate}' in answer


type Steps = tuple[str | int, ...]

FULL = json.dumps({name: each for name, each in full_draft().items() if name != "orderNumber"})


def replaced(changes: Mapping[Steps, object]) -> Tree:
    """Return the full draft with replaced values. None removes a member."""
    new: Tree = json.loads(FULL)
    for steps, value in changes.items():
        part: Any = new
        for step in steps[:-1]:
            part = part[step]
        if value is None:
            part.pop(steps[-1])
        else:
            part[steps[-1]] = value
    return new


def is_taken(sent: Tree) -> bool:
    try:
        read(sent)
    except RequestRefusedError:
        return False
    return True


@cache
def is_taken_with(steps: Steps, value: object) -> bool:
    return is_taken(replaced({steps: value}))


# What may be removed, or be any text, is found while a test runs: it takes long for all of them.
NAMED = [steps for steps in places(json.loads(FULL)) if isinstance(steps[-1], str)]
removable = st.sampled_from(NAMED).filter(lambda steps: is_taken_with(steps, None))
free = st.sampled_from(NAMED).filter(
    lambda steps: steps != ("store", "key") and is_taken_with(steps, "ein Text")
)
# These tests are not about illegal characters, which are rejected.
texts = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"))


@given(st.lists(removable, max_size=12, unique=True))
def test_any_sent_part_is_returned(removed: list[Steps]) -> None:
    # Remove inner parts first, so that each part still exists when it is removed.
    sent = replaced(dict.fromkeys(sorted(removed, key=len, reverse=True)))
    assume(is_taken(sent))
    assert list(lost(sent, returned(sent))) == []


@given(free, texts)
def test_texts_are_returned_as_sent(steps: Steps, text: str) -> None:
    sent = replaced({steps: text})
    assert list(lost(sent, returned(sent))) == []


@given(st.integers(-(2**40), 2**40), st.integers(-1000, 1000), st.integers(-(2**63), 2**63 - 1))
def test_amounts_are_returned_as_sent(price: int, quantity: int, total: int) -> None:
    sent = draft(
        totalPrice=money(total),
        lineItems=[line(quantity=quantity, price={"value": money(price)})],
    )
    order = returned(sent)
    assert list(lost(sent, order)) == []
    assert order["lineItems"][0]["totalPrice"]["centAmount"] == price * quantity
