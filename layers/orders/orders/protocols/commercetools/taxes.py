"""Taxes of a line, worked out from its tax rate (commercetools, TaxedItemPrice)."""

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
    """Whether the tax is that of the line's total, or that of one unit, times the quantity."""

    LINE_ITEM_LEVEL = "LineItemLevel"
    UNIT_PRICE_LEVEL = "UnitPriceLevel"


@dataclass(frozen=True, slots=True)
class TaxModes:
    """How an order's taxes are worked out; `rounding` is its taxRoundingMode."""

    calculation: TaxCalculationMode
    rounding: RoundingMode


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A rate from 0 to 1; `included` says that prices hold the tax already."""

    name: str
    amount: Decimal
    included: bool


@dataclass(frozen=True, slots=True)
class Taxed:
    """A line's price with and without its tax, which is one portion whatever its sub-rates."""

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
    """Return what a line costs with and without tax; `total` is its price times its quantity.

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
    """Return the tax between two amounts in cents. Raises MoneyOverflowError."""
    return in_cents(gross.currency, gross.cents - net.cents)


def _tax_cents(amount: Money, rate: TaxRate, mode: RoundingMode) -> int:
    """Return the tax of an amount, from its exact value.

    What the mode rounds is the other side: the net where the tax is included, else the gross. On
    half a cent this is not the same as to round the tax.
    """
    # Added as decimals, which keeps 28 digits: a rate of 1E-99999999 costs no more than others.
    factor = Fraction(1 + rate.amount)
    if rate.included:
        net = amount.cents - amount.exact_cents * (factor - 1) / factor
        return amount.cents - round_ratio(net.numerator, net.denominator, mode)
    gross = amount.cents + amount.exact_cents * (factor - 1)
    return round_ratio(gross.numerator, gross.denominator, mode) - amount.cents
