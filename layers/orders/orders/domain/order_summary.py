"""The parts of an order that all protocols have in common."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orders.domain.money import Rounding, exact_sum, line_total
from orders.domain.order import Order


@dataclass(frozen=True, slots=True)
class LineSummary:
    """One line of an order. Prices are for one item, in major units of the order's currency.

    `external_id` is unique in the order. `price` is the price after discounts, `base_price` the
    price before them, None if it is unknown.
    """

    external_id: str
    article: str
    count: int
    price: Decimal
    base_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """An order as any protocol can return it. Amounts are in major units of `currency`.

    `total_price` is the total that the shop sent. `created_at` is the shop's time if it sent one,
    else the hub's. `updated_at` is the hub's time. Times are aware UTC. `rounding` is how the
    order's protocol rounds the total of a line, None if it does not round.
    """

    currency: str
    total_price: Decimal
    delivery_cost: Decimal
    lines: tuple[LineSummary, ...]
    created_at: datetime
    updated_at: datetime
    email: str | None = None
    rounding: Rounding | None = None

    def total_of(self, line: LineSummary) -> Decimal:
        """Return what a line of the order costs."""
        return line_total(line.price, line.count, self.rounding)

    @property
    def items_total(self) -> Decimal:
        """Return the sum of the lines' totals, without delivery."""
        return exact_sum(map(self.total_of, self.lines))

    @property
    def items_total_before_discount(self) -> Decimal | None:
        """Return the sum of the lines before discounts, None if a base price is unknown."""
        bases = [(line.base_price, line.count) for line in self.lines]
        known = [
            line_total(base, count, self.rounding) for base, count in bases if base is not None
        ]
        return exact_sum(known) if len(known) == len(bases) else None


type Summarise = Callable[[Order], OrderSummary]
