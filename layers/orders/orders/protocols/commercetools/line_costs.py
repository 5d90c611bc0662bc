"""What the lines and the shipping of an order cost, and the taxes that follow from it.

The trees are parts of a draft, with amounts as Money, or parts of a document, with amounts in their
wire form.
"""

from dataclasses import dataclass
from typing import Any

from orders.protocols.commercetools.money import Money, RoundingMode, times
from orders.protocols.commercetools.shapes import Tree
from orders.protocols.commercetools.taxes import (
    TaxCalculationMode,
    TaxModes,
    TaxRate,
    tax_amount_of,
    tax_line,
)


def charged_price(price: Tree) -> Any:  # noqa: ANN401 - the form of the tree's amounts
    """Return what one item costs: the discounted price, else the price (commercetools, Price)."""
    return price["discounted"]["value"] if "discounted" in price else price["value"]


def charged_shipping(info: Tree) -> Any:  # noqa: ANN401 - the form of the tree's amounts
    """Return what the shipping costs: the discounted price, else the price (ShippingInfo)."""
    return info["discountedPrice"]["value"] if "discountedPrice" in info else info["price"]


@dataclass(frozen=True, slots=True)
class Pricing:
    """How an order calculates and rounds totals and taxes."""

    rounding: RoundingMode
    taxes: TaxModes

    def total(self, price: Money, quantity: int) -> Money:
        """Return what `quantity` items cost at `price` each. Raises MoneyOverflowError."""
        return times(price, quantity, self.rounding)

    def taxed_price(self, part: Tree, price: Money, quantity: int) -> Tree | None:
        """Return the taxed price of a line or of the shipping, None without a tax rate.

        A sent taxed price is kept. Otherwise, it follows from the price, the quantity and the tax
        rate. Raises MoneyOverflowError.
        """
        rate = part.get("taxRate")
        if "taxedPrice" in part or rate is None:
            return with_total_tax(part.get("taxedPrice"))
        own = TaxRate(rate["name"], rate["amount"], rate["includedInPrice"])
        total = self.total(price, quantity)
        taxed: Tree = tax_line(price, quantity, total, own, self.taxes).tree()
        return taxed


def pricing_of(draft: Tree) -> Pricing:
    """Return how the order of a draft or of a document calculates."""
    return Pricing(
        RoundingMode(draft["priceRoundingMode"]),
        TaxModes(
            TaxCalculationMode(draft["taxCalculationMode"]), RoundingMode(draft["taxRoundingMode"])
        ),
    )


def with_total_tax(taxed: Tree | None) -> Tree | None:
    """Return a taxed price with its totalTax, calculated if absent. Raises MoneyOverflowError."""
    if taxed is None:
        return None
    tax = taxed.get("totalTax") or tax_amount_of(taxed["totalNet"], taxed["totalGross"])
    return {**taxed, "totalTax": tax}
