"""List the result files of an import job's last run, and samples of what a preview changes."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orders.application.get_import_job import JobAddress
from orders.application.import_job_ports import LINK_LIFETIME, ImportJobs, JobFiles, ResultLink
from orders.application.ports import Clock, Deadline
from orders.domain.import_jobs import MAX_SAMPLES, ChunkSummary, Counts, Job, JobMode

type Sample = Mapping[str, object]

# A result has up to 500 records, and is read from its file.
_MAX_CHUNKS_READ = 8
_SAMPLED = ("created", "updated", "unchanged", "failed")


@dataclass(frozen=True, slots=True)
class FilesReport:
    """The result files of a job. `expires_at` is None if no run of the job has ended."""

    job: Job
    links: Sequence[ResultLink] = ()
    samples: Sequence[Sample] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListImportFiles:
    """Lists the result files of jobs."""

    jobs: ImportJobs
    files: JobFiles
    clock: Clock

    def __call__(self, address: JobAddress, deadline: Deadline) -> FilesReport | None:
        """Return the files with links that expire, None if the account has no such job.

        Raises StorageUnavailableError and StorageRefusedError.
        """
        job = self.jobs.find(address.account, address.job_id, deadline)
        if job is None:
            return None
        if not job.results_exist:
            return FilesReport(job)
        expires_at = self.clock() + LINK_LIFETIME
        files = self.files.within(deadline)
        links = files.links(job.account, job.job_id, job.run)
        return FilesReport(job, links, self._samples(job, files, deadline), expires_at)

    def _samples(self, job: Job, files: JobFiles, deadline: Deadline) -> Sequence[Sample]:
        if job.mode is not JobMode.PREVIEW or not job.chunks:
            return ()
        summaries = self.jobs.summaries(job.account, job.job_id, job.run, deadline)
        results = (
            files.result(job.account, job.job_id, job.run, number)
            for number in chunks_to_sample(summaries)
        )
        found = (sample for result in results if result is not None for sample in result.samples)
        return list(_first_of_each(found))


def chunks_to_sample(summaries: Sequence[ChunkSummary]) -> Sequence[int]:
    """Return the numbers of the first chunks that together have enough samples of each outcome."""
    seen: Counter[str] = Counter()
    numbers = []
    for each in summaries:
        counts = _counted(each.counts)
        if any(counts[name] and seen[name] < MAX_SAMPLES for name in _SAMPLED):
            numbers.append(each.number)
            seen.update(counts)
        if len(numbers) == _MAX_CHUNKS_READ:
            break
    return numbers


def _counted(counts: Counts) -> Mapping[str, int]:
    return {name: getattr(counts, name) for name in _SAMPLED}


def _first_of_each(samples: Iterator[Sample]) -> Iterator[Sample]:
    """Yield at most MAX_SAMPLES samples of each outcome."""
    seen: Counter[str] = Counter()
    for each in samples:
        outcome = str(each.get("outcome"))
        seen[outcome] += 1
        if seen[outcome] <= MAX_SAMPLES:
            yield each
