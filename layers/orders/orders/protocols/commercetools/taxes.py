"""Calculates the taxes of a line from its tax rate (commercetools, TaxedItemPrice)."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from orders.protocols.commercetools.money import (
    Money,
    RoundingMode,
    in_cents,
    round_ratio,
)


class TaxCalculationMode(StrEnum):
    """Whether to tax the line's total, or to tax one unit and multiply by the quantity."""

    LINE_ITEM_LEVEL = "LineItemLevel"
    UNIT_PRICE_LEVEL = "UnitPriceLevel"


@dataclass(frozen=True, slots=True)
class TaxModes:
    """How to calculate an order's taxes. `rounding` is its taxRoundingMode."""

    calculation: TaxCalculationMode
    rounding: RoundingMode


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A rate from 0 to 1. `included` means that prices already include the tax."""

    name: str
    amount: Decimal
    included: bool


@dataclass(frozen=True, slots=True)
class Taxed:
    """A line's net and gross price. The tax is one portion, also if the rate has sub-rates."""

    net: Money
    gross: Money
    rate: TaxRate

    @property
    def tax(self) -> Money:
        """Return the tax."""
        return tax_amount_of(self.net, self.gross)

    def tree(self) -> dict[str, Any]:
        """Return the wire form."""
        portion = {"name": self.rate.name, "rate": self.rate.amount, "amount": self.tax.tree()}
        return {
            "totalNet": self.net.tree(),
            "totalGross": self.gross.tree(),
            "taxPortions": [portion],
            "totalTax": self.tax.tree(),
        }


def tax_line(price: Money, quantity: int, total: Money, rate: TaxRate, modes: TaxModes) -> Taxed:
    """Return a line's net and gross price. `total` is its price times its quantity.

    Raises MoneyOverflowError.
    """
    if modes.calculation is TaxCalculationMode.LINE_ITEM_LEVEL:
        tax = _tax_cents(total, rate, modes.rounding)
    else:
        tax = _tax_cents(price, rate, modes.rounding) * quantity
    if rate.included:
        return Taxed(in_cents(total.currency, total.cents - tax), total, rate)
    return Taxed(total, in_cents(total.currency, total.cents + tax), rate)


def tax_amount_of(net: Money, gross: Money) -> Money:
    """Return gross minus net, in cents. Raises MoneyOverflowError."""
    return in_cents(gross.currency, gross.cents - net.cents)


def _tax_cents(amount: Money, rate: TaxRate, mode: RoundingMode) -> int:
    """Return the tax of an exact amount in cents.

    The mode rounds the net if the tax is included, else the gross. For half a cent the result
    differs from rounding the tax itself.
    """
    # A Decimal sum keeps 28 digits, so that a rate of 1E-99999999 does not make a huge Fraction.
    factor = Fraction(1 + rate.amount)
    if rate.included:
        net = amount.cents - amount.exact_cents * (factor - 1) / factor
        return amount.cents - round_ratio(net.numerator, net.denominator, mode)
    gross = amount.cents + amount.exact_cents * (factor - 1)
    return round_ratio(gross.numerator, gross.denominator, mode) - amount.cents
