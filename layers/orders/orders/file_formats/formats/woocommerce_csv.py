r"""Orders of WooCommerce's CSV import and export suite: a row an order, its lines in one cell.

Source: the documentation of the suite. A cell has the lines as JSON, or as pairs such as
`name:Mug|sku:mug|quantity:2|total:19.90`, with `;` between lines and `\` before such a character.
A backslash before another character is a part of the value.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from orders.domain.file_records import FileOptions
from orders.domain.problems import Code, Problem
from orders.file_formats.interface import Converted
from orders.file_formats.mapped_table import Cells, MappedTable, known_names
from orders.file_formats.presets import Preset
from orders.protocols.json_text import NotJsonError, read_json

_LINES = "line_items"
_STATUSES = (
    ("pending", "new"),
    ("on-hold", "new"),
    ("processing", "paid"),
    ("completed", "delivered"),
    ("cancelled", "canceled"),
    ("failed", "canceled"),
    ("refunded", "canceled"),
)
PRESET = Preset(
    name="woocommerce_csv",
    columns=frozenset({"order_id", "status", "order_total", _LINES}),
    date_form="mdy",
    mapping={
        "group_by": "order_id",
        "order": {
            "external_id": {"column": ["order_number_formatted", "order_number", "order_id"]},
            "endpoint": {"constant": "website"},
            "matching": {"constant": "email_phone"},
            "email": {"column": ["billing_email", "customer_email"]},
            "phone": {"column": ["billing_phone", "shipping_phone"]},
            "status": {
                "column": "status",
                "lookup": {
                    f"{prefix}{name}": word for prefix in ("", "wc-") for name, word in _STATUSES
                },
                "default": "new",
            },
            "currency": {"column": ["order_currency", "currency"]},
            "total_price": "order_total",
            "delivery_cost": {"column": ["shipping_total", "order_shipping"]},
            "create_time": {"column": ["date", "order_date"]},
        },
        "line": {
            "external_id": {"template": "{#}"},
            "product": {"column": "product_id"},
            "sku": {"column": ["sku", "product_id", "name"]},
            "count": "quantity",
            "final_price_per_item": {"column": "total", "divide_by": "quantity"},
        },
    },
)
# What the export writes for a product that the shop has deleted.
_DELETED = {"product_id": "0", "sku": "unknown_product"}
# A backslash is only an escape before a character that separates.
_ITEM = re.compile(r"(?:\\[:|;]|[^;])++")
_PAIR = re.compile(r"(?:\\[:|;]|[^|])++")
_NAMED = re.compile(r"((?:\\[:|;]|[^:])++):(.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\([:|;])")


class _WooCommerce(MappedTable):
    """Orders whose lines are in one cell."""

    has_lines_in_a_cell = True
    is_row_an_order = True

    def ignored(self, columns: Sequence[str], options: FileOptions) -> tuple[str, ...]:
        """Return the names of the columns that are not read."""
        return tuple(name for name in super().ignored(columns, options) if name != _LINES)

    def known(self, columns: tuple[str, ...], options: FileOptions) -> tuple[str, ...]:
        """Return the names of columns as the format writes them."""
        return known_names(columns, self.mapping(options).columns | {_LINES})

    def converted(self, rows: Sequence[Cells], options: FileOptions) -> Converted:
        """Return the order of a row."""
        try:
            lines = _lines_of(rows[0].get(_LINES, ""))
        except ValueError:
            message = f'column "{_LINES}" must have lines as JSON or as name:value pairs'
            found = self.orders(options).convert(rows, [])
            return replace(
                found, faults=(*found.faults, Problem(Code.MALFORMED, ("lines",), message))
            )
        return self.orders(options).convert(rows, lines)


def _lines_of(cell: str) -> list[Mapping[str, str]]:
    """Return the lines in a cell. Raises ValueError."""
    text = cell.strip()
    if text.startswith("["):
        return [_without_deleted(each) for each in _json_lines(text)]
    return [_without_deleted(_line_of(item)) for item in _ITEM.findall(text) if item.strip()]


def _json_lines(text: str) -> Iterator[Mapping[str, str]]:
    try:
        tree = read_json(text.encode()).tree
    except NotJsonError:
        raise ValueError(_LINES) from None
    if not isinstance(tree, list) or not all(isinstance(each, dict) for each in tree):
        raise ValueError(_LINES)
    for each in tree:
        # The export writes quotes so, because they would end the cell.
        yield {
            name: "" if value is None else str(value).replace("&quot;", '"')
            for name, value in each.items()
        }


def _line_of(item: str) -> Mapping[str, str]:
    texts = _PAIR.findall(item)
    line = dict(map(_pair_of, texts))
    if len(line) < len(texts):
        raise ValueError(item)
    return line


def _pair_of(text: str) -> tuple[str, str]:
    if "\\" not in text:
        name, colon, value = text.partition(":")
        if not name or not colon:
            raise ValueError(text)
        return name.strip(), value
    found = _NAMED.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return _unescaped(found[1]).strip(), _unescaped(found[2])


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(r"\1", text)


def _without_deleted(line: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in line.items() if value != _DELETED.get(name)}


FORMAT = _WooCommerce(PRESET)
