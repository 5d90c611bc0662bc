"""Whole numbers as numbers or as text. XML has only text, so both forms mean the same."""

import re
from decimal import Decimal

MAX_DIGITS = 40
_NUMBER = re.compile(
    rf"[+-]?\d{{1,{MAX_DIGITS}}}(?:\.\d{{1,{MAX_DIGITS}}})?(?:[eE][+-]?\d{{1,3}})?", re.ASCII
)


def parse_whole_number(sent: object) -> int | None:
    """Return the whole number that a value is, None for any other value.

    2.0 and 2e0 are whole numbers, as in JSON Schema. White space around a text does not count. A
    number other than an int, and a text, may have at most 40 digits before the decimal point.
    """
    if isinstance(sent, int):
        return None if isinstance(sent, bool) else sent
    if isinstance(sent, str) and len(sent) <= MAX_DIGITS and sent.isascii() and sent.isdecimal():
        return int(sent)
    number = _decimal(sent)
    if number is None or not number.is_finite() or number.adjusted() >= MAX_DIGITS:
        return None
    return int(number) if number == number.to_integral_value() else None


def _decimal(sent: object) -> Decimal | None:
    if isinstance(sent, str):
        text = sent.strip()
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    if isinstance(sent, float):
        return Decimal(repr(sent))
    return sent if isinstance(sent, Decimal) else None
