"""Orders of 1C as CommerceML 2: documents with the operation "Заказ товара".

Source: the public schema of CommerceML 2, and the exchange of 1C and Bitrix with sites.
"""

from dataclasses import replace

from lxml import etree

from orders.domain.file_records import FileOptions, Frame, Record
from orders.domain.problems import Code
from orders.file_formats.charsets import codec_of
from orders.file_formats.commerceml_documents import (
    DELIVERY,
    DISCOUNT_BESIDE,
    PARTNER,
    STATE,
    TAX_BESIDE,
    texts_of,
    values_of_order,
    with_points,
)
from orders.file_formats.interface import Beginning, Converted
from orders.file_formats.json_marks import not_an_order, too_large
from orders.file_formats.mapped_orders import LatestOrders, matched_by
from orders.file_formats.mappings import ColumnMapping
from orders.file_formats.written_mappings import overridden, read_mapping
from orders.file_formats.xml_elements import Shape
from orders.file_formats.xml_format import XmlFormat, order_document

_DOCUMENT, _OPERATION, _ORDER = "Документ", "ХозОперация", "Заказ товара"
# The profile field in which Altcraft has the id of 1C's counterparty.
_FIELD = "counterparty_id"
MAPPING_TREE = {
    "group_by": "Номер",
    "order": {
        "external_id": {"column": ["Номер", "Ид"]},
        "endpoint": {"constant": "website"},
        "matching": {"constant": "email_phone"},
        "email": "Почта",
        "phone": {"column": ["ТелефонРабочий", "ТелефонМобильный", "Телефон"]},
        "status": {
            "column": STATE,
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
        "delivery_cost": DELIVERY,
        "create_time": {"template": "{Дата} {Время}"},
    },
    "line": {
        "external_id": {"template": "{#}"},
        "product": "Ид",
        "sku": {"column": ["Артикул", "Ид", "Наименование"]},
        "count": "Количество",
        "base_price_per_item": "ЦенаЗаЕдиницу",
        "final_price_per_item": {
            "sum": ["Сумма", TAX_BESIDE],
            "less": [DISCOUNT_BESIDE],
            "divide_by": "Количество",
        },
    },
}
_MAPPING = read_mapping(MAPPING_TREE)
_PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
)


class CommerceMl(XmlFormat):
    """Amounts may have a comma or a point; times have no zone. Other operations are left out."""

    name = "commerceml"
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
        source = _mapping_of(options).order["external_id"]
        return replace(self.shape, key=next(iter(source.columns), self.shape.key))

    def convert(self, record: Record, frame: Frame, options: FileOptions) -> Converted:
        """Return the order of a document."""
        refused = too_large(record.raw)
        if refused is not None:
            return refused
        body = order_document(record.raw, frame.head, codec_of(options.charset, frame.head))
        try:
            tree = etree.fromstring(body, _PARSER)
        except (etree.XMLSyntaxError, ValueError):
            return not_an_order(Code.MALFORMED, "The document must be well-formed XML")
        documents = [each for each in tree.iter(f"{{*}}{_DOCUMENT}") if _is_order(each)]
        if len(documents) != 1:
            message = f'The element must have one {_DOCUMENT} with {_OPERATION} "{_ORDER}"'
            return not_an_order(Code.INVALID_VALUE, f"{message}; got {len(documents)}")
        return _order_of(documents[0], options)


def _is_order(document: etree._Element) -> bool:
    return CommerceMl.shape.has(texts_of(document).get(_OPERATION, ""))


def _mapping_of(options: FileOptions) -> ColumnMapping:
    return overridden(_MAPPING, options.mapping)


_LATEST = LatestOrders(_mapping_of)


def _order_of(document: etree._Element, options: FileOptions) -> Converted:
    orders = _LATEST.of(options)
    amounts = orders.mapping.numbers
    values, lines = values_of_order(document)
    row = with_points(values, amounts)
    found = orders.convert([row], [with_points(each, amounts) for each in lines])
    # The counterparty may be the only thing that says who the customer is.
    return matched_by(found, _FIELD, values.get(PARTNER, "").strip())


FORMAT = CommerceMl()
