"""The order report of Amazon: tab-separated, a row for each item.

Source: Amazon's description of the flat-file order reports.
"""

from orders.file_formats.mapped_table import MappedTable
from orders.file_formats.presets import Preset

PRESET = Preset(
    name="amazon_orders",
    columns=frozenset({"amazon-order-id", "purchase-date", "sku", "item-price", "currency"}),
    mapping={
        "group_by": "amazon-order-id",
        "order": {
            "external_id": "amazon-order-id",
            "endpoint": {"constant": "website"},
            "matching": {"constant": "email_phone"},
            "email": "buyer-email",
            "phone": "buyer-phone-number",
            "status": {
                "column": "order-status",
                "lookup": {
                    "pending": "new",
                    "unshipped": "new",
                    "shipping": "paid",
                    "shipped": "paid",
                    "cancelled": "canceled",
                    "canceled": "canceled",
                },
                "default": "new",
            },
            "currency": "currency",
            "total_price": {"sum": ["item-price", "shipping-price"]},
            "delivery_cost": {"sum": ["shipping-price"]},
            "create_time": "purchase-date",
            "update_time": "last-updated-date",
        },
        "line": {
            "external_id": {"column": "order-item-id"},
            "sku": {"column": ["sku", "asin"]},
            "count": {"column": ["quantity", "quantity-purchased"]},
            "final_price_per_item": {
                "column": "item-price",
                "divide_by": ["quantity", "quantity-purchased"],
            },
        },
    },
)
FORMAT = MappedTable(PRESET)
