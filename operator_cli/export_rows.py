"""The rows of an export, as JSON Lines or as CSV."""

import csv
import io
import re
from collections.abc import Mapping
from typing import Any

from orders.protocols.json_text import write_json

type Tree = Mapping[str, Any]

# The columns that have the hub's own numbers, times and amounts. They begin with no sign but minus.
_OWN = frozenset(
    {
        "order_id",
        "version",
        "digest",
        "created_at",
        "updated_at",
        "ordered_at",
        "update_time",
        "total_price",
        "delivery_cost",
        "lines",
    }
)
COLUMNS = (
    "order_id",
    "external_id",
    "version",
    "digest",
    "update_time",
    "protocol",
    "endpoint",
    "status",
    "fulfilment_status",
    "fulfilment_substatus",
    "created_at",
    "updated_at",
    "ordered_at",
    "client",
    "email",
    "currency",
    "total_price",
    "delivery_cost",
    "lines",
)
# Spreadsheet programs read a cell that begins like this as a formula. The quotes in front of it are
# part of the expression, so that `harmless` can be undone.
_DANGEROUS = re.compile("'*[=+\\-@\t\r\n]")
_QUOTED = re.compile("'+[=+\\-@\t\r\n]")


def header() -> bytes:
    """Return the first line of a CSV file."""
    return _line(COLUMNS)


def csv_row(order: Tree) -> bytes:
    """Return an order as a line of a CSV file. A member without a value is an empty cell."""
    values = {
        **order,
        "fulfilment_status": order["fulfilment"]["status"],
        "fulfilment_substatus": order["fulfilment"]["substatus"],
        "lines": len(order["lines"]),
    }
    return _line([_cell(name, values[name]) for name in COLUMNS])


def json_row(order: Tree) -> bytes:
    """Return an order as a line of JSON."""
    return write_json(order) + b"\n"


def harmless(text: str) -> str:
    """Return the text of a cell that no spreadsheet program takes for a formula.

    A text that could be taken for one gets an apostrophe in front of it.
    """
    return f"'{text}" if _DANGEROUS.match(text) else text


def original(cell: str) -> str:
    """Return the text of which `harmless` made this cell."""
    return cell[1:] if _QUOTED.match(cell) else cell


def _cell(name: str, value: object) -> str:
    if value is None:
        return ""
    return str(value) if name in _OWN else harmless(str(value))


def _line(cells: tuple[str, ...] | list[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue().encode(errors="replace")
