"""List the import jobs of an account, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass

from orders.application.import_job_ports import ImportJobs
from orders.application.import_job_progress import JobProgress, progress_of
from orders.application.ports import Clock, Deadline


@dataclass(frozen=True, slots=True)
class ListedJobs:
    """One page of jobs. `next_before` is the job id below which the next page begins."""

    jobs: Sequence[JobProgress]
    next_before: str | None


@dataclass(frozen=True, slots=True)
class ListImportJobs:
    """Lists jobs. Their ids sort by the times of their creation."""

    jobs: ImportJobs
    clock: Clock

    def __call__(
        self, account: str, limit: int, before: str | None, deadline: Deadline
    ) -> ListedJobs:
        """Return the newest jobs with ids below `before`. Raises the errors of the port."""
        found = self.jobs.list(account, limit + 1, before, deadline)
        shown, has_more = found[:limit], len(found) > limit
        now = self.clock()
        return ListedJobs(
            [progress_of(self.jobs, job, now, deadline) for job in shown],
            shown[-1].job_id if has_more else None,
        )
