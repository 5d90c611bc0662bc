"""Composes the undo of the chunks of an import job."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from orders.adapters.dynamodb_history import DynamoHistory
from orders.adapters.dynamodb_order_changes import DynamoOrderChanges
from orders.adapters.dynamodb_order_index import DynamoOrderIndex
from orders.adapters.dynamodb_orders import DynamoOrders
from orders.application.chunk_requests import CHUNK_REQUESTS_KEPT
from orders.application.retries import pause_with_jitter
from orders.application.undo_chunk import UndoChunk, UndoneStores
from orders.runtime.composition import Aws, utc_now
from orders.runtime.composition.changing import trigger_payloads
from orders.runtime.composition.order_protocols import form_of
from orders.runtime.composition.publishing import publish_triggers
from orders.runtime.composition.repeating import repeat_requests

if TYPE_CHECKING:
    from orders.application.import_job_ports import ImportJobs, JobFiles


def undo_chunk(aws: Aws, jobs: ImportJobs, files: JobFiles) -> UndoChunk:
    """Return the use case that undoes one chunk of an import."""
    table = aws.environment.table
    return UndoChunk(
        jobs=jobs,
        files=files,
        stores=UndoneStores(
            orders=DynamoOrders(aws.dynamodb, table),
            index=DynamoOrderIndex(aws.dynamodb, table),
            changes=DynamoOrderChanges(aws.dynamodb, table),
            history=DynamoHistory(aws.dynamodb, table),
        ),
        repeats=replace(repeat_requests(aws), kept=CHUNK_REQUESTS_KEPT),
        publish_triggers=publish_triggers(aws),
        form_of=form_of,
        clock=utc_now,
        pause=pause_with_jitter,
        payloads=trigger_payloads(aws),
    )
