"""Numbers for new orders by Hi/Lo: one atomic write reserves a block to hand out locally."""

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

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# At 1,000 numbers lost with each ended environment, 2^53 lasts for 9 * 10^12 environments.
BLOCK = 1000


@dataclass(slots=True)
class DynamoOrderIds:
    """OrderIds on the single table. Numbers of a block that is lost are never used."""

    client: DynamoDBClient
    table: str
    pause: Pause = pause_with_jitter
    _left: dict[str, range] = field(default_factory=dict, init=False)

    def take(self, account: str, count: int, deadline: Deadline) -> Sequence[int]:
        """Return `count` numbers never handed out before."""
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
        # A repeated reservation only skips a block.
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
                f"Account {account!r} has used all order numbers up to 2^53"
            )
        return range(last - size + 1, last + 1)
