"""Amounts are exact decimals. They are parsed from and formatted as text."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.money import (
    equal_shares,
    exact_decimal,
    exact_quotient,
    format_amount,
    parse_amount,
)

amounts = st.decimals(
    min_value=0, max_value=Decimal("999999999999999.99999999"), allow_nan=False, places=8
)


@pytest.mark.parametrize(
    ("sent", "canonical"),
    [
        ("900", "900"),
        ("900.00", "900"),
        ("900.50", "900.5"),
        ("0", "0"),
        ("0.00", "0"),
        ("007", "7"),
        ("0.10", "0.1"),
        (" 900 ", "900"),
        ("999999999999999.99999999", "999999999999999.99999999"),
        ("1.100000000000000000000", "1.1"),
        (900, "900"),
        (Decimal("900.50"), "900.5"),
        (Decimal("9E+2"), "900"),
        ("100", "100"),
        *((sent, "0") for sent in ("-0", "-0.00", Decimal("-0.0"), Decimal("-0E+2"))),
    ],
)
def test_an_amount_has_one_canonical_form(sent: object, canonical: str) -> None:
    assert format_amount(parse_amount(sent)) == canonical


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "-1",
        "+1",
        *("-", "--0", "-0.", "-.0", "-0-"),
        "1,50",
        "1 000",
        "1.",
        ".5",
        "1e3",
        "NaN",
        "Infinity",
        "1000000000000000",
        "1.123456789",
        "٣",
        True,
        None,
        1.5,
        10**15,
        -1,
        Decimal("-0.5"),
        Decimal("1E+999999"),
        Decimal("1E-999999"),
        Decimal("NaN"),
        Decimal("Infinity"),
        [],
    ],
)
def test_any_other_value_is_rejected_with_the_accepted_form(sent: object) -> None:
    with pytest.raises(ValueError, match="a decimal number of 0 or more, such as 900 or 900"):
        parse_amount(sent)


@given(amounts)
def test_amounts_round_trip_exactly(amount: Decimal) -> None:
    assert parse_amount(format_amount(amount)) == amount


@given(amounts, amounts)
def test_two_amounts_have_the_same_form_only_if_they_are_equal(
    one: Decimal, other: Decimal
) -> None:
    assert (format_amount(one) == format_amount(other)) == (one == other)


@given(st.one_of(st.text(), st.integers(), st.decimals(), st.floats(), st.none(), st.booleans()))
def test_parsing_raises_no_other_error(sent: object) -> None:
    try:
        assert parse_amount(sent) >= 0
    except ValueError as error:
        assert "decimal number" in str(error)  # noqa: PT017 - only this kind of error may come


@given(total=amounts, count=st.integers(1, 10**9), digits=st.integers(0, 4))
def test_shares_cost_the_total_and_differ_by_one_unit(
    total: Decimal, count: int, digits: int
) -> None:
    few, many = equal_shares(total, count, digits)

    assert few.count + many.count == count
    assert sum(Fraction(each.price) * each.count for each in (few, many)) == Fraction(total)
    unit = many.price - few.price
    assert unit == Decimal(1).scaleb(-max(digits, _places(total)))


def _places(amount: Decimal) -> int:
    return len(format_amount(amount).partition(".")[2])


@pytest.mark.parametrize(
    ("number", "amount"),
    [
        (Fraction(5, 4), Decimal("1.25")),
        (Fraction(-1, 10**8), Decimal("-0.00000001")),
        (Fraction(1, 10**9), None),
        (Fraction(500, 3), None),
    ],
)
def test_only_a_number_with_the_allowed_digits_is_an_amount(
    number: Fraction, amount: Decimal | None
) -> None:
    assert exact_decimal(number) == amount


@given(st.decimals(-(10**14), 10**14, places=9), st.integers(1, 10**6))
def test_an_exact_part_of_an_amount_is_that_of_the_fraction(amount: Decimal, divisor: int) -> None:
    for each in (amount, amount * divisor):
        assert exact_quotient(each, divisor) == exact_decimal(Fraction(each) / divisor)
