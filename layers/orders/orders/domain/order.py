"""Orders as they are stored."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from orders.domain.fulfilment import Fulfilment
from orders.domain.identifiers import uuid_of
from orders.domain.patches import patched

type Tree = dict[str, Any]

# The resolution of the hub's times.
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Cause:
    """The request that writes a version, its API client, and the hub's time of the write in UTC.

    `protocol` is the request's protocol, "" if it is that of the order.
    """

    request_id: str
    client: str
    at: datetime
    protocol: str = ""


class Presence(StrEnum):
    """Whether an order exists for its readers.

    A softly deleted order is hidden: no protocol finds, lists or counts it, and its external ids
    stay taken. REVIVED is the version that ended a soft deletion.
    """

    PRESENT = "present"
    HIDDEN = "hidden"
    REVIVED = "revived"


@dataclass(frozen=True, slots=True)
class LineMembers:
    """The member names of the lines in a protocol's documents.

    `lines` is the member of the document that contains the array of lines. `identity` and `status`
    are members of each line. Triggers use them to compare the lines of two versions. `fields` is
    the member of an order and of a line that contains the values of custom fields, `order_status`
    the member of an order that contains its status.
    """

    lines: str
    identity: str
    status: str
    fields: str = "custom_fields"
    order_status: str = "status"


@dataclass(frozen=True, slots=True)
class Order:
    """One committed version of an order. Times are aware UTC.

    `created_at` and `updated_at` are set by the hub. `update_time` is the newest one that the shop
    ever sent. `request_id` and `client` identify the request that wrote this version, and its API
    client. `status` is the imported status, or the one that a later request set. `fulfilment` is
    kept by the hub, and imports never move it backwards. `endpoint` is the point of sale, None if
    the order has none. `document` is canonical JSON of what the shop sent. `defaults` is what the
    hub filled in beside it (`applied_defaults`), "" if nothing. `overrides` is what later requests
    changed in it (`overrides`), "" if nothing. `through` is the protocol of the request that wrote
    this version, "" if it is `protocol`. `presence` says whether the order is softly deleted.
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
    defaults: str = ""
    client: str = ""
    through: str = ""
    presence: Presence = Presence.PRESENT
    overrides: str = ""

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the document in hexadecimal digits. Published.

        Orders of equal content have equal digests, whatever their external ids and defaults are.
        """
        return hashlib.sha256(self.document.encode()).hexdigest()

    @property
    def is_hidden(self) -> bool:
        """Return whether the order is softly deleted."""
        return self.presence is Presence.HIDDEN

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
            through="" if cause.protocol == self.protocol else cause.protocol,
            presence=Presence.HIDDEN if self.is_hidden else Presence.PRESENT,
        )

    def content(self) -> Tree:
        """Return the document as plain data, with the defaults and the overrides."""
        document: Tree = json.loads(self.document)
        if self.defaults:
            _fill_in(document, json.loads(self.defaults))
        return patched(document, json.loads(self.overrides)) if self.overrides else document

    def tree(self) -> Tree:
        """Return the content with the external id."""
        return {"external_id": self.external_id, **self.content()}


def _fill_in(part: Any, members: Tree) -> None:  # noqa: ANN401 - an object or an array
    for name, value in members.items():
        key = int(name) if isinstance(part, list) else name
        if isinstance(value, dict):
            if isinstance(part, dict):
                part.setdefault(key, {})
            _fill_in(part[key], value)
        else:
            part[key] = value
