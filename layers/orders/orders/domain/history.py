"""History: the versions of orders that later versions replaced."""

from dataclasses import dataclass
from datetime import datetime

from orders.domain.order import Order
from orders.domain.triggers import TriggerKind

MAX_HISTORY_DAYS = 3650


@dataclass(frozen=True, slots=True)
class ReplacedVersion:
    """A version of an order that is no longer the present one.

    `trigger` is the kind of the trigger of this version, None if the request skipped triggers.
    `replaced_at` is the commit time of the next version, in whole seconds, aware UTC.
    """

    order: Order
    trigger: TriggerKind | None
    replaced_at: datetime


@dataclass(frozen=True, slots=True)
class OrderKey:
    """An order of an account."""

    account: str
    order_id: int


@dataclass(frozen=True, slots=True)
class VersionMark:
    """A kept version of an order, without its content: its number and its request."""

    version: int
    request_id: str
