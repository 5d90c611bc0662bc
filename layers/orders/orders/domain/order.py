"""Orders as the store keeps them."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orders.domain.fulfilment import Fulfilment
from orders.domain.identifiers import uuid_of

type Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LineMembers:
    """Where the documents of a protocol hold their lines, by the names of the members.

    `lines` is a member of the document and holds an array; `identity` and `status` are members of
    each of its elements. Triggers compare the lines of two versions by them.
    """

    lines: str
    identity: str
    status: str


@dataclass(frozen=True, slots=True)
class Order:
    """One committed version of an order. Times are aware UTC.

    `created_at` and `updated_at` are the store's own times; `update_time` is the shop's.
    `request_id` names the request that wrote this version. `status` is the imported one;
    `fulfilment` is our own, which no import takes back. `endpoint` is the order's point of sale,
    None without one.
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
    endpoint: str | None = None

    @property
    def has_own_external_id(self) -> bool:
        """Tell whether its external id is other than the one that an order without an id gets."""
        return self.external_id != uuid_of(self.account, self.order_id)

    def tree(self) -> Tree:
        """Return the document as plain data, its external id included."""
        return {"external_id": self.external_id, **json.loads(self.document)}
