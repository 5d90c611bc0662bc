"""At most one job at a time undoes an import job: it claims the job before it runs."""

from dataclasses import replace

from orders.application.errors import StorageUnavailableError
from orders.application.import_job_ports import ImportJobs
from orders.application.ports import Clock, Deadline
from orders.domain.import_jobs import ENDED, Job, JobState

# So often the jobs are read again because another request changed one meanwhile.
_MAX_ATTEMPTS = 4


def claim_undo(jobs: ImportJobs, undo: Job, clock: Clock, deadline: Deadline) -> Job | None:
    """Let `undo` be the job that undoes an import. Return the other one if it has not ended.

    Another job that does not run loses its claim: the start of one that was never started can no
    longer be saved. Raises StorageUnavailableError and StorageRefusedError.
    """
    for _ in range(_MAX_ATTEMPTS):
        undone = jobs.find(undo.account, undo.undoes or "", deadline)
        if undone is None or undone.undoing == undo.job_id:
            return None
        other = jobs.find(undo.account, undone.undoing, deadline) if undone.undoing else None
        # Chunks of such a job may still be worked on: a cancelled one ends some of them.
        if other is not None and other.lacks_results:
            return other
        is_waiting = other is not None and other.state not in ENDED
        if other and is_waiting and not jobs.save(_released(other, clock), deadline):
            continue
        claimed = replace(undone.following(clock()), undoing=undo.job_id)
        if jobs.save(claimed, deadline):
            return None
    raise StorageUnavailableError("other requests changed the job at every attempt")


def mark_undone(jobs: ImportJobs, undo: Job, clock: Clock, deadline: Deadline) -> None:
    """Let an import name the job that has undone it. A repeated call changes nothing.

    Raises StorageUnavailableError and StorageRefusedError.
    """
    for _ in range(_MAX_ATTEMPTS):
        undone = jobs.find(undo.account, undo.undoes or "", deadline)
        if undone is None or undone.undone_by == undo.job_id:
            return
        marked = replace(undone.following(clock()), undone_by=undo.job_id)
        if jobs.save(marked, deadline):
            return
    raise StorageUnavailableError("other requests changed the job at every attempt")


def _released(other: Job, clock: Clock) -> Job:
    """Return the next version of a job that waits to be started: its start must read it again."""
    now = clock()
    following = other.following(now)
    if other.state is JobState.CREATED:
        return replace(following, state=JobState.CANCELLED, ended_at=now)
    return following
