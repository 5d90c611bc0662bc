"""Orders of other protocols in this protocol's form (mapping: docs/commercetools.md)."""

from collections.abc import Mapping
from decimal import Decimal

from orders.domain.order import Order
from orders.domain.order_summary import LineSummary, OrderSummary, Summarise
from orders.protocols.commercetools import PROTOCOL
from orders.protocols.commercetools.documents import STATES_OF, members_of, plain
from orders.protocols.commercetools.filters import SEARCHABLE
from orders.protocols.commercetools.money import Money, cents_near, money_of
from orders.protocols.commercetools.references import KEY, derived_id, initial_state
from orders.protocols.commercetools.representation import (
    Maker,
    header,
    number_of,
    read_stored,
    represent,
    with_states,
)
from orders.protocols.commercetools.shapes import Tree
from orders.protocols.commercetools.states import states_of

# The members of drafts that predicates compare, or that contain such a member.
_SEARCHED = tuple(name.partition("(")[0] for name in SEARCHABLE)


def represent_any(order: Order, summarise: Summarise) -> Tree:
    """Return the representation of an order of any protocol."""
    return (
        represent(order)
        if order.protocol == PROTOCOL
        else _represent_foreign(order, summarise(order))
    )


def searchable_of(order: Order, summarise: Summarise) -> Mapping[str, str]:
    """Return the members that predicates compare, of an order of any protocol."""
    if order.protocol == PROTOCOL:
        stored = read_stored(order)
        added = {name: stored[name] for name in (STATES_OF,) if name in stored}
        tree = with_states(members_of(stored, order.account, _SEARCHED) | added, order)
        store = tree.get("store", {})
        return {**tree, "store(key)": store.get("key")}
    email = summarise(order).email
    return {
        **states_of(order.fulfilment),
        **({"customerEmail": email} if email else {}),
        **({"store(key)": order.endpoint} if order.endpoint else {}),
    }


def _represent_foreign(order: Order, summary: OrderSummary) -> Tree:
    """Return the known facts of the order, and the protocol's defaults for all other members."""
    maker = Maker(order)
    tree: Tree = {
        **header(order),
        **number_of(order),
        **({"customerEmail": summary.email} if summary.email else {}),
        **({"store": {"typeId": "store", "key": order.endpoint}} if order.endpoint else {}),
        "totalPrice": cents_near(summary.total_price, summary.currency),
        **states_of(order.fulfilment),
        "syncInfo": [],
        "returnInfo": [],
        "taxMode": "External",
        "inventoryMode": "None",
        "taxRoundingMode": "HalfEven",
        "taxCalculationMode": "LineItemLevel",
        "origin": "Customer",
        "shippingMode": "Single",
        **_shipping_info(summary),
        "shipping": [],
        "lineItems": [_line_item(maker, n, line, summary) for n, line in enumerate(summary.lines)],
        "customLineItems": [],
        "transactionFee": False,
        "discountCodes": [],
        "directDiscounts": [],
        "itemShippingAddresses": [],
        "refusedGifts": [],
    }
    wire: Tree = plain(tree)
    return wire


def _shipping_info(summary: OrderSummary) -> Tree:
    if not summary.delivery_cost:
        return {}
    price = cents_near(summary.delivery_cost, summary.currency)
    return {
        "shippingInfo": {
            "shippingMethodName": "delivery",
            "price": price,
            "shippingRate": {"price": price, "tiers": []},
            "deliveries": [],
            "shippingMethodState": "MatchesCart",
        }
    }


def _line_item(maker: Maker, number: int, line: LineSummary, summary: OrderSummary) -> Tree:
    currency = summary.currency
    price = money_of(line.price, currency)
    product_id = derived_id(maker.account, "product", line.article)
    return {
        "id": maker.id_of("line", number),
        **({"key": line.external_id} if KEY.fullmatch(line.external_id) else {}),
        "productId": product_id,
        "name": {"en": line.article},
        "productType": {
            "typeId": "product-type",
            "id": derived_id(maker.account, "product-type", product_id),
        },
        "variant": {
            "id": 1,
            "sku": line.article,
            "prices": [],
            "images": [],
            "attributes": [],
            "assets": [],
        },
        "price": {
            "id": maker.id_of("line", number, "price"),
            **_value(line, price, currency),
        },
        "quantity": line.count,
        "totalPrice": cents_near(summary.total_of(line), currency),
        "discountedPricePerQuantity": [],
        "taxedPricePortions": [],
        "state": [
            {
                "quantity": line.count,
                "state": initial_state(maker.account),
            }
        ],
        "perMethodTaxRate": [],
        "priceMode": "Platform",
        "lineItemMode": "Standard",
    }


def _value(line: LineSummary, price: Money, currency: str) -> Tree:
    """Return a line's price. A base price becomes the value, and the price its discount."""
    base: Decimal | None = line.base_price
    if base is None or base == line.price:
        return {"value": price}
    discount = {"typeId": "product-discount", "id": derived_id("", "product-discount", "imported")}
    return {"value": money_of(base, currency), "discounted": {"value": price, "discount": discount}}
