"""What the names of columns suggest, in English, Russian and German."""

import re
from collections.abc import Mapping, Sequence

_WORDS = re.compile(r"[^\W_]+")

# The names of each member, the best one first. All are in the form that `plain_name` returns.
ORDER_NAMES: Mapping[str, Sequence[str]] = {
    "external_id": (
        *("order id", "order number", "order no", "order", "order name", "external id"),
        *("номер заказа", "id заказа", "заказ", "bestellnummer", "auftragsnummer"),
        *("bestell nr", "auftrags nr", "number", "номер", "nummer", "name", "id"),
    ),
    "email": (
        *("email", "e mail", "customer email", "billing email", "buyer email", "mail"),
        *("почта", "электронная почта", "эл почта", "e mail adresse", "kunden e mail"),
    ),
    "phone": (
        *("phone", "phone number", "customer phone", "billing phone", "telephone", "mobile"),
        *("телефон", "номер телефона", "телефон клиента", "telefon", "telefonnummer", "handy"),
    ),
    "status": (
        *("status", "order status", "financial status", "payment status", "state"),
        *("статус", "статус заказа", "состояние", "bestellstatus", "zahlungsstatus"),
    ),
    "currency": ("currency", "order currency", "currency code", "валюта", "währung"),
    "total_price": (
        *("total", "order total", "total price", "grand total", "total amount", "order amount"),
        *("итого", "сумма заказа", "общая сумма", "всего", "сумма", "gesamtbetrag"),
        *("gesamtsumme", "gesamtpreis", "bestellsumme", "gesamt", "summe", "amount"),
    ),
    "delivery_cost": (
        *("shipping", "shipping cost", "shipping total", "delivery cost", "delivery"),
        *("стоимость доставки", "доставка", "versandkosten", "versand"),
    ),
    "create_time": (
        *("created at", "created", "create time", "order date", "purchase date", "date"),
        *("дата создания", "дата заказа", "создан", "дата", "bestelldatum", "auftragsdatum"),
        *("erstellt am", "datum"),
    ),
    "update_time": (
        *("updated at", "updated", "update time", "last modified", "дата изменения"),
        *("изменен", "обновлен", "geändert am", "aktualisiert am"),
    ),
    "region": ("region", "регион"),
    "tags": ("tags", "теги", "метки", "schlagwörter"),
}
LINE_NAMES: Mapping[str, Sequence[str]] = {
    "external_id": (
        *("line id", "line item id", "order item id", "item id", "id позиции", "номер позиции"),
        *("positionsnummer", "position"),
    ),
    "product": ("product id", "id товара", "код товара", "produkt id", "produktnummer"),
    "sku": (
        *("sku", "lineitem sku", "item sku", "product sku", "article", "артикул"),
        *("artikelnummer", "artikel nr", "art nr", "item number", "lineitem name", "product name"),
        *("item name", "product", "item", "наименование", "название товара", "товар"),
        *("artikelname", "bezeichnung", "artikel", "produkt", "title"),
    ),
    "count": (
        *("quantity", "lineitem quantity", "item quantity", "qty", "count"),
        *("количество", "кол во", "menge", "anzahl", "stückzahl"),
    ),
    "base_price_per_item": (
        *("list price", "regular price", "base price", "цена без скидки", "listenpreis", "uvp"),
    ),
    "final_price_per_item": (
        *("price", "unit price", "item price", "price per item", "lineitem price"),
        *("цена", "цена за единицу", "цена товара", "einzelpreis", "stückpreis", "preis"),
    ),
}
# The status of an order that a word suggests.
STATUS_WORDS: Mapping[str, str] = {
    **dict.fromkeys(
        ("new", "pending", "open", "on hold", "authorized", "новый", "принят", "neu", "offen"),
        "new",
    ),
    **dict.fromkeys(
        ("paid", "processing", "shipped", "оплачен", "в обработке", "отправлен", "bezahlt"), "paid"
    ),
    "versendet": "paid",
    **dict.fromkeys(
        ("delivered", "completed", "complete", "доставлен", "выполнен", "geliefert"), "delivered"
    ),
    "abgeschlossen": "delivered",
    **dict.fromkeys(
        ("canceled", "cancelled", "refunded", "voided", "failed", "отменен", "возврат"), "canceled"
    ),
    "storniert": "canceled",
    "partially refunded": "part_refunded",
}


def plain_name(name: str) -> str:
    """Return a name in small letters, with one space between its words."""
    return " ".join(_WORDS.findall(name.lower().replace("ё", "е")))


def suggested(columns: Sequence[str], names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the column of each member that one suggests. No column has two members."""
    by_name: dict[str, str] = {}
    for each in columns:
        by_name.setdefault(plain_name(each), each)
    found: dict[str, str] = {}
    for member, known in names.items():
        free = (by_name[each] for each in known if each in by_name)
        column = next((each for each in free if each not in found.values()), None)
        if column is not None:
            found[member] = column
    return found


def status_of(word: str) -> str | None:
    """Return the status that a value suggests, None if it suggests none."""
    return STATUS_WORDS.get(plain_name(word))
