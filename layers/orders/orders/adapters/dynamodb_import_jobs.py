"""Import jobs, and the summaries of their chunks, in the single table. They expire by TTL.

A job is one JSON text, compressed: its problems repeat themselves. A summary is one JSON text.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from orders.adapters.aws_faults import CONDITION_FAILED, call_patiently, existing_item
from orders.adapters.table_keys import (
    job_key,
    jobs_partition,
    run_prefix,
    summaries_partition,
    summary_key,
)
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.ports import Deadline, Pause
from orders.application.retries import pause_with_jitter
from orders.domain.identifiers import time_of_request
from orders.domain.import_jobs import JOB_LIFETIME, ChunkSummary, Job

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

type Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DynamoImportJobs:
    """Implements ImportJobs with the single table. The writes can be repeated."""

    client: DynamoDBClient
    table: str
    pause: Pause = pause_with_jitter

    def create(self, job: Job, deadline: Deadline) -> Job:
        """Put the job unless it exists."""
        item = _job_item(job)
        existing = self._put(item, "attribute_not_exists(pk)", {}, deadline)
        if existing is None:
            return job
        stored = existing.get("document") and _read_job(existing)
        stored = stored or self.find(job.account, job.job_id, deadline)
        if stored is None:
            raise StorageUnavailableError("the job expired meanwhile")
        return stored

    def find(self, account: str, job_id: str, deadline: Deadline) -> Job | None:
        """Read the job consistently."""
        answer = call_patiently(
            lambda: self.client.get_item(
                TableName=self.table, Key=job_key(account, job_id), ConsistentRead=True
            ),
            deadline,
            self.pause,
        )
        return _read_job(answer["Item"]) if "Item" in answer else None

    def list(
        self, account: str, limit: int, before: str | None, deadline: Deadline
    ) -> Sequence[Job]:
        """Query the newest jobs consistently."""
        values = {":partition": {"S": jobs_partition(account)}}
        below = ""
        if before is not None:
            below = " AND sk < :before"
            values[":before"] = {"S": before}
        asked = {
            "KeyConditionExpression": f"pk = :partition{below}",
            "ExpressionAttributeValues": values,
            "ScanIndexForward": False,
            "Limit": limit,
        }
        return [_read_job(item) for item in islice(self._query(asked, deadline), limit)]

    def save(self, job: Job, deadline: Deadline) -> bool:
        """Put the job if the stored version is the one before."""
        item = _job_item(job)
        before = {":before": {"N": str(job.version - 1)}}
        existing = self._put(item, "version = :before", before, deadline)
        # The call whose answer was lost has stored this version.
        return existing is None or existing == item

    def add_summary(
        self, account: str, job_id: str, run: int, summary: ChunkSummary, deadline: Deadline
    ) -> None:
        """Put the summary unless the chunk has one."""
        item = {
            **summary_key(account, job_id, run, summary.number),
            "type": {"S": "chunk_summary"},
            "document": {"S": _summaries().dump_json(summary, exclude_defaults=True).decode()},
            "expires_at": _expiry(job_id),
        }
        self._put(item, "attribute_not_exists(pk)", {}, deadline)

    def summaries(
        self, account: str, job_id: str, run: int, deadline: Deadline
    ) -> Sequence[ChunkSummary]:
        """Query all summaries of the run consistently."""
        asked = {
            "KeyConditionExpression": "pk = :partition AND begins_with(sk, :run)",
            "ExpressionAttributeValues": {
                ":partition": {"S": summaries_partition(account, job_id)},
                ":run": {"S": run_prefix(run)},
            },
            "ProjectionExpression": "document",
        }
        validate = _summaries().validate_json
        return [validate(item["document"]["S"]) for item in self._query(asked, deadline)]

    def _query(self, asked: Mapping[str, Any], deadline: Deadline) -> Iterator[Item]:
        """Yield the items of all pages, which are read when they are needed."""
        start: Any = {}
        while True:
            answer = call_patiently(
                lambda start=start: self.client.query(  # type: ignore[misc]
                    TableName=self.table, ConsistentRead=True, **asked, **start
                ),
                deadline,
                self.pause,
            )
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _put(
        self, item: Item, condition: str, values: Mapping[str, Any], deadline: Deadline
    ) -> Item | None:
        """Put an item if it meets a condition.

        Otherwise return the existing item, an empty one if it does not exist or is not known.
        """
        with_values: Any = {"ExpressionAttributeValues": values} if values else {}
        try:
            call_patiently(
                lambda: self.client.put_item(
                    TableName=self.table,
                    Item=item,
                    ConditionExpression=condition,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **with_values,
                ),
                deadline,
                self.pause,
            )
        except StorageRefusedError as refusal:
            if str(refusal) != CONDITION_FAILED:
                raise
            return existing_item(refusal) or {}
        return None


def _job_item(job: Job) -> Item:
    document = _jobs().dump_json(job)
    return {
        **job_key(job.account, job.job_id),
        "type": {"S": "import_job"},
        "version": {"N": str(job.version)},
        "document": {"B": zlib.compress(document)},
        "expires_at": _expiry(job.job_id),
    }


def _read_job(item: Item) -> Job:
    return _jobs().validate_json(zlib.decompress(item["document"]["B"]))


def _expiry(job_id: str) -> Mapping[str, str]:
    """Return when a job expires with all that belongs to it: its id has the time of creation."""
    return {"N": str(int((time_of_request(job_id) + JOB_LIFETIME).timestamp()))}


@cache
def _jobs() -> TypeAdapter[Job]:
    return TypeAdapter(Job)


@cache
def _summaries() -> TypeAdapter[ChunkSummary]:
    return TypeAdapter(ChunkSummary)
