"""Imports a file of any size by an import job, which continues without the command."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import sleep
from typing import Any

from operator_cli.earlier_jobs import (
    has_imported,
    import_before,
    is_out_of_date,
    is_over,
    results_of_before,
)
from operator_cli.errors import OperatorError, UnavailableError, UsageError
from operator_cli.file_transfer import FileTransfer, LinkExpiredError, UploadGoneError
from operator_cli.hub_import_jobs import HubImportJobs, JobNotFoundError, JobRefusedError
from operator_cli.import_reports import (
    ImportReport,
    Progress,
    report_of_job,
)
from operator_cli.import_source import ImportPlan, ImportSource
from operator_cli.kept_jobs import KeptJob, KeptJobs
from operator_cli.result_files import ResultNames
from orders.domain.import_jobs import ENDED, JobMode, JobState

type Tree = Mapping[str, Any]

# How often the upload of what is missing is begun again, with new links.
UPLOAD_ROUNDS = 20
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0
_WORDS = {
    JobState.SPLITTING: "Reading the file",
    JobState.FINISHING: "Writing the results",
    JobState.STOPPED: "Writing the results",
    JobState.CANCELLED: "Writing the results",
}


@dataclass(slots=True)
class JobRuns:
    """Follows the runs of jobs until they end."""

    jobs: HubImportJobs
    transfer: FileTransfer

    def ended(self, job: Tree, progress: Progress) -> Tree:
        """Return the job when its run has ended."""
        seconds = FIRST_PAUSE
        phase = ""
        # The result files of a job that was stopped or cancelled are still being written.
        while job["run"] and not job["ended_at"]:
            what = _WORDS.get(JobState(job["state"]), _verb(job))
            if what != phase:
                progress.begin(what, job["orders"])
                phase = what
            counts = job["counts"]
            progress.reach(counts["received"] - counts["unprocessed"], job["orders"])
            sleep(seconds)
            seconds = min(LONGEST_PAUSE, seconds * 1.3)
            job = self._asked_again(job)
        return job

    def _asked_again(self, job: Tree) -> Tree:
        """Return the job, or the last one that is known if the hub is away for a while."""
        try:
            return self.jobs.get(job["job_id"])
        except UnavailableError as error:
            if not error.may_pass:
                raise
            sleep(LONGEST_PAUSE)
            return self.jobs.get(job["job_id"])

    def samples(self, job: Tree) -> Sequence[Tree]:
        """Return the samples of a preview that ended."""
        try:
            samples: Sequence[Tree] = self.jobs.files(job["job_id"])["samples"]
        except JobRefusedError:
            return ()
        return samples

    def results(self, job: Tree) -> Sequence[str]:
        """Return the names of the result files of the last run, each of which has orders."""
        return [each["name"] for each in self.jobs.files(job["job_id"])["files"]]

    def save(self, job_id: str, found: Sequence[str], names: ResultNames) -> Sequence[Path]:
        """Write result files. Links that expire meanwhile are asked for again."""
        return [names.write(each, partial(self._get, job_id, each)) for each in found]

    def _get(self, job_id: str, name: str, path: Path) -> None:
        for is_last in (False, True):
            link = next(e for e in self.jobs.files(job_id)["files"] if e["name"] == name)
            try:
                self.transfer.download(link["url"], link["size"], path)
            except LinkExpiredError:
                path.unlink(missing_ok=True)
                if is_last:
                    raise
            else:
                return


@dataclass(slots=True)
class JobImport:
    """The import of a file by a job. The same command continues the job of an earlier one.

    A command that only previews begins anew if the earlier job has imported the file. `before` says
    what became of an earlier import that is not continued.
    """

    runs: JobRuns
    source: ImportSource
    plan: ImportPlan
    sha256: str
    kept: KeptJobs
    only_preview: bool = False
    job: Tree | None = None
    before: str = ""

    @property
    def jobs(self) -> HubImportJobs:
        """The jobs of the account."""
        return self.runs.jobs

    def preview(self, progress: Progress) -> ImportReport | None:
        """Return what an import would do, None if the import has begun before."""
        job, was_seen = self._present()
        if job["state"] == JobState.CREATED:
            job = self._started(self._uploaded(job, progress), JobMode.PREVIEW, progress)
        elif job["mode"] == JobMode.IMPORT:
            self.job = job
            return None
        elif job["state"] == JobState.PREVIEWED and (was_seen or is_out_of_date(job, _now())):
            # Orders and settings may have changed since.
            self.job = job = self.jobs.start(job["job_id"], JobMode.PREVIEW)
        self.job = job = self.runs.ended(job, progress)
        if job["state"] in ENDED:
            self.kept.forget(job["job_id"])
        else:
            self.kept.see(job["job_id"])
        _expect_read(job)
        return replace(report_of_job(job, self.runs.samples(job)), note=self.before)

    def run(self, progress: Progress) -> ImportReport:
        """Import the orders, or follow the import that has begun before."""
        job = self.job or self._present()[0]
        note = results_of_before(job) if has_imported(job) else ""
        if job["state"] == JobState.CREATED:
            job = self._started(self._uploaded(job, progress), JobMode.IMPORT, progress)
        elif job["state"] == JobState.PREVIEWED:
            self.job = job = self.jobs.start(job["job_id"], JobMode.IMPORT)
        self.job = job = self.runs.ended(job, progress)
        if not job["orders"]:
            self.kept.forget(job["job_id"])
        _expect_read(job)
        return replace(report_of_job(job), note=note)

    def write_results(self, names: ResultNames, progress: Progress) -> Sequence[Path]:
        """Write the result files, and forget the job."""
        job = self.job
        if job is None:
            return ()
        progress.begin("Getting the results")
        try:
            found = self.runs.results(job)
        except JobRefusedError:
            # A job that was cancelled early has no results.
            found = []
        written = self.runs.save(job["job_id"], found, names)
        self.kept.forget(job["job_id"])
        return written

    def interrupted(self) -> str:
        """Return how to go on after an interruption."""
        job = self.job
        if job is None:
            return "Repeat the command to continue."
        job_id = job["job_id"]
        if job["state"] == JobState.CREATED:
            return f"Repeat the command to continue the upload of job {job_id}."
        if job["state"] == JobState.PREVIEWED:
            return f"Nothing was imported. Repeat the command to continue job {job_id}."
        if has_imported(job):
            return f"Job {job_id} has ended. Repeat the command to get its results."
        return (
            f"Job {job_id} continues without the command. Repeat the command to follow it; "
            f"`orders jobs cancel {job_id}` ends it."
        )

    def _present(self) -> tuple[Tree, bool]:
        """Return the unfinished job of the file, and whether its preview was shown, or a new job.

        The jobs of other accounts are not found.
        """
        options = self.plan.as_json()
        for kept in self.kept.read():
            if kept.options != options:
                continue
            try:
                job = self.jobs.get(kept.job_id)
            except JobNotFoundError:
                continue
            if not (is_over(job) or (self.only_preview and has_imported(job))):
                self.job = self._with_present_mapping(job)
                return self.job, kept.seen
            self.before = import_before(job)
            self.kept.forget(kept.job_id)
        return self._created(), False

    def _with_present_mapping(self, job: Tree) -> Tree:
        """Return the job, or a new one if the account keeps another mapping by the name now.

        A new job has the present mapping, which no other answer of the hub shows.
        """
        has_begun = job["state"] not in {JobState.CREATED, JobState.PREVIEWED}
        if self.source.mapping_name is None or has_begun:
            return job
        new = self._created()
        is_same = new["options"]["mapping"] == job["options"]["mapping"]
        wanted, unwanted = (job, new) if is_same else (new, job)
        self.kept.forget(unwanted["job_id"])
        # Another command may have cancelled or started it.
        with suppress(JobRefusedError):
            self.jobs.cancel(unwanted["job_id"])
        return wanted

    def _created(self) -> Tree:
        file = {"name": self.source.file.name, "size": self.source.size, "sha256": self.sha256}
        options = self.plan.as_json()
        self.job = self.jobs.create({**options, "file": file, "mode": JobMode.PREVIEW})
        self.kept.keep(KeptJob(self.job["job_id"], options))
        return self.job

    def _uploaded(self, job: Tree, progress: Progress) -> Tree:
        """Upload what is missing, and return the job. One whose upload expired is replaced."""
        progress.begin("Upload", self.source.size, "byte")
        for _ in range(UPLOAD_ROUNDS):
            upload = job["upload"]
            if upload is None:
                return job
            missing = [each for each in upload["parts"] if not each["uploaded"]]
            done = self.source.size - sum(each["size"] for each in missing)
            progress.reach(done)
            if not missing:
                return job
            try:
                self._send(missing, done, progress)
            except LinkExpiredError:
                job = self._with_new_links(job)
            except UploadGoneError:
                self.kept.forget(job["job_id"])
                job = self._created()
            else:
                return job
        raise UnavailableError("The file could not be uploaded.", may_pass=True)

    def _send(self, missing: Sequence[Tree], done: int, progress: Progress) -> None:
        from threading import Lock

        lock = Lock()

        def sent(size: int) -> None:
            nonlocal done
            with lock:
                done += size
                progress.reach(done)

        self.runs.transfer.upload(self.source.file, missing, sent)

    def _with_new_links(self, job: Tree) -> Tree:
        try:
            self.job = self.jobs.get(job["job_id"])
        except JobNotFoundError:
            return self._created()
        return self.job

    def _started(self, job: Tree, mode: JobMode, progress: Progress) -> Tree:
        """Start a job whose file is uploaded. Parts that the hub misses are sent again."""
        for is_last in (False, False, True):
            try:
                self.job = self.jobs.start(job["job_id"], mode)
            except JobRefusedError:
                job = self.jobs.get(job["job_id"])
                if is_last or job["state"] != JobState.CREATED:
                    raise
                job = self._uploaded(job, progress)
            else:
                return self.job
        raise OperatorError("The job cannot be started.")


def _now() -> datetime:
    return datetime.now(UTC)


def _expect_read(job: Tree) -> None:
    """Raise UsageError if the file could not be read."""
    if job["state"] == JobState.FAILED and not job["orders"]:
        text = str(job["failure"] or "The file cannot be read").rstrip(".")
        raise UsageError(f"{text} (job {job['job_id']}).")


def _verb(job: Tree) -> str:
    if job["kind"] == "undo":
        return "Preview of the undo" if job["mode"] == JobMode.PREVIEW else "Undo"
    return "Preview" if job["mode"] == JobMode.PREVIEW else "Import"
