"""Orders: as a shop sends them, and as the store keeps them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from orders.domain.fulfilment import Fulfilment
from orders.domain.problems import Problem

type Tree = dict[str, Any]


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
    """An order as sent: well-formed, not yet held against the account's settings.

    `matching` holds the search mode and the fields that came with it, as sent.
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


@dataclass(frozen=True, slots=True)
class Submission:
    """A sent order that may be stored.

    `document` is the canonical JSON text of the order without its external id, so equal content is
    equal text. `update_time` is the one that the shop sent, if any. `path` is the JSON pointer of
    the order in its request, below which problems with it are told. One that `must_be_new` replaces
    no stored order, whatever that holds.
    """

    external_id: str
    protocol: str
    document: str
    status: str
    update_time: datetime | None = None
    warnings: tuple[Problem, ...] = ()
    path: str = ""
    must_be_new: bool = False


@dataclass(frozen=True, slots=True)
class Rejection:
    """A sent order that cannot be stored, and all that is wrong with it."""

    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """One committed version of an order. Times are aware UTC.

    `created_at` and `updated_at` are the store's own times; `update_time` is the shop's.
    `request_id` names the request that wrote this version. `status` is the imported one;
    `fulfilment` is our own, which no import takes back.
    """

    account: str
    external_id: str
    order_id: int
    version: int
    status: str
    protocol: str
    document: str
    created_at: datetime
    updated_at: datetime
    request_id: str
    update_time: datetime | None = None
    fulfilment: Fulfilment = Fulfilment.STARTED

    def tree(self) -> Tree:
        """Return the document as plain data, its external id included."""
        return {"external_id": self.external_id, **json.loads(self.document)}


def line_statuses(tree: Tree) -> Iterator[tuple[str, str]]:
    """Yield the external id and the status of each line of a document."""
    for line in tree.get("lines", ()):
        yield line["external_id"], line["status"]
