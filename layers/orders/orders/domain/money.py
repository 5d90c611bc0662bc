"""Amounts of money: decimals in major units, from string to string, never through a float."""

import re
from decimal import Decimal

MAX_INTEGER_DIGITS = 15
MAX_FRACTION_DIGITS = 8
# Enough for the sum of any number of lines that fits into a request to be exact.
EXACT_DIGITS = 80
ALLOWED = (
    f"a decimal number of 0 or more, such as 900 or 900.50, with at most "
    f"{MAX_INTEGER_DIGITS} digits before the point and {MAX_FRACTION_DIGITS} after it"
)

_AMOUNT = re.compile(
    rf"0*\d{{1,{MAX_INTEGER_DIGITS}}}(?:\.\d{{1,{MAX_FRACTION_DIGITS}}}0*)?", re.ASCII
)


def parse_amount(sent: object) -> Decimal:
    """Read an amount from its text or a JSON number; raise ValueError saying what is allowed."""
    text = _plain_notation(sent)
    if _AMOUNT.fullmatch(text) is None:
        raise ValueError(ALLOWED)
    return Decimal(text)


def format_amount(amount: Decimal) -> str:
    """Write an amount in its one canonical form: plain notation, no needless zeros."""
    text = f"{amount:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.lstrip("0") if text[0] == "0" and len(text) > 1 and text[1] != "." else text


def _plain_notation(sent: object) -> str:
    """Return the number's digits, or nothing where they would not be an amount in any case."""
    if isinstance(sent, str):
        return sent.strip()
    if isinstance(sent, Decimal):
        exponent = sent.as_tuple().exponent
        small = isinstance(exponent, int) and abs(exponent) <= 2 * MAX_INTEGER_DIGITS
        return f"{sent:f}" if small else ""
    if isinstance(sent, int) and not isinstance(sent, bool):
        return str(sent) if abs(sent) < 10**MAX_INTEGER_DIGITS else ""
    return ""
