"""What the lists of an account must show of its stored orders."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from orders.domain.order import Order
from orders.protocols.commercetools import PROTOCOL as COMMERCETOOLS
from orders.protocols.commercetools.documents import FIRST_NUMBER
from tools.load.audit_lists import Row, Wanted
from tools.load.table import Marker


@dataclass(frozen=True, slots=True)
class ExpectedLists:
    """The lists of an account with these orders, in the campaign of this endpoint."""

    orders: Sequence[Order]
    markers: Sequence[Marker]
    endpoint: str

    def by_id(self) -> Wanted:
        """Return the commercetools orders, in the sequence of their creation."""
        return Wanted([_row(each) for each in sorted(self.orders, key=_by_id)])

    def altcraft(self) -> Wanted:
        """Return the orders of Altcraft's list, in the sequence of their creation."""
        rows = [_partner_row(each) for each in sorted(self.orders, key=_by_id)]
        return Wanted(rows, counted=False)

    def by_change(self, since: datetime) -> Wanted:
        """Return the commercetools orders that were changed or created since a time."""
        return Wanted([_row(each) for each in sorted(self._since(since), key=_by_change)])

    def messages(self, *, newest_first: bool = False) -> Wanted:
        """Return the messages: one for each commercetools order, of its first version."""
        imported = [each for each in self.orders if each.protocol == COMMERCETOOLS]
        rows = [
            Row(each.order_id, _first_number(each), version=1)
            for each in sorted(imported, key=_by_id, reverse=newest_first)
        ]
        return Wanted(rows)

    def campaign(self, *, counted: bool = False) -> Wanted:
        """Return the orders of the campaign and of the business, the newest first."""
        orders = sorted(self._of_campaign(self.orders), key=_by_id, reverse=True)
        return Wanted([_partner_row(each) for each in orders], counted=counted)

    def changed_in_campaign(self, since: datetime) -> Wanted:
        """Return the orders of the campaign that were changed or created since a time.

        The hub sorts them by change, up to a second.
        """
        orders = self._of_campaign(self._since(since))
        return Wanted([_partner_row(each) for each in orders], is_sorted=False, counted=False)

    def changes(self, *, newest_first: bool = False) -> Wanted:
        """Return the changes: the last one of each changed order, and the deletions."""
        changed = [
            (each.updated_at, Row(each.order_id, each.external_id, each.version))
            for each in self.orders
            if each.version > 1
        ]
        deleted = [
            (
                each.place.changed_at,
                Row(each.place.number.order_id, each.external_id, each.version, is_deleted=True),
            )
            for each in self.markers
        ]
        in_sequence = sorted(
            [*changed, *deleted],
            key=lambda each: (each[0], each[1].order_id),
            reverse=newest_first,
        )
        return Wanted([row for _, row in in_sequence])

    def _since(self, since: datetime) -> list[Order]:
        return [each for each in self.orders if each.updated_at >= since]

    def _of_campaign(self, orders: Iterable[Order]) -> list[Order]:
        return [each for each in orders if each.endpoint == self.endpoint]


def _by_id(order: Order) -> int:
    return order.order_id


def _by_change(order: Order) -> tuple[datetime, int]:
    return order.updated_at, order.order_id


def _row(order: Order) -> Row:
    number = order.external_id if order.has_own_external_id else ""
    return Row(order.order_id, number, order.version)


def _partner_row(order: Order) -> Row:
    return Row(order.order_id, order.external_id)


def _first_number(order: Order) -> str:
    number: str = json.loads(order.document).get(FIRST_NUMBER, "")
    return number
