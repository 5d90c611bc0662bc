"""Whole numbers are read from numbers and texts of any form, and never from anything else."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.whole_numbers import parse_whole_number


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        *((0, 0), (-5, -5), (10**50, 10**50), ("7", 7), (" +7\n", 7), ("007", 7)),
        *((Decimal("2.0"), 2), (Decimal("2E+3"), 2000), (Decimal("-0.0"), 0), (2.0, 2)),
        *(("2.0", 2), ("2e0", 2), ("200E-2", 2), ("-0", 0), (Decimal("2." + "0" * 5000), 2)),
        *((Decimal("0E-999999"), 0), (1e15, 10**15)),
    ],
)
def test_a_number_without_a_fraction_is_whole(sent: object, number: int) -> None:
    read = parse_whole_number(sent)
    assert (read, type(read)) == (number, int)


@pytest.mark.parametrize(
    "sent",
    [
        *(True, False, None, "", " ", "x", "1.", ".5", "1 0", "٣", "0x1", "1_0", [], {}, 1.5),
        *("1.5", Decimal("1.5"), Decimal("1E-999999"), Decimal("1E+999999"), "1e999"),
        *(Decimal("NaN"), Decimal("Infinity"), float("nan"), float("inf"), "1" * 41),
    ],
)
def test_any_other_value_is_no_whole_number(sent: object) -> None:
    assert parse_whole_number(sent) is None


@given(st.integers(-(10**30), 10**30), st.integers(0, 9))
def test_every_form_of_a_whole_number_is_the_same(number: int, zeros: int) -> None:
    forms = [str(number), f"{number}.{'0' * (zeros + 1)}", f"{number}{'0' * zeros}e-{zeros}"]
    assert {parse_whole_number(form) for form in forms} == {number}
    assert {parse_whole_number(Decimal(form)) for form in forms} == {number}
