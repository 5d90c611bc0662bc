"""Money is counted in whole units. The mode rounds halves, for every sign and currency."""

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orders.protocols.commercetools.money import (
    Money,
    MoneyOverflowError,
    RoundingMode,
    cents_allowed,
    cents_of,
    fraction_digits,
    in_cents,
    money_of,
    read_money,
    round_ratio,
    times,
)

MIN_LONG, MAX_LONG = -(2**63), 2**63 - 1
HALF_EVEN, HALF_UP, HALF_DOWN = RoundingMode

longs = st.integers(MIN_LONG, MAX_LONG)
modes = st.sampled_from(RoundingMode)
currencies = st.sampled_from(["EUR", "JPY", "KWD", "CLF", "HUF", "HUF0"])
cent_prices = st.builds(Money, currencies, longs)


@st.composite
def _high_precision(draw: st.DrawFn) -> Money:
    currency = draw(currencies)
    own = fraction_digits(currency) or 0
    precise, digits = draw(longs), draw(st.integers(own + 1, 20))
    return Money(currency, cents_of(precise, digits, currency), precise, digits)


precise_prices = _high_precision()
prices = cent_prices | precise_prices


def rounded(exact: Fraction, mode: RoundingMode) -> int:
    """Round to the nearest neighbour; the mode decides about halves."""
    below, above = floor(exact), ceil(exact)
    to_below, to_above = exact - below, above - exact
    if to_below != to_above:
        return below if to_below < to_above else above
    nearer_to_zero, farther = sorted((below, above), key=abs)
    even = below if below % 2 == 0 else above
    return {HALF_EVEN: even, HALF_UP: farther, HALF_DOWN: nearer_to_zero}[mode]


def exact_cents(money: Money) -> Fraction:
    if money.precise is None or money.digits is None:
        return Fraction(money.cents)
    own = fraction_digits(money.currency)
    assert own is not None
    return Fraction(money.precise * 10**own, 10**money.digits)


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        ("EUR", 2),
        ("USD", 2),
        ("RUB", 2),
        ("CHF", 2),
        ("MGA", 2),
        ("XAD", 2),
        ("XCG", 2),
        ("ZWG", 2),
        ("JPY", 0),
        ("KRW", 0),
        ("ISK", 0),
        ("XPF", 0),
        ("UYI", 0),
        ("KWD", 3),
        ("IQD", 3),
        ("TND", 3),
        ("CLF", 4),
        ("UYW", 4),
        ("HUF", 2),
        ("CZK", 2),
        *((code, 0) for code in ("HUF0", "TWD0", "TRY0", "ILS0", "KZT0", "CZK0")),
    ],
)
def test_a_currency_has_the_digits_of_its_smallest_unit(currency: str, digits: int) -> None:
    assert fraction_digits(currency) == digits
    assert Money(currency, 5).tree()["fractionDigits"] == digits


@pytest.mark.parametrize("code", ["", "eur", "EU", "EURO", "EUR0", "XXX", "XTS", "XAU", "RUR"])
def test_other_codes_are_not_currencies(code: str) -> None:
    assert fraction_digits(code) is None


@pytest.mark.parametrize(
    ("money", "amount"),
    [
        (Money("JPY", 5), "5"),
        (Money("HUF0", 5), "5"),
        (Money("KWD", 1234), "1.234"),
        (Money("CLF", 12345), "1.2345"),
        (Money("EUR", -1999), "-19.99"),
        (Money("EUR", 0), "0.00"),
        (Money("EUR", MIN_LONG), "-92233720368547758.08"),
        (Money("EUR", 12, 123456, 6), "0.123456"),
        (Money("EUR", 0, MAX_LONG, 20), "0.09223372036854775807"),
    ],
)
def test_an_amount_is_exact_in_major_units(money: Money, amount: str) -> None:
    assert str(money.amount) == amount


@given(prices)
def test_an_amount_is_its_exact_cents(price: Money) -> None:
    own = fraction_digits(price.currency)
    assert own is not None
    assert price.exact_cents == exact_cents(price) == Fraction(price.amount) * 10**own


def test_cent_money_has_the_members_in_the_documented_order() -> None:
    tree = Money("JPY", 5).tree()
    assert list(tree.items()) == [
        ("type", "centPrecision"),
        ("currencyCode", "JPY"),
        ("centAmount", 5),
        ("fractionDigits", 0),
    ]


def test_high_precision_money_has_its_own_fraction_digits() -> None:
    tree = Money("EUR", 12, 123456, 6).tree()
    assert list(tree.items()) == [
        ("type", "highPrecision"),
        ("currencyCode", "EUR"),
        ("centAmount", 12),
        ("preciseAmount", 123456),
        ("fractionDigits", 6),
    ]


@given(prices)
@example(Money("EUR", 0, 0, 3))
def test_the_wire_form_of_money_is_read_back(price: Money) -> None:
    assert read_money(price.tree()) == price


@pytest.mark.parametrize(
    ("amount", "currency", "money"),
    [
        ("19.99", "EUR", Money("EUR", 1999)),
        ("-19.9", "EUR", Money("EUR", -1990)),
        ("5", "JPY", Money("JPY", 5)),
        ("5.00", "JPY", Money("JPY", 5)),
        ("1E+3", "EUR", Money("EUR", 100000)),
        ("0", "EUR", Money("EUR", 0)),
        ("1.234", "KWD", Money("KWD", 1234)),
        ("0.125", "EUR", Money("EUR", 12, 125, 3)),
        ("5.5", "JPY", Money("JPY", 6, 55, 1)),
        ("-1.23450", "EUR", Money("EUR", -123, -12345, 4)),
    ],
)
def test_major_units_become_cents_or_high_precision(
    amount: str, currency: str, money: Money
) -> None:
    assert money_of(Decimal(amount), currency) == money


def test_an_unknown_currency_has_two_digits() -> None:
    money = money_of(Decimal("19.99"), "RUR")
    assert money.tree() == Money("RUR", 1999).tree()
    assert (money.tree()["fractionDigits"], str(money.amount)) == (2, "19.99")


@given(prices)
def test_money_of_an_amount_has_the_same_value(price: Money) -> None:
    made = money_of(price.amount, price.currency)
    assert made.amount == price.amount
    assert made.precise is None or made.precise % 10


@pytest.mark.parametrize(
    ("numerator", "half_even", "half_up", "half_down"),
    [
        (-7, -4, -4, -3),
        (-5, -2, -3, -2),
        (-4, -2, -2, -2),
        (-1, 0, -1, 0),
        (0, 0, 0, 0),
        (1, 0, 1, 0),
        (3, 2, 2, 1),
        (5, 2, 3, 2),
        (7, 4, 4, 3),
    ],
)
def test_halves_are_rounded_by_the_mode(
    numerator: int, half_even: int, half_up: int, half_down: int
) -> None:
    assert round_ratio(numerator, 2, HALF_EVEN) == half_even
    assert round_ratio(numerator, 2, HALF_UP) == half_up
    assert round_ratio(numerator, 2, HALF_DOWN) == half_down


@given(st.integers(), st.integers(min_value=1), modes)
@example(2**63 + 1, 2, HALF_EVEN)
def test_ratios_are_rounded_to_the_nearest_whole_number(
    numerator: int, denominator: int, mode: RoundingMode
) -> None:
    assert round_ratio(numerator, denominator, mode) == rounded(
        Fraction(numerator, denominator), mode
    )


@given(st.integers(-50, 50), st.integers(1, 5), modes)
def test_ratios_near_a_half_are_rounded_to_the_nearest_whole_number(
    halves: int, scale: int, mode: RoundingMode
) -> None:
    for numerator in (halves * scale - 1, halves * scale, halves * scale + 1):
        exact = Fraction(numerator, 2 * scale)
        assert round_ratio(numerator, 2 * scale, mode) == rounded(exact, mode)


@given(st.integers(), st.integers(min_value=1), modes)
def test_rounding_is_symmetric(numerator: int, denominator: int, mode: RoundingMode) -> None:
    assert round_ratio(-numerator, denominator, mode) == -round_ratio(numerator, denominator, mode)


@pytest.mark.parametrize(
    ("precise", "cents", "low", "high"),
    [
        (123456, 12, 12, 13),
        (125000, 12, 12, 13),
        (135000, 14, 13, 14),
        (120000, 12, 12, 12),
        (-123456, -12, -13, -12),
        (-125000, -12, -13, -12),
        (-120000, -12, -12, -12),
        (0, 0, 0, 0),
        (1, 0, 0, 1),
    ],
)
def test_high_precision_is_between_the_two_nearest_cents(
    precise: int, cents: int, low: int, high: int
) -> None:
    assert cents_of(precise, 6, "EUR") == cents
    assert cents_allowed(precise, 6, "EUR") == (low, high)


@given(precise_prices, modes)
def test_cents_are_rounded_from_the_exact_amount(price: Money, mode: RoundingMode) -> None:
    assert price.precise is not None
    assert price.digits is not None
    exact = exact_cents(price)
    low, high = cents_allowed(price.precise, price.digits, price.currency)
    cents = cents_of(price.precise, price.digits, price.currency, mode)
    assert (low, high) == (floor(exact), ceil(exact))
    assert cents == rounded(exact, mode)
    assert low <= cents <= high


@pytest.mark.parametrize(
    ("price", "quantity", "mode", "cents"),
    [
        (Money("EUR", 108), 3, HALF_EVEN, 324),
        (Money("EUR", 108), -3, HALF_EVEN, -324),
        (Money("EUR", -108), 3, HALF_EVEN, -324),
        (Money("EUR", 108), 0, HALF_EVEN, 0),
        # The total is rounded, not the price: 3 x 0.125 is 0.375.
        (Money("EUR", 12, 125, 3), 3, HALF_EVEN, 38),
        (Money("EUR", 12, 125, 3), 3, HALF_DOWN, 37),
        (Money("EUR", 12, 125, 3), -3, HALF_UP, -38),
        (Money("EUR", 12, 125, 3), 1, HALF_EVEN, 12),
        (Money("EUR", 12, 125, 3), 1, HALF_UP, 13),
        (Money("EUR", 13, 125, 3), 2, HALF_EVEN, 25),
        (Money("JPY", 6, 55, 1), 1, HALF_DOWN, 5),
    ],
)
def test_a_line_total_is_price_times_quantity(
    price: Money, quantity: int, mode: RoundingMode, cents: int
) -> None:
    assert times(price, quantity, mode) == Money(price.currency, cents)


@given(prices, st.integers(-1000, 1000), modes)
def test_a_line_total_is_rounded_once_or_overflows(
    price: Money, quantity: int, mode: RoundingMode
) -> None:
    expected = rounded(exact_cents(price) * quantity, mode)
    if MIN_LONG <= expected <= MAX_LONG:
        assert times(price, quantity, mode) == Money(price.currency, expected)
    else:
        with pytest.raises(MoneyOverflowError):
            times(price, quantity, mode)


@pytest.mark.parametrize("cents", [MIN_LONG, -1, 0, MAX_LONG])
def test_an_amount_in_the_64_bit_range_is_accepted(cents: int) -> None:
    assert in_cents("EUR", cents) == Money("EUR", cents)
    assert times(Money("EUR", cents), 1, HALF_EVEN) == Money("EUR", cents)


@pytest.mark.parametrize(
    ("price", "quantity"),
    [
        (Money("EUR", 2**62), 2),
        (Money("EUR", MIN_LONG), -1),
        (Money("EUR", MIN_LONG), 2),
        (Money("EUR", MAX_LONG), MAX_LONG),
        (Money("EUR", MAX_LONG // 10, MAX_LONG, 3), 11),
    ],
)
def test_a_total_beyond_the_64_bit_range_overflows(price: Money, quantity: int) -> None:
    with pytest.raises(MoneyOverflowError):
        times(price, quantity, HALF_EVEN)


@pytest.mark.parametrize("cents", [MIN_LONG - 1, MAX_LONG + 1])
def test_one_cent_beyond_the_64_bit_range_overflows(cents: int) -> None:
    with pytest.raises(MoneyOverflowError):
        in_cents("EUR", cents)


def test_the_modes_have_the_names_of_the_protocol() -> None:
    assert [str(mode) for mode in RoundingMode] == ["HalfEven", "HalfUp", "HalfDown"]
