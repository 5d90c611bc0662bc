"""The order reports of Amazon: tab-separated, a row for each item.

Source: Amazon's descriptions of the flat-file order reports. *All Orders* names the order
`amazon-order-id` and has no buyers, *New Orders* names it `order-id`. All prices are those of a
whole row, and promotions are amounts with or without a minus sign.
"""

from collections.abc import Sequence

from orders.domain.file_records import FileOptions
from orders.file_formats.interface import Converted
from orders.file_formats.mapped_orders import matched_by
from orders.file_formats.mapped_table import Cells, MappedTable
from orders.file_formats.presets import Preset

# The profile field in which Altcraft has the order's number, for a report without buyers.
_FIELD = "amazon_order_id"
PRESET = Preset(
    name="amazon_orders",
    columns=frozenset({"purchase-date", "sku", "currency", "item-price"}),
    mapping={
        "group_by": ["amazon-order-id", "order-id"],
        "line_if": {"column": ["quantity", "quantity-purchased"], "is_not": ["0"]},
        "order": {
            "external_id": {"column": ["amazon-order-id", "order-id"]},
            "endpoint": {"constant": "website"},
            "matching": {"constant": "email_phone"},
            "email": "buyer-email",
            "phone": {"column": ["buyer-phone-number", "ship-phone-number"]},
            "status": {
                "column": "order-status",
                "lookup": {
                    "pending": "new",
                    "unshipped": "new",
                    "shipping": "paid",
                    "shipped": "paid",
                    "partially shipped": "paid",
                    "shipped - picked up": "paid",
                    "shipped - out for delivery": "paid",
                    "shipped - delivered to buyer": "delivered",
                    "shipped - rejected by buyer": "canceled",
                    "shipped - returning to seller": "canceled",
                    "shipped - returned to seller": "canceled",
                    "cancelled": "canceled",
                    "canceled": "canceled",
                },
                "default": "new",
            },
            "currency": "currency",
            "total_price": {
                "sum": ["item-price", "gift-wrap-price", "shipping-price"],
                "less": ["item-promotion-discount", "ship-promotion-discount"],
            },
            "delivery_cost": {"sum": ["shipping-price"], "less": ["ship-promotion-discount"]},
            "create_time": "purchase-date",
            "update_time": "last-updated-date",
        },
        "line": {
            "external_id": {"column": "order-item-id", "default": "{#}"},
            "sku": {"column": ["sku", "asin"]},
            "count": {"column": ["quantity", "quantity-purchased"]},
            "final_price_per_item": {
                "sum": ["item-price", "gift-wrap-price"],
                "less": ["item-promotion-discount"],
                "divide_by": ["quantity", "quantity-purchased"],
            },
        },
    },
)


class _AmazonOrders(MappedTable):
    """Reports whose cells are not quoted, although names of products begin with quotes."""

    def is_quoted(self, options: FileOptions) -> bool:
        """Return whether a spreadsheet program saved the report as CSV."""
        return options.delimiter != "\t"

    def converted(self, rows: Sequence[Cells], options: FileOptions) -> Converted:
        """Return the order of rows. An order without a buyer is matched by its number."""
        found = super().converted(rows, options)
        return matched_by(found, _FIELD, str(found.tree.get("external_id", "")))


FORMAT = _AmazonOrders(PRESET)
