"""The steps around the work at one chunk of a job: an attempt begins, keeps its result, and ends.

All attempts at a chunk have one request id. So an attempt after a crash recognises what an earlier
one wrote.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from orders.application.chunk_requests import chunk_key
from orders.application.errors import (
    KeyInUseError,
    StorageError,
    StorageRefusedError,
    StorageUnavailableError,
)
from orders.application.import_job_ports import ImportJobs, JobFiles
from orders.application.ports import Clock, Deadline
from orders.application.repeat_requests import RepeatRequests, Run
from orders.domain.identifiers import time_of_request
from orders.domain.import_jobs import ChunkResult, Job, JobMode, JobState

_log = logging.getLogger(__name__)

# An attempt that begins so long after the first one does not hope for a better one.
PATIENCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class ChunkCommand:
    """One attempt at a chunk of a run of a job.

    The last attempt reports the orders that are left as such. An earlier one raises an error, so
    that the engine tries again.
    """

    account: str
    job_id: str
    run: int
    chunk: int
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class ChunkWork:
    """What is done with a chunk.

    `carry_out` is called with the run of the attempt, None for a preview. It returns None if there
    is nothing to do any more. `unfinished` returns what another attempt may do better, "" if
    nothing.
    """

    carry_out: Callable[[Run | None], ChunkResult | None]
    unfinished: Callable[[ChunkResult], str]


@dataclass(frozen=True, slots=True)
class ChunkRuns:
    """Runs the attempts at chunks. `repeats` gives all attempts at a chunk one request id."""

    jobs: ImportJobs
    files: JobFiles
    repeats: RepeatRequests
    clock: Clock

    def job_of(self, command: ChunkCommand, deadline: Deadline) -> Job | None:
        """Return the job, None if the run is not its present one.

        Raises StorageUnavailableError and StorageRefusedError.
        """
        job = self.jobs.find(command.account, command.job_id, deadline)
        return job if job is not None and job.run == command.run else None

    def result(
        self, job: Job, command: ChunkCommand, work: ChunkWork, deadline: Deadline
    ) -> ChunkResult | None:
        """Carry the work out, and keep its result. A chunk that has a result keeps it.

        Returns None if the job does not wait for chunks any more. Raises StorageUnavailableError if
        another attempt may do better, and StorageRefusedError.
        """
        result = self._kept(job, command)
        if result is None and job.state is JobState.IMPORTING:
            result = self._attempt(job, command, work, deadline)
        if result is not None:
            self.jobs.add_summary(job.account, job.job_id, job.run, result.summary, deadline)
        return result

    def _kept(self, job: Job, command: ChunkCommand) -> ChunkResult | None:
        return self.files.result(job.account, job.job_id, job.run, command.chunk)

    def _attempt(
        self, job: Job, command: ChunkCommand, work: ChunkWork, deadline: Deadline
    ) -> ChunkResult | None:
        if job.mode is JobMode.PREVIEW:
            return self._worked(job, work, None, is_last=command.is_last)
        run = self._begin(job, command.chunk, deadline)
        try:
            # The attempt before this one may have ended after it kept its result.
            found = self._kept(job, command) if run.is_repeated else None
            is_last = command.is_last or self._is_late(run)
            return found or self._worked(job, work, run, is_last=is_last)
        finally:
            self._release(run, deadline)

    def _worked(
        self, job: Job, work: ChunkWork, run: Run | None, *, is_last: bool
    ) -> ChunkResult | None:
        result = work.carry_out(run)
        if result is None:
            return None
        unfinished = "" if is_last else work.unfinished(result)
        if unfinished:
            raise StorageUnavailableError(unfinished)
        return self.files.add_result(job.account, job.job_id, job.run, result)

    def _begin(self, job: Job, chunk: int, deadline: Deadline) -> Run:
        try:
            begun = self.repeats.begin(chunk_key(job, chunk), deadline)
        except KeyInUseError:
            message = "another attempt at the chunk has not ended"
            raise StorageUnavailableError(message) from None
        if not isinstance(begun, Run):
            # The records of chunks never get an answer: a result is in its place.
            raise StorageRefusedError("the request of a chunk has an answer")
        return begun

    def _is_late(self, run: Run) -> bool:
        return run.is_repeated and self.clock() >= time_of_request(run.request_id) + PATIENCE

    def _release(self, run: Run, deadline: Deadline) -> None:
        """Let the next attempt begin at once. Otherwise it waits until this one must have ended."""
        try:
            run.records.release(run.key, run.attempt, deadline)
        except StorageError as error:
            _log.warning("an attempt at a chunk was not released", extra={"code": str(error)})
