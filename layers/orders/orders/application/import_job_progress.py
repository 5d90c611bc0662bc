"""How far an import job has got: what its record does not say while a run works on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orders.application.import_job_ports import LINK_LIFETIME, ImportJobs, JobFiles, Part
from orders.application.ports import Deadline
from orders.domain.import_jobs import (
    Counts,
    Job,
    JobKind,
    JobState,
    Undone,
    estimated_end,
    rate_of,
    total,
    total_undone,
)


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """The parts of an upload that is not complete. The links expire."""

    part_bytes: int
    expires_at: datetime
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class JobProgress:
    """A job with its present counts. `rate` is in orders per second."""

    job: Job
    counts: Counts
    undone: Undone | None = None
    rate: float | None = None
    estimated_end: datetime | None = None
    upload: OpenUpload | None = None


def progress_of(jobs: ImportJobs, job: Job, now: datetime, deadline: Deadline) -> JobProgress:
    """Return the progress of a job. The counts of a run that works are summed from its chunks.

    Raises StorageUnavailableError and StorageRefusedError.
    """
    counts, undone = job.counts, job.undone
    if counts is None:
        summaries = jobs.summaries(job.account, job.job_id, job.run, deadline) if job.chunks else ()
        counts = total(summaries, job.orders)
        undone = total_undone(summaries) if job.kind is JobKind.UNDO else None
    return JobProgress(
        job, counts, undone, rate_of(job, counts, now), estimated_end(job, counts, now)
    )


def open_upload_of(files: JobFiles, job: Job, now: datetime) -> OpenUpload | None:
    """Return where the missing parts of a job's file can be sent, None if nothing can be sent.

    Raises StorageUnavailableError and StorageRefusedError.
    """
    if job.state is not JobState.CREATED or job.file is None or job.upload is None:
        return None
    if job.upload_expired(now):
        return None
    parts = files.parts(job.account, job.job_id, job.file, job.upload)
    return OpenUpload(job.upload.part_bytes, now + LINK_LIFETIME, parts)
