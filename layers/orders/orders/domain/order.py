"""Orders as they are stored."""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from orders.domain.fulfilment import Fulfilment
from orders.domain.identifiers import uuid_of

type Tree = dict[str, Any]

# The resolution of the hub's times.
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Cause:
    """The request that writes a version, its API client, and the hub's time of the write in UTC."""

    request_id: str
    client: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LineMembers:
    """The member names of the lines in a protocol's documents.

    `lines` is the member of the document that contains the array of lines. `identity` and `status`
    are members of each line. Triggers use them to compare the lines of two versions.
    """

    lines: str
    identity: str
    status: str


@dataclass(frozen=True, slots=True)
class Order:
    """One committed version of an order. Times are aware UTC.

    `created_at` and `updated_at` are set by the hub, `update_time` by the shop. `request_id` and
    `client` identify the request that wrote this version, and its API client. `status` is the
    imported status. `fulfilment` is kept by the hub, and imports never move it backwards.
    `endpoint` is the point of sale, None if the order has none. `document` is canonical JSON.
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
    client: str = ""

    @property
    def has_own_external_id(self) -> bool:
        """Return whether the external id differs from the generated one (`uuid_of`)."""
        return self.external_id != uuid_of(self.account, self.order_id)

    def next_version(self, cause: Cause) -> Self:
        """Return the next version, which has the same content.

        `updated_at` always rises, even if the clock went backwards: readers that ask for changes
        since a time would otherwise miss the version.
        """
        return replace(
            self,
            version=self.version + 1,
            updated_at=max(cause.at, self.updated_at + _TICK),
            request_id=cause.request_id,
            client=cause.client,
        )

    def tree(self) -> Tree:
        """Return the document as plain data, with the external id."""
        return {"external_id": self.external_id, **json.loads(self.document)}
