"""The orders sheet of Matrixify as CSV: a row for each line, a new order where `Number` changes.

Source: Matrixify's documentation of the orders sheet.
"""

from orders.file_formats.mapped_table import MappedTable
from orders.file_formats.presets import Preset

PRESET = Preset(
    name="matrixify_csv",
    columns=frozenset({"Number", "Command", "Line: Type", "Line: Quantity", "Line: Price"}),
    mapping={
        "group_by": "Number",
        "line_if": {"column": "Line: Type", "is": ["Line Item"]},
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
            },
            "currency": "Currency",
            "total_price": "Price: Total",
            "delivery_cost": "Price: Total Shipping",
            "create_time": "Created At",
            "update_time": "Updated At",
            "tags": {"column": "Tags", "split": ","},
        },
        "line": {
            "external_id": {"column": ["Line: ID"], "default": "1"},
            "sku": {"column": ["Line: SKU", "Line: Title"]},
            "count": "Line: Quantity",
            "base_price_per_item": "Line: Price",
            "final_price_per_item": "Line: Price",
        },
    },
)
FORMAT = MappedTable(PRESET)
