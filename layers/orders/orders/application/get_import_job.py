"""Get one import job with its progress."""

from dataclasses import dataclass, replace

from orders.application.import_job_ports import ImportJobs, JobFiles
from orders.application.import_job_progress import JobProgress, open_upload_of, progress_of
from orders.application.ports import Clock, Deadline


@dataclass(frozen=True, slots=True)
class JobAddress:
    """The address of one job. A job belongs to one account."""

    account: str
    job_id: str


@dataclass(frozen=True, slots=True)
class GetImportJob:
    """Gets one job by its address."""

    jobs: ImportJobs
    files: JobFiles
    clock: Clock

    def __call__(self, address: JobAddress, deadline: Deadline) -> JobProgress | None:
        """Return the job, None if the account has no such job.

        If it waits for its file, the parts of the upload have new links. Raises
        StorageUnavailableError and StorageRefusedError.
        """
        job = self.jobs.find(address.account, address.job_id, deadline)
        if job is None:
            return None
        now = self.clock()
        progress = progress_of(self.jobs, job, now, deadline)
        return replace(progress, upload=open_upload_of(self.files.within(deadline), job, now))
