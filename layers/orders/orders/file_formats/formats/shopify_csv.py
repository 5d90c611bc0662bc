"""The orders export of Shopify: a row for each line item, order values on an order's first row.

Source: Shopify's help pages about the order export (its columns and their meaning).
"""

from orders.file_formats.mapped_table import MappedTable
from orders.file_formats.presets import Preset

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
FORMAT = MappedTable(PRESET)
