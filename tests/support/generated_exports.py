"""Exports of other systems with any number of orders, some of them with a fault."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

_FIRST = datetime(2025, 1, 1, 9, 30, tzinfo=UTC)
# What is written instead of the right value, by the number of the order.
FAULTS: Mapping[int, Mapping[str, str]] = {
    100: {"total": "12x"},
    399: {"currency": "DOGE"},
    500: {"created": "soon"},
    777: {"count": "two"},
    1203: {"price": "free"},
    1500: {"count": "1.5"},
    1999: {"currency": "?"},
}


@dataclass(frozen=True, slots=True)
class SoldLine:
    """What was sold."""

    sku: str
    count: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class Sold:
    """An order as a shop knows it. `wrong` are texts that an export has instead of right ones."""

    number: int
    lines: tuple[SoldLine, ...]
    delivery: Decimal
    wrong: Mapping[str, str]

    @property
    def email(self) -> str:
        """Return the address of the customer."""
        return f"customer{self.number}@example.com"

    @property
    def created_at(self) -> datetime:
        """Return the time of the order in UTC."""
        return _FIRST + timedelta(minutes=7 * self.number)

    @property
    def total(self) -> Decimal:
        """Return what the customer pays."""
        return sum((each.price * each.count for each in self.lines), self.delivery)

    def text(self, member: str, right: object) -> str:
        """Return the text of a value: the wrong one if there is one."""
        return self.wrong.get(member, str(right))

    def corrected(self) -> "Sold":
        """Return the order without faults."""
        return replace(self, wrong={})


def sold(count: int, faults: Mapping[int, Mapping[str, str]] = FAULTS) -> list[Sold]:
    """Return orders of one to three lines."""
    return [
        Sold(
            number,
            tuple(
                SoldLine(f"sku-{number}-{each}", each + 1, Decimal(number % 97 + each) + _CENTS)
                for each in range(number % 3 + 1)
            ),
            Decimal("4.90") if number % 2 else Decimal("0.00"),
            faults.get(number, {}),
        )
        for number in range(count)
    ]


_CENTS = Decimal("0.95")


@dataclass(frozen=True, slots=True)
class Export:
    """How a system exports orders. `one` returns the bytes of one."""

    format: str
    name: str
    head: bytes
    one: Callable[[Sold], bytes]
    id_of: Callable[[int], str]
    tail: bytes = b""

    def file(self, orders: Iterable[Sold]) -> bytes:
        """Return a file with the orders."""
        return self.head + b"".join(map(self.one, orders)) + self.tail


def _shopify(order: Sold) -> bytes:
    created = order.text(
        "created", f"{order.created_at + timedelta(hours=2):%Y-%m-%d %H:%M:%S} +0200"
    )
    of_order = [
        order.email,
        "paid",
        order.text("currency", "EUR"),
        str(order.delivery),
        order.text("total", order.total),
        created,
    ]
    rows = []
    for number, line in enumerate(order.lines):
        count, price = _count(order, number), _price(order, number)
        cells = of_order if number == 0 else [""] * 6
        name = f'"Mug, ""no. {number}""\nwhite"'
        rows.append([f"#{order.number}", *cells, count, name, price, line.sku, "0.00"])
    return "".join(",".join(row) + "\n" for row in rows).encode()


def _count(order: Sold, number: int) -> str:
    right = order.lines[number].count
    return order.text("count", right) if number == 0 else str(right)


def _price(order: Sold, number: int, right: Decimal | None = None) -> str:
    right = order.lines[number].price if right is None else right
    return order.text("price", right) if number == 0 else str(right)


def _matrixify(order: Sold) -> bytes:
    created = order.text(
        "created", f"{order.created_at - timedelta(hours=4):%Y-%m-%d %H:%M:%S} -0400"
    )
    rows = [
        [
            *(str(order.number), "NEW", f"#{order.number}", order.email),
            *(order.text("currency", "EUR"), order.text("total", order.total), str(order.delivery)),
            *("paid", created, "Line Item", str(number + 1), "Mug", line.sku),
            *(_count(order, number), _price(order, number)),
        ]
        for number, line in enumerate(order.lines)
    ]
    return "".join(",".join(row) + "\r\n" for row in rows).encode()


def _woocommerce(order: Sold) -> bytes:
    lines = ";".join(
        f"name:Mug\\: white|sku:{line.sku}|quantity:{_count(order, number)}"
        f"|total:{_price(order, number, line.price * line.count)}"
        for number, line in enumerate(order.lines)
    )
    cells = [
        *(str(order.number), str(order.number)),
        order.text("created", f"{order.created_at:%m/%d/%Y %H:%M:%S}"),
        *("processing", str(order.delivery), order.text("total", order.total)),
        *(order.text("currency", "EUR"), order.email, "", lines),
    ]
    return (",".join(cells) + "\n").encode()


def _amazon(order: Sold) -> bytes:
    rows = []
    for number, line in enumerate(order.lines):
        # The total is not in the file: it is the sum of the items and their shipping.
        delivery = order.text("total", order.delivery) if number == 0 else "0.00"
        rows.append(
            [
                *(f"302-{order.number}", f"{order.number}-{number}"),
                order.text("created", f"{order.created_at:%Y-%m-%dT%H:%M:%S}+00:00"),
                *(order.email, "", line.sku, "Tasse grün", _count(order, number)),
                order.text("currency", "EUR"),
                _price(order, number, line.price * line.count),
                delivery,
            ]
        )
    return "".join("\t".join(row) + "\n" for row in rows).encode("windows-1252")


def _commerceml(order: Sold) -> bytes:
    goods = "".join(
        f"<Товар><Ид>{line.sku}</Ид><Артикул>{line.sku}</Артикул>"
        f"<ЦенаЗаЕдиницу>{line.price}</ЦенаЗаЕдиницу>"
        f"<Количество>{_count(order, number)}</Количество>"
        f"<Сумма>{_price(order, number, line.price * line.count)}</Сумма></Товар>"
        for number, line in enumerate(order.lines)
    )
    delivery = (
        f"<Товар><Ид>ORDER_DELIVERY</Ид><Количество>1</Количество><Сумма>{order.delivery}</Сумма></Товар>"
        if order.delivery
        else ""
    )
    created = order.created_at
    return (
        f"\t<Документ><Номер>ЗК-{order.number}</Номер>"
        f"<Дата>{order.text('created', f'{created:%Y-%m-%d}')}</Дата>"
        f"<ХозОперация>Заказ товара</ХозОперация>"
        f"<Валюта>{order.text('currency', 'EUR')}</Валюта>"
        f"<Сумма>{order.text('total', order.total)}</Сумма>"
        "<Контрагенты><Контрагент><Контакты><Контакт><Тип>Почта</Тип>"
        f"<Значение>{order.email}</Значение></Контакт></Контакты></Контрагент></Контрагенты>"
        f"<Время>{created:%H:%M:%S}</Время><Товары>{goods}{delivery}</Товары></Документ>\n"
    ).encode("windows-1251")


def _commercetools(order: Sold) -> bytes:
    currency = order.text("currency", "EUR")

    def money(text: str) -> Mapping[str, object]:
        try:
            return {"currencyCode": currency, "centAmount": int(Decimal(text) * 100)}
        except ArithmeticError:
            return {"currencyCode": currency, "centAmount": text}

    tree = {
        "orderNumber": f"CT-{order.number}",
        "customerEmail": order.email,
        "completedAt": order.text("created", f"{order.created_at:%Y-%m-%dT%H:%M:%S}.000Z"),
        "totalPrice": money(order.text("total", order.total)),
        "lineItems": [
            {
                "name": {"en": "Mug"},
                "variant": {"sku": line.sku},
                "quantity": _whole(_count(order, number)),
                "price": {"value": money(_price(order, number))},
            }
            for number, line in enumerate(order.lines)
        ],
        "shippingInfo": {
            "shippingMethodName": "Post",
            "price": money(str(order.delivery)),
            "shippingRate": {"price": money(str(order.delivery)), "tiers": []},
        },
    }
    return (json.dumps(tree) + "\n").encode()


def _whole(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:
        return text


EXPORTS = [
    Export(
        "shopify_csv",
        "orders_export_1.csv",
        b"Name,Email,Financial Status,Currency,Shipping,Total,Created at,Lineitem quantity,"
        b"Lineitem name,Lineitem price,Lineitem sku,Lineitem discount\n",
        _shopify,
        lambda number: f"#{number}",
    ),
    Export(
        "matrixify_csv",
        "Orders.csv",
        b"\xef\xbb\xbfNumber,Command,Name,Email,Currency,Price: Total,Price: Total Shipping,"
        b"Payment: Status,Created At,Line: Type,Line: ID,Line: Title,Line: SKU,Line: Quantity,"
        b"Line: Price\r\n",
        _matrixify,
        lambda number: f"#{number}",
    ),
    Export(
        "woocommerce_csv",
        "orders-export.csv",
        b"order_id,order_number,date,status,shipping_total,order_total,order_currency,"
        b"billing_email,billing_phone,line_items\n",
        _woocommerce,
        str,
    ),
    Export(
        "amazon_orders",
        "report.txt",
        b"amazon-order-id\torder-item-id\tpurchase-date\tbuyer-email\tbuyer-phone-number\tsku\t"
        b"product-name\tquantity-purchased\tcurrency\titem-price\tshipping-price\n",
        _amazon,
        lambda number: f"302-{number}",
    ),
    Export(
        "commerceml",
        "orders.xml",
        (
            '<?xml version="1.0" encoding="windows-1251"?>\n'
            '<КоммерческаяИнформация ВерсияСхемы="2.05" ДатаФормирования="2025-10-07">\n'
        ).encode("windows-1251"),
        _commerceml,
        lambda number: f"ЗК-{number}",
        "</КоммерческаяИнформация>\n".encode("windows-1251"),
    ),
    Export(
        "commercetools_drafts", "orders.jsonl", b"", _commercetools, lambda number: f"CT-{number}"
    ),
]
