"""The orders export of Shopify: a row for each line item, order values on an order's first row.

Source: Shopify's help pages about the order export (its columns and their meaning).
"""

from collections.abc import Sequence

from orders.domain.file_records import FileOptions
from orders.domain.problems import Code, Problem
from orders.file_formats.interface import Converted
from orders.file_formats.mapped_table import Cells, MappedTable
from orders.file_formats.presets import Preset

_FIRST = "Total"
PRESET = Preset(
    name="shopify_csv",
    columns=frozenset(
        {"Name", "Financial Status", "Lineitem quantity", "Lineitem name", "Lineitem price"}
    ),
    mapping={
        "group_by": "Name",
        "line_if": ["Lineitem name", "Lineitem quantity", "Lineitem price"],
        "order": {
            "external_id": "Name",
            "endpoint": {"constant": "website"},
            "matching": {"constant": "email_phone"},
            "email": "Email",
            "phone": {"column": ["Phone", "Shipping Phone", "Billing Phone"]},
            "status": {
                "column": "Financial Status",
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
                "if_filled": {"Cancelled at": "canceled"},
            },
            "currency": "Currency",
            "total_price": "Total",
            "delivery_cost": "Shipping",
            "create_time": "Created at",
            "tags": {"column": "Tags", "split": ","},
        },
        "line": {
            "external_id": {"template": "{#}"},
            "sku": {"column": ["Lineitem sku", "Lineitem name"]},
            "count": "Lineitem quantity",
            "base_price_per_item": "Lineitem price",
            "final_price_per_item": {
                "column": "Lineitem price",
                "less": ["Lineitem discount"],
                "less_divided_by": ["Lineitem quantity"],
            },
        },
    },
)


class _Shopify(MappedTable):
    """Orders whose values are in their first row, unless a tool has repeated them in all rows."""

    def converted(self, rows: Sequence[Cells], options: FileOptions) -> Converted:
        """Return the order of adjacent rows, unless a file has the same order twice."""
        first = [row for row in rows if row.get(_FIRST, "").strip()]
        begins_again = 1 < len(first) < len(rows)
        if not begins_again and not any(row in first[:place] for place, row in enumerate(first)):
            return super().converted(rows, options)
        message = (
            f'column "{_FIRST}" must have a value in the first row of an order only; got '
            f"{len(first)} rows. The file has the order twice, or two orders with one name"
        )
        return Converted({}, (Problem(Code.DUPLICATE, (), message),))


FORMAT = _Shopify(PRESET)
