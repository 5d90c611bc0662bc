"""The stored document: nothing that can be worked out when it is read, and nothing lost."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.adapters.order_items import order_item
from orders.domain.catalogue import Product, Variant
from orders.domain.importing import MAX_DOCUMENT_BYTES
from orders.domain.problems import Code
from orders.domain.settings import Settings
from orders.domain.submissions import Rejection, Submission
from orders.domain.triggers import trigger_of
from orders.protocols.commercetools.representation import present, represent
from orders.protocols.commercetools.requests import ORDER_IMPORT_DRAFT
from orders.protocols.commercetools.shapes import Tree
from orders.protocols.commercetools.stored_forms import Base, form_of
from orders.protocols.http import fits_answer
from orders.protocols.json_text import write_json
from tests.support.commercetools import PROJECT, draft, full_draft, line, money, referring_by
from tests.support.drafts import SHOP, answer_of, read, stored, submitted

FORM = form_of(ORDER_IMPORT_DRAFT)
RATE = {"name": "VAT", "amount": 0.19, "includedInPrice": True, "country": "DE"}


def restored(tree: Tree) -> Tree:
    """Return a read draft after it was stored and read again."""
    base = Base(PROJECT, tree["totalPrice"].currency)
    text = write_json(FORM.pack(tree, base))
    unpacked: Tree = FORM.unpack(json.loads(text, parse_float=Decimal), base)
    return unpacked


def _listed(value: Any) -> Any:  # noqa: ANN401 - any value of a draft
    """Return the value with lists for its tuples."""
    if isinstance(value, dict):
        return {name: _listed(each) for name, each in value.items()}
    return [_listed(each) for each in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("names", [("id",), ("key",), ("id", "key")])
def test_a_stored_draft_is_read_as_it_was_sent(names: tuple[str, ...]) -> None:
    for sent in (full_draft(), draft()):
        tree = read(referring_by(names, sent)).tree
        assert _listed(restored(tree)) == _listed(tree)


CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "HUF0", "KWD"])
CENTS = st.integers(-(2**62), 2**62)


@st.composite
def amounts(pick: st.DrawFn) -> Tree:
    """Return an amount in either precision, whose cents may be rounded in another way."""
    currency, units = pick(CURRENCIES), pick(CENTS)
    if pick(st.booleans()):
        return money(units, currency)
    digits = {"JPY": 0, "HUF0": 0, "KWD": 3}.get(currency, 2) + pick(st.integers(1, 4))
    scale = 10 ** (digits - {"JPY": 0, "HUF0": 0, "KWD": 3}.get(currency, 2))
    cents = pick(st.sampled_from([None, units // scale, -(-units // scale)]))
    return {
        "type": "highPrecision",
        "currencyCode": currency,
        "preciseAmount": units,
        "fractionDigits": digits,
        **({} if cents is None else {"centAmount": cents}),
    }


@given(st.lists(amounts(), min_size=1, max_size=4), CURRENCIES)
def test_amounts_of_every_currency_and_precision_are_stored(sent: list[Tree], own: str) -> None:
    prices = [{"value": each, "country": f"A{n:c}"} for n, each in enumerate(sent, start=65)]
    lines = [line(variant={"sku": "m", "prices": prices}, price={"value": money(1, own)})]
    tree = read(draft(totalPrice=money(2, own), lineItems=lines)).tree
    assert _listed(restored(tree)) == _listed(tree)


DEFAULTS: Tree = {
    "orderState": "Open",
    "inventoryMode": "None",
    "priceRoundingMode": "HalfEven",
    "taxRoundingMode": "HalfEven",
    "taxCalculationMode": "LineItemLevel",
    "origin": "Customer",
    "customLineItems": [],
    "itemShippingAddresses": [],
}


def test_a_default_that_was_sent_is_not_stored() -> None:
    sent = draft(lineItems=[line(variant={"sku": "mug", "prices": [], "attributes": []})])
    document = submitted(sent | DEFAULTS).document
    assert document == submitted(draft()).document
    assert not [name for name in (*DEFAULTS, "prices", "attributes", "images") if name in document]
    assert represent(stored(sent | DEFAULTS))["origin"] == "Customer"


def _calculated(text: str) -> Iterator[str]:
    """Yield the calculated members that a document has."""
    for name in ("totalPrice", "discountedPricePerQuantity", "productType", "fractionDigits"):
        yield from [name] * text.count(f'"{name}"')


def test_calculated_members_and_derived_ids_are_not_stored() -> None:
    sent = draft(customerGroup={"key": "vip"}, lineItems=[line(taxRate=RATE), line()])
    order = stored(sent)
    assert list(_calculated(order.document)) == ["totalPrice"], "only the total that was sent"
    shown = represent(order)
    derived = [shown["customerGroup"]["id"], shown["lineItems"][0]["productId"]]
    assert not [each for each in derived if each in order.document]
    assert shown["lineItems"][0]["taxedPrice"]


def test_lines_share_their_tax_rates() -> None:
    other = RATE | {"amount": 0.07, "subRates": [{"name": "s", "amount": 0.07}]}
    custom = {"name": {"en": "x"}, "slug": "sl", "quantity": 1, "money": money(1), "taxRate": other}
    lines = [line(taxRate=RATE), line(), line(taxRate=other), line(taxRate=RATE)]
    order = stored(draft(lineItems=lines, customLineItems=[custom]))
    assert order.document.count('"VAT"') == 2
    shown = represent(order)
    rates = [each.get("taxRate") for each in (*shown["lineItems"], *shown["customLineItems"])]
    amounts = [rate and rate["amount"] for rate in rates]
    assert amounts == [
        Decimal(each) if each else None for each in ("0.19", "", "0.07", "0.19", "0.07")
    ]
    assert rates[2]["subRates"]


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        (4600, {}),
        (2000, {"taxRate": RATE, "name": {"en": "Large white mug", "de": "Grosse weisse Tasse"}}),
    ],
    ids=["plain lines", "lines with a key, two names and a tax rate"],
)
def test_an_order_can_have_thousands_of_lines(number: int, changes: Tree) -> None:
    lines = [line(**changes, variant={"sku": f"mug-{n}"}) for n in range(number)]
    if changes:
        lines = [{**each, "key": f"line-{n}"} for n, each in enumerate(lines)]
    assert len(submitted(draft(lineItems=lines)).document) < MAX_DOCUMENT_BYTES


def test_an_order_of_three_lines_costs_one_write_unit() -> None:
    order = stored(draft(lineItems=[line(variant={"sku": f"mug-{n}"}) for n in range(3)]))
    item = order_item(order, trigger_of(None, order))
    assert _size(item) <= 1024


def _size(item: Any) -> int:  # noqa: ANN401 - any attribute
    """Return the size of an item by DynamoDB's rules, a little too large."""
    if isinstance(item, str):
        return len(item.encode())
    return sum(len(name) + _size(value) + 1 for name, value in item.items())


EMPTY_DELIVERIES = {
    "shippingMethodName": "Mail",
    "price": money(500),
    "shippingRate": {"price": money(500)},
}


@pytest.mark.parametrize(("number", "fits"), [(34_000, True), (60_000, False)])
def test_a_small_draft_whose_order_would_not_fit_in_an_answer_is_rejected(
    number: int, *, fits: bool
) -> None:
    sent = draft(shippingInfo=EMPTY_DELIVERIES | {"deliveries": [{}] * number})
    answer = answer_of(sent)
    if fits:
        assert fits_answer(present(stored(sent)))
    else:
        assert_too_large(answer)


def assert_too_large(answer: Submission | Rejection) -> None:
    assert isinstance(answer, Rejection)
    [problem] = answer.problems
    assert (problem.code, problem.message) == (
        Code.ORDER_TOO_LARGE,
        "The order must fit in an answer of 5 MB with its defaults and ids",
    )


def test_what_is_stored_once_for_all_lines_counts_for_each_of_them() -> None:
    rate = RATE | {"name": "V" * 2500}
    assert_too_large(answer_of(draft(lineItems=[line(taxRate=rate)] * 1000)))
    mug = Product("mug-id", (Variant(1, "mug"),), slug={"en": "m" * 8000})
    settings = Settings(endpoints=SHOP.endpoints, products={mug.id: mug})
    sent = draft(lineItems=[line()] * 700)
    assert len(json.dumps(sent)) < 104_000
    assert_too_large(answer_of(sent, settings))
