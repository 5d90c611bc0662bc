"""Order ids with the Hi/Lo algorithm: one atomic write reserves a block of ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orders.adapters.aws_faults import call_patiently
from orders.adapters.table_keys import account_key
from orders.application.errors import OrderIdsExhaustedError
from orders.application.ports import Deadline, Pause
from orders.application.retries import pause_with_jitter
from orders.domain.identifiers import MAX_ORDER_ID
from orders.domain.problems import shown

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# Each Lambda environment loses at most 1,000 ids: 2^53 ids last for 9 * 10^12 environments.
BLOCK = 1000


@dataclass(slots=True)
class DynamoOrderIds:
    """Implements OrderIds with the single table. The unused ids of a block are lost."""

    client: DynamoDBClient
    table: str
    pause: Pause = pause_with_jitter
    _left: dict[str, range] = field(default_factory=dict, init=False)

    def take(self, account: str, count: int, deadline: Deadline) -> Sequence[int]:
        """Return `count` order ids that were never returned before."""
        left = self._left.get(account, range(0))
        taken = list(left[:count])
        left = left[count:]
        missing = count - len(taken)
        if missing:
            block = self._reserve(account, max(BLOCK, missing), deadline)
            taken += block[:missing]
            left = block[missing:]
        self._left[account] = left
        return taken

    def _reserve(self, account: str, size: int, deadline: Deadline) -> range:
        # It is safe to repeat the reservation: it only skips a block.
        answer = call_patiently(
            lambda: self.client.update_item(
                TableName=self.table,
                Key=account_key(account, "ORDER_IDS"),
                UpdateExpression="ADD last_id :size",
                ExpressionAttributeValues={":size": {"N": str(size)}},
                ReturnValues="UPDATED_NEW",
            ),
            deadline,
            self.pause,
        )
        last = int(answer["Attributes"]["last_id"]["N"])
        if last > MAX_ORDER_ID:
            raise OrderIdsExhaustedError(
                f"Account {shown(account)} has used all order ids up to 2^53"
            )
        return range(last - size + 1, last + 1)
