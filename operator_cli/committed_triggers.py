"""Builds the triggers of committed changes again, from the table and from its stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from operator_cli.parked_queue import ParkedBatch, ParkedRecord, ParkedTrigger
from orders.adapters.aws_faults import code_of
from orders.adapters.order_items import read_order
from orders.adapters.stream_records import read_record
from orders.adapters.table_keys import tombstone_key
from orders.application.ports import Deadline, Unreadable
from orders.application.read_history import ReadHistory
from orders.application.relay_triggers import CommittedChange
from orders.domain.history import OrderKey
from orders.domain.triggers import Trigger, TriggerKind, deletion_of, trigger_of
from orders.runtime.composition.order_protocols import contents, lines_of, reduce_trigger
from orders.runtime.composition.trigger_rules import TRIGGER_RULES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

type Tree = Mapping[str, Any]

# The stream rejects the number of a record that it never had as invalid.
_GONE = frozenset(
    {"ResourceNotFoundException", "TrimmedDataAccessException", "ValidationException"}
)


@dataclass(frozen=True, slots=True)
class TriggersOfHistory:
    """Builds single triggers from an order and its history."""

    client: DynamoDBClient
    table: str
    read_history: ReadHistory

    def find(self, parked: ParkedTrigger, deadline: Deadline) -> Trigger | None:
        """Return the trigger with the same content as before, None if its versions are gone."""
        trigger = self._of_version(parked, deadline)
        if trigger is None and parked.kind == TriggerKind.ORDER_DELETED:
            trigger = self._deletion(parked)
        is_same = trigger and (trigger.id, str(trigger.kind)) == (parked.trigger_id, parked.kind)
        return reduce_trigger(trigger, parked.payload) if trigger and is_same else None

    def _of_version(self, parked: ParkedTrigger, deadline: Deadline) -> Trigger | None:
        """Return the trigger of a version that exists, also of a soft deletion."""
        key = OrderKey(parked.account, parked.order_id)
        listed = self.read_history(key, parked.version + 1, 1, deadline)
        for each in listed.versions if listed else ():
            if each.order.version == parked.version:
                if each.order.is_hidden:
                    return deletion_of(each.order)
                return trigger_of(each.before, each.order, lines_of(each.order), contents)
        return None

    def _deletion(self, parked: ParkedTrigger) -> Trigger | None:
        key = tombstone_key(parked.account, parked.order_id)
        # A permanent deletion leaves no version.
        item = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True).get("Item")
        # An erasure takes the trigger and the document out of the tombstone.
        if item is None or "trigger" not in item:
            return None
        return deletion_of(read_order(parked.account, item))


@dataclass(frozen=True, slots=True)
class ChangesOfStream:
    """Reads records of the table's stream, which keeps them for 24 hours."""

    streams: Any
    client: DynamoDBClient
    table: str

    def find(self, parked: ParkedBatch | ParkedRecord) -> list[CommittedChange | Unreadable] | None:
        """Return the changes that have triggers, None if the stream no longer has the records."""
        try:
            records = list(self._records(parked))
        except ClientError as error:
            if code_of(error) in _GONE:
                return None
            raise
        first = parked.first if isinstance(parked, ParkedBatch) else parked.sequence_number
        if not any(each["dynamodb"]["SequenceNumber"] == first for each in records):
            return None
        read = (read_record(_as_lambda_delivers(each), TRIGGER_RULES) for each in records)
        return [each for each in read if each is not None]

    def _records(self, parked: ParkedBatch | ParkedRecord) -> Iterator[Tree]:
        if isinstance(parked, ParkedBatch):
            yield from self._between(parked.stream, parked.shard, parked.first, parked.last)
            return
        number = parked.sequence_number
        stream = self.client.describe_table(TableName=self.table)["Table"].get(
            "LatestStreamArn", ""
        )
        for shard in self._shards(stream):
            numbers = shard["SequenceNumberRange"]
            last = numbers.get("EndingSequenceNumber", number)
            if int(numbers["StartingSequenceNumber"]) <= int(number) <= int(last):
                yield from self._between(stream, shard["ShardId"], number, number)

    def _shards(self, stream: str) -> Iterator[Tree]:
        following: dict[str, str] = {}
        while True:
            found = self.streams.describe_stream(StreamArn=stream, **following)["StreamDescription"]
            yield from found["Shards"]
            if "LastEvaluatedShardId" not in found:
                return
            following = {"ExclusiveStartShardId": found["LastEvaluatedShardId"]}

    def _between(self, stream: str, shard: str, first: str, last: str) -> Iterator[Tree]:
        """Yield the records of a shard between two numbers, both inclusive."""
        iterator = self.streams.get_shard_iterator(
            StreamArn=stream,
            ShardId=shard,
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=first,
        )["ShardIterator"]
        while iterator:
            page = self.streams.get_records(ShardIterator=iterator)
            for record in page["Records"]:
                if int(record["dynamodb"]["SequenceNumber"]) > int(last):
                    return
                yield record
                if record["dynamodb"]["SequenceNumber"] == last:
                    return
            # An open shard never ends, and all these records were in it long ago.
            iterator = page.get("NextShardIterator") if page["Records"] else None


def _as_lambda_delivers(record: Tree) -> Tree:
    data = record["dynamodb"]
    created = data["ApproximateCreationDateTime"].timestamp()
    return {**record, "dynamodb": {**data, "ApproximateCreationDateTime": created}}
