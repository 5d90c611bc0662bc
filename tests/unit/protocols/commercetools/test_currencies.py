"""The currency table equals ISO 4217, except for the differences that are listed here."""

from itertools import product
from string import ascii_uppercase

from iso4217 import Currency

from orders.protocols.commercetools.money import fraction_digits

# Withdrawn currencies: older orders may still be imported.
WITHDRAWN = {"ANG": 2, "BGN": 2, "CUC": 2, "HRK": 2, "SLL": 2, "ZWL": 2}
# The vendor's own codes of currencies without cents.
WITHOUT_CENTS = {"CZK0": 0, "HUF0": 0, "ILS0": 0, "KZT0": 0, "TRY0": 0, "TWD0": 0}
ENDS = ("", "0")
# Metals, units of account and test codes, for which ISO defines no digits.
WITHOUT_DIGITS = {
    *("XAG", "XAU", "XPD", "XPT"),
    *("XBA", "XBB", "XBC", "XBD"),
    *("XDR", "XSU", "XUA"),
    *("XTS", "XXX"),
}


def test_every_currency_of_iso_4217_has_its_fraction_digits() -> None:
    listed = {currency.code: currency.exponent for currency in Currency}
    assert {code for code, digits in listed.items() if digits is None} == WITHOUT_DIGITS
    assert {code: fraction_digits(code) for code in listed} == listed


def test_every_other_currency_is_withdrawn_or_a_code_of_the_vendor() -> None:
    listed = {currency.code for currency in Currency}
    assert not listed & (WITHDRAWN.keys() | WITHOUT_CENTS.keys())
    for code, digits in (WITHDRAWN | WITHOUT_CENTS).items():
        assert fraction_digits(code) == digits
    codes = (
        "".join(letters) + end for letters in product(ascii_uppercase, repeat=3) for end in ENDS
    )
    known = {code for code in codes if fraction_digits(code) is not None}
    assert known - listed == WITHDRAWN.keys() | WITHOUT_CENTS.keys()
