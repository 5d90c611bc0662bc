"""Records of requests with an idempotency key. They expire by TTL.

A small answer is part of its record. A larger one is in items of its own, so that a repetition,
whose failed condition costs the write units of the record, costs few of them.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any

from orders.adapters.aws_faults import CONDITION_FAILED, call_patiently, existing_item
from orders.adapters.order_items import Item
from orders.adapters.parallel_calls import run_all
from orders.adapters.table_keys import Key, answer_part_key, repeat_key
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.ports import Deadline, Pause
from orders.application.retries import pause_with_jitter
from orders.domain.repeats import KEPT, NO_TIME, IdempotencyKey, KeptAnswer, RequestRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# The largest compressed body inside a record.
INLINE_BYTES = 2048
# An item has at most 400 KB.
PART_BYTES = 350 * 1024
_THREADS = 4


@dataclass(frozen=True, slots=True)
class DynamoRequestRecords:
    """Implements RequestRecords with the single table. Bodies of answers are compressed."""

    client: DynamoDBClient
    table: str
    pause: Pause = pause_with_jitter

    def claim(
        self,
        key: IdempotencyKey,
        new: RequestRecord,
        now: datetime,
        expires_at: datetime,
        deadline: Deadline,
    ) -> RequestRecord | None:
        """Put the record with a condition. It is safe to repeat the call."""
        item = {
            **_key_of(key),
            "type": {"S": "repeat"},
            "fingerprint": {"S": new.fingerprint},
            "request_id": {"S": new.request_id},
            "attempt": {"S": new.attempt},
            "ends_at": {"S": new.ends_at.isoformat()},
            "expires_at": {"N": str(int(expires_at.timestamp()))},
        }
        try:
            call_patiently(
                lambda: self.client.put_item(
                    TableName=self.table,
                    Item=item,
                    # DynamoDB deletes an expired item hours later.
                    ConditionExpression="attribute_not_exists(pk) OR expires_at <= :now",
                    ExpressionAttributeValues={":now": {"N": str(int(now.timestamp()))}},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                ),
                deadline,
                self.pause,
            )
        except StorageRefusedError as refusal:
            if str(refusal) != CONDITION_FAILED:
                raise
            found = existing_item(refusal) or self._get(_key_of(key), deadline)
        else:
            return None
        if found is None:
            raise StorageUnavailableError("the record expired meanwhile")
        # The call whose answer was lost has stored this record.
        is_own = found["attempt"]["S"] == new.attempt
        return None if is_own else self._read(_key_of(key), found, deadline)

    def find(self, key: IdempotencyKey, now: datetime, deadline: Deadline) -> RequestRecord | None:
        """Read the record, and the parts of its answer."""
        item = self._get(_key_of(key), deadline)
        if item is None or int(item["expires_at"]["N"]) <= int(now.timestamp()):
            return None
        return self._read(_key_of(key), item, deadline)

    def take_over(
        self,
        key: IdempotencyKey,
        before: str,
        attempt: str,
        ends_at: datetime,
        deadline: Deadline,
    ) -> bool:
        """Update the record if its last attempt is `before`, or this one by a lost answer."""
        values = {
            ":before": {"S": before},
            ":attempt": {"S": attempt},
            ":ends_at": {"S": ends_at.isoformat()},
        }
        return self._update(
            key,
            "SET attempt = :attempt, ends_at = :ends_at",
            "attempt IN (:before, :attempt) AND attribute_not_exists(answer_status)",
            values,
            deadline,
        )

    def note(
        self, key: IdempotencyKey, attempt: str, order_ids: Sequence[int], deadline: Deadline
    ) -> None:
        """Update the record. Consecutive ids take little space."""
        self._update_own(
            key, attempt, "SET noted = :noted", {":noted": {"S": _written(order_ids)}}, deadline
        )

    def keep(
        self, key: IdempotencyKey, attempt: str, answer: KeptAnswer, deadline: Deadline
    ) -> None:
        """Update the record, after the parts of the answer were put."""
        body = zlib.compress(answer.body)
        parts = [
            body[start : start + PART_BYTES]
            for start in range(0, len(body), PART_BYTES)
            if len(body) > INLINE_BYTES
        ]
        self._put_parts(key, attempt, parts, deadline)
        values: dict[str, Any] = {
            ":status": {"N": str(answer.status)},
            ":headers": {"S": json.dumps(dict(answer.headers))},
            ":body": {"N": str(len(parts))} if parts else {"B": body},
        }
        self._update_own(
            key,
            attempt,
            "SET answer_status = :status, answer_headers = :headers, answer_body = :body "
            # No later run needs them.
            "REMOVE noted",
            values,
            deadline,
        )

    def release(self, key: IdempotencyKey, attempt: str, deadline: Deadline) -> None:
        """Update the record."""
        ended = {":ended": {"S": NO_TIME.isoformat()}}
        self._update_own(key, attempt, "SET ends_at = :ended", ended, deadline)

    def forget(self, key: IdempotencyKey, attempt: str, deadline: Deadline) -> None:
        """Update the record."""
        self._update_own(
            key, attempt, "SET expires_at = :expired", {":expired": {"N": "0"}}, deadline
        )

    def _update_own(
        self,
        key: IdempotencyKey,
        attempt: str,
        expression: str,
        values: Mapping[str, Any],
        deadline: Deadline,
    ) -> None:
        own = {":attempt": {"S": attempt}, **values}
        if not self._update(key, expression, "attempt = :attempt", own, deadline):
            raise StorageUnavailableError("another run of the request has begun")

    def _update(
        self,
        key: IdempotencyKey,
        expression: str,
        condition: str,
        values: Mapping[str, Any],
        deadline: Deadline,
    ) -> bool:
        """Update the record. Return False if the condition is not met."""
        try:
            call_patiently(
                lambda: self.client.update_item(
                    TableName=self.table,
                    Key=_key_of(key),
                    UpdateExpression=expression,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                ),
                deadline,
                self.pause,
            )
        except StorageRefusedError as refusal:
            if str(refusal) != CONDITION_FAILED:
                raise
            return False
        return True

    def _put_parts(
        self, key: IdempotencyKey, attempt: str, parts: Sequence[bytes], deadline: Deadline
    ) -> None:
        if not parts:
            return
        record = _key_of(key)
        # A part must not expire before its record.
        expires_at = str(int((datetime.now().astimezone() + KEPT).timestamp()))

        def put(numbered: tuple[int, bytes]) -> None:
            number, content = numbered
            item: Any = {
                **answer_part_key(record, attempt, number),
                "type": {"S": "answer_part"},
                "content": {"B": content},
                "expires_at": {"N": expires_at},
            }
            call_patiently(
                lambda: self.client.put_item(TableName=self.table, Item=item), deadline, self.pause
            )

        with ThreadPoolExecutor(_THREADS) as pool:
            run_all(pool, put, list(enumerate(parts)))

    def _read(self, key: Key, item: Item, deadline: Deadline) -> RequestRecord:
        return RequestRecord(
            fingerprint=item["fingerprint"]["S"],
            request_id=item["request_id"]["S"],
            attempt=item["attempt"]["S"],
            ends_at=datetime.fromisoformat(item["ends_at"]["S"]),
            noted=_read_noted(item["noted"]["S"]) if "noted" in item else (),
            answer=self._answer_of(key, item, deadline) if "answer_status" in item else None,
        )

    def _answer_of(self, key: Key, item: Item, deadline: Deadline) -> KeptAnswer:
        body = item["answer_body"]
        content = body.get("B")
        if content is None:
            keys = [
                answer_part_key(key, item["attempt"]["S"], part) for part in range(int(body["N"]))
            ]
            with ThreadPoolExecutor(_THREADS) as pool:
                parts = run_all(pool, lambda each: self._get(each, deadline), keys)
            if None in parts:
                raise StorageUnavailableError("a part of the answer does not exist")
            content = b"".join(part["content"]["B"] for part in parts if part)
        return KeptAnswer(
            status=int(item["answer_status"]["N"]),
            body=zlib.decompress(content),
            headers=json.loads(item["answer_headers"]["S"]),
        )

    def _get(self, key: Key, deadline: Deadline) -> Item | None:
        answer = call_patiently(
            lambda: self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True),
            deadline,
            self.pause,
        )
        return answer.get("Item")


def _key_of(key: IdempotencyKey) -> Key:
    key_hash = hashlib.sha256(key.key.encode()).hexdigest()
    return repeat_key(key.account, key.client, key_hash)


def _written(order_ids: Sequence[int]) -> str:
    """Return ids as a text of ranges: `5-7,9`."""
    ordered = sorted(set(order_ids))
    runs = [
        [each for _, each in members]
        for _, members in groupby(enumerate(ordered), lambda pair: pair[1] - pair[0])
    ]
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)


def _read_noted(text: str) -> tuple[int, ...]:
    bounds = (part.partition("-") for part in text.split(",") if part)
    ranges = (range(int(first), int(last or first) + 1) for first, _, last in bounds)
    return tuple(chain.from_iterable(ranges))
