"""Orders of one protocol as the other returns them: the mapping of docs/commercetools.md."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from orders.domain.changes import StoredOrder
from orders.domain.fulfilment import Fulfilment, SalesModel
from orders.domain.identifiers import uuid_of
from orders.domain.order import Order
from orders.domain.order_summary import LineSummary, OrderSummary
from orders.domain.settings import Endpoint, Policies, Rulebook, Settings
from orders.domain.submissions import Submission
from orders.protocols.altcraft.summaries import summarise as summarise_altcraft
from orders.protocols.commercetools.foreign_orders import represent_any
from orders.protocols.commercetools.requests import read_draft
from orders.protocols.commercetools.submissions import SentDraft
from orders.protocols.commercetools.summaries import summarise
from orders.protocols.json_text import write_json
from orders.protocols.yandex_market.representation import OrderForm, order_of
from tests.support.commercetools import draft, line, money

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
type Tree = dict[str, Any]


def _altcraft(
    fulfilment: Fulfilment = Fulfilment.STARTED, line: Tree | None = None, **members: object
) -> Tree:
    """Return an Altcraft order as this protocol returns it."""
    tree = {
        "email": "buyer@example.com",
        "endpoint": "website",
        "status": "new",
        "total_price": "1900.5",
        "currency": "USD",
        "lines": [
            {
                "external_id": "line-1",
                "sku": "mug",
                "product": "mug of tea",
                "final_price_per_item": "900.25",
                "base_price_per_item": "1000",
                "count": 2,
                "status": "new",
            }
            | (line or {})
        ],
        **members,
    }
    kept = {name: value for name, value in tree.items() if value is not None}
    order = Order(
        account="demo",
        external_id="1001",
        order_id=7,
        version=3,
        status="new",
        protocol="altcraft",
        document=orjson.dumps(kept).decode(),
        created_at=NOW,
        updated_at=NOW,
        request_id="request",
        fulfilment=fulfilment,
        endpoint=str(tree["endpoint"]),
    )
    return represent_any(order, summarise_altcraft)


def _typed(cents: int) -> Tree:
    return {
        "type": "centPrecision",
        "currencyCode": "USD",
        "centAmount": cents,
        "fractionDigits": 2,
    }


def test_altcraft_id_number_version_and_times() -> None:
    order = _altcraft()
    assert (order["id"], order["orderNumber"]) == (uuid_of("demo", 7), "1001")
    assert order["version"] == 3
    assert order["createdAt"] == order["lastModifiedAt"] == "2026-01-02T03:04:05.678Z"


def test_altcraft_email() -> None:
    assert _altcraft()["customerEmail"] == "buyer@example.com"
    assert "customerEmail" not in _altcraft(email=None)


def test_altcraft_endpoint() -> None:
    assert _altcraft()["store"] == {"typeId": "store", "key": "website"}


def test_altcraft_total() -> None:
    assert _altcraft()["totalPrice"] == _typed(190_050)
    # The protocol has this member in cents only.
    assert _altcraft(total_price="0.125")["totalPrice"] == _typed(12)
    assert _altcraft(currency="JPY", total_price="5")["totalPrice"]["centAmount"] == 5


@pytest.mark.parametrize(
    ("fulfilment", "state", "shipment"),
    [
        (Fulfilment.STARTED, "Open", None),
        (Fulfilment.READY_TO_SHIP, "Confirmed", "Ready"),
        (Fulfilment.SHIPPED, "Confirmed", "Shipped"),
        (Fulfilment.DELIVERY, "Confirmed", "Shipped"),
        (Fulfilment.PICKUP, "Confirmed", "Shipped"),
        (Fulfilment.DELIVERED, "Complete", "Delivered"),
        (Fulfilment.PARTIALLY_RETURNED, "Complete", "Delivered"),
        (Fulfilment.CANCELLED, "Cancelled", None),
        (Fulfilment.SHOP_FAILED, "Cancelled", None),
    ],
)
def test_altcraft_states(fulfilment: Fulfilment, state: str, shipment: str | None) -> None:
    order = _altcraft(fulfilment)
    assert (order["orderState"], order.get("shipmentState")) == (state, shipment)


def test_altcraft_delivery() -> None:
    assert "shippingInfo" not in _altcraft()
    assert _altcraft(delivery_cost="100")["shippingInfo"]["price"] == _typed(10_000)
    assert _altcraft(delivery_cost="0.125")["shippingInfo"]["price"] == _typed(12)


def test_altcraft_products() -> None:
    [item] = _altcraft()["lineItems"]
    assert (item["variant"]["sku"], item["name"]) == ("mug", {"en": "mug"})
    [other] = _altcraft(line={"sku": None})["lineItems"]
    assert other["variant"]["sku"] == "mug of tea"
    assert other["productId"] != item["productId"]


def test_altcraft_line_ids() -> None:
    [item] = _altcraft()["lineItems"]
    assert item["key"] == "line-1"
    [unfit] = _altcraft(line={"external_id": "line 1"})["lineItems"]
    assert "key" not in unfit
    assert unfit["id"] == item["id"]


def test_altcraft_prices() -> None:
    [item] = _altcraft()["lineItems"]
    assert item["price"]["value"] == _typed(100_000)
    assert item["price"]["discounted"]["value"] == _typed(90_025)
    [plain] = _altcraft(line={"base_price_per_item": None})["lineItems"]
    assert plain["price"]["value"] == _typed(90_025)
    assert "discounted" not in plain["price"]


def test_altcraft_quantities() -> None:
    [item] = _altcraft()["lineItems"]
    assert (item["quantity"], item["totalPrice"]) == (2, _typed(180_050))
    [huge] = _altcraft(line={"count": 10**9, "final_price_per_item": "999999999999999"})[
        "lineItems"
    ]
    # A centAmount has 64 bits.
    assert huge["totalPrice"]["centAmount"] == 2**63 - 1


def test_a_price_has_as_many_digits_as_fit_in_64_bits() -> None:
    price = "999999999999999.12345678"
    line = {"base_price_per_item": None, "final_price_per_item": price}
    [item] = _altcraft(line=line)["lineItems"]
    value = item["price"]["value"]
    assert (value["preciseAmount"], value["fractionDigits"]) == (999_999_999_999_999_123, 3)
    assert value["centAmount"] == 99_999_999_999_999_912


def test_altcraft_members_without_a_counterpart_are_left_out() -> None:
    order = _altcraft(tags=["vip"], region="north", custom_fields={"a": 1}, phone="123")
    assert order == _altcraft()


SETTINGS = Settings(
    currencies=("USD",),
    endpoints={"website": Endpoint("website"), "shop": Endpoint("shop")},
    policies=Policies(default_endpoint="website"),
)


def _imported(**changes: object) -> Order:
    """Return a stored order of a draft."""
    body = write_json(draft(**changes))
    sent = SentDraft(read_draft(body, None, "demo"), "CT-1", "demo", "client")
    submission = sent.submit(Rulebook.of(SETTINGS))
    assert isinstance(submission, Submission)
    return Order(
        account="demo",
        external_id="CT-1",
        order_id=7,
        version=1,
        status=submission.status,
        protocol=submission.protocol,
        document=submission.document,
        created_at=NOW,
        updated_at=NOW,
        request_id="request",
        fulfilment=submission.fulfilment,
        endpoint=submission.endpoint,
    )


def _summary(**changes: object) -> OrderSummary:
    return summarise(_imported(**changes))


def _line(**changes: object) -> LineSummary:
    [summary] = _summary(lineItems=[line(**changes)]).lines
    return summary


def test_commercetools_number() -> None:
    order = _imported()
    shown = order_of(StoredOrder(order), summarise(order), OrderForm(1001, SalesModel.FBS))
    assert (shown["id"], shown["externalOrderId"]) == (7, "CT-1")


def test_commercetools_store() -> None:
    assert _imported().endpoint == "website"
    assert _imported(store={"typeId": "store", "key": "shop"}).endpoint == "shop"


@pytest.mark.parametrize(
    ("state", "fulfilment"),
    [
        ("Open", Fulfilment.STARTED),
        ("Confirmed", Fulfilment.STARTED),
        ("Complete", Fulfilment.DELIVERED),
        ("Cancelled", Fulfilment.CANCELLED),
    ],
)
def test_commercetools_state(state: str, fulfilment: Fulfilment) -> None:
    assert _imported(orderState=state).fulfilment is fulfilment


def test_commercetools_total() -> None:
    summary = _summary()
    assert (summary.currency, summary.total_price) == ("USD", Decimal("19.90"))


def test_commercetools_articles() -> None:
    assert _line().article == "mug"
    assert _line(productId="p", variant={"id": 1}).article == "p"
    custom = {"name": {"en": "x"}, "slug": "gift-wrap", "quantity": 1, "money": money(1)}
    assert _summary(customLineItems=[custom]).lines[1].article == "gift-wrap"


def test_commercetools_prices() -> None:
    assert (_line().price, _line().base_price) == (Decimal("9.95"), Decimal("9.95"))
    discount = {"typeId": "product-discount", "id": "d"}
    price = {"value": money(995), "discounted": {"value": money(900), "discount": discount}}
    assert (_line(price=price).price, _line(price=price).base_price) == (
        Decimal("9.00"),
        Decimal("9.95"),
    )


def test_commercetools_quantity() -> None:
    assert _line(quantity=3).count == 3
    assert _summary(lineItems=[line(quantity=3)]).items_total == Decimal("29.85")


def test_commercetools_delivery() -> None:
    assert _summary().delivery_cost == 0
    info = {
        "shippingMethodName": "mail",
        "price": money(500),
        "shippingRate": {"price": money(500)},
    }
    assert _summary(shippingInfo=info).delivery_cost == Decimal("5.00")


def test_commercetools_times_and_email() -> None:
    summary = _summary(customerEmail="a@b.example")
    assert (summary.created_at, summary.updated_at, summary.email) == (NOW, NOW, "a@b.example")


def test_commercetools_time_of_the_shop() -> None:
    summary = _summary(completedAt="2020-01-01T03:00:00.5+03:00")
    assert summary.created_at == datetime(2020, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)
    assert summary.updated_at == NOW
