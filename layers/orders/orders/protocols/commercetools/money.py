"""Amounts of money as exact integers of the currency's smallest unit, never as floats.

The number of fraction digits comes from ISO 4217. The vendor has codes of its own, such as HUF0,
for currencies without cents.
"""

import decimal
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from orders.domain.currencies import FRACTION_DIGITS, USUAL_DIGITS
from orders.domain.money import Rounding, line_total
from orders.protocols.commercetools.shapes import MAX_LONG, MIN_LONG

_VENDOR_CODES = "HUF0 TWD0 TRY0 ILS0 KZT0 CZK0"
_DIGITS: Mapping[str, int] = MappingProxyType(
    {**FRACTION_DIGITS, **dict.fromkeys(_VENDOR_CODES.split(), 0)}
)


class RoundingMode(StrEnum):
    """How half a unit is rounded (commercetools, RoundingMode)."""

    HALF_EVEN = "HalfEven"
    HALF_UP = "HalfUp"
    HALF_DOWN = "HalfDown"


_DEFAULT_ROUNDING = RoundingMode.HALF_EVEN
_DECIMAL_MODES = {
    RoundingMode.HALF_EVEN: decimal.ROUND_HALF_EVEN,
    RoundingMode.HALF_UP: decimal.ROUND_HALF_UP,
    RoundingMode.HALF_DOWN: decimal.ROUND_HALF_DOWN,
}


class MoneyOverflowError(ValueError):
    """An amount is outside the range of a 64-bit integer."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in cents. A high-precision amount also has `precise` units of 10^-`digits`."""

    currency: str
    cents: int
    precise: int | None = None
    digits: int | None = None

    @property
    def amount(self) -> Decimal:
        """Return the exact amount in major units."""
        units, digits = self.units
        return Decimal(units).scaleb(-digits)

    @property
    def units(self) -> tuple[int, int]:
        """Return the amount in its smallest unit, and that unit's number of fraction digits."""
        if self.precise is not None and self.digits is not None:
            return self.precise, self.digits
        return self.cents, _digits_of(self.currency)

    @property
    def exact_cents(self) -> Fraction:
        """Return the exact amount in cents, with the fraction of a high-precision amount."""
        units, digits = self.units
        return Fraction(units, _scale(digits, self.currency))

    def tree(self) -> dict[str, Any]:
        """Return the wire form (commercetools, TypedMoney)."""
        if self.precise is None:
            return {
                "type": "centPrecision",
                "currencyCode": self.currency,
                "centAmount": self.cents,
                "fractionDigits": _digits_of(self.currency),
            }
        return {
            "type": "highPrecision",
            "currencyCode": self.currency,
            "centAmount": self.cents,
            "preciseAmount": self.precise,
            "fractionDigits": self.digits,
        }


def read_money(tree: Mapping[str, Any]) -> Money:
    """Read an amount from the form that `Money.tree` returns."""
    digits = tree["fractionDigits"] if "preciseAmount" in tree else None
    return Money(tree["currencyCode"], tree["centAmount"], tree.get("preciseAmount"), digits)


def fraction_digits(currency: str) -> int | None:
    """Return a currency's number of fraction digits, None for an unknown currency."""
    return _DIGITS.get(currency)


def money_of(amount: Decimal, currency: str) -> Money:
    """Return an amount in major units as Money, in high precision if it needs more digits.

    It has as many digits as fit in 64 bits. An amount beyond 64 bits becomes the nearest one.
    """
    exact = Fraction(amount)
    own, cents = _digits_of(currency), cents_near(amount, currency)
    digits = max(own, _fraction_digits_of(amount))
    while digits > own:
        precise = round_ratio(exact.numerator * 10**digits, exact.denominator, _DEFAULT_ROUNDING)
        if MIN_LONG <= precise <= MAX_LONG:
            return Money(currency, cents.cents, precise, digits)
        digits -= 1
    return cents


def cents_near(amount: Decimal, currency: str) -> Money:
    """Return an amount in major units in cents: the nearest that fits in 64 bits."""
    exact = Fraction(amount) * 10 ** _digits_of(currency)
    cents = round_ratio(exact.numerator, exact.denominator, _DEFAULT_ROUNDING)
    return Money(currency, min(max(cents, MIN_LONG), MAX_LONG))


def _fraction_digits_of(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def round_ratio(numerator: int, denominator: int, mode: RoundingMode) -> int:
    """Round a ratio to the nearest whole number. `mode` decides between two equally near ones.

    HalfUp rounds away from zero, HalfDown towards zero. `denominator` must be positive.
    """
    magnitude, rest = divmod(abs(numerator), denominator)
    twice = 2 * rest
    up = twice > denominator or (
        twice == denominator
        and (
            mode is RoundingMode.HALF_UP or (mode is RoundingMode.HALF_EVEN and magnitude % 2 == 1)
        )
    )
    rounded = magnitude + up
    return rounded if numerator >= 0 else -rounded


def cents_of(
    precise: int, digits: int, currency: str, mode: RoundingMode = RoundingMode.HALF_EVEN
) -> int:
    """Round an amount of high precision to cents."""
    return round_ratio(precise, _scale(digits, currency), mode)


def cents_allowed(precise: int, digits: int, currency: str) -> tuple[int, int]:
    """Return the smallest and the largest centAmount that an amount of high precision allows."""
    scale = _scale(digits, currency)
    return precise // scale, -(-precise // scale)


def times(price: Money, quantity: int, mode: RoundingMode) -> Money:
    """Multiply a price by a quantity and round to cents. Raises MoneyOverflowError."""
    rounding = line_rounding(price.currency, mode)
    total = line_total(price.amount, quantity, rounding)
    return in_cents(price.currency, int(total.scaleb(rounding.digits)))


def line_rounding(currency: str, mode: RoundingMode) -> Rounding:
    """Return how the total of a line in this currency is rounded: to cents."""
    return Rounding(_digits_of(currency), _DECIMAL_MODES[mode])


def in_cents(currency: str, cents: int) -> Money:
    """Return an amount in cents. Raises MoneyOverflowError beyond the 64-bit range."""
    if not MIN_LONG <= cents <= MAX_LONG:
        raise MoneyOverflowError(cents)
    return Money(currency, cents)


def _scale(digits: int, currency: str) -> int:
    return int(10 ** (digits - _digits_of(currency)))


def _digits_of(currency: str) -> int:
    """Return a currency's digits, 2 if it is unknown: other protocols accept any currency."""
    return _DIGITS.get(currency, USUAL_DIGITS)
