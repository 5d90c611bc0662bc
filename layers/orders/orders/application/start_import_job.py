"""Start a run of an import job."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto

from orders.application.errors import StorageUnavailableError
from orders.application.get_import_job import JobAddress
from orders.application.import_job_ports import ImportJobs, JobEngine, JobFiles
from orders.application.import_job_progress import JobProgress, progress_of
from orders.application.ports import Clock, Deadline
from orders.application.undo_claims import claim_undo
from orders.domain.import_jobs import ENDED, Job, JobKind, JobMode, JobState

# So often a job is read again because another request changed it meanwhile.
_MAX_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class StartImportJobCommand:
    """The wanted run. Without `mode`, it has the mode of the job."""

    address: JobAddress
    mode: JobMode | None = None


class StartRefusal(Enum):
    """Why a job cannot be started."""

    RUNS_IN_OTHER_MODE = auto()
    ENDED = auto()
    UPLOAD_EXPIRED = auto()
    PARTS_MISSING = auto()
    OTHER_UNDO = auto()  # another job undoes the same import


@dataclass(frozen=True, slots=True)
class StartReport:
    """The job after the start, None if it does not exist.

    `missing` are the numbers of parts, `other` is the job that undoes the same import.
    """

    progress: JobProgress | None
    refusal: StartRefusal | None = None
    missing: Sequence[int] = ()
    other: Job | None = None


@dataclass(frozen=True, slots=True)
class StartImportJob:
    """Starts runs: the first one of a file, and the import after a preview."""

    jobs: ImportJobs
    files: JobFiles
    engine: JobEngine
    clock: Clock

    def __call__(self, command: StartImportJobCommand, deadline: Deadline) -> StartReport:
        """Start a run, or return the one that runs in the same mode.

        The record is saved before the engine starts: if that fails, or its answer is lost, the next
        start finds a job that runs, and starts the engine for the same run. Raises
        StorageUnavailableError and StorageRefusedError.
        """
        for _ in range(_MAX_ATTEMPTS):
            job = self.jobs.find(command.address.account, command.address.job_id, deadline)
            if job is None:
                return StartReport(None)
            now = self.clock()
            mode = command.mode or job.mode
            if job.is_running and job.mode is mode:
                return self._run(job, now, deadline)
            refusal, missing = self._refusal(job, now, deadline)
            if refusal is not None:
                progress = progress_of(self.jobs, job, now, deadline)
                return StartReport(progress, refusal, missing)
            other = self._other_undo(job, deadline)
            if other is not None:
                progress = progress_of(self.jobs, job, now, deadline)
                return StartReport(progress, StartRefusal.OTHER_UNDO, other=other)
            begun = next_run(job, mode, now)
            if self.jobs.save(begun, deadline):
                return self._run(begun, now, deadline)
        raise StorageUnavailableError("other requests changed the job at every attempt")

    def _run(self, job: Job, now: datetime, deadline: Deadline) -> StartReport:
        # A run that is finishing was started for certain.
        if job.state is not JobState.FINISHING:
            if job.chunks is not None:
                # The first run of a file has its list of chunks from the splitting.
                files = self.files.within(deadline)
                files.save_manifest(job.account, job.job_id, job.run, job.chunks)
            self.engine.within(deadline).start(job, split=job.chunks is None)
        return StartReport(progress_of(self.jobs, job, now, deadline))

    def _other_undo(self, job: Job, deadline: Deadline) -> Job | None:
        if job.kind is not JobKind.UNDO:
            return None
        return claim_undo(self.jobs, job, self.clock, deadline)

    def _refusal(
        self, job: Job, now: datetime, deadline: Deadline
    ) -> tuple[StartRefusal | None, Sequence[int]]:
        """Return why the job cannot be started, and complete its upload if it can be."""
        if job.is_running:
            return StartRefusal.RUNS_IN_OTHER_MODE, ()
        if job.state in ENDED:
            return StartRefusal.ENDED, ()
        if job.state is not JobState.CREATED or job.file is None or job.upload is None:
            return None, ()
        if job.upload_expired(now):
            return StartRefusal.UPLOAD_EXPIRED, ()
        files = self.files.within(deadline)
        missing = files.complete_upload(job.account, job.job_id, job.file, job.upload)
        return (StartRefusal.PARTS_MISSING if missing else None), missing


def next_run(job: Job, mode: JobMode, now: datetime) -> Job:
    """Return the job with its next run. A file that is split already is not split again."""
    return replace(
        job.following(now),
        state=JobState.SPLITTING if job.chunks is None else JobState.IMPORTING,
        mode=mode,
        run=job.run + 1,
        started_at=now,
        ended_at=None,
        counts=None,
        undone=None,
        groups=(),
        failure=None,
    )
