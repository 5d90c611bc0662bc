"""Amounts of money as Decimal in major units. They are never converted to a float."""

import decimal
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import reduce

MAX_INTEGER_DIGITS = 15
MAX_FRACTION_DIGITS = 8
# Enough digits for an exact sum of all lines that fit in a request.
EXACT_DIGITS = 80
# Its methods need no context of the thread, which takes longer to enter than the calculation.
_EXACT = decimal.Context(prec=EXACT_DIGITS)
# The expression below would try many ways to split a long run of zeros.
MAX_TEXT = 1000
ALLOWED = (
    f"a decimal number of 0 or more, such as 900 or 900.50, with at most "
    f"{MAX_INTEGER_DIGITS} digits before the point and {MAX_FRACTION_DIGITS} after it"
)

_AMOUNT = re.compile(
    rf"0*\d{{1,{MAX_INTEGER_DIGITS}}}(?:\.\d{{1,{MAX_FRACTION_DIGITS}}}0*)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Rounding:
    """How an order rounds amounts: to `digits` after the point, halves by a mode of `decimal`."""

    digits: int
    mode: str = decimal.ROUND_HALF_EVEN


def line_total(price: Decimal, count: int, rounding: Rounding | None = None) -> Decimal:
    """Return what `count` items cost at `price` each. Without a rounding, the result is exact.

    Every protocol takes the total of a line from here, so that all of them show the same one.
    """
    total = _EXACT.multiply(price, count)
    return total if rounding is None else _rounded(total, rounding)


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Return the exact sum of the amounts of one order."""
    return reduce(_EXACT.add, amounts, Decimal(0))


def exact_decimal(number: Fraction) -> Decimal | None:
    """Return a number as an amount, None if it has more fraction digits than are allowed."""
    units = number * 10**MAX_FRACTION_DIGITS
    if not units.is_integer():
        return None
    return _EXACT.scaleb(Decimal(units.numerator), -MAX_FRACTION_DIGITS)


def exact_quotient(amount: Decimal, divisor: int) -> Decimal | None:
    """Return the part of an amount, None if it has more fraction digits than are allowed."""
    part = amount if divisor == 1 else _EXACT.divide(amount, divisor)
    if _fraction_digits(part) > MAX_FRACTION_DIGITS:
        part = part.normalize(_EXACT)
        if _fraction_digits(part) > MAX_FRACTION_DIGITS:
            return None
    return part if divisor == 1 or _EXACT.multiply(part, divisor) == amount else None


def _fraction_digits(amount: Decimal) -> int:
    return -int(amount.as_tuple().exponent)


@dataclass(frozen=True, slots=True)
class Share:
    """Some items of a line, with the price of each."""

    count: int
    price: Decimal


def equal_shares(total: Decimal, count: int, digits: int) -> tuple[Share, Share]:
    """Return the prices of items that together cost `total`, which is no multiple of their count.

    The prices differ by one unit: that of a currency with so many fraction digits, or a smaller one
    if the total needs it.
    """
    places = max(digits, _fraction_digits(total.normalize(_EXACT)))
    unit = Decimal(1).scaleb(-places)
    units = int(_EXACT.divide(total, unit))
    low, dearer = divmod(units, count)
    return (
        Share(count - dearer, _EXACT.multiply(low, unit)),
        Share(dearer, _EXACT.multiply(low + 1, unit)),
    )


def _rounded(amount: Decimal, rounding: Rounding) -> Decimal:
    unit = Decimal(1).scaleb(-rounding.digits)
    return amount.quantize(unit, rounding=rounding.mode, context=_EXACT)


def parse_amount(sent: object) -> Decimal:
    """Parse an amount from a text or a number. Raises ValueError with the rule (ALLOWED)."""
    # Most amounts are texts that need no change.
    if isinstance(sent, str) and len(sent) <= MAX_TEXT and _AMOUNT.fullmatch(sent):
        return Decimal(sent)
    text = _without_sign_of_zero(_plain_notation(sent))
    if _AMOUNT.fullmatch(text) is None:
        raise ValueError(ALLOWED)
    return Decimal(text)


def format_amount(amount: Decimal) -> str:
    """Format an amount in its canonical form: plain notation, without needless zeros."""
    text = f"{amount:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.lstrip("0") if text[0] == "0" and len(text) > 1 and text[1] != "." else text


def _without_sign_of_zero(text: str) -> str:
    """Return the text without the minus sign of -0 or -0.00, which are the amount 0."""
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text


def _plain_notation(sent: object) -> str:
    """Return the number in plain notation, "" for a type or a size that no amount has."""
    if isinstance(sent, str):
        return sent.strip() if len(sent) <= MAX_TEXT else ""
    if isinstance(sent, Decimal):
        exponent = sent.as_tuple().exponent
        small = isinstance(exponent, int) and abs(exponent) <= 2 * MAX_INTEGER_DIGITS
        return f"{sent:f}" if small else ""
    if isinstance(sent, int) and not isinstance(sent, bool):
        return str(sent) if abs(sent) < 10**MAX_INTEGER_DIGITS else ""
    return ""
