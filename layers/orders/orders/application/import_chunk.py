"""Import one chunk of the file of a job, by the use case of the API.

All attempts at a chunk have one request id. So an attempt after a crash recognises what an earlier
one wrote, and counts as created what the job created.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import accumulate

from orders.application.chunk_requests import chunk_key
from orders.application.deadlines import EarlierDeadline
from orders.application.errors import (
    KeyInUseError,
    StorageError,
    StorageRefusedError,
    StorageUnavailableError,
)
from orders.application.import_job_ports import Chunk, FileFormats, ImportJobs, JobFiles
from orders.application.import_orders import ImportCommand, ImportOrders, ImportReport
from orders.application.ports import Clock, Deadline, Pause, SentOrder
from orders.application.preview_import import preview_import
from orders.application.preview_ports import Notes
from orders.application.repeat_requests import RepeatRequests, Run
from orders.application.retries import attempts
from orders.domain.differences import ABSENT, differences
from orders.domain.file_records import Record
from orders.domain.identifiers import is_external_id, time_of_request
from orders.domain.import_jobs import (
    MAX_SAMPLES,
    MIN_JUDGED_ORDERS,
    ChunkResult,
    ChunkSummary,
    Counts,
    Job,
    JobMode,
    JobState,
    OnDuplicate,
    ProblemGroup,
    RecordResult,
    Sample,
    exceeds,
    merged,
    total,
)
from orders.domain.importing import OrderResult, Outcome
from orders.domain.known_products import EntryName
from orders.domain.problems import (
    Code,
    Problem,
    Reported,
    Steps,
    encodable,
    pointer,
    shown,
    spelled,
)
from orders.domain.settings import Rulebook
from orders.domain.submissions import Rejection, Submission

_log = logging.getLogger(__name__)

# The outcome of an order that has none yet. Published.
UNPROCESSED = "unprocessed"
# The result is still saved and summed up after the orders.
RESULT_SECONDS = 4.0
# So many characters of problems are beside an order in a result file: many orders may have many.
MAX_MESSAGE = 1000
# An attempt that begins so long after the first one does not hope for a better one.
PATIENCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class ImportChunkCommand:
    """One attempt at a chunk of a run of a job.

    The last attempt reports the orders that could not be stored as unprocessed. An earlier one
    raises an error, so that the engine tries again.
    """

    account: str
    job_id: str
    run: int
    chunk: int
    is_last: bool = False


def _unrecorded(_report: ImportReport) -> None:
    """Record nothing."""


@dataclass(frozen=True, slots=True)
class ImportChunk:
    """Imports a chunk, or previews that. `record` is called with the report of each import."""

    jobs: ImportJobs
    files: JobFiles
    formats: FileFormats
    import_orders: ImportOrders
    repeats: RepeatRequests
    clock: Clock
    pause: Pause
    record: Callable[[ImportReport], None] = _unrecorded

    def __call__(self, command: ImportChunkCommand, deadline: Deadline) -> ChunkResult | None:
        """Import the chunk, and keep the result. A chunk that has a result keeps it.

        Returns None if the run of the job does not wait for chunks any more. Raises
        StorageUnavailableError if another attempt may do better, and StorageRefusedError.
        """
        account, job_id, run = command.account, command.job_id, command.run
        job = self.jobs.find(account, job_id, deadline)
        if job is None or job.run != run:
            return None
        result = self.files.result(account, job_id, run, command.chunk)
        if result is None:
            if job.state is not JobState.IMPORTING:
                return None
            result = self._imported(job, command, deadline)
        self.jobs.add_summary(account, job_id, run, result.summary, deadline)
        if job.mode is JobMode.IMPORT and job.state is JobState.IMPORTING:
            self._stop_if_too_many_failed(job, result.summary, deadline)
        return result

    def _imported(self, job: Job, command: ImportChunkCommand, deadline: Deadline) -> ChunkResult:
        chunk = self.files.chunk(job.account, job.job_id, command.chunk)
        storing = EarlierDeadline(deadline, RESULT_SECONDS)
        if job.mode is JobMode.PREVIEW:
            return self._kept(job, self._result(job, chunk, None, storing), command)
        run = self._begin(job, command.chunk, deadline)
        try:
            is_last = command.is_last or self._is_late(run)
            result = self._result(job, chunk, run, storing)
            return self._kept(job, result, replace(command, is_last=is_last))
        finally:
            self._release(run, deadline)

    def _kept(self, job: Job, result: ChunkResult, command: ImportChunkCommand) -> ChunkResult:
        if result.summary.counts.unprocessed and not command.is_last:
            count = result.summary.counts.unprocessed
            raise StorageUnavailableError(f"{count} orders of the chunk could not be stored")
        return self.files.add_result(job.account, job.job_id, job.run, result)

    def _begin(self, job: Job, chunk: int, deadline: Deadline) -> Run:
        try:
            begun = self.repeats.begin(chunk_key(job, chunk), deadline)
        except KeyInUseError:
            message = "another attempt at the chunk has not ended"
            raise StorageUnavailableError(message) from None
        if not isinstance(begun, Run):
            # The records of chunks never get an answer: a result is in its place.
            raise StorageRefusedError("the request of a chunk has an answer")
        return begun

    def _is_late(self, run: Run) -> bool:
        return run.is_repeated and self.clock() >= time_of_request(run.request_id) + PATIENCE

    def _release(self, run: Run, deadline: Deadline) -> None:
        """Let the next attempt begin at once. Otherwise it waits until this one must have ended."""
        try:
            run.records.release(run.key, run.attempt, deadline)
        except StorageError as error:
            _log.warning("an attempt at a chunk was not released", extra={"code": str(error)})

    def _result(self, job: Job, chunk: Chunk, run: Run | None, deadline: Deadline) -> ChunkResult:
        """Import the records whose keys are new in the file. The others fail."""
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
            record.row: _result_of(record, order, job.on_duplicate)
            for record, order in zip(records, imported, strict=True)
        }
        results |= {
            each.row: _repeated(each) for each in chunk.records if each.first_row is not None
        }
        ordered = [results[each.row] for each in chunk.records]
        silent = {
            record.row for record, order in zip(records, sent, strict=True) if order.skip_trigger
        }
        counts = _counts([result for result, _ in ordered], silent)
        groups = merged(
            _group(result, problem)
            for result, problems in ordered
            if result.outcome == Outcome.FAILED
            for problem in problems
        )
        return ChunkResult(
            ChunkSummary(chunk.number, counts, request_id),
            tuple(result for result, _ in ordered),
            samples=() if notes is None else tuple(_samples(ordered, notes)),
            groups=groups,
        )

    def _sent(self, job: Job, records: Sequence[Record]) -> Sequence[SentOrder]:
        if job.options is None:
            raise StorageRefusedError("the job has no options of its file")
        frame = self.files.frame(job.account, job.job_id)
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

        The sums are read only if this chunk failed too often itself: the share of a sum lies
        between the shares of its parts, so only such a chunk can make the sum exceed the limit. The
        first chunks also read them, because before MIN_JUDGED_ORDERS there is no share to exceed.
        """
        counts, percent = summary.counts, job.stop_above_percent
        is_bad = counts.failed * 100 > percent * counts.processed
        if not is_bad and summary.number >= MIN_JUDGED_ORDERS:
            return
        summaries = self.jobs.summaries(job.account, job.job_id, job.run, deadline)
        counts = total(summaries, None)
        if exceeds(counts, percent):
            self._stop(job, counts, deadline)

    def _stop(self, job: Job, counts: Counts, deadline: Deadline) -> None:
        failure = (
            f"{counts.failed} of the first {counts.processed} orders failed, more than "
            f"{job.stop_above_percent} percent; the other orders were not imported. "
            "Correct the file, or start another job with a larger stop_above_percent"
        )
        for _ in attempts(deadline, self.pause):
            found = self.jobs.find(job.account, job.job_id, deadline)
            if found is None or found.run != job.run or found.state is not JobState.IMPORTING:
                return
            after = replace(found.following(self.clock()), state=JobState.STOPPED, failure=failure)
            if self.jobs.save(after, deadline):
                return
        raise StorageUnavailableError("other requests changed the job at the same time")


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


# A result with the problems of its order.
type _Answered = tuple[RecordResult, tuple[Problem, ...]]


def _result_of(record: Record, order: OrderResult, on_duplicate: OnDuplicate) -> _Answered:
    external_id = order.external_id or record.key
    problems = tuple(
        replace(each, path=_below_order(each.path, order.position)) for each in order.problems
    )
    if on_duplicate is OnDuplicate.SKIP and _exists_already(problems):
        return RecordResult(record.row, external_id, str(Outcome.UNCHANGED)), ()
    outcome = UNPROCESSED if order.retryable else str(order.outcome)
    result = RecordResult(record.row, external_id, outcome, order.order_id, order.version)
    return _with_problems(result, problems), problems


def repeated_key(record: Record) -> Problem:
    """Return the problem of a record whose key was in the file before."""
    message = (
        f"Row {record.row} has the external id {shown(record.key)} of row {record.first_row}; "
        "an order must be in the file once, in adjacent rows"
    )
    return Problem(Code.DUPLICATE, ("external_id",), message)


def _repeated(record: Record) -> _Answered:
    problems = (repeated_key(record),)
    result = RecordResult(record.row, record.key, str(Outcome.FAILED))
    return _with_problems(result, problems), problems


def _with_problems(result: RecordResult, problems: Sequence[Problem]) -> RecordResult:
    """Return the result with its first problem. The message also has the others."""
    if not problems:
        return result
    first, *others = problems
    messages = [first.message, *(f"{each.pointer}: {each.message}" for each in others)]
    sizes = accumulate(len(each) + 2 for each in messages)
    kept = max(1, sum(1 for size in sizes if size <= MAX_MESSAGE))
    left = len(messages) - kept
    more = (f"and {left} more",) if left else ()
    return replace(
        result,
        code=str(first.code),
        path=first.pointer,
        message="; ".join((*messages[:kept], *more)),
    )


def _exists_already(problems: Sequence[Problem]) -> bool:
    return [(each.code, each.path) for each in problems] == [(Code.DUPLICATE, ("external_id",))]


def _below_order(path: Steps, position: int) -> Steps:
    """Return the path in the order. Protocols begin it with the place of the order in a request."""
    for index, step in enumerate(path[:2]):
        if step == position and isinstance(step, int):
            return path[index + 1 :]
    return path


def _counts(results: Sequence[RecordResult], silent: set[int]) -> Counts:
    found = Counter(each.outcome for each in results)
    # An order has one trigger, also if several records change it. A new one of a preview has no id.
    changed = {
        each.order_id or each.external_id
        for each in results
        if each.outcome in {Outcome.CREATED, Outcome.UPDATED} and each.row not in silent
    }
    return Counts(
        created=found[Outcome.CREATED],
        updated=found[Outcome.UPDATED],
        unchanged=found[Outcome.UNCHANGED],
        failed=found[Outcome.FAILED],
        unprocessed=found[UNPROCESSED],
        triggers=len(changed),
    )


def _group(result: RecordResult, problem: Problem) -> ProblemGroup:
    path = pointer(*("*" if isinstance(step, int) else step for step in problem.path))
    sample = Sample(result.row, _shown_id(result), encodable(problem.message))
    return ProblemGroup(str(problem.code), encodable(path), 1, (sample,))


def _shown_id(result: RecordResult) -> str | None:
    """Return the external id for a sample. That of a failed order may have any length."""
    external_id = result.external_id
    if external_id is None or is_external_id(external_id):
        return external_id
    return spelled(external_id)


def _samples(results: Iterable[_Answered], notes: Notes) -> Iterator[Mapping[str, object]]:
    """Yield the first records with each outcome, with what would change."""
    shown_of: Counter[str] = Counter()
    for result, _ in results:
        shown_of[result.outcome] += 1
        if shown_of[result.outcome] <= MAX_SAMPLES:
            yield {
                "row": result.row,
                "external_id": _shown_id(result),
                "outcome": result.outcome,
                "changed": _changed(result, notes),
            }


def _changed(result: RecordResult, notes: Notes) -> Sequence[Mapping[str, object]]:
    change = notes.orders.get(result.external_id or "")
    if result.outcome != Outcome.UPDATED or not change or not change.before or not change.after:
        return []
    found = differences(change.before.tree(), change.after.tree())
    return [
        {
            "path": each.pointer,
            **({} if each.before is ABSENT else {"before": each.before}),
            **({} if each.after is ABSENT else {"after": each.after}),
        }
        for each in found.found
    ]
