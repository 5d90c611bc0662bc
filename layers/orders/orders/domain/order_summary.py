"""An order as every protocol can show it, whichever wrote its document."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from orders.domain.money import EXACT_DIGITS
from orders.domain.order import Order


@dataclass(frozen=True, slots=True)
class LineSummary:
    """One line; prices are per item, in major units of the order's currency.

    `external_id` names it in its order. `base_price` is the price before discounts, None if it is
    not known.
    """

    external_id: str
    article: str
    count: int
    price: Decimal
    base_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """What the protocols have in common.

    `total_price` is what the order says itself; amounts are in major units of `currency`.

    `created_at` is the shop's own time where it sent one, `updated_at` the store's; aware UTC.
    """

    currency: str
    total_price: Decimal
    delivery_cost: Decimal
    lines: tuple[LineSummary, ...]
    created_at: datetime
    updated_at: datetime
    email: str | None = None

    @property
    def items_total(self) -> Decimal:
        """Return what all lines cost, without delivery; exact."""
        with localcontext(prec=EXACT_DIGITS):
            return sum((line.price * line.count for line in self.lines), Decimal(0))

    @property
    def items_total_before_discount(self) -> Decimal | None:
        """Return what all lines cost before discounts, None if one of them does not tell."""
        bases = [(line.base_price, line.count) for line in self.lines]
        with localcontext(prec=EXACT_DIGITS):
            known = [base * count for base, count in bases if base is not None]
            return sum(known, Decimal(0)) if len(known) == len(bases) else None


type Summarise = Callable[[Order], OrderSummary]
