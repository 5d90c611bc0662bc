"""What a document of CommerceML means: an order's row of values, and those of its lines.

The columns of an order are the children of its document; then its requisites, the contacts of the
customer, and what is worked out.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache

from lxml import etree

from orders.domain.money import exact_sum, format_amount
from orders.file_formats.values import amount_of

type Row = Mapping[str, str]

PARTNER = "Контрагент.Ид"
# What is worked out of other elements.
STATE, DELIVERY = "Состояние", "Доставка"
TAX_BESIDE, DISCOUNT_BESIDE = "НалогНеВСумме", "СкидкаНеВСумме"
_DELIVERY_ID = "ORDER_DELIVERY"
_CANCELED, _PAID = "Отменен", "Оплачен"
_FINAL = frozenset({"оплачен", "доставлен", "выполнен", "завершен", "завершён"})
# The kinds of contacts without spaces and case.
_CONTACTS = {
    **dict.fromkeys(("почта", "электроннаяпочта", "email"), "Почта"),
    "телефонрабочий": "ТелефонРабочий",
    **dict.fromkeys(("телефонмобильный", "мобильныйтелефон"), "ТелефонМобильный"),
    **dict.fromkeys(("телефон", "телефондомашний"), "Телефон"),
}
_YES = frozenset({"true", "1", "да", "истина"})
# Bitrix writes the code of a status before its name: [F] Выполнен.
_CODE = re.compile(r"^\[\w+\]\s*")
_NOT_LETTERS = re.compile(r"[\W_]+")
# What 1C writes for no date.
_NO_DATE = ("0001-01-01", "01.01.0001")
# 1C separates thousands by spaces only, so that a comma is a decimal comma.
_WITH_COMMA = re.compile(r"^(\s*+-?\d[\d\s\u00a0\u202f]*+),(\d++\D*+)$")


class _Parts:
    """The children of an element: the texts of those without children, and all by their names."""

    def __init__(self, element: etree._Element) -> None:
        self.element = element
        self.texts: dict[str, str] = {}
        self._children: dict[str, list[etree._Element]] = {}
        for child in element:
            name = _local_name(str(child.tag))
            self._children.setdefault(name, []).append(child)
            if not len(child):
                self.texts[name] = child.text or ""

    def of(self, group: str, name: str) -> list["_Parts"]:
        """Return the children with this name of the children that are the group."""
        return [
            _Parts(child)
            for each in self._children.get(group, ())
            for child in each
            if _local_name(str(child.tag)) == name
        ]


@lru_cache(maxsize=1024)
def _local_name(tag: str) -> str:
    return tag.rpartition("}")[2]


def texts_of(element: etree._Element) -> dict[str, str]:
    """Return the texts of the children that have no children, by their names."""
    return _Parts(element).texts


def values_of_order(document: etree._Element) -> tuple[Row, list[Row]]:
    """Return the values of an order, and those of its lines. A line of delivery is a cost of it."""
    parts = _Parts(document)
    row = _row_of(parts)
    lines: list[Row] = [_line_of(each) for each in parts.of("Товары", "Товар")]
    goods = [each for each in lines if not _is_delivery(each)]
    if not goods or len(goods) == len(lines):
        return row, lines
    costs = filter(_is_delivery, lines)
    row[DELIVERY] = _added(each.get("Сумма") or each.get("ЦенаЗаЕдиницу", "") for each in costs)
    return row, goods


def _is_delivery(line: Row) -> bool:
    return line.get("Ид", "").strip() == _DELIVERY_ID


def _row_of(document: _Parts) -> dict[str, str]:
    """Return the values of an order."""
    row = document.texts
    customer = _customer(document)
    if customer is not None:
        row[PARTNER] = customer.texts.get("Ид", "")
        for name, value in _contacts(customer):
            row.setdefault(name, value)
    for requisite in document.of("ЗначенияРеквизитов", "ЗначениеРеквизита"):
        values = requisite.texts
        row.setdefault(values.get("Наименование", ""), values.get("Значение", ""))
    row[STATE] = _state_of(row)
    return row


def _customer(document: _Parts) -> _Parts | None:
    """Return the counterparty that buys: with this role, or the first that does not sell."""
    partners = [(_role(each), each) for each in document.of("Контрагенты", "Контрагент")]
    buyers = [each for role, each in partners if role == "покупатель"]
    others = [each for role, each in partners if role != "продавец"]
    return next(iter((*buyers, *others)), None)


def _role(partner: _Parts) -> str:
    return partner.texts.get("Роль", "").strip().lower()


def _contacts(customer: _Parts) -> Iterator[tuple[str, str]]:
    """Yield the kinds and the values of contacts. A postal address is no email."""
    found = []
    for contact in customer.element.iter("{*}Контакт"):
        values = texts_of(contact)
        kind = values.get("Тип") or values.get("КонтактВид", "")
        value = values.get("Значение", "").strip()
        if value:
            plain = _NOT_LETTERS.sub("", kind).lower()
            found.append((_CONTACTS.get(plain, kind), value))
    yield from sorted(found, key=lambda each: each[0] == "Почта" and "@" not in each[1])


def _state_of(row: Row) -> str:
    """Return the name of an order's status, by what other elements say of it."""

    def is_set(*names: str) -> bool:
        return any(row.get(name, "").strip().lower() in _YES for name in names)

    text = _CODE.sub("", (row.get("Статус заказа") or row.get("Статус", "")).strip())
    name = text.partition(",")[0]
    if is_set(_CANCELED, "Отменён", "ПометкаУдаления") or name.lower().startswith("отмен"):
        return _CANCELED
    date = row.get("Дата оплаты", "").strip()
    is_paid = is_set("Заказ оплачен", _PAID) or (date and not date.startswith(_NO_DATE))
    return _PAID if is_paid and name.lower() not in _FINAL else name


def _line_of(product: _Parts) -> dict[str, str]:
    """Return the values of a line, with the taxes and discounts that its sum does not include."""
    line = product.texts
    for name, group, part in (
        (TAX_BESIDE, "Налоги", "Налог"),
        (DISCOUNT_BESIDE, "Скидки", "Скидка"),
    ):
        beside = [
            each.texts.get("Сумма", "")
            for each in product.of(group, part)
            if each.texts.get("УчтеноВСумме", "").strip().lower() == "false"
        ]
        if beside:
            line[name] = _added(beside)
    return line


def _added(texts: Iterable[str]) -> str:
    """Return the sum of amounts. A text that is no amount is returned, so that it is reported."""
    amounts = []
    for text in map(_with_point, texts):
        try:
            amounts.append(Decimal(amount_of(text, decimal_comma=False)))
        except ValueError:
            return text
    return format_amount(exact_sum(amounts))


def _with_point(text: str) -> str:
    return _WITH_COMMA.sub(r"\1.\2", text) if "," in text else text


def with_points(row: Row, amounts: Container[str]) -> Row:
    """Return a row with the decimal commas of these amounts as points."""
    return {name: _with_point(text) if name in amounts else text for name, text in row.items()}
