"""The totals of an order are exact."""

from datetime import UTC, datetime
from decimal import Decimal

from orders.domain.order_summary import LineSummary, OrderSummary

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def _summary(*lines: LineSummary) -> OrderSummary:
    return OrderSummary("USD", Decimal(0), Decimal(0), lines, NOW, NOW)


def test_totals_are_exact() -> None:
    huge = LineSummary("1", "a", 10**15, Decimal("999999999999999.99999999"), Decimal("0.1"))
    small = LineSummary("1", "b", 3, Decimal("0.00000001"), Decimal("0.2"))
    summary = _summary(huge, small)
    assert summary.items_total == Decimal("999999999999999999999990000000.00000003")
    assert summary.items_total_before_discount == Decimal("100000000000000.6")


def test_an_unknown_base_price_leaves_the_total_unknown() -> None:
    known = LineSummary("1", "a", 1, Decimal(1), Decimal(2))
    assert _summary(known, LineSummary("1", "b", 1, Decimal(1))).items_total_before_discount is None
