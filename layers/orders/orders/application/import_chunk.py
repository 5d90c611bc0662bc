"""Import one chunk of the file of a job, by the use case of the API."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from orders.application.chunk_results import chunk_result, repeated, result_of
from orders.application.chunk_runs import ChunkCommand, ChunkRuns, ChunkWork
from orders.application.deadlines import EarlierDeadline
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.import_job_ports import FileFormats
from orders.application.import_orders import ImportCommand, ImportOrders, ImportReport
from orders.application.ports import Deadline, Pause, SentOrder
from orders.application.preview_import import preview_import
from orders.application.preview_ports import Notes
from orders.application.repeat_requests import Run
from orders.application.retries import attempts
from orders.domain.file_records import Record
from orders.domain.import_jobs import (
    MIN_JUDGED_ORDERS,
    ChunkResult,
    ChunkSummary,
    Counts,
    Job,
    JobMode,
    JobState,
    OnDuplicate,
    exceeds,
    total,
)
from orders.domain.importing import OrderResult
from orders.domain.known_products import EntryName
from orders.domain.problems import Reported
from orders.domain.settings import Rulebook
from orders.domain.submissions import Rejection, Submission

# The result is still saved and summed up after the orders.
RESULT_SECONDS = 4.0


def _unrecorded(_report: ImportReport) -> None:
    """Record nothing."""


@dataclass(frozen=True, slots=True)
class ImportChunk:
    """Imports a chunk, or previews that. `record` is called with the report of each import."""

    runs: ChunkRuns
    formats: FileFormats
    import_orders: ImportOrders
    pause: Pause
    record: Callable[[ImportReport], None] = _unrecorded

    def __call__(self, command: ChunkCommand, deadline: Deadline) -> ChunkResult | None:
        """Import the chunk, and keep the result. A chunk that has a result keeps it.

        Returns None if the run of the job does not wait for chunks any more. Raises
        StorageUnavailableError if another attempt may do better, and StorageRefusedError.
        """
        job = self.runs.job_of(command, deadline)
        if job is None:
            return None
        storing = EarlierDeadline(deadline, RESULT_SECONDS)
        work = ChunkWork(lambda run: self._result(job, command.chunk, run, storing), _unprocessed)
        result = self.runs.result(job, command, work, deadline)
        is_judged = job.mode is JobMode.IMPORT and job.state is JobState.IMPORTING
        if result is not None and is_judged:
            self._stop_if_too_many_failed(job, result.summary, deadline)
        return result

    def _result(self, job: Job, number: int, run: Run | None, deadline: Deadline) -> ChunkResult:
        """Import the records whose keys are new in the file. The others fail."""
        chunk = self.runs.files.chunk(job.account, job.job_id, number)
        records = [each for each in chunk.records if each.first_row is None]
        sent = self._sent(job, records)
        notes = Notes() if run is None else None
        request_id = "" if run is None else run.request_id
        command = ImportCommand(job.account, job.client, request_id, sent, run=run)
        imported: Sequence[OrderResult] = ()
        if sent:
            report = preview_import(self.import_orders, notes)(command, deadline)
            imported = report.results
            if notes is None:
                self.record(report)
        results = {
            record.row: result_of(record, order, job.on_duplicate)
            for record, order in zip(records, imported, strict=True)
        }
        results |= {
            each.row: repeated(each) for each in chunk.records if each.first_row is not None
        }
        silent = {
            record.row for record, order in zip(records, sent, strict=True) if order.skip_trigger
        }
        ordered = [results[each.row] for each in chunk.records]
        return chunk_result(chunk.number, request_id, ordered, silent, notes)

    def _sent(self, job: Job, records: Sequence[Record]) -> Sequence[SentOrder]:
        if job.options is None:
            raise StorageRefusedError("the job has no options of its file")
        frame = self.runs.files.frame(job.account, job.job_id)
        orders = self.formats.sent_orders(
            records,
            frame,
            job.options,
            skip_triggers=job.skip_triggers,
            account=job.account,
            client=job.client,
        )
        must_be_new = job.on_duplicate is not OnDuplicate.UPDATE
        return [_FileOrder(each, must_be_new) for each in orders]

    def _stop_if_too_many_failed(self, job: Job, summary: ChunkSummary, deadline: Deadline) -> None:
        """Stop the job if so many of all orders failed that the file is probably the wrong one.

        If no order is left, there is nothing to stop.
        The sums are read only if this chunk failed too often itself: the share of a sum lies
        between the shares of its parts, so only such a chunk can make the sum exceed the limit. The
        first chunks also read them, because before MIN_JUDGED_ORDERS there is no share to exceed.
        """
        counts, percent = summary.counts, job.stop_above_percent
        is_bad = counts.failed * 100 > percent * counts.processed
        if not is_bad and summary.number >= MIN_JUDGED_ORDERS:
            return
        summaries = self.runs.jobs.summaries(job.account, job.job_id, job.run, deadline)
        counts = total(summaries, None)
        is_left = counts.processed < (job.orders or 0)
        if is_left and exceeds(counts, percent):
            self._stop(job, counts, deadline)

    def _stop(self, job: Job, counts: Counts, deadline: Deadline) -> None:
        failure = (
            f"{counts.failed} of the first {counts.processed} orders failed, more than "
            f"{job.stop_above_percent} percent; the other orders were not imported. "
            "Correct the file, or start another job with a larger stop_above_percent"
        )
        for _ in attempts(deadline, self.pause):
            found = self.runs.jobs.find(job.account, job.job_id, deadline)
            if found is None or found.run != job.run or found.state is not JobState.IMPORTING:
                return
            after = replace(
                found.following(self.runs.clock()), state=JobState.STOPPED, failure=failure
            )
            if self.runs.jobs.save(after, deadline):
                return
        raise StorageUnavailableError("other requests changed the job at the same time")


def _unprocessed(result: ChunkResult) -> str:
    count = result.summary.counts.unprocessed
    return f"{count} orders of the chunk could not be stored" if count else ""


@dataclass(frozen=True, slots=True)
class _FileOrder:
    """An order of a file, which may have to be new."""

    sent: SentOrder
    must_be_new: bool

    @property
    def position(self) -> int:
        return self.sent.position

    @property
    def external_id(self) -> str | None:
        return self.sent.external_id

    @property
    def skip_trigger(self) -> bool:
        return self.sent.skip_trigger

    @property
    def product_names(self) -> Iterable[EntryName]:
        return self.sent.product_names

    def submit(self, rules: Rulebook, before: Reported) -> Submission | Rejection:
        answer = self.sent.submit(rules, before)
        if isinstance(answer, Rejection):
            return answer
        return replace(answer, must_be_new=self.must_be_new)
