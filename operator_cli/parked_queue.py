"""The queue of parked triggers, and what its messages contain."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import batched
from typing import TYPE_CHECKING, Any

from orders.domain.triggers import TriggerPayload

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

_PER_CALL = 10
# A long poll asks every server of the queue, so that an empty answer means an empty queue.
WAIT_SECONDS = 1


@dataclass(frozen=True, slots=True)
class ParkedTrigger:
    """A trigger that EventBridge rejected."""

    trigger_id: str
    kind: str
    account: str
    order_id: int
    version: int
    payload: TriggerPayload = TriggerPayload.FULL


@dataclass(frozen=True, slots=True)
class ParkedRecord:
    """A record of the table's stream from which no trigger could be read."""

    sequence_number: str


@dataclass(frozen=True, slots=True)
class ParkedBatch:
    """Records of the table's stream that the relay could not process for six hours."""

    stream: str
    shard: str
    first: str
    last: str
    size: int


type Parked = ParkedTrigger | ParkedRecord | ParkedBatch


@dataclass(frozen=True, slots=True)
class ParkedMessage:
    """A message of the queue. `content` is None if it has an unknown format."""

    id: str
    receipt: str
    sent_at: datetime
    reason: str
    content: Parked | None


@dataclass(frozen=True, slots=True)
class ParkedQueue:
    """The queue of parked triggers of a stack."""

    sqs: SQSClient
    url: str

    def receive(self, limit: int | None, hidden_seconds: int) -> Iterator[ParkedMessage]:
        """Yield up to `limit` messages, each once. The queue hides them for some time."""
        seen: set[str] = set()
        while limit is None or len(seen) < limit:
            wanted = _PER_CALL if limit is None else min(_PER_CALL, limit - len(seen))
            answer = self.sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=wanted,
                VisibilityTimeout=hidden_seconds,
                WaitTimeSeconds=WAIT_SECONDS,
                MessageSystemAttributeNames=["SentTimestamp"],
            )
            new = [each for each in answer.get("Messages", []) if each["MessageId"] not in seen]
            if not new:
                return
            for each in new:
                seen.add(each["MessageId"])
                yield read_message(each)

    def show_again(self, messages: Sequence[ParkedMessage]) -> None:
        """Stop hiding the messages."""
        for chunk in batched(messages, _PER_CALL, strict=False):
            self.sqs.change_message_visibility_batch(
                QueueUrl=self.url,
                Entries=[
                    {"Id": str(position), "ReceiptHandle": each.receipt, "VisibilityTimeout": 0}
                    for position, each in enumerate(chunk)
                ],
            )

    def remove(self, message: ParkedMessage) -> None:
        """Delete a message."""
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message.receipt)


def read_message(message: Mapping[str, Any]) -> ParkedMessage:
    """Return a message as the queue delivers it."""
    try:
        body = json.loads(message["Body"])
        reason, content = _reason_of(body), _content_of(body)
    except (KeyError, TypeError, ValueError):
        reason, content = "unknown format", None
    sent = int(message["Attributes"]["SentTimestamp"]) / 1000
    sent_at = datetime.fromtimestamp(sent, UTC)
    return ParkedMessage(message["MessageId"], message["ReceiptHandle"], sent_at, reason, content)


def _reason_of(body: Mapping[str, Any]) -> str:
    if "requestContext" in body:
        return str(body["requestContext"]["condition"])
    return str(body["reason"])


def _content_of(body: Mapping[str, Any]) -> Parked:
    if "DDBStreamBatchInfo" in body:
        batch = body["DDBStreamBatchInfo"]
        return ParkedBatch(
            batch["streamArn"],
            batch["shardId"],
            batch["startSequenceNumber"],
            batch["endSequenceNumber"],
            int(batch["batchSize"]),
        )
    if "trigger_id" in body:
        return ParkedTrigger(
            body["trigger_id"],
            body["kind"],
            body["account"],
            int(body["order_id"]),
            int(body["version"]),
            # Earlier versions of the relay parked only whole triggers.
            TriggerPayload(body.get("payload", TriggerPayload.FULL)),
        )
    return ParkedRecord(str(body["sequence_number"]))
