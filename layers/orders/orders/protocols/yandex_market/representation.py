"""Orders as the protocol shows them: the members that we can fill honestly, and no others."""

from datetime import datetime, timedelta, timezone
from typing import Any

from orders.domain.changes import StoredOrder
from orders.domain.fulfilment import SalesModel
from orders.domain.order_summary import OrderSummary

# The protocol's times are Moscow's, which has stood at +03:00 since 2014.
_MOSCOW = timezone(timedelta(hours=3))
_TIME_FORMAT = "%d-%m-%Y %H:%M:%S"
# The protocol spells the Russian rouble as it was coded before 1998.
_CURRENCIES = {"RUB": "RUR"}


def order_of(stored: StoredOrder, summary: OrderSummary, sales_model: SalesModel) -> dict[str, Any]:
    """Return an order (OrderDTO); amounts are in major units.

    Left out is what an imported order does not tell: the buyer, the names and taxes of goods, the
    delivery's service and dates. What must be one of a list is its value for the unknown.
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
    return moment.astimezone(_MOSCOW).strftime(_TIME_FORMAT)
