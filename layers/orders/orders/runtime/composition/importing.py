"""Composes the import use case, which all protocols share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from orders.adapters.dynamodb_order_lanes import DynamoOrderLanes
from orders.adapters.dynamodb_order_transactions import DynamoOrderTransactions
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.adapters.parallel_calls import CallsTogether
from orders.application.import_orders import ImportOrders
from orders.application.import_together import ImportTogether
from orders.application.ports import Deadline
from orders.application.retries import pause_with_jitter
from orders.application.take_order_ids import TakeOrderIds
from orders.domain.known_products import EntryName, KnownEntry
from orders.runtime.composition import Aws, utc_now
from orders.runtime.composition.order_protocols import reduce_trigger
from orders.runtime.composition.publishing import publish_triggers
from orders.runtime.composition.stored_settings import settings_of

if TYPE_CHECKING:
    from orders.adapters.dynamodb_catalogue import DynamoCatalogue


def import_orders(aws: Aws) -> ImportOrders:
    """Return the import use case."""
    table = aws.environment.table
    return ImportOrders(
        orders=DynamoOrders(aws.dynamodb, table),
        order_ids=TakeOrderIds(DynamoOrderLanes(aws.dynamodb, table), utc_now),
        settings=settings_of(aws),
        catalogue=_KnownEntries(aws),
        publish_triggers=publish_triggers(aws),
        clock=utc_now,
        pause=pause_with_jitter,
        reduce_trigger=reduce_trigger,
        together=CallsTogether(),
    )


def import_together(aws: Aws, imports: ImportOrders) -> ImportTogether:
    """Return the import of all orders of a request or none."""
    transactions = DynamoOrderTransactions(aws.dynamodb, aws.environment.table)
    return ImportTogether(imports, transactions)


@dataclass(frozen=True, slots=True)
class _KnownEntries:
    """What is known of the catalogue. Only accounts that check products need its adapter."""

    aws: Aws

    def find(
        self, account: str, names: Collection[EntryName], deadline: Deadline
    ) -> Mapping[EntryName, KnownEntry]:
        return _catalogue_of(self.aws).find(account, names, deadline)


@cache
def _catalogue_of(aws: Aws) -> DynamoCatalogue:
    from orders.adapters.dynamodb_catalogue import DynamoCatalogue

    return DynamoCatalogue(aws.dynamodb, aws.environment.table)
