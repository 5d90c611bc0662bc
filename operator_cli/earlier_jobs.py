"""What an earlier job of a file means for the next command about the file."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from orders.domain.import_jobs import ENDED, JobMode, JobState
from orders.domain.times import parse_time

type Tree = Mapping[str, Any]

# Orders and settings may change after a preview.
PREVIEW_LIFETIME = timedelta(minutes=5)


def is_over(job: Tree) -> bool:
    """Return whether a job has nothing to continue.

    It was cancelled or undone, its upload has expired, or its preview or the reading of its file
    failed.
    """
    is_expired = job["state"] == JobState.CREATED and job["upload"] is None
    is_failed = job["state"] in ENDED and (job["mode"] == JobMode.PREVIEW or not job["orders"])
    is_cancelled = job["state"] == JobState.CANCELLED
    return is_expired or is_failed or is_cancelled or job["undone_by"] is not None


def has_imported(job: Tree) -> bool:
    """Return whether the import of a job has ended, with its results."""
    is_ended = job["state"] in ENDED and job["ended_at"] is not None
    return job["mode"] == JobMode.IMPORT and is_ended


def is_out_of_date(job: Tree, now: datetime) -> bool:
    """Return whether a preview ended so long ago that it must be made again."""
    return job["ended_at"] is not None and now - parse_time(job["ended_at"]) > PREVIEW_LIFETIME


def import_before(job: Tree) -> str:
    """Return what became of an earlier import of the same file, "" if there was none."""
    if job["undone_by"] is not None:
        return f"Job {job['job_id']} imported this file before, and was undone."
    if has_imported(job):
        return (
            f"Job {job['job_id']} imported this file before, and ended at {job['ended_at']}: "
            f"`orders jobs files {job['job_id']}` gets its results."
        )
    return ""


def results_of_before(job: Tree) -> str:
    """Return that the results are those of an import that ended before the command."""
    return (
        f"Nothing was imported now: job {job['job_id']} imported this file before, and ended at "
        f"{job['ended_at']}. These are its results. Repeat the command to import the file again."
    )
