"""Cancel an import job."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto

from orders.application.errors import StorageUnavailableError
from orders.application.get_import_job import JobAddress
from orders.application.import_job_ports import ImportJobs, JobEngine, JobFiles
from orders.application.import_job_progress import JobProgress, progress_of
from orders.application.ports import Clock, Deadline
from orders.domain.import_jobs import ENDED, Job, JobState

# So often a job is read again because another request, or a run, changed it meanwhile.
_MAX_ATTEMPTS = 4


class CancelRefusal(Enum):
    """Why a job cannot be cancelled."""

    ENDED = auto()
    FINISHING = auto()


@dataclass(frozen=True, slots=True)
class CancelReport:
    """The job after the cancellation, None if it does not exist."""

    progress: JobProgress | None
    refusal: CancelRefusal | None = None


@dataclass(frozen=True, slots=True)
class CancelImportJob:
    """Cancels jobs.

    Chunks that are being imported are imported to their end, the others are left out. The engine
    then writes the result files, as after each run. A run on which the engine does not work any
    more, and which has none, is finished now.
    """

    jobs: ImportJobs
    files: JobFiles
    engine: JobEngine
    clock: Clock

    def __call__(self, address: JobAddress, deadline: Deadline) -> CancelReport:
        """Cancel the job, or finish its interrupted run. If it is cancelled, nothing changes.

        Raises StorageUnavailableError and StorageRefusedError.
        """
        for _ in range(_MAX_ATTEMPTS):
            job = self.jobs.find(address.account, address.job_id, deadline)
            if job is None:
                return CancelReport(None)
            now = self.clock()
            engine = self.engine.within(deadline)
            is_interrupted = job.lacks_results and not engine.is_working(job)
            refusal = None if is_interrupted else _refusal(job)
            if refusal is not None:
                return CancelReport(progress_of(self.jobs, job, now, deadline), refusal)
            after = job
            if is_interrupted or job.state is not JobState.CANCELLED:
                after = _following(job, now)
                if not self.jobs.save(after, deadline):
                    continue
            if is_interrupted:
                engine.finish(after)
            self._discard_upload(after, deadline)
            return CancelReport(progress_of(self.jobs, after, now, deadline))
        raise StorageUnavailableError("other requests changed the job at every attempt")

    def _discard_upload(self, job: Job, deadline: Deadline) -> None:
        """Discard a file that will not be used. A repeated call is harmless."""
        if job.run == 0 and job.upload is not None:
            self.files.within(deadline).abort_upload(job.account, job.job_id, job.upload)


def _refusal(job: Job) -> CancelRefusal | None:
    if job.state is JobState.FINISHING:
        return CancelRefusal.FINISHING
    is_over = job.state in ENDED and job.state is not JobState.CANCELLED
    return CancelRefusal.ENDED if is_over else None


def _following(job: Job, now: datetime) -> Job:
    """Return the cancelled job. One whose chunks are all over keeps its state."""
    after = job.following(now)
    if job.state is JobState.FINISHING or job.state in ENDED:
        return after
    # The engine sets the end of a run when it has written the result files.
    return replace(after, state=JobState.CANCELLED, ended_at=job.ended_at if job.run else now)
