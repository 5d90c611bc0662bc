"""The orders sheet of Matrixify as CSV: a row for each line, a new order where `Number` changes.

Source: Matrixify's documentation of the orders sheet.
"""

from collections.abc import Sequence

from orders.domain.file_records import FileOptions
from orders.domain.problems import Code, Problem, shown
from orders.file_formats.interface import Converted
from orders.file_formats.mapped_table import Cells, MappedTable
from orders.file_formats.presets import Preset

PRESET = Preset(
    name="matrixify_csv",
    columns=frozenset({"Number", "Command", "Line: Type", "Line: Quantity", "Line: Price"}),
    mapping={
        "group_by": "Number",
        "line_if": {"column": "Line: Type", "is": ["Line Item", ""]},
        "order": {
            "external_id": {"column": ["Name", "Number"]},
            "endpoint": {"constant": "website"},
            "matching": {"constant": "email_phone"},
            "email": {"column": ["Email", "Customer: Email"]},
            "phone": {"column": ["Phone", "Customer: Phone"]},
            "status": {
                "column": "Payment: Status",
                "lookup": {
                    "pending": "new",
                    "authorized": "new",
                    "partially_paid": "new",
                    "expired": "canceled",
                    "paid": "paid",
                    "partially_refunded": "part_refunded",
                    "refunded": "canceled",
                    "voided": "canceled",
                },
                "default": "new",
                "if_filled": {"Cancelled At": "canceled"},
            },
            "currency": "Currency",
            "total_price": "Price: Total",
            "delivery_cost": "Price: Total Shipping",
            "create_time": "Created At",
            "update_time": "Updated At",
            "tags": {"column": "Tags", "split": ","},
        },
        "line": {
            "external_id": {"column": ["Line: ID"], "default": "{#}"},
            "sku": {"column": ["Line: SKU", "Line: Title"]},
            "count": "Line: Quantity",
            "base_price_per_item": "Line: Price",
            "final_price_per_item": {
                "column": "Line: Price",
                "less": ["Line: Discount"],
                "less_divided_by": ["Line: Quantity"],
            },
        },
    },
)
# The commands that ask Matrixify to remove an order, and to leave it out.
_NO_IMPORT = frozenset({"DELETE", "IGNORE"})


class _Matrixify(MappedTable):
    """Orders with a command. An import creates and updates orders only."""

    def converted(self, rows: Sequence[Cells], options: FileOptions) -> Converted:
        """Return the order of adjacent rows."""
        commands = (row.get("Command", "").strip().upper() for row in rows)
        refused = next((each for each in commands if each in _NO_IMPORT), None)
        if refused is None:
            return super().converted(rows, options)
        message = f'column "Command" must be NEW, UPDATE, MERGE or REPLACE; got {shown(refused)}'
        return Converted({}, (Problem(Code.INVALID_VALUE, (), message),))


FORMAT = _Matrixify(PRESET)
