"""Amounts of money in whole units of the smallest kind: exact integers, never a float.

Digits are those of ISO 4217, to which a test holds them; besides there are currencies that were
withdrawn, and the vendor's own codes of currencies without cents.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from orders.protocols.commercetools.shapes import MAX_LONG, MIN_LONG

_TWO_DIGITS = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN "
    "BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP "
    "GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT "
    "LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO "
    "NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS "
    "SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD "
    "XAD XCG YER ZAR ZMW ZWG ZWL"
)
_OTHERS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF "
    "HUF0 TWD0 TRY0 ILS0 KZT0 CZK0",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DIGITS: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(_TWO_DIGITS.split(), 2)
    | {code: digits for digits, codes in _OTHERS.items() for code in codes.split()}
)


class RoundingMode(StrEnum):
    """What becomes of half a unit (commercetools, RoundingMode)."""

    HALF_EVEN = "HalfEven"
    HALF_UP = "HalfUp"
    HALF_DOWN = "HalfDown"


class MoneyOverflowError(ValueError):
    """An amount is beyond 64 bits."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of `cents`; of high precision if it has `precise` units of 10^-`digits` too."""

    currency: str
    cents: int
    precise: int | None = None
    digits: int | None = None

    @property
    def amount(self) -> Decimal:
        """Return the amount in major units, exact."""
        units, digits = self.units
        return Decimal(units).scaleb(-digits)

    @property
    def units(self) -> tuple[int, int]:
        """Return the amount in its smallest units, and how many fraction digits these are."""
        if self.precise is not None and self.digits is not None:
            return self.precise, self.digits
        return self.cents, _digits_of(self.currency)

    @property
    def exact_cents(self) -> Fraction:
        """Return the amount in cents, of which high precision has parts."""
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
    """Read an amount from its wire form, as `tree` has written it."""
    digits = tree["fractionDigits"] if "preciseAmount" in tree else None
    return Money(tree["currencyCode"], tree["centAmount"], tree.get("preciseAmount"), digits)


def fraction_digits(currency: str) -> int | None:
    """Return how many digits a currency has after the point, None for what is no currency."""
    return _DIGITS.get(currency)


def money_of(amount: Decimal, currency: str) -> Money:
    """Return an amount of major units as money; of high precision if it needs more digits."""
    exponent = amount.normalize().as_tuple().exponent
    own = _digits_of(currency)
    digits = max(own, -exponent if isinstance(exponent, int) else 0)
    precise = int(amount.scaleb(digits))
    if digits == own:
        return Money(currency, precise)
    return Money(currency, cents_of(precise, digits, currency), precise, digits)


def round_ratio(numerator: int, denominator: int, mode: RoundingMode) -> int:
    """Return the whole number nearest to a ratio; of two, the one that the mode names.

    HalfUp goes away from zero, HalfDown towards it. `denominator` is above 0.
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
    """Return the cents nearest to an amount of high precision."""
    return round_ratio(precise, _scale(digits, currency), mode)


def cents_allowed(precise: int, digits: int, currency: str) -> tuple[int, int]:
    """Return the least and the greatest cents that an amount of high precision may be told as."""
    scale = _scale(digits, currency)
    return precise // scale, -(-precise // scale)


def times(price: Money, quantity: int, mode: RoundingMode) -> Money:
    """Return a price times a quantity in cents. Raises MoneyOverflowError."""
    units, digits = price.units
    return in_cents(price.currency, cents_of(units * quantity, digits, price.currency, mode))


def in_cents(currency: str, cents: int) -> Money:
    """Return an amount of cents. Raises MoneyOverflowError if 64 bits do not hold it."""
    if not MIN_LONG <= cents <= MAX_LONG:
        raise MoneyOverflowError(cents)
    return Money(currency, cents)


def _scale(digits: int, currency: str) -> int:
    return int(10 ** (digits - _digits_of(currency)))


def _digits_of(currency: str) -> int:
    """Return a currency's digits; orders of other protocols may be in one unknown to ISO."""
    return _DIGITS.get(currency, 2)
