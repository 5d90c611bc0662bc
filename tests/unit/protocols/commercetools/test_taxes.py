"""Net and tax are gross, to the cent, however the tax is worked out."""

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
    """Round by the definition: the nearest of the two neighbours, at half the mode's choice."""
    below, above = floor(exact), ceil(exact)
    if exact - below != above - exact:
        return below if exact - below < above - exact else above
    nearer_to_zero, farther = sorted((below, above), key=abs)
    even = below if below % 2 == 0 else above
    return {HALF_EVEN: even, HALF_UP: farther, HALF_DOWN: nearer_to_zero}[mode]


def test_the_tax_of_a_line_is_not_that_of_its_units() -> None:
    # Three of 1.08 and 19 % on top: 3.24 make 3.8556, but one makes 1.2852.
    of_line = taxed(Money("EUR", 108), 3, VAT, LINE_ITEM_LEVEL)
    of_units = taxed(Money("EUR", 108), 3, VAT, UNIT_PRICE_LEVEL)
    assert (of_line.net.cents, of_line.tax.cents, of_line.gross.cents) == (324, 62, 386)
    assert (of_units.net.cents, of_units.tax.cents, of_units.gross.cents) == (324, 63, 387)


def test_nor_is_it_where_prices_hold_the_tax() -> None:
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
def test_tax_is_in_the_price_or_on_top(
    price: Money, rate: TaxRate, net: int, gross: int, calculation: TaxCalculationMode
) -> None:
    one = taxed(price, 1, rate, calculation)
    assert one.net == Money(price.currency, net)
    assert one.gross == Money(price.currency, gross)
    assert one.tax == Money(price.currency, gross - net)


@pytest.mark.parametrize(
    ("included", "rounding", "net", "gross"),
    [
        # 10 % of 5 cents: the gross of 5.5 is rounded, not the tax of 0.5.
        (False, HALF_EVEN, 5, 6),
        (False, HALF_UP, 5, 6),
        (False, HALF_DOWN, 5, 5),
        # 100 % in 5 cents: the net of 2.5 is.
        (True, HALF_EVEN, 2, 5),
        (True, HALF_UP, 3, 5),
        (True, HALF_DOWN, 2, 5),
    ],
)
@pytest.mark.parametrize("calculation", TaxCalculationMode)
@pytest.mark.parametrize("sign", [1, -1])
def test_the_mode_rounds_the_side_that_is_worked_out(  # noqa: PLR0917 - parameters are a table
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


def test_the_tax_of_a_unit_is_that_of_its_exact_price() -> None:
    # 25 % of 1.5 cents are 0.375: nothing, though of the price in cents, 2, they were a half.
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
def test_net_and_tax_are_gross(
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
def test_the_other_side_of_a_line_is_rounded_once(
    price: Money, quantity: int, rate: TaxRate, rounding: RoundingMode
) -> None:
    total = times(price, quantity, HALF_EVEN).cents
    line = taxed(price, quantity, rate, LINE_ITEM_LEVEL, rounding)
    if rate.included:
        assert line.net.cents == rounded(total / (1 + Fraction(rate.amount)), rounding)
    else:
        assert line.gross.cents == rounded(total * (1 + Fraction(rate.amount)), rounding)


@given(cent_prices, quantities, rates, roundings)
def test_the_tax_of_units_is_that_of_one_times_the_quantity(
    price: Money, quantity: int, rate: TaxRate, rounding: RoundingMode
) -> None:
    unit = taxed(price, 1, rate, UNIT_PRICE_LEVEL, rounding)
    line = taxed(price, quantity, rate, UNIT_PRICE_LEVEL, rounding)
    assert line.tax.cents == unit.tax.cents * quantity
    assert unit == taxed(price, 1, rate, LINE_ITEM_LEVEL, rounding)


@given(precise_prices, quantities, rates, roundings)
@example(Money("EUR", 1, 6, 3), 1000, TaxRate("all", Decimal(1), included=True), HALF_EVEN)
def test_the_tax_of_a_unit_is_half_a_cent_off_at_most(
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
def test_what_is_returned_is_taxed_as_what_was_sold(
    price: Money,
    quantity: int,
    rate: TaxRate,
    calculation: TaxCalculationMode,
    rounding: RoundingMode,
) -> None:
    sold = taxed(price, quantity, rate, calculation, rounding)
    returned = taxed(price, -quantity, rate, calculation, rounding)
    assert (returned.net.cents, returned.gross.cents) == (-sold.net.cents, -sold.gross.cents)


def test_taxes_are_told_in_the_order_of_the_protocol() -> None:
    tree = taxed(Money("EUR", 108), 3, VAT).tree()
    assert list(tree) == ["totalNet", "totalGross", "taxPortions", "totalTax"]
    [portion] = tree["taxPortions"]
    assert portion == {"name": "VAT", "rate": Decimal("0.19"), "amount": Money("EUR", 62).tree()}
    assert tree["totalTax"] == Money("EUR", 62).tree()


@given(prices, quantities, rates, calculations, roundings)
def test_what_is_told_is_read_as_the_same_amounts(
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
def test_a_gross_amount_beyond_64_bits_is_refused(
    calculation: TaxCalculationMode, sign: int
) -> None:
    rate = TaxRate("all", Decimal(1), included=False)
    with pytest.raises(MoneyOverflowError):
        taxed(Money("EUR", (2**62 + 1) * sign), 1, rate, calculation)
    most = taxed(Money("EUR", MAX_LONG * sign), 1, VAT_INCLUDED, calculation)
    assert most.gross == Money("EUR", MAX_LONG * sign)


def test_a_tax_beyond_64_bits_is_refused() -> None:
    assert tax_amount_of(Money("EUR", -1), Money("EUR", MAX_LONG - 1)) == Money("EUR", MAX_LONG)
    with pytest.raises(MoneyOverflowError):
        tax_amount_of(Money("EUR", -1), Money("EUR", MAX_LONG))
    with pytest.raises(MoneyOverflowError):
        tax_amount_of(Money("EUR", 1), Money("EUR", MIN_LONG))


def test_a_rate_of_a_hundred_million_digits_costs_no_time() -> None:
    rate = TaxRate("next to nothing", Decimal("1E-99999999"), included=True)
    assert taxed(Money("EUR", 108), 3, rate).tax == Money("EUR", 0)


def test_modes_are_spelt_as_the_protocol_does() -> None:
    assert [str(mode) for mode in TaxCalculationMode] == ["LineItemLevel", "UnitPriceLevel"]
