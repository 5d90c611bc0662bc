from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.file_records import DATE_FORMS
from orders.file_formats.values import (
    amount_of,
    currency_of,
    text_of,
    time_of,
    whole_number_of,
)


@pytest.mark.parametrize(
    ("cell", "decimal_comma", "amount"),
    [
        ("1 234,50 руб", True, "1234.50"),
        ("1\u00a0234,50 руб.", True, "1234.50"),
        ("1.234,50", True, "1234.50"),
        ("$1,234.50", False, "1234.50"),
        ("1'234.00", False, "1234.00"),
        ("12.50 USD", False, "12.50"),
        ("USD 12.50", False, "12.50"),
        ("12.50 руб.", False, "12.50"),
        ("€12", False, "12"),
        ("1.200,00 kr.", True, "1200.00"),
        ("12,50 бел. руб.", True, "12.50"),
        (".5", False, "0.5"),
        ("0,00", True, "0.00"),
        ("-5", False, "-5"),
        ("(5.00)", False, "-5.00"),
        ("\u22125,00", True, "-5.00"),
    ],
)
def test_amounts_as_exports_write_them(cell: str, decimal_comma: bool, amount: str) -> None:  # noqa: FBT001 - a value of the table
    assert amount_of(cell, decimal_comma=decimal_comma) == amount


@pytest.mark.parametrize(
    ("cell", "decimal_comma"),
    [
        ("12,50", False),
        ("1,23,456.00", False),
        ("1234.50", True),
        ("12.5.0", False),
        ("12,5,0", True),
        ("(5.00", False),
        ("abc", False),
        ("", False),
        ("1e3", False),
        ("12 or 13", False),
        ("12x", False),
        ("5 %", False),
        ("12 pcs", False),
        ("3 kg", False),
        ("approx. 12", False),
    ],
)
def test_an_ambiguous_amount_is_rejected(cell: str, decimal_comma: bool) -> None:  # noqa: FBT001 - a value of the table
    with pytest.raises(ValueError, match="an amount with a decimal"):
        amount_of(cell, decimal_comma=decimal_comma)


@given(
    st.decimals(min_value=0, max_value=10**12, places=2),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", " руб", " USD", "€"]),
)
def test_every_written_form_of_an_amount_has_its_value(
    amount: Decimal,
    has_comma: bool,  # noqa: FBT001 - drawn
    has_groups: bool,  # noqa: FBT001 - drawn
    word: str,
) -> None:
    text = f"{amount:,.2f}" if has_groups else f"{amount:.2f}"
    if has_comma:
        text = text.translate(str.maketrans(".,", ",."))
    assert Decimal(amount_of(text + word, decimal_comma=has_comma)) == amount


@pytest.mark.parametrize(
    ("cell", "date_form", "time"),
    [
        ("2025-10-07 09:50:26 +0200", "iso", "2025-10-07T07:50:26Z"),
        ("2025-10-07T09:50:26+00:00", "mdy", "2025-10-07T09:50:26Z"),
        ("2025-10-07 09:50", "dmy", "2025-10-07T09:50:00Z"),
        ("10/07/2025 14:05", "mdy", "2025-10-07T14:05:00Z"),
        ("07.10.2025 9:05:01", "dmy", "2025-10-07T09:05:01Z"),
        ("7/10/2025 1:05 PM", "dmy", "2025-10-07T13:05:00Z"),
        ("7/10/2025 12:05 am", "dmy", "2025-10-07T00:05:00Z"),
        ("7/10/2025", "dmy", "2025-10-07T00:00:00Z"),
    ],
)
def test_times_as_exports_write_them(cell: str, date_form: str, time: str) -> None:
    assert time_of(cell, date_form) == time


@pytest.mark.parametrize(
    ("cell", "date_form"),
    [
        ("10/07/2025", "iso"),
        ("13/13/2025", "mdy"),
        ("31.02.2025", "dmy"),
        ("45200.5", "iso"),
        ("7/10/2025 13:05 PM", "dmy"),
        ("7/10/2025 soon", "dmy"),
    ],
)
def test_an_ambiguous_time_is_rejected(cell: str, date_form: str) -> None:
    with pytest.raises(ValueError, match="a time such as"):
        time_of(cell, date_form)


def test_words_for_currencies() -> None:
    assert [currency_of(each) for each in ("руб.", "руб", "RUR", "usd", " EUR ", "грн")] == [
        "RUB",
        "RUB",
        "RUB",
        "USD",
        "EUR",
        "UAH",
    ]


def test_whole_numbers_may_have_zeros_after_the_point() -> None:
    assert whole_number_of("2.000", decimal_comma=False) == "2"
    assert whole_number_of("2,000", decimal_comma=True) == "2"
    assert whole_number_of("2 шт.", decimal_comma=True) == "2"
    for cell in ("2.5", "2 kg"):
        with pytest.raises(ValueError, match="a whole number"):
            whole_number_of(cell, decimal_comma=False)


def test_the_apostrophe_of_a_spreadsheet_is_no_part_of_a_text() -> None:
    assert text_of("'01234") == "01234"
    assert text_of("'+49 30 1") == "+49 30 1"
    assert text_of("'s-Hertogenbosch") == "'s-Hertogenbosch"


@given(st.from_regex(r"\d{1,9}([.,]\d{1,9}){0,2}", fullmatch=True), st.booleans())
def test_an_amount_is_the_same_with_white_space_around_it(cell: str, has_comma: bool) -> None:  # noqa: FBT001 - drawn
    assert answer(lambda: amount_of(cell, decimal_comma=has_comma)) == answer(
        lambda: amount_of(f" {cell} ", decimal_comma=has_comma)
    )


@given(
    st.from_regex(
        r"20\d\d-[01]\d-[0-3]\d[T ][0-2]\d:[0-6]\d:[0-6]\d(Z|[+]\d\d00)?"
        r"|[0-3]?\d[./-][0-3]?\d[./-][02]0\d\d[T ][0-2]\d:[0-6]\d(:[0-6]\d)?",
        fullmatch=True,
    ),
    st.sampled_from(DATE_FORMS),
)
def test_a_time_is_the_same_with_white_space_around_it(cell: str, date_form: str) -> None:
    assert answer(lambda: time_of(cell, date_form)) == answer(
        lambda: time_of(f" {cell} ", date_form)
    )


def answer(call: Callable[[], str]) -> str:
    """Return what a function returns, or its error."""
    try:
        return call()
    except ValueError as error:
        return f"error: {error}"


def test_a_long_cell_is_not_cut_to_another_value() -> None:
    zeros, space = "0" * 198, " " * 200
    for cell in (f"{zeros}12.50", f"12{space}000"):
        with pytest.raises(ValueError, match="an amount"):
            amount_of(f" {cell}", decimal_comma=False)
    with pytest.raises(ValueError, match="a time such as"):
        time_of(f"2026-01-31{space}x", "iso")
