"""An Altcraft order as sent: well-formed, and not yet checked against the account's settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class LineDraft:
    """One line of a sent order; prices are per item, in major units of the order's currency."""

    external_id: str
    count: int
    final_price_per_item: Decimal
    status: str = "new"
    product: str | None = None
    sku: str | None = None
    base_price_per_item: Decimal | None = None
    min_price_per_item: Decimal | None = None
    custom_fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """An order as sent: well-formed, and not yet checked against the account's settings.

    `matching` holds the search mode and the search fields, as sent.
    """

    external_id: str
    matching: Mapping[str, str]
    endpoint: str
    status: str
    total_price: Decimal
    currency: str
    lines: tuple[LineDraft, ...]
    tags: tuple[str, ...] = ()
    region: str | None = None
    delivery_cost: Decimal | None = None
    create_time: datetime | None = None
    update_time: datetime | None = None
    custom_fields: Mapping[str, object] = field(default_factory=dict)
