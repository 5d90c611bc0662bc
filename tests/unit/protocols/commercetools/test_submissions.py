"""A draft becomes one canonical document of an endpoint of the account."""

import copy
import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.fulfilment import Fulfilment
from orders.domain.problems import Code
from orders.domain.settings import Endpoint, Policies, Rulebook, Settings, blames_settings
from orders.domain.submissions import Rejection, Submission
from orders.protocols.commercetools.representation import represent
from orders.protocols.commercetools.submissions import SentDraft
from tests.support.commercetools import PROJECT, draft, full_draft, line, money
from tests.support.drafts import SHOP, answer_of, document, read, rejected, stored, submitted
from tests.support.functions import Tree


def with_endpoints(*names: str, default: str | None = None) -> Settings:
    return Settings(
        endpoints={name: Endpoint(name) for name in names},
        policies=Policies(default_endpoint=default),
    )


@pytest.mark.parametrize(
    ("store", "settings", "endpoint"),
    [
        (None, with_endpoints("website"), "website"),
        (None, with_endpoints("website", "shop", default="shop"), "shop"),
        (None, with_endpoints("website", "shop"), None),
        (None, with_endpoints(), None),
        ({"key": "shop"}, with_endpoints("website", "shop", default="website"), "shop"),
        ({"typeId": "store", "id": "shop"}, with_endpoints("website", "shop"), "shop"),
    ],
)
def test_the_store_is_the_endpoint_of_the_order(
    store: Tree | None, settings: Settings, endpoint: str | None
) -> None:
    submission = answer_of(draft(store=store), settings)
    assert isinstance(submission, Submission)
    assert submission.endpoint == endpoint
    tree = document(draft(store=store), settings)
    assert "endpoint" not in tree
    assert tree.get("store") == (store and {"typeId": "store", "key": endpoint, **store})


def test_an_unknown_store_may_be_due_to_stale_settings() -> None:
    sent = draft(store={"key": "nowhere"})
    [error] = rejected(sent)
    assert (error.code, error.members) == (
        "ReferencedResourceNotFound",
        {"typeId": "store", "key": "nowhere"},
    )
    answer = answer_of(sent)
    assert isinstance(answer, Rejection)
    assert [problem.code for problem in answer.problems] == [Code.UNKNOWN_ENDPOINT]
    assert all(map(blames_settings, answer.problems))


@pytest.mark.parametrize(
    ("store", "members"),
    [
        ({"id": "nowhere"}, {"id": "nowhere"}),
        ({"typeId": "store", "id": "nowhere", "key": None}, {"id": "nowhere"}),
        ({"key": "nowhere"}, {"key": "nowhere"}),
        ({"id": "website", "key": "nowhere"}, {"key": "nowhere"}),
    ],
)
def test_an_unknown_store_is_named_as_it_was_sent(store: Tree, members: Tree) -> None:
    [error] = rejected(draft(store=store))
    assert (error.code, error.members) == (
        "ReferencedResourceNotFound",
        {"typeId": "store", **members},
    )
    [name] = members
    assert f"with {'identifier' if name == 'id' else 'key'} 'nowhere'" in error.message


def test_a_submission_has_its_protocol_and_must_be_new() -> None:
    submission = submitted(draft(orderState="Complete"))
    assert (submission.protocol, submission.external_id) == ("commercetools", "CT-1")
    assert (submission.status, submission.must_be_new) == ("Complete", True)
    assert submission.update_time is None
    assert submission.warnings == ()


@pytest.mark.parametrize(
    ("state", "fulfilment"),
    [
        ("Open", Fulfilment.STARTED),
        ("Confirmed", Fulfilment.STARTED),
        ("Complete", Fulfilment.DELIVERED),
        ("Cancelled", Fulfilment.CANCELLED),
    ],
)
def test_the_order_state_has_its_fulfilment_state(state: str, fulfilment: Fulfilment) -> None:
    submission = submitted(draft(orderState=state))
    assert (submission.status, submission.fulfilment) == (state, fulfilment)


def test_the_document_holds_the_first_number_separately() -> None:
    tree = document(draft(orderNumber="N"))
    assert "orderNumber" not in tree
    assert (tree["first_number"], tree["client_id"]) == ("N", "client")
    assert "first_number" not in document(draft(orderNumber=None))


def _shuffled(value: Any, random: Random) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        names = list(value)
        random.shuffle(names)
        return {name: _shuffled(value[name], random) for name in names}
    return [_shuffled(each, random) for each in value] if isinstance(value, list) else value


# Hypothesis' own random numbers take a hundred times as long.
@given(st.integers(0, 2**32 - 1).map(Random))
def test_equal_drafts_have_equal_text(random: Random) -> None:
    sent = full_draft()
    sent["custom"]["fields"] = {"b2": {"y": 1, "x": [{"q": 1, "p": 2}]}, "a1": None, "c3": False}
    assert submitted(_shuffled(sent, random)).document == submitted(sent).document


def test_equal_numbers_have_equal_text() -> None:
    rate = {"name": "t", "includedInPrice": True, "country": "DE"}
    texts = {
        submitted(draft(lineItems=[line(taxRate=rate | {"amount": amount})])).document
        for amount in (1, 1.0)
    }
    assert len(texts) == 1


def test_a_draft_is_not_modified() -> None:
    sent = SentDraft(read(full_draft()), "N", PROJECT, "client")
    before = copy.deepcopy(sent.draft.tree)
    first = sent.submit(Rulebook.of(SHOP))
    assert sent.draft.tree == before
    assert sent.submit(Rulebook.of(SHOP)) == first


@pytest.mark.parametrize(
    "changes",
    [
        {"lineItems": [line(quantity=2**62)]},
        {"lineItems": [line(quantity=-(2**62))]},
        {
            "customLineItems": [
                {"name": {"en": "x"}, "slug": "sl", "quantity": 3, "money": money(2**62)}
            ]
        },
        {
            "lineItems": [
                line(
                    quantity=1,
                    price={"value": money(2**63 - 1)},
                    taxRate={"name": "t", "amount": 1, "includedInPrice": False, "country": "DE"},
                )
            ]
        },
        {
            "taxedPrice": {
                "totalNet": money(-(2**63)),
                "totalGross": money(1),
                "taxPortions": [],
            }
        },
        {
            "shippingInfo": {
                "shippingMethodName": "m",
                "price": money(2**63 - 1),
                "shippingRate": {"price": money(1)},
                "taxRate": {"name": "t", "amount": 1, "includedInPrice": False, "country": "DE"},
            }
        },
        {
            "shippingInfo": {
                "shippingMethodName": "m",
                "price": money(1),
                "shippingRate": {"price": money(1)},
                "taxedPrice": {
                    "totalNet": money(-1),
                    "totalGross": money(2**63 - 1),
                    "taxPortions": [],
                },
            }
        },
    ],
)
def test_amounts_beyond_64_bits_overflow(changes: Tree) -> None:
    [error] = rejected(draft(**changes))
    assert error.code == "MoneyOverflow"


@pytest.mark.parametrize(
    ("mode", "total"), [("HalfEven", 2), ("HalfUp", 3), ("HalfDown", 2), (None, 2)]
)
def test_totals_are_rounded_by_the_price_rounding_mode(mode: str | None, total: int) -> None:
    half = {
        "type": "highPrecision",
        "currencyCode": "USD",
        "preciseAmount": 25,
        "fractionDigits": 3,
        "centAmount": 2,
    }
    custom = {"name": {"en": "x"}, "slug": "sl", "quantity": 1, "money": half}
    sent = draft(
        priceRoundingMode=mode,
        lineItems=[line(quantity=1, price={"value": half})],
        customLineItems=[custom],
    )
    tree = document(sent)
    for item in (*tree["lineItems"], *tree["customLineItems"]):
        assert item["totalPrice"]["centAmount"] == total


@pytest.mark.parametrize(
    ("mode", "gross"), [("LineItemLevel", 386), ("UnitPriceLevel", 387), (None, 386)]
)
def test_taxes_are_calculated_by_the_mode_of_the_order(mode: str | None, gross: int) -> None:
    rate = {"name": "VAT", "amount": 0.19, "includedInPrice": False, "country": "DE"}
    custom = {"name": {"en": "x"}, "slug": "sl", "quantity": 3, "money": money(108)}
    sent = draft(
        taxCalculationMode=mode,
        lineItems=[line(quantity=3, price={"value": money(108)}, taxRate=rate)],
        customLineItems=[custom | {"taxRate": rate}],
    )
    tree = document(sent)
    for item in (*tree["lineItems"], *tree["customLineItems"]):
        taxed = item["taxedPrice"]
        [portion] = taxed["taxPortions"]
        assert taxed["totalGross"]["centAmount"] == gross
        assert taxed["totalNet"]["centAmount"] == 324
        assert taxed["totalTax"]["centAmount"] == portion["amount"]["centAmount"] == gross - 324
        assert (portion["name"], portion["rate"]) == ("VAT", 0.19)


@pytest.mark.parametrize(("mode", "net"), [("HalfEven", 2), ("HalfUp", 3), ("HalfDown", 2)])
def test_taxes_are_rounded_by_the_tax_rounding_mode(mode: str, net: int) -> None:
    rate = {"name": "t", "amount": 1, "includedInPrice": True, "country": "DE"}
    tree = document(
        draft(
            taxRoundingMode=mode,
            lineItems=[line(quantity=1, price={"value": money(5)}, taxRate=rate)],
        )
    )
    assert tree["lineItems"][0]["taxedPrice"]["totalNet"]["centAmount"] == net


@pytest.mark.parametrize(
    ("mode", "included", "net", "gross"),
    [
        # 3 x 0.54 at 19 %: the discounted price is taxed, not the price of 1.08.
        ("LineItemLevel", False, 162, 193),
        ("UnitPriceLevel", False, 162, 192),
        ("LineItemLevel", True, 136, 162),
        ("UnitPriceLevel", True, 135, 162),
    ],
)
def test_a_discounted_price_is_the_price_that_is_multiplied_and_taxed(
    mode: str,
    included: bool,  # noqa: FBT001 - a column of the table
    net: int,
    gross: int,
) -> None:
    rate = {"name": "VAT", "amount": 0.19, "includedInPrice": included, "country": "DE"}
    discount = {"typeId": "product-discount", "id": "d"}
    price = {"value": money(108), "discounted": {"value": money(54), "discount": discount}}
    tree = document(
        draft(taxCalculationMode=mode, lineItems=[line(quantity=3, price=price, taxRate=rate)])
    )
    [item] = tree["lineItems"]
    taxed = item["taxedPrice"]
    assert item["totalPrice"]["centAmount"] == 162
    assert (taxed["totalNet"]["centAmount"], taxed["totalGross"]["centAmount"]) == (net, gross)


def _shipping(**changes: Any) -> Tree:  # noqa: ANN401 - any JSON value
    rate = {"name": "VAT", "amount": 0.19, "includedInPrice": True, "country": "DE"}
    return {
        "shippingMethodName": "Mail",
        "price": money(1190),
        "shippingRate": {"price": money(1190)},
        "taxRate": rate,
    } | changes


@pytest.mark.parametrize(
    ("changes", "net", "gross"),
    [
        ({}, 1000, 1190),
        ({"discountedPrice": {"value": money(595), "includedDiscounts": []}}, 500, 595),
        (
            {"taxRate": {"name": "x", "amount": 0.5, "includedInPrice": False, "country": "DE"}},
            1190,
            1785,
        ),
    ],
)
def test_the_taxed_price_of_the_shipping_is_derived_from_its_tax_rate(
    changes: Tree, net: int, gross: int
) -> None:
    order = represent(stored(draft(shippingInfo=_shipping(**changes))))
    taxed = order["shippingInfo"]["taxedPrice"]
    assert (taxed["totalNet"]["centAmount"], taxed["totalGross"]["centAmount"]) == (net, gross)
    [portion] = taxed["taxPortions"]
    assert portion["amount"] == taxed["totalTax"]
    assert taxed["totalTax"]["centAmount"] == gross - net
    assert order["taxedShippingPrice"] == taxed


def test_a_sent_taxed_price_of_the_shipping_is_kept() -> None:
    taxed = {"totalNet": money(7), "totalGross": money(3), "taxPortions": []}
    for info in (_shipping(taxedPrice=taxed), _shipping(taxedPrice=taxed, taxRate=None)):
        order = represent(stored(draft(shippingInfo=info)))
        shown = order["shippingInfo"]["taxedPrice"]
        amounts = [shown[name]["centAmount"] for name in ("totalNet", "totalGross", "totalTax")]
        assert (amounts, order["taxedShippingPrice"]) == ([7, 3, -4], shown)


def test_shipping_without_a_tax_rate_has_no_taxed_price() -> None:
    for info in (_shipping(taxRate=None), None):
        order = represent(stored(draft(shippingInfo=info)))
        assert "taxedShippingPrice" not in order
        assert "taxedPrice" not in order.get("shippingInfo", {})


def test_the_taxes_of_the_shipping_are_rounded_by_the_tax_rounding_mode() -> None:
    rate = {"name": "x", "amount": 1, "includedInPrice": True, "country": "DE"}
    for mode, net in (("HalfEven", 2), ("HalfUp", 3), ("HalfDown", 2)):
        info = _shipping(price=money(5), taxRate=rate)
        tree = document(draft(taxRoundingMode=mode, shippingInfo=info))
        assert tree["shippingInfo"]["taxedPrice"]["totalNet"]["centAmount"] == net


def test_a_sent_taxed_price_is_kept() -> None:
    rate = {"name": "t", "amount": 0.19, "includedInPrice": True, "country": "DE"}
    taxed = {
        "totalNet": money(7),
        "totalGross": money(3),
        "taxPortions": [],
        "totalTax": money(99),
    }
    tree = document(draft(lineItems=[line(taxRate=rate, taxedPrice=taxed)]))
    item = tree["lineItems"][0]["taxedPrice"]
    amounts = [item[name]["centAmount"] for name in ("totalNet", "totalGross", "totalTax")]
    assert (amounts, item["taxPortions"]) == ([7, 3, 99], [])


def test_a_line_without_a_tax_rate_has_no_taxed_price() -> None:
    tree = document(draft())
    assert "taxedPrice" not in tree
    assert "taxedPrice" not in tree["lineItems"][0]


def test_an_order_s_taxes_are_not_derived_from_its_lines() -> None:
    rate = {"name": "t", "amount": 0.19, "includedInPrice": True, "country": "DE"}
    assert "taxedPrice" not in document(draft(lineItems=[line(taxRate=rate)]))


@pytest.mark.parametrize(("own", "orders"), [("None", "TrackOnly"), ("TrackOnly", "None")])
def test_a_line_has_its_inventory_mode_if_it_differs_from_the_order(own: str, orders: str) -> None:
    for mode, shown in ((own, own), (orders, None), (None, None)):
        tree = document(draft(inventoryMode=orders, lineItems=[line(inventoryMode=mode)]))
        assert tree["lineItems"][0].get("inventoryMode") == shown


def test_line_states_are_kept_whatever_their_quantities_add_up_to() -> None:
    state = {"typeId": "state", "id": "s"}
    states = [{"quantity": 1, "state": state}, {"quantity": 5, "state": state}]
    custom = {"name": {"en": "x"}, "slug": "sl", "quantity": 2, "money": money(1)}
    tree = document(
        draft(lineItems=[line(state=states)], customLineItems=[custom | {"state": states}])
    )
    for [item] in (tree["lineItems"], tree["customLineItems"]):
        assert [each["quantity"] for each in item["state"]] == [1, 5]
        assert item["quantity"] == 2


def test_a_line_without_states_is_in_the_initial_state() -> None:
    no_states: list[Tree] = []
    for sent in (None, no_states):
        first, second = document(draft(lineItems=[line(state=sent), line(quantity=5)]))["lineItems"]
        [initial], [other] = first["state"], second["state"]
        assert (initial["quantity"], other["quantity"]) == (2, 5)
        assert initial["state"] == other["state"]


def test_a_catalogue_is_optional() -> None:
    assert not SHOP.products
    assert json.loads(submitted(draft()).document)["lineItems"]
