"""Orders of 1C as CommerceML 2: documents with the operation "Заказ товара".

Source: the public schema of CommerceML 2.
"""

import re

from lxml import etree

from orders.domain.file_records import FileOptions, Frame, Record
from orders.domain.problems import Code, Problem
from orders.file_formats.charsets import codec_of, text_of
from orders.file_formats.formats.altcraft_xml import AltcraftXml
from orders.file_formats.interface import Converted
from orders.file_formats.json_marks import not_an_order, too_large
from orders.file_formats.mappings import convert, overridden, read_mapping
from orders.file_formats.xml_elements import Shape
from orders.file_formats.xml_marks import order_start

_ORDER = "Заказ товара"
_WITH_COMMA = re.compile(r"^(\s*+-?\d[\d\s\u00a0\u202f]*+),(\d++\s*+)$")
_OPERATION = "ХозОперация"
_PARTNER = "Контрагент.Ид"
# The profile field in which Altcraft has the id of 1C's counterparty.
_FIELD = "counterparty_id"
# The columns of an order are the children of its document; `Статус заказа` is a requisite, and the
# last three are those of the first counterparty.
MAPPING_TREE = {
    "group_by": "Номер",
    "order": {
        "external_id": {"column": ["Номер", "Ид"]},
        "endpoint": {"constant": "website"},
        "matching": {"constant": "email_phone"},
        "email": {"column": ["Почта", "Электронная почта"]},
        "phone": {"column": ["ТелефонРабочий", "Телефон"]},
        "status": {
            "column": ["Статус заказа", "Статус"],
            "lookup": {
                "принят": "new",
                "новый": "new",
                "оплачен": "paid",
                "доставлен": "delivered",
                "выполнен": "delivered",
                "отменен": "canceled",
                "отменён": "canceled",
            },
            "default": "new",
        },
        "currency": {"column": "Валюта", "default": "RUB"},
        "total_price": "Сумма",
        "create_time": {"template": "{Дата} {Время}"},
    },
    "line": {
        "external_id": {"template": "{#}"},
        "product": "Ид",
        "sku": {"column": ["Артикул", "Ид", "Наименование"]},
        "count": "Количество",
        "base_price_per_item": "ЦенаЗаЕдиницу",
        "final_price_per_item": {"column": "Сумма", "divide_by": "Количество"},
    },
}
_MAPPING = read_mapping(MAPPING_TREE)


class CommerceMl(AltcraftXml):
    """Amounts may have a comma or a point; dates are ISO dates, and times have no zone."""

    name = "commerceml"
    protocol = "altcraft"
    shape = Shape(
        root="КоммерческаяИнформация", orders=frozenset({"Документ"}), key="Номер", read=frozenset()
    )

    def convert(self, record: Record, frame: Frame, options: FileOptions) -> Converted:
        """Return the order of a document."""
        refused = too_large(record.raw)
        if refused is not None:
            return refused
        text = text_of(record.raw, codec_of(options.charset, frame.head))
        parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
        try:
            document = etree.fromstring(text[order_start(text) :], parser)
        except (etree.XMLSyntaxError, ValueError):
            return not_an_order(Code.MALFORMED, "The document must be well-formed XML")
        row = _row_of(document)
        mapping = overridden(_MAPPING, options.mapping)
        found = convert(mapping, [row], options, [_texts(each) for each in _lines(document)])
        if not {"email", "phone"} & found.tree.keys() and row.get(_PARTNER, "").strip():
            # The counterparty is the only thing that says who the customer is.
            by_partner = {"matching": "custom", "field_name": _FIELD, "field_value": row[_PARTNER]}
            found.tree.update(by_partner)
        operation = row.get(_OPERATION, _ORDER)
        if operation == _ORDER:
            return found
        message = f'{_OPERATION} must be "{_ORDER}"; the document is of another kind'
        return Converted({}, (Problem(Code.INVALID_VALUE, (), message),))


def _row_of(document: etree._Element) -> dict[str, str]:
    row = _texts(document)
    partner = _first(document, "Контрагенты", "Контрагент")
    if partner is not None:
        row[_PARTNER] = _texts(partner).get("Ид", "")
    for contact in () if partner is None else partner.iter("{*}Контакт"):
        values = _texts(contact)
        row.setdefault(values.get("Тип", ""), values.get("Значение", ""))
    for requisite in document.iterfind("{*}ЗначенияРеквизитов/{*}ЗначениеРеквизита"):
        values = _texts(requisite)
        row.setdefault(values.get("Наименование", ""), values.get("Значение", ""))
    return row


def _lines(document: etree._Element) -> list[etree._Element]:
    return document.findall("{*}Товары/{*}Товар")


def _first(element: etree._Element, *path: str) -> etree._Element | None:
    return element.find("/".join(f"{{*}}{name}" for name in path))


def _texts(element: etree._Element) -> dict[str, str]:
    """Return the texts of the children that have no children, by their names.

    1C separates thousands by spaces only, so that a comma is a decimal comma.
    """
    return {
        etree.QName(child).localname: _WITH_COMMA.sub(r"\1.\2", child.text or "")
        for child in element
        if isinstance(child.tag, str) and not len(child)
    }


FORMAT = CommerceMl()
