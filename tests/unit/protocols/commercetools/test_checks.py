"""Rules about several members of a draft: each broken rule has its own error."""

import pytest

from orders.protocols.commercetools.errors import ApiError
from tests.support.commercetools import draft, line, money
from tests.support.drafts import document, errors_of, read
from tests.support.functions import Tree

CUSTOM: Tree = {"name": {"en": "x"}, "slug": "sl", "quantity": 2, "money": money(1)}
RATE: Tree = {"name": "t", "amount": 0.3, "includedInPrice": True, "country": "DE"}
TAXED: Tree = {"totalNet": money(1), "totalGross": money(1), "taxPortions": []}
HOME: Tree = {"itemShippingAddresses": [{"key": "home", "country": "DE"}]}


def the_error_of(sent: Tree) -> ApiError:
    [error] = errors_of(sent)
    return error


def of_line(**changes: object) -> Tree:
    return draft(lineItems=[line(**changes)])


def of_price(**changes: object) -> Tree:
    return of_line(price={"value": money(995)} | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"lineItems": []},
        {"lineItems": None},
        {"lineItems": [], "customLineItems": []},
        {"lineItems": None, "customLineItems": []},
    ],
)
def test_an_order_without_lines_is_rejected(changes: Tree) -> None:
    error = the_error_of(draft(**changes))
    assert (error.code, error.message) == (
        "InvalidInput",
        "An order must have at least one line item or custom line item.",
    )


def test_line_items_or_custom_line_items_are_sufficient() -> None:
    assert read(draft(lineItems=[], customLineItems=[CUSTOM]))
    assert read(draft(customLineItems=[]))


def test_the_number_of_lines_is_limited() -> None:
    most = [line()] * 4999
    assert read(draft(lineItems=most, customLineItems=[CUSTOM]))
    error = the_error_of(draft(lineItems=most, customLineItems=[CUSTOM, CUSTOM]))
    assert error.code == "InvalidInput"
    assert "5001" in error.message


def test_keys_must_be_unique_among_lines_of_a_kind() -> None:
    customs = [CUSTOM | {"key": "one"}]
    assert read(draft(lineItems=[line(key="one"), line()], customLineItems=customs))
    for name, lines in (
        ("lineItems", [line(key="one"), line(key="two"), line(key="one")]),
        ("customLineItems", customs * 2),
    ):
        error = the_error_of(draft(**{name: lines}))
        assert (error.code, error.members["field"], error.members["invalidValue"]) == (
            "InvalidField",
            f"{name}.key",
            "one",
        )


@pytest.mark.parametrize(
    ("addresses", "code"),
    [
        ([{"country": "DE"}], "InvalidInput"),
        ([{"country": "DE", "key": "aa"}, {"country": "DE"}], "InvalidInput"),
        ([{"country": "DE", "key": "aa"}, {"country": "AT", "key": "aa"}], "InvalidField"),
    ],
)
def test_item_shipping_addresses_must_have_unique_keys(addresses: list[Tree], code: str) -> None:
    assert the_error_of(draft(itemShippingAddresses=addresses)).code == code


@pytest.mark.parametrize(
    ("sent", "is_named"),
    [
        ({"variant": {"sku": "m"}}, True),
        ({"productId": "p", "variant": {"id": 1}}, True),
        ({"productId": "p", "variant": {"id": 1, "sku": "m"}}, True),
        ({"variant": {}}, False),
        ({"variant": {"id": 1}}, False),
        ({"variant": {"id": 1, "sku": "m"}}, False),
        ({"productId": "p", "variant": {}}, False),
        ({"productId": "p", "variant": {"sku": "m"}}, False),
    ],
)
def test_a_product_must_be_named_in_one_of_three_ways(sent: Tree, is_named: bool) -> None:  # noqa: FBT001 - a column of the table
    if is_named:
        assert read(of_line(**sent))
    else:
        assert the_error_of(of_line(**sent)).code == "InvalidOperation"


@pytest.mark.parametrize("kind", ["LineItem", "CustomLineItem"])
class TestShippingDetails:
    def test_targets_must_add_up_to_the_quantity(self, kind: str) -> None:
        assert read(_shipped(kind, 2) | HOME)
        assert read(_shipped(kind, 1, 1) | HOME)
        assert read(_shipped(kind, 3, -1) | HOME)
        error = the_error_of(_shipped(kind, 1) | HOME)
        assert (error.code, error.members) == (
            "InvalidItemShippingDetails",
            {"subject": kind, "itemId": "0"},
        )
        assert "must add up to the line's quantity, 2; got 1." in error.message

    def test_an_empty_array_of_targets_is_rejected(self, kind: str) -> None:
        assert the_error_of(_shipped(kind)).code == "InvalidItemShippingDetails"

    def test_an_address_key_must_exist_in_the_order(self, kind: str) -> None:
        error = the_error_of(_shipped(kind, 2))
        assert (error.code, error.members["subject"]) == ("InvalidItemShippingDetails", kind)
        assert "itemShippingAddresses" in error.message


def test_an_error_of_shipping_details_names_the_key_of_the_line() -> None:
    details = {"targets": [{"addressKey": "home", "quantity": 1}]}
    error = the_error_of(of_line(key="mine", shippingDetails=details) | HOME)
    assert error.members["itemId"] == "mine"


def _shipped(kind: str, *quantities: int) -> Tree:
    targets = [{"addressKey": "home", "quantity": quantity} for quantity in quantities]
    details = {"shippingDetails": {"targets": targets}}
    if kind == "LineItem":
        return of_line(**details)
    return draft(lineItems=None, customLineItems=[CUSTOM | details])


def test_a_line_with_a_taxed_price_must_have_a_tax_rate() -> None:
    assert read(of_line(taxedPrice=TAXED, taxRate=RATE))
    assert the_error_of(of_line(taxedPrice=TAXED)).code == "InvalidOperation"
    customs = [CUSTOM | {"taxedPrice": TAXED}]
    assert the_error_of(draft(customLineItems=customs)).code == "InvalidOperation"


def test_shipping_with_a_taxed_price_may_omit_the_tax_rate() -> None:
    assert read(draft(shippingInfo=_shipping(taxedPrice=TAXED)))


def _shipping(**changes: object) -> Tree:
    return {
        "shippingMethodName": "m",
        "price": money(1),
        "shippingRate": {"price": money(1)},
    } | changes


@pytest.mark.parametrize(
    ("parts", "is_right"),
    [
        ([], True),
        ([0.3], True),
        ([0.1, 0.2], True),
        ([0.1, 0.1, 0.1], True),
        ([0.1], False),
        ([0.1, 0.2001], False),
    ],
)
def test_sub_rates_must_add_up_to_the_rate(parts: list[float], is_right: bool) -> None:  # noqa: FBT001 - a column of the table
    # A shop that adds binary floats sends 0.30000000000000004 for 0.1 + 0.2.
    for amount in (0.3, 0.1 + 0.2):
        rate = RATE | {
            "amount": amount,
            "subRates": [{"name": "part", "amount": part} for part in parts],
        }
        for sent in (of_line(taxRate=rate), draft(shippingInfo=_shipping(taxRate=rate))):
            if is_right:
                assert read(sent)
            else:
                error = the_error_of(sent)
                assert (error.code, error.members["field"]) == ("InvalidField", "taxRate.amount")


@pytest.mark.parametrize(
    "scope",
    [
        {"country": "DE"},
        {"customerGroup": {"id": "g"}},
        {"channel": {"key": "c"}},
        {"validFrom": "2026-01-01"},
        {"validUntil": "2026-01-01"},
        {"value": money(5, "EUR")},
    ],
)
def test_prices_of_a_variant_must_have_different_scopes(scope: Tree) -> None:
    one, other = {"value": money(1), "key": "aa"}, {"value": money(2)}

    def priced(*prices: Tree) -> Tree:
        return of_line(variant={"sku": "m", "prices": list(prices)})

    assert read(priced(one, other | scope))
    for first, second in ((one, other), (one | scope, other | scope)):
        error = the_error_of(priced(first, second))
        assert error.code == "DuplicatePriceScope"
        conflicting = error.members["conflictingPrice"]
        assert conflicting["value"]["centAmount"] == second["value"]["centAmount"]
        assert set(conflicting) == {"value", *scope} & {"value", *second}


@pytest.mark.parametrize("name", ["customerGroup", "channel"])
def test_the_key_of_a_reference_makes_no_other_price_scope(name: str) -> None:
    prices = [
        {"value": money(1), name: {"id": "same", "key": "a-key"}},
        {"value": money(2), name: {"id": "same"}},
    ]
    error = the_error_of(of_line(variant={"sku": "m", "prices": prices}))
    assert error.code == "DuplicatePriceScope"


def test_keys_of_the_prices_of_a_variant_must_be_unique() -> None:
    prices = [
        {"key": "one", "value": money(1)},
        {"key": "two", "value": money(2), "country": "AT"},
        {"key": "one", "value": money(3), "country": "DE"},
    ]
    variant = {"sku": "m", "prices": prices}
    error = the_error_of(of_line(variant=variant))
    assert (error.code, error.message) == (
        "DuplicatePriceKey",
        "Duplicate price key: one. The price key must be unique per variant.",
    )
    conflicting = error.members["conflictingPrice"]
    assert (conflicting["key"], conflicting["country"]) == ("one", "DE")
    assert conflicting["value"]["centAmount"] == 3
    assert read(of_line(variant=variant | {"prices": prices[:2]}))
    # A line's own price is one of its variant's prices.
    assert read(of_line(variant=variant | {"prices": prices[:2]}, price=prices[0]))


def test_a_price_that_is_sent_twice_has_both_conflicts() -> None:
    price = {"key": "one", "value": money(1)}
    errors = errors_of(of_line(variant={"sku": "m", "prices": [price, price]}))
    assert [error.code for error in errors] == ["DuplicatePriceKey", "DuplicatePriceScope"]


def test_prices_of_different_variants_do_not_conflict() -> None:
    variant = {"sku": "m", "prices": [{"value": money(1), "key": "one"}]}
    assert read(draft(lineItems=[line(variant=variant), line(variant=variant)]))


@pytest.mark.parametrize(
    ("start", "end", "is_right"),
    [
        ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.001Z", True),
        ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z", False),
        ("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z", False),
        ("2026-01-02", "2026-01-01", False),
        ("2026-01-02", None, True),
        (None, "2026-01-02", True),
    ],
)
def test_valid_until_must_be_later_than_valid_from(
    start: str | None,
    end: str | None,
    is_right: bool,  # noqa: FBT001 - a column of the table
) -> None:
    for sent in (
        of_price(validFrom=start, validUntil=end),
        of_line(
            variant={
                "sku": "m",
                "prices": [{"value": money(1), "validFrom": start, "validUntil": end}],
            }
        ),
    ):
        if is_right:
            assert read(sent)
        else:
            error = the_error_of(sent)
            assert (error.code, error.members["field"]) == ("InvalidField", "validFrom")


@pytest.mark.parametrize(
    ("tiers", "code"),
    [
        ([(2, "USD"), (3, "USD")], None),
        ([(1, "USD")], "InvalidField"),
        ([(-5, "USD")], "InvalidField"),
        ([(2, "USD"), (2, "USD")], "InvalidInput"),
        ([(2, "EUR")], "InvalidInput"),
    ],
)
def test_tiers_must_start_at_two_and_have_the_currency_of_the_price(
    tiers: list[tuple[int, str]], code: str | None
) -> None:
    sent = of_price(
        tiers=[
            {"minimumQuantity": quantity, "value": money(1, currency)}
            for quantity, currency in tiers
        ]
    )
    if code is None:
        assert read(sent)
    else:
        assert the_error_of(sent).code == code


EUROS = money(1, "EUR")
OTHER_TAXED: Tree = {"totalNet": EUROS, "totalGross": EUROS, "taxPortions": []}
DISCOUNT: Tree = {"typeId": "product-discount", "id": "d"}


@pytest.mark.parametrize(
    "changes",
    [
        {"lineItems": [line(price={"value": EUROS})]},
        {
            "lineItems": [
                line(
                    price={"value": money(1), "discounted": {"value": EUROS, "discount": DISCOUNT}}
                )
            ]
        },
        {"lineItems": [line(taxRate=RATE, taxedPrice=OTHER_TAXED)]},
        {"customLineItems": [CUSTOM | {"money": EUROS}]},
        {"customLineItems": [CUSTOM | {"taxRate": RATE, "taxedPrice": OTHER_TAXED}]},
        {"taxedPrice": OTHER_TAXED},
        {"taxedPrice": TAXED | {"totalNet": EUROS}},
        {"taxedPrice": TAXED | {"totalTax": EUROS}},
        {"taxedPrice": TAXED | {"taxPortions": [{"rate": 0.1, "amount": EUROS}]}},
        {"shippingInfo": _shipping(price=EUROS)},
        {"shippingInfo": _shipping(shippingRate={"price": EUROS})},
        {"shippingInfo": _shipping(shippingRate={"price": money(1), "freeAbove": EUROS})},
        {
            "shippingInfo": _shipping(
                shippingRate={
                    "price": money(1),
                    "tiers": [{"type": "CartValue", "minimumCentAmount": 1, "price": EUROS}],
                }
            )
        },
        {
            "shippingInfo": _shipping(
                discountedPrice={
                    "value": money(1),
                    "includedDiscounts": [{"discount": {"id": "d"}, "discountedAmount": EUROS}],
                }
            )
        },
        {"shippingInfo": _shipping(taxedPrice=OTHER_TAXED)},
    ],
)
def test_all_amounts_of_an_order_must_have_one_currency(changes: Tree) -> None:
    error = the_error_of(draft(**changes))
    assert (error.code, error.message) == (
        "InvalidInput",
        "All amounts of an order must have the currency of totalPrice, USD.",
    )


def test_the_prices_of_a_variant_may_have_other_currencies() -> None:
    prices = [{"value": money(1)}, {"value": EUROS}]
    assert read(of_line(variant={"sku": "m", "prices": prices}))


def test_totals_are_not_compared_with_the_lines() -> None:
    taxed = {"totalNet": money(7), "totalGross": money(3), "taxPortions": []}
    tree = document(of_line() | {"totalPrice": money(1), "taxedPrice": taxed})
    assert tree["totalPrice"]["centAmount"] == 1
    assert tree["taxedPrice"]["totalTax"]["centAmount"] == -4


def test_each_error_is_reported_up_to_a_limit() -> None:
    two = errors_of(draft(lineItems=[line(variant={}), line(key="kk"), line(key="kk")]))
    assert [error.code for error in two] == ["InvalidField", "InvalidOperation"]
    assert len(errors_of(draft(lineItems=[line(variant={})] * 5000))) == 20
