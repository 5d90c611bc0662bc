"""The index entries of new orders.

They are written before the orders, and taken back if the orders are not written.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from orders.adapters.aws_faults import LOST_RACE_CODES, TRANSIENT_CODES, code_of
from orders.adapters.batches import Batches, identity_of
from orders.adapters.order_items import index_item, indexed_name, insertion, was_moved
from orders.adapters.statements import STATEMENTS_PER_BATCH
from orders.adapters.table_keys import index_key, order_key
from orders.application.deadlines import EarlierDeadline
from orders.application.errors import StorageRefusedError
from orders.application.ports import Deadline, WriteOutcome
from orders.domain.order import Order

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_log = logging.getLogger(__name__)

# Writing entries begins only if there is time for the orders too, so that none is left behind.
_SECONDS_OF_THE_ORDERS = 1.0


@dataclass(frozen=True, slots=True)
class IndexEntries:
    """Writes the entries of new orders, and deletes those of orders that were not written."""

    client: DynamoDBClient
    table: str
    batches: Batches

    def insert(
        self, account: str, orders: Sequence[Order], deadline: Deadline
    ) -> Mapping[int, WriteOutcome]:
        """Write the entries of one batch. Return why an order may not be written, by its id.

        The outcome is UNTRIED if its entry could not be written in time, and CONFLICT if its id is
        that of another order. Raises StorageRefusedError.
        """
        existing: list[Order] = []

        def insert(orders: list[Order]) -> list[Order]:
            statements: Any = [insertion(self.table, index_item(account, each)) for each in orders]
            answer = self.client.batch_execute_statement(Statements=statements)
            codes = [each.get("Error", {}).get("Code") for each in answer["Responses"]]
            refused = {str(code) for code in codes if code} - TRANSIENT_CODES - LOST_RACE_CODES
            if refused:
                raise StorageRefusedError(", ".join(sorted(refused)))
            answers = list(zip(orders, codes, strict=True))
            existing.extend(order for order, code in answers if code in LOST_RACE_CODES)
            return [order for order, code in answers if code in TRANSIENT_CODES]

        early = EarlierDeadline(deadline, _SECONDS_OF_THE_ORDERS)
        left = self.batches.repeat(insert, list(orders), "writing index items failed", early)
        outcomes = {order.order_id: WriteOutcome.UNTRIED for order in left}
        return {**outcomes, **self._of_others(account, existing, deadline)}

    def _of_others(
        self, account: str, orders: Sequence[Order], deadline: Deadline
    ) -> dict[int, WriteOutcome]:
        """Return the outcomes of orders whose entries exist and are not their own.

        An entry is the order's own if an earlier call without an answer has written it.
        """
        keys = {
            identity_of(key): order
            for order in orders
            for key in [index_key(account, order.order_id)]
        }
        items, unread = self.batches.read(
            (index_key(account, order.order_id) for order in orders), deadline
        )
        return {
            **{keys[identity].order_id: WriteOutcome.UNTRIED for identity in unread},
            **{
                order.order_id: WriteOutcome.CONFLICT
                for item in items
                for order in [keys[identity_of(item)]]
                if indexed_name(item) != order.external_id or was_moved(item)
            },
        }

    def take_back(self, account: str, orders: Sequence[Order], deadline: Deadline) -> None:
        """Delete the entries of orders that lost a race. Raises nothing: readers ignore the rest.

        An entry stays if its order is stored after all: a stored order counts for more than an
        answer.
        """
        if deadline.remaining() <= 0:
            return
        keys = [order_key(account, order.external_id) for order in orders]
        try:
            items, unread = self.batches.read(keys, deadline)
            holders = {identity_of(item): item["order_id"]["N"] for item in items}
            missing = [
                order
                for order, key in zip(orders, keys, strict=True)
                if identity_of(key) not in unread
                and holders.get(identity_of(key)) != str(order.order_id)
            ]
            self.batches.in_parallel(
                lambda chunk: self._delete(account, chunk, deadline),
                batched(missing, STATEMENTS_PER_BATCH, strict=False),
            )
        except (ClientError, BotoCoreError, StorageRefusedError) as error:
            _log.warning("index items were not taken back", extra={"code": code_of(error)})

    def _delete(self, account: str, orders: Sequence[Order], deadline: Deadline) -> None:
        if deadline.remaining() <= 0:
            return
        conditions = ("pk", "sk", "name")
        where = " AND ".join(f'"{name}" = ?' for name in conditions)
        condition = f'{where} AND "moved_in" IS MISSING'
        statement = f'DELETE FROM "{self.table}" WHERE {condition}'  # noqa: S608 - no sent text
        statements: Any = [
            {"Statement": statement, "Parameters": [item[name] for name in conditions]}
            for order in orders
            for item in [index_item(account, order)]
        ]
        self.client.batch_execute_statement(Statements=statements)
