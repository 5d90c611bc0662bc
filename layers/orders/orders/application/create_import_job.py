"""Create an import job, and begin the upload of its file."""

from dataclasses import dataclass, replace

from orders.application.import_job_ports import ImportJobs, JobFiles
from orders.application.import_job_progress import JobProgress, open_upload_of, progress_of
from orders.application.ports import Clock, Deadline
from orders.domain.file_records import FileOptions
from orders.domain.import_jobs import (
    DEFAULT_STOP_ABOVE_PERCENT,
    FileInfo,
    Job,
    JobKind,
    JobMode,
    JobState,
    OnDuplicate,
)


@dataclass(frozen=True, slots=True)
class CreateImportJobCommand:
    """The wanted job. A repeated request has the same `job_id`.

    `options` are those that were chosen; `guessed` names the others.
    """

    account: str
    client: str
    job_id: str
    file: FileInfo
    options: FileOptions | None = None
    mode: JobMode = JobMode.PREVIEW
    skip_triggers: bool = True
    stop_above_percent: int = DEFAULT_STOP_ABOVE_PERCENT
    on_duplicate: OnDuplicate = OnDuplicate.UPDATE


@dataclass(frozen=True, slots=True)
class CreateImportJob:
    """Creates jobs that wait for their files."""

    jobs: ImportJobs
    files: JobFiles
    clock: Clock

    def __call__(self, command: CreateImportJobCommand, deadline: Deadline) -> JobProgress:
        """Store the job, and return it with the parts of its upload.

        Raises StorageUnavailableError and StorageRefusedError.
        """
        now = self.clock()
        # An upload without a job is discarded by the bucket. A job without an upload is of no use.
        files = self.files.within(deadline)
        upload = files.begin_upload(command.account, command.job_id, command.file)
        wanted = Job(
            command.account,
            command.job_id,
            command.client,
            JobKind.IMPORT,
            JobState.CREATED,
            command.mode,
            created_at=now,
            updated_at=now,
            file=command.file,
            upload=upload,
            options=command.options,
            skip_triggers=command.skip_triggers,
            stop_above_percent=command.stop_above_percent,
            on_duplicate=command.on_duplicate,
        )
        job = self.jobs.create(wanted, deadline)
        progress = progress_of(self.jobs, job, now, deadline)
        return replace(progress, upload=open_upload_of(files, job, now))
