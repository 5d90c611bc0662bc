"""Net plus tax equals gross to the cent, in every calculation mode."""

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from orders.protocols.commercetools.money import (
    Money,
    MoneyOverflowError,
    RoundingMode,
    cents_of,
    read_money,
    times,
)
from orders.protocols.commercetools.taxes import (
    TaxCalculationMode,
    Taxed,
    TaxModes,
    TaxRate,
    tax_amount_of,
    tax_line,
)

MIN_LONG, MAX_LONG = -(2**63), 2**63 - 1
HALF_EVEN, HALF_UP, HALF_DOWN = RoundingMode
LINE_ITEM_LEVEL, UNIT_PRICE_LEVEL = TaxCalculationMode

VAT = TaxRate("VAT", Decimal("0.19"), included=False)
VAT_INCLUDED = TaxRate("VAT", Decimal("0.19"), included=True)

cents = st.integers(-(10**12), 10**12)
quantities = st.integers(-1000, 1000)
roundings = st.sampled_from(RoundingMode)
calculations = st.sampled_from(TaxCalculationMode)
rates = st.builds(
    TaxRate,
    st.just("VAT"),
    st.decimals(0, 1, places=4) | st.sampled_from([Decimal(0), Decimal("0.5"), Decimal(1)]),
    st.booleans(),
)
cent_prices = st.builds(Money, st.sampled_from(["EUR", "JPY", "KWD"]), cents)
precise_prices = st.builds(
    lambda precise, digits: Money("EUR", cents_of(precise, digits, "EUR"), precise, digits),
    cents,
    st.integers(3, 20),
)
prices = cent_prices | precise_prices


def taxed(
    price: Money,
    quantity: int,
    rate: TaxRate,
    calculation: TaxCalculationMode = LINE_ITEM_LEVEL,
    rounding: RoundingMode = HALF_EVEN,
) -> Taxed:
    total = times(price, quantity, HALF_EVEN)
    return tax_line(price, quantity, total, rate, TaxModes(calculation, rounding))


def rounded(exact: Fraction, mode: RoundingMode) -> int:
    """Round to the nearest neighbour; the mode decides about halves."""
    below, above = floor(exact), ceil(exact)
    if exact - below != above - exact:
        return below if exact - below < above - exact else above
    nearer_to_zero, farther = sorted((below, above), key=abs)
    even = below if below % 2 == 0 else above
    return {HALF_EVEN: even, HALF_UP: farther, HALF_DOWN: nearer_to_zero}[mode]


def test_line_and_unit_taxation_differ() -> None:
    # 3 x 1.08 plus 19 % is 3.8556. One unit plus 19 % is 1.2852.
    of_line = taxed(Money("EUR", 108), 3, VAT, LINE_ITEM_LEVEL)
    of_units = taxed(Money("EUR", 108), 3, VAT, UNIT_PRICE_LEVEL)
    assert (of_line.net.cents, of_line.tax.cents, of_line.gross.cents) == (324, 62, 386)
    assert (of_units.net.cents, of_units.tax.cents, of_units.gross.cents) == (324, 63, 387)


def test_line_and_unit_taxation_differ_with_included_tax() -> None:
    of_line = taxed(Money("EUR", 108), 3, VAT_INCLUDED, LINE_ITEM_LEVEL)
    of_units = taxed(Money("EUR", 108), 3, VAT_INCLUDED, UNIT_PRICE_LEVEL)
    assert (of_line.net.cents, of_line.tax.cents, of_line.gross.cents) == (272, 52, 324)
    assert (of_units.net.cents, of_units.tax.cents, of_units.gross.cents) == (273, 51, 324)


@pytest.mark.parametrize("calculation", TaxCalculationMode)
@pytest.mark.parametrize(
    ("price", "rate", "net", "gross"),
    [
        (Money("EUR", 11900), VAT_INCLUDED, 10000, 11900),
        (Money("EUR", 10000), VAT, 10000, 11900),
        (Money("EUR", -11900), VAT_INCLUDED, -10000, -11900),
        (Money("EUR", -10000), VAT, -10000, -11900),
        (Money("JPY", 5), VAT, 5, 6),
        (Money("KWD", 1234), VAT, 1234, 1468),
        (Money("EUR", 0), VAT, 0, 0),
        (Money("EUR", 999), TaxRate("none", Decimal(0), included=True), 999, 999),
        (Money("EUR", 999), TaxRate("none", Decimal(0), included=False), 999, 999),
        (Money("EUR", 1000), TaxRate("all", Decimal(1), included=True), 500, 1000),
        (Money("EUR", 1000), TaxRate("all", Decimal(1), included=False), 1000, 2000),
    ],
)
def test_tax_is_included_in_the_price_or_added(
    price: Money, rate: TaxRate, net: int, gross: int, calculation: TaxCalculationMode
) -> None:
    one = taxed(price, 1, rate, calculation)
    assert one.net == Money(price.currency, net)
    assert one.gross == Money(price.currency, gross)
    assert one.tax == Money(price.currency, gross - net)


@pytest.mark.parametrize(
    ("included", "rounding", "net", "gross"),
    [
        # 5 cents plus 10 %: the gross of 5.5 is rounded, not the tax of 0.5.
        (False, HALF_EVEN, 5, 6),
        (False, HALF_UP, 5, 6),
        (False, HALF_DOWN, 5, 5),
        # 5 cents with 100 % included: the net of 2.5 is rounded.
        (True, HALF_EVEN, 2, 5),
        (True, HALF_UP, 3, 5),
        (True, HALF_DOWN, 2, 5),
    ],
)
@pytest.mark.parametrize("calculation", TaxCalculationMode)
@pytest.mark.parametrize("sign", [1, -1])
def test_the_mode_rounds_the_calculated_side(  # noqa: PLR0917 - parameters are a table
    included: bool,  # noqa: FBT001 - a column of the table
    rounding: RoundingMode,
    net: int,
    gross: int,
    calculation: TaxCalculationMode,
    sign: int,
) -> None:
    rate = TaxRate("VAT", Decimal(1) if included else Decimal("0.1"), included)
    line = taxed(Money("EUR", 5 * sign), 1, rate, calculation, rounding)
    assert (line.net.cents, line.gross.cents) == (net * sign, gross * sign)


def test_the_tax_of_a_unit_is_calculated_from_its_exact_price() -> None:
    # 25 % of the exact 1.5 cents is 0.375, which rounds to 0. 25 % of 2 cents would be a half.
    price = Money("EUR", 2, 15, 3)
    line = taxed(
        price, 1000, TaxRate("VAT", Decimal("0.25"), included=False), UNIT_PRICE_LEVEL, HALF_UP
    )
    assert (line.net.cents, line.tax.cents, line.gross.cents) == (1500, 0, 1500)


def test_the_tax_of_units_does_not_exceed_their_price() -> None:
    price = Money("EUR", 1, 6, 3)
    line = taxed(
        price, 1000, TaxRate("all", Decimal(1), included=True), UNIT_PRICE_LEVEL, HALF_EVEN
    )
    assert (line.net.cents, line.tax.cents, line.gross.cents) == (600, 0, 600)


@given(prices, quantities, rates, calculations, roundings)
def test_net_plus_tax_is_gross(
    price: Money,
    quantity: int,
    rate: TaxRate,
    calculation: TaxCalculationMode,
    rounding: RoundingMode,
) -> None:
    total = times(price, quantity, HALF_EVEN)
    line = taxed(price, quantity, rate, calculation, rounding)
    assert line.net.cents + line.tax.cents == line.gross.cents
    assert (line.gross if rate.included else line.net) == total
    assert line.rate == rate
    assert {line.net.precise, line.gross.precise, line.tax.precise} == {None}


@given(prices, quantities, rates, roundings)
def test_the_calculated_side_of_a_line_is_rounded_once(
    price: Money, quantity: int, rate: TaxRate, rounding: RoundingMode
) -> None:
    total = times(price, quantity, HALF_EVEN).cents
    line = taxed(price, quantity, rate, LINE_ITEM_LEVEL, rounding)
    if rate.included:
        assert line.net.cents == rounded(total / (1 + Fraction(rate.amount)), rounding)
    else:
        assert line.gross.cents == rounded(total * (1 + Fraction(rate.amount)), rounding)


@given(cent_prices, quantities, rates, roundings)
def test_unit_taxation_multiplies_the_tax_of_one_unit(
    price: Money, quantity: int, rate: TaxRate, rounding: RoundingMode
) -> None:
    unit = taxed(price, 1, rate, UNIT_PRICE_LEVEL, rounding)
    line = taxed(price, quantity, rate, UNIT_PRICE_LEVEL, rounding)
    assert line.tax.cents == unit.tax.cents * quantity
    assert unit == taxed(price, 1, rate, LINE_ITEM_LEVEL, rounding)


@given(precise_prices, quantities, rates, roundings)
@example(Money("EUR", 1, 6, 3), 1000, TaxRate("all", Decimal(1), included=True), HALF_EVEN)
def test_the_rounding_error_of_a_unit_is_at_most_half_a_cent(
    price: Money, quantity: int, rate: TaxRate, rounding: RoundingMode
) -> None:
    assume(quantity)
    own = Fraction(rate.amount)
    exact = Fraction(price.amount) * 100 * (own / (1 + own) if rate.included else own)
    tax_of_unit = Fraction(
        taxed(price, quantity, rate, UNIT_PRICE_LEVEL, rounding).tax.cents, quantity
    )
    assert tax_of_unit.denominator == 1
    assert abs(tax_of_unit - exact) <= Fraction(1, 2)


@given(prices, quantities, rates, calculations, roundings)
def test_a_negative_quantity_is_taxed_like_a_positive_one(
    price: Money,
    quantity: int,
    rate: TaxRate,
    calculation: TaxCalculationMode,
    rounding: RoundingMode,
) -> None:
    sold = taxed(price, quantity, rate, calculation, rounding)
    returned = taxed(price, -quantity, rate, calculation, rounding)
    assert (returned.net.cents, returned.gross.cents) == (-sold.net.cents, -sold.gross.cents)


def test_a_taxed_price_has_the_members_in_the_documented_order() -> None:
    tree = taxed(Money("EUR", 108), 3, VAT).tree()
    assert list(tree) == ["totalNet", "totalGross", "taxPortions", "totalTax"]
    [portion] = tree["taxPortions"]
    assert portion == {"name": "VAT", "rate": Decimal("0.19"), "amount": Money("EUR", 62).tree()}
    assert tree["totalTax"] == Money("EUR", 62).tree()


@given(prices, quantities, rates, calculations, roundings)
def test_the_wire_form_of_a_taxed_price_is_read_back(
    price: Money,
    quantity: int,
    rate: TaxRate,
    calculation: TaxCalculationMode,
    rounding: RoundingMode,
) -> None:
    line = taxed(price, quantity, rate, calculation, rounding)
    tree = line.tree()
    assert Taxed(read_money(tree["totalNet"]), read_money(tree["totalGross"]), rate) == line
    [portion] = tree["taxPortions"]
    assert (portion["name"], portion["rate"]) == (rate.name, rate.amount)
    assert read_money(portion["amount"]) == read_money(tree["totalTax"]) == line.tax


@pytest.mark.parametrize("calculation", TaxCalculationMode)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_gross_amount_beyond_64_bits_overflows(
    calculation: TaxCalculationMode, sign: int
) -> None:
    rate = TaxRate("all", Decimal(1), included=False)
    with pytest.raises(MoneyOverflowError):
        taxed(Money("EUR", (2**62 + 1) * sign), 1, rate, calculation)
    most = taxed(Money("EUR", MAX_LONG * sign), 1, VAT_INCLUDED, calculation)
    assert most.gross == Money("EUR", MAX_LONG * sign)


def test_a_tax_beyond_64_bits_overflows() -> None:
    assert tax_amount_of(Money("EUR", -1), Money("EUR", MAX_LONG - 1)) == Money("EUR", MAX_LONG)
    with pytest.raises(MoneyOverflowError):
        tax_amount_of(Money("EUR", -1), Money("EUR", MAX_LONG))
    with pytest.raises(MoneyOverflowError):
        tax_amount_of(Money("EUR", 1), Money("EUR", MIN_LONG))


def test_a_rate_with_a_huge_exponent_is_calculated_quickly() -> None:
    rate = TaxRate("next to nothing", Decimal("1E-99999999"), included=True)
    assert taxed(Money("EUR", 108), 3, rate).tax == Money("EUR", 0)


def test_the_modes_have_the_names_of_the_protocol() -> None:
    assert [str(mode) for mode in TaxCalculationMode] == ["LineItemLevel", "UnitPriceLevel"]
