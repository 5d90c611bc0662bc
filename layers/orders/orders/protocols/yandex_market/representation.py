"""Orders in the Partner API's form.

Imported orders do not have all members that the protocol requires. By default, these are shown with
a neutral value, which means "not known" (docs/yandex_market.md); an account can have them left out.
Required enums always have their value for "unknown".
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from orders.domain.changes import StoredOrder
from orders.domain.fulfilment import SalesModel
from orders.domain.money import exact_sum, line_total
from orders.domain.order_summary import LineSummary, OrderSummary
from orders.domain.settings import PartnerOrderMembers

# The protocol uses Moscow time, which has been UTC+3 without daylight saving time since 2014.
MOSCOW = timezone(timedelta(hours=3))
# The protocol uses the code that the Russian rouble had before 1998.
_CURRENCIES = {"RUB": "RUR"}
# The neutral values of members that no imported order has.
_BUYER_TYPE = "PERSON"
_DELIVERY_DAY = datetime(1970, 1, 1)  # noqa: DTZ001 - a day without a zone
_SERVICE = {"serviceName": "UNKNOWN", "deliveryServiceId": 0}
_VAT = {"vat": "UNKNOWN_VALUE"}

type Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OrderForm:
    """How the orders of a campaign are shown."""

    campaign_id: int
    sales_model: SalesModel
    members: PartnerOrderMembers = PartnerOrderMembers.NEUTRAL

    @property
    def is_neutral(self) -> bool:
        """Return whether members that are not known are shown."""
        return self.members is PartnerOrderMembers.NEUTRAL

    def neutral(self, tree: Tree) -> Tree:
        """Return members that are not known, if they are shown."""
        return tree if self.is_neutral else {}

    @property
    def delivery_partner(self) -> str:
        """Return who delivers the orders (deliveryPartnerType)."""
        return "SHOP" if self.sales_model is SalesModel.DBS else "YANDEX_MARKET"


def order_of(stored: StoredOrder, summary: OrderSummary, form: OrderForm) -> Tree:
    """Return an order (OrderDTO). Amounts are in major units.

    A line without a positive count, which other protocols permit, is not an item.
    """
    order = stored.order
    before_discount = summary.items_total_before_discount
    if before_discount is None and form.is_neutral:
        before_discount = _known_before_discount(summary)
    tree = {
        "id": order.order_id,
        "externalOrderId": stored.shop_external_id,
        "status": order.fulfilment.status,
        "substatus": order.fulfilment.substatus,
        "creationDate": _moscow_time(summary.created_at),
        "updatedAt": _moscow_time(summary.updated_at),
        "currency": currency_of(summary),
        "itemsTotal": summary.items_total,
        "deliveryTotal": summary.delivery_cost,
        "buyerItemsTotalBeforeDiscount": before_discount,
        "paymentType": "UNKNOWN",
        "paymentMethod": "UNKNOWN",
        "fake": False,
        "items": [
            _item(number, line, form)
            for number, line in enumerate(summary.lines, start=1)
            if line.count > 0
        ],
        "delivery": {
            "type": "UNKNOWN",
            "price": summary.delivery_cost,
            "deliveryPartnerType": form.delivery_partner,
            **form.neutral({**_SERVICE, "dates": {"fromDate": _DELIVERY_DAY.strftime("%d-%m-%Y")}}),
        },
        **form.neutral({"buyer": buyer()}),
        "taxSystem": "UNKNOWN_VALUE",
    }
    return present(tree)


def business_order_of(stored: StoredOrder, summary: OrderSummary, form: OrderForm) -> Tree:
    """Return an order as the list of a business has it (BusinessOrderDTO).

    A line without a positive count is not an item.
    """
    order = stored.order
    currency = currency_of(summary)

    def amount(value: Decimal) -> Tree:
        return {"value": value, "currencyId": currency}

    tree = {
        "orderId": order.order_id,
        "campaignId": form.campaign_id,
        "programType": str(form.sales_model),
        "externalOrderId": stored.shop_external_id,
        "status": order.fulfilment.status,
        "substatus": order.fulfilment.substatus,
        "creationDate": _iso_time(summary.created_at),
        "updateDate": _iso_time(summary.updated_at),
        "paymentType": "UNKNOWN",
        "paymentMethod": "UNKNOWN",
        "fake": False,
        "items": [
            {
                "id": number,
                "offerId": line.article,
                **form.neutral({"offerName": line.article}),
                "count": line.count,
                "prices": {"payment": amount(line.price), **form.neutral(_VAT)},
            }
            for number, line in enumerate(summary.lines, start=1)
            if line.count > 0
        ],
        "prices": {
            "payment": amount(summary.items_total),
            "delivery": {"payment": amount(summary.delivery_cost)},
        },
        "delivery": {
            "type": "UNKNOWN",
            "deliveryPartnerType": form.delivery_partner,
            **form.neutral({**_SERVICE, "dates": {"fromDate": _DELIVERY_DAY.strftime("%Y-%m-%d")}}),
        },
        **form.neutral({"buyerType": _BUYER_TYPE}),
    }
    return present(tree)


def buyer() -> Tree:
    """Return the buyer of an order (OrderBuyerInfoDTO), of whom the hub shows nothing."""
    return {"type": _BUYER_TYPE}


def currency_of(summary: OrderSummary) -> str:
    """Return the protocol's code of an order's currency."""
    return _CURRENCIES.get(summary.currency, summary.currency)


def present(tree: Tree) -> Tree:
    """Return the members that have a value."""
    return {name: value for name, value in tree.items() if value is not None}


def _item(number: int, line: LineSummary, form: OrderForm) -> Tree:
    base = line.base_price
    if base is None and form.is_neutral:
        base = line.price
    return present(
        {
            "id": number,
            "offerId": line.article,
            **form.neutral({"offerName": line.article}),
            "price": line.price,
            "buyerPrice": line.price,
            "buyerPriceBeforeDiscount": base,
            "count": line.count,
            **form.neutral(_VAT),
        }
    )


def _known_before_discount(summary: OrderSummary) -> Decimal:
    """Return the sum of the lines before the discounts that are known."""
    return exact_sum(
        line_total(line.price if line.base_price is None else line.base_price, line.count)
        for line in summary.lines
    )


def _moscow_time(moment: datetime) -> str:
    local = _in_moscow(moment)
    # `strftime` writes a year before 1000 with fewer digits.
    return f"{local:%d-%m}-{local.year:04} {local:%H:%M:%S}"


def _iso_time(moment: datetime) -> str:
    return _in_moscow(moment).isoformat(timespec="seconds")


def _in_moscow(moment: datetime) -> datetime:
    try:
        return moment.astimezone(MOSCOW)
    except OverflowError:
        # Moscow's clock is past the last year that has four digits.
        return datetime.max.replace(tzinfo=MOSCOW)
