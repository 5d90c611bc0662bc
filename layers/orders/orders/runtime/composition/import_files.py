"""Composes the steps of import jobs, which the state machine calls.

Each step imports its modules when it is first called: the functions share this module.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from orders.adapters.aws_clients import create_client
from orders.adapters.dynamodb_import_jobs import DynamoImportJobs
from orders.adapters.s3_job_files import S3JobFiles
from orders.application.ports import Deadline
from orders.application.retries import pause_with_jitter
from orders.domain.import_jobs import JobKind
from orders.file_formats.registry import Registry
from orders.runtime.composition import Aws, connect, utc_now
from orders.runtime.environment import ImportFilesEnvironment

if TYPE_CHECKING:
    from orders.application.chunk_runs import ChunkRuns
    from orders.application.import_chunk import ImportChunk
    from orders.application.undo_chunk import UndoChunk
    from orders.application.undo_ports import UndoneStores
    from orders.runtime.serve_step import Step

# The state machine makes so many attempts before the last ones, which keep what they have. The very
# last one may find that the one before it has not ended.
PATIENT_ATTEMPTS = 5
# The state of a job that does not exist, or whose run is over.
_UNKNOWN = "unknown"


def split_import_file() -> Step:
    """Return the first step: it splits a file into chunks."""
    return _split_import_file(connect())


def import_chunk() -> Step:
    """Return the step of each chunk: it imports the chunk, or undoes its import."""
    return _import_or_undo_chunk(connect())


def finish_import_job() -> Step:
    """Return the last step: it sums up the results and writes the result files."""
    return _finish_import_job(connect())


def read_finish(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what to finish: the state machine asks for it, or an event says that it has ended."""
    if "detail" not in event:
        return event
    from orders.adapters.execution_events import read_ended_execution

    return read_ended_execution(event)


@cache
def job_records(aws: Aws) -> DynamoImportJobs:
    """Return the records of jobs. Later calls return the same."""
    return DynamoImportJobs(aws.dynamodb, aws.environment.table)


@cache
def job_files(aws: Aws) -> S3JobFiles:
    """Return the files of the jobs of a table. Later calls return the same."""
    del aws
    return S3JobFiles(create_client("s3"), ImportFilesEnvironment.read(os.environ).bucket)


@cache
def _split_import_file(aws: Aws) -> Step:
    from orders.application.split_import_file import SplitImportFile

    split = SplitImportFile(
        job_records(aws), job_files(aws), Registry(), utc_now, pause_with_jitter
    )

    def step(event: Mapping[str, Any], deadline: Deadline) -> dict[str, Any]:
        report = split(event["account"], event["job_id"], event["run"], deadline)
        if report is None:
            return {"state": _UNKNOWN, "chunks": 0, "manifest": None}
        return {"state": str(report.state), "chunks": report.chunks, "manifest": report.manifest}

    return step


@cache
def _import_or_undo_chunk(aws: Aws) -> Step:
    from orders.application.chunk_runs import ChunkCommand

    def step(event: Mapping[str, Any], deadline: Deadline) -> dict[str, Any]:
        account, job_id = event["account"], event["job_id"]
        run, chunk = event["run"], event["chunk"]
        is_last = event.get("attempt", 0) >= PATIENT_ATTEMPTS
        job = job_records(aws).find(account, job_id, deadline)
        is_undo = job is not None and job.kind is JobKind.UNDO
        carry_out = _undo_chunk(aws) if is_undo else _import_chunk(aws)
        result = carry_out(ChunkCommand(account, job_id, run, chunk, is_last), deadline)
        processed = 0 if result is None else result.summary.counts.processed
        return {"chunk": chunk, "processed": processed}

    return step


@cache
def _finish_import_job(aws: Aws) -> Step:
    from orders.adapters.job_triggers import EventBridgeJobTriggers
    from orders.application.finish_import_job import FinishImportJob
    from orders.application.settle_chunks import SettleChunks

    formats = Registry()
    finish = FinishImportJob(
        jobs=job_records(aws),
        files=job_files(aws),
        formats=formats,
        triggers=EventBridgeJobTriggers(aws.events, aws.environment.bus),
        settle=SettleChunks(_chunk_runs(aws), _undone_stores(aws), formats),
        writer_lifetime=aws.environment.writer_lifetime(),
        clock=utc_now,
        sleep=time.sleep,
        pause=pause_with_jitter,
    )

    def step(event: Mapping[str, Any], deadline: Deadline) -> dict[str, Any]:
        error = event.get("error") or None
        job = finish(event["account"], event["job_id"], event["run"], error, deadline)
        return {"state": _UNKNOWN if job is None else str(job.state)}

    return step


@cache
def _import_chunk(aws: Aws) -> ImportChunk:
    from orders.application.import_chunk import ImportChunk
    from orders.runtime.composition.importing import import_orders
    from orders.runtime.observability import record_chunk

    return ImportChunk(
        runs=_chunk_runs(aws),
        formats=Registry(),
        import_orders=import_orders(aws),
        pause=pause_with_jitter,
        record=record_chunk,
    )


@cache
def _undo_chunk(aws: Aws) -> UndoChunk:
    from orders.application.undo_chunk import UndoChunk
    from orders.runtime.composition.changing import trigger_payloads
    from orders.runtime.composition.order_protocols import form_of
    from orders.runtime.composition.publishing import publish_triggers

    return UndoChunk(
        runs=_chunk_runs(aws),
        stores=_undone_stores(aws),
        publish_triggers=publish_triggers(aws),
        form_of=form_of,
        pause=pause_with_jitter,
        payloads=trigger_payloads(aws),
    )


def _undone_stores(aws: Aws) -> UndoneStores:
    from orders.adapters.dynamodb_history import DynamoHistory
    from orders.adapters.dynamodb_order_changes import DynamoOrderChanges
    from orders.adapters.dynamodb_order_index import DynamoOrderIndex
    from orders.adapters.dynamodb_orders import DynamoOrders
    from orders.application.undo_ports import UndoneStores

    table = aws.environment.table
    return UndoneStores(
        orders=DynamoOrders(aws.dynamodb, table),
        index=DynamoOrderIndex(aws.dynamodb, table),
        changes=DynamoOrderChanges(aws.dynamodb, table),
        history=DynamoHistory(aws.dynamodb, table),
    )


def _chunk_runs(aws: Aws) -> ChunkRuns:
    from orders.application.chunk_requests import CHUNK_REQUESTS_KEPT
    from orders.application.chunk_runs import ChunkRuns
    from orders.runtime.composition.repeating import repeat_requests

    repeats = replace(repeat_requests(aws), kept=CHUNK_REQUESTS_KEPT)
    return ChunkRuns(job_records(aws), job_files(aws), repeats, utc_now)
