"""Finish a run of a job: sum up its results, write its result files, and publish its trigger.

A finish that was cut off is repeated: it finds equal results, and writes equal files. A run that is
finished does not change, and a repeated finish publishes an equal trigger.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from orders.application.chunk_results import UNPROCESSED
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.import_job_ports import (
    Chunk,
    FileFormats,
    ImportJobs,
    JobFiles,
    JobTriggers,
    ResultFile,
)
from orders.application.ports import Clock, Deadline, Pause
from orders.application.retries import attempts
from orders.application.undo_claims import mark_undone
from orders.domain.file_records import FileOptions, Frame, Note, Record
from orders.domain.import_jobs import (
    ChunkResult,
    Counts,
    Job,
    JobKind,
    JobMode,
    JobState,
    ProblemGroup,
    RecordResult,
    Undone,
    extension_of,
    merged,
)
from orders.domain.importing import Outcome
from orders.domain.relaying import WriterLifetime
from orders.domain.undoing import UndoOutcome

# What ends a run when somebody stops its execution. Other names are those of errors.
ABORTED = "Aborted"

# The result file that has a record, by its outcome. Other records are in none.
_FILES: Mapping[JobKind, Mapping[str, str]] = {
    JobKind.IMPORT: {
        str(Outcome.CREATED): "success",
        str(Outcome.UPDATED): "success",
        str(Outcome.UNCHANGED): "success",
        str(Outcome.FAILED): "failed",
        UNPROCESSED: "unprocessed",
    },
    JobKind.UNDO: {
        str(UndoOutcome.KEPT): "kept",
        str(UndoOutcome.FAILED): "failed",
        UNPROCESSED: "unprocessed",
    },
}


_NEXT = "send the unprocessed orders again"


@dataclass(frozen=True, slots=True)
class FinishImportJob:
    """Finishes runs. `writer_lifetime` is the longest time that a chunk is imported.

    `settle` finds the result of a chunk whose attempts were cut off, None if none has begun.
    """

    jobs: ImportJobs
    files: JobFiles
    formats: FileFormats
    triggers: JobTriggers
    settle: Callable[[Job, Chunk, Deadline], ChunkResult | None]
    writer_lifetime: WriterLifetime
    clock: Clock
    sleep: Callable[[float], None]
    pause: Pause

    def __call__(
        self, account: str, job_id: str, run: int, error: str | None, deadline: Deadline
    ) -> Job | None:
        """Finish a run, unless it is. `error` names what ended it early, None at its usual end.

        Returns None if there is no such run. Raises StorageUnavailableError and
        StorageRefusedError.
        """
        closed = self._closed(account, job_id, run, error, deadline)
        if closed is None:
            return None
        job = closed if closed.results_exist else self._finished(closed, error, deadline)
        if job is not None and job.mode is JobMode.IMPORT:
            if job.kind is JobKind.UNDO:
                mark_undone(self.jobs, job, self.clock, deadline)
            self.triggers.publish(job, deadline)
        return job

    def _finished(self, closed: Job, error: str | None, deadline: Deadline) -> Job | None:
        if error is not None and closed.chunks is not None:
            self._wait_for_writers(closed)
        return self._ended(closed, self._summed(closed, deadline), deadline)

    def _closed(
        self, account: str, job_id: str, run: int, error: str | None, deadline: Deadline
    ) -> Job | None:
        """Let no more chunk begin: from now on, the sums do not change."""
        for _ in attempts(deadline, self.pause):
            job = self.jobs.find(account, job_id, deadline)
            if job is None or job.run != run:
                return None
            if job.state not in {JobState.SPLITTING, JobState.IMPORTING}:
                return job
            after = replace(job.following(self.clock()), state=JobState.FINISHING)
            if error is not None:
                after = replace(after, failure=_failure_of(error, job))
            if self.jobs.save(after, deadline):
                return after
        raise StorageUnavailableError("other requests changed the job at the same time")

    def _wait_for_writers(self, job: Job) -> None:
        """Wait until each chunk that had begun before must have ended.

        Without a fault, the engine has waited for all of them.
        """
        left = self.writer_lifetime.ends_at(job.updated_at) - self.clock()
        if left.total_seconds() > 0:
            self.sleep(left.total_seconds())

    def _summed(self, job: Job, deadline: Deadline) -> "_Sums":
        sums = _Sums()
        if job.chunks is None:
            return sums
        if job.options is None:
            raise StorageRefusedError("the job has no options of its file")
        files = _FILES[job.kind]
        frame = self.files.frame(job.account, job.undoes or job.job_id)
        with ExitStack() as discarding:
            # A file begins with its first record: a result without records has none.
            writers: dict[str, _Writer] = {}
            for chunk, kept in self.files.worked(job):
                result = self.settle(job, chunk, deadline) if kept is None else kept
                sums.add(chunk, result)
                for record, found in _worked(chunk, result):
                    name = files.get(found.outcome)
                    if name is None:
                        continue
                    if name not in writers:
                        begun = self._begin(job, name)
                        discarding.callback(begun.discard)
                        writers[name] = _Writer(begun, self.formats, frame, job.options)
                    writers[name].add(record, found)
            for writer in writers.values():
                writer.close()
            discarding.pop_all()
        return sums

    def _begin(self, job: Job, name: str) -> ResultFile:
        full_name = f"{name}{extension_of(job)}"
        return self.files.begin_result_file(job.account, job.job_id, job.run, full_name)

    def _ended(self, closed: Job, sums: "_Sums", deadline: Deadline) -> Job | None:
        for _ in attempts(deadline, self.pause):
            job = self.jobs.find(closed.account, closed.job_id, deadline)
            if job is None or job.run != closed.run:
                return None
            if job.results_exist:
                # Another finish was faster, and found the same.
                return job
            now = self.clock()
            state, failure = _end_of(job, sums)
            after = replace(
                job.following(now),
                state=state,
                failure=failure,
                counts=sums.counts,
                groups=merged(sums.groups),
                undone=sums.undone if job.kind is JobKind.UNDO else None,
                ended_at=now,
            )
            if self.jobs.save(after, deadline):
                return after
        raise StorageUnavailableError("other requests changed the job at the same time")


@dataclass(slots=True)
class _Sums:
    """The sums over the results of a run."""

    counts: Counts = field(default_factory=Counts)
    undone: Undone = field(default_factory=Undone)
    groups: tuple[ProblemGroup, ...] = ()

    def add(self, chunk: Chunk, result: ChunkResult | None) -> None:
        """Add a chunk. The orders of one without a result are unprocessed."""
        if result is None:
            self.counts += Counts(unprocessed=len(chunk.records))
            return
        self.counts += result.summary.counts
        self.undone += result.summary.undone or Undone()
        self.groups = merged((*self.groups, *result.groups))


@dataclass(slots=True)
class _Writer:
    """Writes one result file in the format of the input."""

    file: ResultFile
    formats: FileFormats
    frame: Frame
    options: FileOptions
    _is_empty: bool = True

    def __post_init__(self) -> None:
        self.file.write(self.formats.head(self.frame, self.options))

    def add(self, record: Record, result: RecordResult) -> None:
        """Append a record with what became of it."""
        if not self._is_empty:
            self.file.write(self.frame.separator)
        self._is_empty = False
        note = Note(result.row, result.code or result.outcome, result.path, result.message)
        self.file.write(self.formats.annotated(record, note, self.frame, self.options))

    def close(self) -> None:
        """Complete the file."""
        self.file.write(self.formats.tail(self.frame, self.options))
        self.file.close()


def _worked(chunk: Chunk, result: ChunkResult | None) -> list[tuple[Record, RecordResult]]:
    if result is None:
        return [(each, RecordResult(each.row, each.key, UNPROCESSED)) for each in chunk.records]
    return list(zip(chunk.records, result.records, strict=True))


def _failure_of(error: str, job: Job) -> str:
    advice = _NEXT if job.chunks else "create another job for the file"
    if error == ABORTED:
        return f"The operator of the hub stopped the job; {advice}"
    return f"The job ended because of an internal error ({error}), which is logged; {advice}"


def _end_of(job: Job, sums: _Sums) -> tuple[JobState, str | None]:
    """Return the state in which a run ends, and why it failed."""
    if job.state is JobState.STOPPED and not sums.counts.unprocessed:
        # The chunks that were being imported at that time had all other orders.
        return JobState.COMPLETED, None
    if job.state is not JobState.FINISHING:
        # It was stopped or cancelled, or its file cannot be read.
        return job.state, job.failure
    if job.failure is not None:
        return JobState.FAILED, job.failure
    if sums.counts.unprocessed:
        failure = (
            f"{sums.counts.unprocessed} orders could not be processed because the order store did "
            f"not answer in time; {_NEXT}"
        )
        return JobState.FAILED, failure
    is_preview = job.mode is JobMode.PREVIEW
    return (JobState.PREVIEWED if is_preview else JobState.COMPLETED), None
