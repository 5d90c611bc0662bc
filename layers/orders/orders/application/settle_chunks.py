"""Find what was written of a chunk without a result: its attempts were cut off before they had one.

A crash, a cancellation, or a fault of the store came between the first write and the result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orders.application.chunk_requests import chunk_key
from orders.application.chunk_results import UNPROCESSED, chunk_result, repeated
from orders.application.chunk_runs import ChunkRuns
from orders.application.earlier_runs import EarlierRuns
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.get_order_by_id import find_all_with_hidden
from orders.application.import_job_ports import Chunk, FileFormats
from orders.application.imported_versions import ImportedVersions
from orders.application.ports import Deadline
from orders.application.undo_ports import UndoneStores
from orders.application.undo_results import undo_result
from orders.domain.deletions import Deletion
from orders.domain.file_records import Record
from orders.domain.history import OrderKey
from orders.domain.identifiers import is_external_id
from orders.domain.import_jobs import ChunkResult, Job, JobKind, JobMode, RecordResult
from orders.domain.importing import Outcome
from orders.domain.repeats import RequestRecord
from orders.domain.undoing import UndoOutcome


@dataclass(frozen=True, slots=True)
class SettleChunks:
    """Gives such chunks their results. It only reads orders.

    Orders that the attempts did not write are unprocessed, whatever another attempt would find.
    """

    runs: ChunkRuns
    stores: UndoneStores
    formats: FileFormats

    def __call__(self, job: Job, chunk: Chunk, deadline: Deadline) -> ChunkResult | None:
        """Return the result of a chunk, and keep it. Return None if no attempt at it has begun.

        The run of the job must be closed, so that no attempt begins any more. Raises
        StorageUnavailableError, also while the history lacks a version, and StorageRefusedError.
        """
        if job.mode is JobMode.PREVIEW:
            return None
        request = self._ended_request(job, chunk.number, deadline)
        if request is None:
            return None
        files = self.runs.files
        # The last attempt may have kept a result before it ended.
        result = files.result(job.account, job.job_id, job.run, chunk.number)
        if result is None:
            is_undo = job.kind is JobKind.UNDO
            written = _Written(self, job, request, deadline)
            found = written.undone(chunk) if is_undo else written.imported(chunk)
            result = files.add_result(job.account, job.job_id, job.run, found)
        self.runs.jobs.add_summary(job.account, job.job_id, job.run, result.summary, deadline)
        return result

    def _ended_request(self, job: Job, chunk: int, deadline: Deadline) -> RequestRecord | None:
        """Return the request of a chunk, if there is one, when its last attempt must have ended."""
        repeats, key = self.runs.repeats, chunk_key(job, chunk)
        while True:
            found = repeats.records.find(key, self.runs.clock(), deadline)
            if found is None:
                return None
            left = (found.ends_at - self.runs.clock()).total_seconds()
            if left <= 0:
                return found
            repeats.sleep(left)


@dataclass(frozen=True, slots=True)
class _Written:
    """What the request of a chunk wrote."""

    parts: SettleChunks
    job: Job
    request: RequestRecord
    deadline: Deadline

    def imported(self, chunk: Chunk) -> ChunkResult:
        """Return the result of an import."""
        records = [each for each in chunk.records if each.first_row is None]
        written = self._imported_orders([each.key for each in records if each.key is not None])
        answered = [
            (_imported_result(each, written), ()) if each.first_row is None else repeated(each)
            for each in chunk.records
        ]
        silent = self._silent(records)
        return chunk_result(chunk.number, self.request.request_id, answered, silent, None)

    def _imported_orders(self, keys: Sequence[str]) -> Mapping[str, tuple[Outcome, int, int]]:
        """Return what became of the written orders, their ids and versions, by external id."""
        stores, account = self.parts.stores, self.job.account
        names = [each for each in keys if is_external_id(each)]
        lookup = stores.orders.find_by_external_ids(account, names, self.deadline)
        if lookup.unread:
            raise StorageUnavailableError("orders could not be read in time")
        numbers = {name: order.order_id for name, order in lookup.orders.items()}
        numbers |= {name: stored.order.order_id for name, stored in lookup.hidden.items()}
        # The request took the ids that it noted for new orders, whose names may have changed since.
        new = {*self.request.noted}
        versions, deletions = self._changed({*numbers.values(), *new})
        renamed = {name: number for number, (_, name) in versions.items()}
        created = {
            each.external_id: (Outcome.CREATED, each.order_id, 1)
            for each in deletions
            if each.order_id in new
        }
        return created | {
            name: (
                Outcome.CREATED if number in new else Outcome.UPDATED,
                number,
                versions[number][0],
            )
            for name, number in (numbers | renamed).items()
            if number in versions
        }

    def _silent(self, records: Sequence[Record]) -> set[int]:
        """Return the rows of orders without triggers."""
        job, parts = self.job, self.parts
        if job.skip_triggers:
            return {each.row for each in records}
        if job.options is None:
            raise StorageRefusedError("the job has no options of its file")
        frame = parts.runs.files.frame(job.account, job.job_id)
        sent = parts.formats.sent_orders(
            records, frame, job.options, skip_triggers=False, account=job.account, client=job.client
        )
        pairs = zip(records, sent, strict=True)
        return {record.row for record, order in pairs if order.skip_trigger}

    def undone(self, chunk: Chunk) -> ChunkResult:
        """Return the result of an undo."""
        job, runs = self.job, self.parts.runs
        undone = runs.jobs.find(job.account, job.undoes or "", self.deadline)
        if undone is None:
            raise StorageRefusedError("the job that was undone does not exist")
        imports = ImportedVersions(runs, self.parts.stores, undone, None, self.deadline)
        records, request_id = imports.of_chunk(chunk.number)
        written = imports.written(records, request_id)
        numbers = {number for number, _ in written.values()}
        versions, deletions = self._changed(numbers | {*self.request.noted})
        own = [each for each in deletions if each.request_id == self.request.request_id]
        names = {each.external_id: (each.order_id, 1) for each in own}
        deleted = {each.order_id for each in own}
        restored = {number: version for number, (version, _) in versions.items()}
        results = [
            _undone_result(
                record,
                written.get(record.row) or names.get(record.external_id or ""),
                restored,
                deleted,
            )
            for record in records
        ]
        return undo_result(
            chunk.number,
            self.request.request_id,
            results,
            skip_triggers=job.skip_triggers,
            changed=None,
        )

    def _changed(
        self, numbers: set[int]
    ) -> tuple[Mapping[int, tuple[int, str]], Sequence[Deletion]]:
        """Return which of these orders the request wrote: the version and the external id of each.

        Also return the deletions of those that any request has deleted.
        """
        stores, account = self.parts.stores, self.job.account
        present = find_all_with_hidden(stores.index, account, numbers, self.deadline)
        earlier = EarlierRuns(stores.history, self.parts.runs.clock, lambda: True)
        found = earlier.written([*present.values()], self.request.request_id, self.deadline)
        versions = {
            number: (each.order.version, each.order.external_id) for number, each in found.items()
        }
        missing = [OrderKey(account, number) for number in numbers if number not in present]
        deletions = stores.history.deletions_among(missing, self.deadline) if missing else {}
        return versions, [*deletions.values()]


def _imported_result(
    record: Record, written: Mapping[str, tuple[Outcome, int, int]]
) -> RecordResult:
    found = written.get(record.key or "")
    if found is None:
        return RecordResult(record.row, record.key, UNPROCESSED)
    outcome, number, version = found
    return RecordResult(record.row, record.key, str(outcome), number, version)


def _undone_result(
    record: RecordResult,
    written: tuple[int, int] | None,
    restored: Mapping[int, int],
    deleted: set[int],
) -> RecordResult:
    """Return what became of the order that the import wrote of a record, None if it wrote none."""
    if written is None:
        return RecordResult(record.row, record.external_id, UNPROCESSED)
    number, version = written
    outcome = UNPROCESSED
    if number in deleted:
        outcome = str(UndoOutcome.DELETED)
    elif number in restored:
        outcome, version = str(UndoOutcome.RESTORED), restored[number] - 1
    return RecordResult(record.row, record.external_id, outcome, number, version)
