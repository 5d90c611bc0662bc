"""Orders of 1C as CommerceML 2: documents with the operation "Заказ товара".

Source: the public schema of CommerceML 2, and the exchange of 1C and Bitrix with sites.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from lxml import etree

from orders.domain.file_records import FileOptions, Frame, Record
from orders.domain.money import exact_sum, format_amount
from orders.domain.problems import Code
from orders.file_formats.charsets import codec_of, text_of
from orders.file_formats.formats.altcraft_xml import AltcraftXml, root_of
from orders.file_formats.interface import Beginning, Converted
from orders.file_formats.json_marks import not_an_order, too_large
from orders.file_formats.mappings import (
    ColumnMapping,
    convert,
    matched_by,
    overridden,
    read_mapping,
)
from orders.file_formats.values import amount_of
from orders.file_formats.xml_elements import Shape
from orders.file_formats.xml_marks import order_start

_DOCUMENT, _OPERATION, _ORDER = "Документ", "ХозОперация", "Заказ товара"
# 1C separates thousands by spaces only, so that a comma is a decimal comma.
_WITH_COMMA = re.compile(r"^(\s*-?[\d\s\u00a0\u202f]+),(\d+\D*)$")
_PARTNER = "Контрагент.Ид"
# The profile field in which Altcraft has the id of 1C's counterparty.
_FIELD = "counterparty_id"
# What is worked out of other elements.
_STATE, _DELIVERY = "Состояние", "Доставка"
_TAX_BESIDE, _DISCOUNT_BESIDE = "НалогНеВСумме", "СкидкаНеВСумме"
_DELIVERY_ID = "ORDER_DELIVERY"
_CANCELED, _PAID = "Отменен", "Оплачен"
# The columns of an order are the children of its document; then its requisites, the contacts of the
# customer, and what is worked out.
MAPPING_TREE = {
    "group_by": "Номер",
    "order": {
        "external_id": {"column": ["Номер", "Ид"]},
        "endpoint": {"constant": "website"},
        "matching": {"constant": "email_phone"},
        "email": "Почта",
        "phone": {"column": ["ТелефонРабочий", "ТелефонМобильный", "Телефон"]},
        "status": {
            "column": _STATE,
            "lookup": {
                "принят": "new",
                "новый": "new",
                "оплачен": "paid",
                "доставлен": "delivered",
                "выполнен": "delivered",
                "завершен": "delivered",
                "завершён": "delivered",
                "отменен": "canceled",
                "отменён": "canceled",
            },
            "default": "new",
        },
        "currency": {"column": "Валюта", "default": "RUB"},
        "total_price": "Сумма",
        "delivery_cost": _DELIVERY,
        "create_time": {"template": "{Дата} {Время}"},
    },
    "line": {
        "external_id": {"template": "{#}"},
        "product": "Ид",
        "sku": {"column": ["Артикул", "Ид", "Наименование"]},
        "count": "Количество",
        "base_price_per_item": "ЦенаЗаЕдиницу",
        "final_price_per_item": {
            "sum": ["Сумма", _TAX_BESIDE],
            "less": [_DISCOUNT_BESIDE],
            "divide_by": "Количество",
        },
    },
}
_MAPPING = read_mapping(MAPPING_TREE)
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
_PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
)
# What 1C writes for no date.
_NO_DATE = ("0001-01-01", "01.01.0001")


class CommerceMl(AltcraftXml):
    """Amounts may have a comma or a point; times have no zone. Other operations are left out."""

    name = "commerceml"
    protocol = "altcraft"
    shape = Shape(
        root="КоммерческаяИнформация",
        orders=frozenset({_DOCUMENT}),
        key="Номер",
        kind=_OPERATION,
        kinds=frozenset({_ORDER.lower()}),
        container="Контейнер",
    )

    def guess(self, beginning: Beginning) -> FileOptions | None:
        """Return how to read a file with the root of CommerceML. Days come before months."""
        found = super().guess(beginning)
        return found and replace(found, date_form="dmy")

    def shape_of(self, options: FileOptions) -> Shape:
        """Return the shape with the element of the external id as its key."""
        source = overridden(_MAPPING, options.mapping).order["external_id"]
        return replace(self.shape, key=next(iter(source.columns), self.shape.key))

    def convert(self, record: Record, frame: Frame, options: FileOptions) -> Converted:
        """Return the order of a document."""
        refused = too_large(record.raw)
        if refused is not None:
            return refused
        codec = codec_of(options.charset, frame.head)
        text = text_of(record.raw, codec)
        root = root_of(frame.head, codec)
        name = re.split(r"[\s>]", root[1:], maxsplit=1)[0]
        try:
            tree = etree.fromstring(f"{root}{text[order_start(text) :]}</{name}>", _PARSER)
        except (etree.XMLSyntaxError, ValueError):
            return not_an_order(Code.MALFORMED, "The document must be well-formed XML")
        documents = [each for each in tree.iter(f"{{*}}{_DOCUMENT}") if _is_order(each)]
        if len(documents) != 1:
            message = f'The element must have one {_DOCUMENT} with {_OPERATION} "{_ORDER}"'
            return not_an_order(Code.INVALID_VALUE, f"{message}; got {len(documents)}")
        return _order_of(documents[0], options)


def _is_order(document: etree._Element) -> bool:
    return CommerceMl.shape.has(_texts(document).get(_OPERATION, ""))


def _order_of(document: etree._Element, options: FileOptions) -> Converted:
    mapping = overridden(_MAPPING, options.mapping)
    row = dict(_row_of(document))
    lines = [_line_of(each) for each in _all(document, "Товары", "Товар")]
    goods = [each for each in lines if each.get("Ид", "").strip() != _DELIVERY_ID]
    if goods and len(goods) < len(lines):
        costs = [each for each in lines if each.get("Ид", "").strip() == _DELIVERY_ID]
        row[_DELIVERY] = _added(
            each.get("Сумма") or each.get("ЦенаЗаЕдиницу", "") for each in costs
        )
        lines = goods
    numbered = [_with_points(each, mapping) for each in lines]
    found = convert(mapping, [_with_points(row, mapping)], options, numbered)
    # The counterparty may be the only thing that says who the customer is.
    return matched_by(found, _FIELD, row.get(_PARTNER, "").strip())


def _row_of(document: etree._Element) -> Mapping[str, str]:
    """Return the values of an order."""
    row = _texts(document)
    customer = _customer(document)
    if customer is not None:
        row[_PARTNER] = _texts(customer).get("Ид", "")
        for name, value in _contacts(customer):
            row.setdefault(name, value)
    for requisite in _all(document, "ЗначенияРеквизитов", "ЗначениеРеквизита"):
        values = _texts(requisite)
        row.setdefault(values.get("Наименование", ""), values.get("Значение", ""))
    row[_STATE] = _state_of(row)
    return row


def _customer(document: etree._Element) -> etree._Element | None:
    """Return the counterparty that buys: with this role, or the first that does not sell."""
    partners = [(_role(each), each) for each in _all(document, "Контрагенты", "Контрагент")]
    buyers = [each for role, each in partners if role == "покупатель"]
    others = [each for role, each in partners if role != "продавец"]
    return next(iter((*buyers, *others)), None)


def _role(partner: etree._Element) -> str:
    return _texts(partner).get("Роль", "").strip().lower()


def _contacts(customer: etree._Element) -> Iterator[tuple[str, str]]:
    """Yield the kinds and the values of contacts. A postal address is no email."""
    found = []
    for contact in customer.iter("{*}Контакт"):
        values = _texts(contact)
        kind = values.get("Тип") or values.get("КонтактВид", "")
        value = values.get("Значение", "").strip()
        if value:
            plain = _NOT_LETTERS.sub("", kind).lower()
            found.append((_CONTACTS.get(plain, kind), value))
    yield from sorted(found, key=lambda each: each[0] == "Почта" and "@" not in each[1])


def _state_of(row: Mapping[str, str]) -> str:
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


def _line_of(product: etree._Element) -> dict[str, str]:
    """Return the values of a line, with the taxes and discounts that its sum does not include."""
    line = _texts(product)
    for name, group, part in (
        (_TAX_BESIDE, "Налоги", "Налог"),
        (_DISCOUNT_BESIDE, "Скидки", "Скидка"),
    ):
        parts = map(_texts, _all(product, group, part))
        beside = [
            each.get("Сумма", "")
            for each in parts
            if each.get("УчтеноВСумме", "").strip().lower() == "false"
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


def _with_points(row: Mapping[str, str], mapping: ColumnMapping) -> Mapping[str, str]:
    """Return a row with the decimal commas of its amounts as points."""
    amounts = {name: _with_point(row[name]) for name in mapping.numbers if name in row}
    return {**row, **amounts}


def _all(element: etree._Element, *path: str) -> list[etree._Element]:
    found = [element]
    for name in path:
        found = [child for each in found for child in each if _name_of(child) == name]
    return found


def _texts(element: etree._Element) -> dict[str, str]:
    """Return the texts of the children that have no children, by their names."""
    return {_name_of(child): child.text or "" for child in element if not len(child)}


def _name_of(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


FORMAT = CommerceMl()
