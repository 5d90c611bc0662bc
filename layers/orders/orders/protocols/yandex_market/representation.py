"""Orders in the Partner API's form, limited to the members that imported orders provide."""

from datetime import datetime, timedelta, timezone
from typing import Any

from orders.domain.changes import StoredOrder
from orders.domain.fulfilment import SalesModel
from orders.domain.order_summary import OrderSummary

# The protocol uses Moscow time, which has been UTC+3 without daylight saving time since 2014.
_MOSCOW = timezone(timedelta(hours=3))
# The protocol uses the code that the Russian rouble had before 1998.
_CURRENCIES = {"RUB": "RUR"}


def order_of(stored: StoredOrder, summary: OrderSummary, sales_model: SalesModel) -> dict[str, Any]:
    """Return an order (OrderDTO). Amounts are in major units.

    Imported orders do not have the buyer, the names and taxes of items, and the service and dates
    of the delivery, so these members are left out. Required enums have the value for "unknown". A
    line without a positive count, which other protocols permit, is not an item.
    """
    order = stored.order
    before_discount = summary.items_total_before_discount
    tree = {
        "id": order.order_id,
        "externalOrderId": stored.shop_external_id,
        "status": order.fulfilment.status,
        "substatus": order.fulfilment.substatus,
        "creationDate": _moscow_time(summary.created_at),
        "updatedAt": _moscow_time(summary.updated_at),
        "currency": _CURRENCIES.get(summary.currency, summary.currency),
        "itemsTotal": summary.items_total,
        "deliveryTotal": summary.delivery_cost,
        "buyerItemsTotalBeforeDiscount": before_discount,
        "paymentType": "UNKNOWN",
        "paymentMethod": "UNKNOWN",
        "fake": False,
        "items": [
            _present(
                {
                    "id": number,
                    "offerId": line.article,
                    "price": line.price,
                    "buyerPrice": line.price,
                    "buyerPriceBeforeDiscount": line.base_price,
                    "count": line.count,
                }
            )
            for number, line in enumerate(summary.lines, start=1)
            if line.count > 0
        ],
        "delivery": {
            "type": "UNKNOWN",
            "price": summary.delivery_cost,
            "deliveryPartnerType": "SHOP" if sales_model is SalesModel.DBS else "YANDEX_MARKET",
        },
        "taxSystem": "UNKNOWN_VALUE",
    }
    return _present(tree)


def _present(tree: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in tree.items() if value is not None}


def _moscow_time(moment: datetime) -> str:
    try:
        local = moment.astimezone(_MOSCOW)
    except OverflowError:
        # Moscow's clock is past the last year that has four digits.
        local = datetime.max.replace(tzinfo=_MOSCOW)
    # `strftime` writes a year before 1000 with fewer digits.
    return f"{local:%d-%m}-{local.year:04} {local:%H:%M:%S}"
