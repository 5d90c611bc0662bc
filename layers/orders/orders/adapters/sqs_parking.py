"""Send what cannot be processed to an SQS queue for the operator."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING

import orjson

from orders.adapters.aws_faults import call_patiently
from orders.application.errors import StorageUnavailableError
from orders.application.ports import Deadline, Parked, Pause
from orders.application.retries import pause_with_jitter

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

_log = logging.getLogger(__name__)

MESSAGES_PER_CALL = 10
# The keys of an order contain its external id, which the shop chose.
_NOT_LOGGED = "keys"


@dataclass(slots=True)
class SqsParking:
    """Implements Parking with a queue. Messages contain no customer data."""

    client: SQSClient
    queue_url: str
    pause: Pause = pause_with_jitter

    def park(self, parked: Sequence[Parked], deadline: Deadline) -> None:
        """Send one message each. A repeated call may send a message twice."""
        for chunk in batched(parked, MESSAGES_PER_CALL, strict=False):
            entries = [
                {
                    "Id": str(position),
                    "MessageBody": orjson.dumps({"reason": each.reason, **each.what}).decode(),
                }
                for position, each in enumerate(chunk)
            ]
            answer = call_patiently(
                lambda entries=entries: self.client.send_message_batch(  # type: ignore[misc]
                    QueueUrl=self.queue_url, Entries=entries
                ),
                deadline,
                self.pause,
            )
            if failed := answer.get("Failed"):
                codes = sorted({str(each.get("Code")) for each in failed})
                _log.warning("the queue rejected messages", extra={"codes": codes})
                raise StorageUnavailableError("the queue did not accept all messages")
            for each in chunk:
                what = {name: value for name, value in each.what.items() if name != _NOT_LOGGED}
                _log.error("parked", extra={"reason": each.reason, "what": what})
