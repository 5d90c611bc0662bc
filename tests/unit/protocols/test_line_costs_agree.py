"""What a line costs is the same in the view of every protocol."""

import json
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from orders.domain.changes import StoredOrder
from orders.domain.fulfilment import SalesModel
from orders.domain.money import EXACT_DIGITS
from orders.domain.order import Order
from orders.domain.order_summary import OrderSummary
from orders.domain.settings import Rulebook
from orders.domain.submissions import Submission
from orders.protocols.altcraft.requests import ImportBody
from orders.protocols.altcraft.submissions import read_orders
from orders.protocols.altcraft.summaries import summarise as summarise_altcraft
from orders.protocols.commercetools.foreign_orders import represent_any
from orders.protocols.commercetools.summaries import summarise as summarise_commercetools
from orders.protocols.json_text import write_json
from orders.protocols.yandex_market.representation import OrderForm, order_of
from tests.support import commercetools, samples
from tests.support.commercetools import draft, money
from tests.support.drafts import stored

NOW = datetime(2026, 1, 2, tzinfo=UTC)
CENT = Decimal("0.01")
FORM = OrderForm(1001, SalesModel.FBS)
type Tree = dict[str, Any]

amounts = st.decimals(0, 10**15 - 1, places=8) | st.decimals(0, 100, places=2)
altcraft_lines = st.lists(st.tuples(amounts, st.integers(1, 10**9)), min_size=1, max_size=4)


def _altcraft(lines: list[tuple[Decimal, int]]) -> tuple[Order, Decimal]:
    """Return a stored Altcraft order, and the sum of its lines as Altcraft's own check names it."""
    sent = samples.order(
        total_price="0",
        delivery_cost=None,
        lines=[
            samples.line(external_id=str(n), final_price_per_item=f"{price:f}", count=count)
            for n, (price, count) in enumerate(lines)
        ],
    )
    [order] = read_orders(ImportBody(data=[sent]), ())
    submission = order.submit(Rulebook.of(samples.settings()))
    assert isinstance(submission, Submission)
    texts = [each.message for each in submission.warnings]
    total = texts[0].partition("delivery, ")[2].partition(";")[0] if texts else "0"
    imported = Order(
        account="demo",
        external_id="1",
        order_id=7,
        version=1,
        status="new",
        protocol=submission.protocol,
        document=submission.document,
        created_at=NOW,
        updated_at=NOW,
        request_id="request",
    )
    return imported, Decimal(total)


def _items_total(order: Order, summary: OrderSummary) -> Decimal:
    """Return the sum of the items as Yandex Market shows it."""
    total: Decimal = order_of(StoredOrder(order), summary, FORM)["itemsTotal"]
    return total


@given(altcraft_lines)
@example([(Decimal("999999999999999.99999999"), 10**9), (Decimal("0.00000001"), 1)])
@example([(Decimal("0.005"), 1), (Decimal("0.015"), 1)])
def test_an_altcraft_order_costs_the_same_in_every_protocol(
    lines: list[tuple[Decimal, int]],
) -> None:
    order, total = _altcraft(lines)
    summary = summarise_altcraft(order)
    assert _items_total(order, summary) == total
    shown = json.loads(write_json(represent_any(order, summarise_altcraft)))["lineItems"]
    with localcontext(prec=EXACT_DIGITS):
        for (price, count), item in zip(lines, shown, strict=True):
            cents = (price * count).quantize(CENT, ROUND_HALF_EVEN) * 100
            # commercetools' cents have 64 bits. A larger amount is shown as the largest one.
            assert item["totalPrice"]["centAmount"] == min(cents, 2**63 - 1)


def _price(cents: int, discounted: int | None, precise: int | None) -> Tree:
    value = {
        "type": "highPrecision",
        "currencyCode": "USD",
        "preciseAmount": precise,
        "fractionDigits": 4,
    }
    charged = value if precise is not None else money(cents)
    if discounted is None:
        return {"value": charged}
    discount = {"typeId": "product-discount", "id": "d"}
    return {"value": charged, "discounted": {"value": money(discounted), "discount": discount}}


cents = st.integers(-(10**9), 10**9)
prices = st.builds(_price, cents, st.none() | cents, st.none() | st.integers(-(10**9), 10**9))
draft_lines = st.tuples(prices, st.integers(-1000, 1000))
modes = st.sampled_from([None, "HalfEven", "HalfUp", "HalfDown"])


@given(st.lists(draft_lines, max_size=4), st.lists(draft_lines, max_size=2), modes)
@example([(_price(995, 795, None), 2)], [], None)
@example([(_price(0, None, 50), 1), (_price(0, None, 150), 1)], [], None)
def test_a_commercetools_order_costs_the_same_in_every_protocol(
    lines: list[tuple[Tree, int]], customs: list[tuple[Tree, int]], mode: str | None
) -> None:
    assume(lines or customs)
    custom = {"name": {"en": "x"}, "slug": "sl"}
    order = stored(
        draft(
            priceRoundingMode=mode,
            lineItems=[commercetools.line(price=price, quantity=count) for price, count in lines],
            customLineItems=[
                custom | {"money": price["value"], "quantity": count} for price, count in customs
            ],
        )
    )
    shown = json.loads(write_json(represent_any(order, summarise_commercetools)))
    items = [*shown["lineItems"], *shown["customLineItems"]]
    summary = summarise_commercetools(order)
    totals = [item["totalPrice"]["centAmount"] * CENT for item in items]
    assert totals == [summary.total_of(line) for line in summary.lines]
    assert _items_total(order, summary) == sum(totals)


def test_a_discounted_price_is_what_a_line_costs_in_every_protocol() -> None:
    order = stored(draft(lineItems=[commercetools.line(price=_price(995, 795, None))]))
    [item] = represent_any(order, summarise_commercetools)["lineItems"]
    assert (item["quantity"], item["totalPrice"]["centAmount"]) == (2, 1590)
    summary = summarise_commercetools(order)
    assert _items_total(order, summary) == Decimal("15.90")
    assert summary.items_total_before_discount == Decimal("19.90")


def test_tiers_do_not_change_what_a_line_costs() -> None:
    price = _price(995, 795, None) | {"tiers": [{"minimumQuantity": 2, "value": money(1)}]}
    order = stored(draft(lineItems=[commercetools.line(price=price)]))
    [item] = represent_any(order, summarise_commercetools)["lineItems"]
    assert item["totalPrice"]["centAmount"] == 1590
    assert _items_total(order, summarise_commercetools(order)) == Decimal("15.90")


def test_a_discounted_shipping_costs_the_same_in_every_protocol() -> None:
    info: Tree = {
        "shippingMethodName": "mail",
        "price": money(500),
        "shippingRate": {"price": money(500)},
        "taxRate": {"name": "VAT", "amount": 0.25, "includedInPrice": True, "country": "DE"},
        "discountedPrice": {"value": money(400), "includedDiscounts": []},
    }
    order = stored(draft(shippingInfo=info))
    shown = represent_any(order, summarise_commercetools)
    assert shown["taxedShippingPrice"]["totalGross"]["centAmount"] == 400
    summary = summarise_commercetools(order)
    tree = order_of(StoredOrder(order), summary, FORM)
    assert tree["deliveryTotal"] == tree["delivery"]["price"] == Decimal(4)
