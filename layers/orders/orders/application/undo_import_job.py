"""Undo an import job, or preview that, by a job of its own."""

from dataclasses import dataclass
from enum import Enum, auto

from orders.application.get_import_job import JobAddress
from orders.application.import_job_ports import ImportJobs
from orders.application.import_job_progress import JobProgress
from orders.application.ports import Clock, Deadline
from orders.application.start_import_job import (
    StartImportJob,
    StartImportJobCommand,
    StartRefusal,
)
from orders.domain.import_jobs import ENDED, Job, JobKind, JobMode, JobState

# An undo does not stop because orders failed.
_ALL_PERCENT = 100


@dataclass(frozen=True, slots=True)
class UndoImportJobCommand:
    """The job to undo, and the id of the job that undoes it. A repeated request has it again."""

    address: JobAddress
    job_id: str
    client: str
    dry_run: bool
    skip_triggers: bool


class UndoJobRefusal(Enum):
    """Why a job cannot be undone."""

    IS_UNDO = auto()
    NOT_ENDED = auto()
    ENDING = auto()  # its result files are not complete
    NOTHING_IMPORTED = auto()
    OTHER_UNDO = auto()  # another job undoes it at this time


@dataclass(frozen=True, slots=True)
class UndoJobReport:
    """The job that undoes the other one, None if that does not exist or was refused.

    `undone` is the job to undo, `other` the job that undoes it at this time.
    """

    progress: JobProgress | None
    undone: Job | None = None
    refusal: UndoJobRefusal | None = None
    other: Job | None = None


@dataclass(frozen=True, slots=True)
class UndoImportJob:
    """Begins jobs that undo others."""

    jobs: ImportJobs
    start_import_job: StartImportJob
    clock: Clock

    def __call__(self, command: UndoImportJobCommand, deadline: Deadline) -> UndoJobReport:
        """Begin the undo of a job.

        Raises StorageUnavailableError and StorageRefusedError; then the job may be created and not
        started.
        """
        account = command.address.account
        undone = self.jobs.find(account, command.address.job_id, deadline)
        if undone is None:
            return UndoJobReport(None)
        refusal = _refusal(undone)
        if refusal is not None:
            return UndoJobReport(None, undone, refusal)
        undo = self.jobs.create(self._undo(command, undone), deadline)
        start = StartImportJobCommand(JobAddress(account, undo.job_id))
        report = self.start_import_job(start, deadline)
        if report.refusal is StartRefusal.OTHER_UNDO:
            return UndoJobReport(None, undone, UndoJobRefusal.OTHER_UNDO, report.other)
        # A repeated request may find that the job has ended, or that another one took its claim.
        return UndoJobReport(report.progress, undone)

    def _undo(self, command: UndoImportJobCommand, undone: Job) -> Job:
        now = self.clock()
        return Job(
            undone.account,
            command.job_id,
            command.client,
            JobKind.UNDO,
            JobState.CREATED,
            JobMode.PREVIEW if command.dry_run else JobMode.IMPORT,
            now,
            now,
            options=undone.options,
            skip_triggers=command.skip_triggers,
            stop_above_percent=_ALL_PERCENT,
            undoes=undone.job_id,
            chunks=undone.chunks,
            orders=undone.orders,
        )


def may_be_undone(job: Job) -> bool:
    """Return whether a job may be undone now."""
    return _refusal(job) is None


def _refusal(job: Job) -> UndoJobRefusal | None:
    if job.kind is JobKind.UNDO:
        return UndoJobRefusal.IS_UNDO
    if job.is_running:
        return UndoJobRefusal.NOT_ENDED
    if job.state not in ENDED or job.run == 0 or job.mode is JobMode.PREVIEW or not job.chunks:
        return UndoJobRefusal.NOTHING_IMPORTED
    # Until then, chunks may still be imported.
    return None if job.results_exist else UndoJobRefusal.ENDING
