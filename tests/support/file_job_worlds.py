"""The engine of import jobs with fakes. It runs as the state machine runs it, and may be killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from orders.application.chunk_requests import CHUNK_REQUESTS_KEPT
from orders.application.chunk_runs import ChunkCommand, ChunkRuns
from orders.application.errors import StorageUnavailableError
from orders.application.finish_import_job import FinishImportJob
from orders.application.import_chunk import ImportChunk
from orders.application.import_job_ports import Chunk
from orders.application.import_orders import ImportOrders
from orders.application.ports import Deadline, Lookup, WriteOutcome
from orders.application.publish_triggers import PublishTriggers
from orders.application.repeat_requests import RepeatRequests
from orders.application.settle_chunks import SettleChunks
from orders.application.split_import_file import SplitImportFile
from orders.application.undo_chunk import UndoChunk
from orders.application.undo_ports import UndoneStores
from orders.domain.import_jobs import ChunkResult, FileInfo, Job, JobKind, JobMode, JobState
from orders.domain.importing import Write
from orders.domain.relaying import WriterLifetime
from orders.domain.settings import StoredSettings
from orders.domain.triggers import TriggerForm
from tests.support.catalogue import FakeCatalogue
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.fakes import (
    FakeHistory,
    FakeOrderChanges,
    FakeOrderIds,
    FakeOrderIndex,
    FakeOrders,
    FakePublisher,
    FakeReceipts,
    FakeRequestRecords,
    FakeSettings,
)
from tests.support.file_jobs import LineFormats
from tests.support.import_jobs import FakeImportJobs, FakeJobFiles
from tests.support.samples import settings

ATTEMPTS = 5
JOB_ID = "0190a0000000700080000000000000aa"


class KilledError(BaseException):
    """The process has crashed."""


@dataclass
class Life:
    """The life of a process. It ends at the step `dies_at`, and every later step fails, too.

    `at_step` are called at that step instead, once.
    """

    dies_at: int | None = None
    steps: int = 0
    is_dead: bool = False
    at_step: tuple[int, Callable[[], None]] | None = None

    def step(self) -> None:
        """Live on, or die."""
        self.steps += 1
        if self.at_step and self.steps == self.at_step[0]:
            _, call = self.at_step
            self.at_step = None
            call()
        if self.is_dead or self.steps == self.dies_at:
            self.is_dead = True
            raise KilledError

    def has_died(self) -> bool:
        """Return whether the process died at its step."""
        return self.dies_at is not None and self.steps >= self.dies_at


class Mortal:
    """A port whose callers may die before each call, and after it without its answer."""

    def __init__(self, port: object, life: Life) -> None:
        self._port = port
        self._life = life

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any port
        method = getattr(self._port, name)

        def call(*args: object, **named: object) -> object:
            self._life.step()
            answer = method(*args, **named)
            self._life.step()
            return answer

        return call


@dataclass
class MortalFiles(FakeJobFiles):
    """Files of which a process may have written some chunks when it dies."""

    life: Life = field(default_factory=Life)

    def save_chunks(self, account: str, job_id: str, chunks: Iterable[Chunk]) -> int:
        return super().save_chunks(account, job_id, map(self._alive, chunks))

    def _alive(self, chunk: Chunk) -> Chunk:
        self.life.step()
        return chunk


@dataclass
class MortalStore(FakeOrders):
    """Orders of which a process may have written some when it dies.

    The next calls of `save` write nothing while `is_out` is true.
    """

    life: Life = field(default_factory=Life)
    is_out: bool = False

    def find_by_external_ids(self, account: str, external_ids: Any, deadline: Deadline) -> Lookup:  # noqa: ANN401 - ids
        if self.is_out:
            return Lookup({}, frozenset(external_ids))
        return super().find_by_external_ids(account, external_ids, deadline)

    def save(
        self, account: str, writes: Sequence[Write], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        outcomes: list[WriteOutcome] = []
        for write in writes:
            outcomes += super().save(account, [write], deadline)
            self.life.step()
        return outcomes


@dataclass
class Clock:
    """A clock that goes on by a millisecond with each look, and by the seconds of `sleep`."""

    now: datetime = datetime(2026, 11, 27, tzinfo=UTC)
    slept: float = 0.0

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def sleep(self, seconds: float) -> None:
        """Go on."""
        self.slept += seconds
        self.now += timedelta(seconds=seconds)


@dataclass
class FakeJobTriggers:
    """JobTriggers in memory."""

    published: list[Job] = field(default_factory=list)

    def publish(self, job: Job, deadline: Deadline) -> None:
        del deadline
        self.published.append(job)


@dataclass
class Engine:
    """The three functions, and what they work on."""

    life: Life = field(default_factory=Life)
    clock: Clock = field(default_factory=Clock)
    jobs: FakeImportJobs = field(default_factory=FakeImportJobs)
    formats: LineFormats = field(default_factory=LineFormats)
    publisher: FakePublisher = field(default_factory=FakePublisher)
    receipts: FakeReceipts = field(default_factory=FakeReceipts)
    records: FakeRequestRecords = field(default_factory=FakeRequestRecords)
    triggers: FakeJobTriggers = field(default_factory=FakeJobTriggers)
    order_ids: FakeOrderIds = field(default_factory=FakeOrderIds)
    history: FakeHistory = field(default_factory=FakeHistory)
    files: MortalFiles = field(init=False)
    orders: MortalStore = field(init=False)
    requests: int = 0

    def __post_init__(self) -> None:
        self.files = MortalFiles(life=self.life)
        self.orders = MortalStore(life=self.life)

    def add_job(self, content: bytes, **members: Any) -> Job:  # noqa: ANN401 - members of a job
        """Upload a file, and start its job."""
        now = self.clock()
        job = Job(
            "demo",
            JOB_ID,
            "shop",
            JobKind.IMPORT,
            JobState.SPLITTING,
            JobMode.IMPORT,
            now,
            now,
            run=1,
            file=FileInfo("orders.jsonl", len(content)),
        )
        job = replace(job, **members)
        self.jobs.create(job, DEADLINE)
        self.files.files[f"demo/{JOB_ID}/file"] = content
        return job

    @property
    def job(self) -> Job:
        """Return the job."""
        return self.jobs.jobs["demo", JOB_ID]

    @property
    def state(self) -> str:
        """Return the name of the state of the job."""
        return str(self.job.state)

    def change(self, **members: Any) -> None:  # noqa: ANN401 - members of a job
        """Change the job by another request."""
        job = replace(self.job.following(self.clock()), **members)
        assert self.jobs.save(job, DEADLINE)

    def start_again(self, mode: JobMode) -> None:
        """Start the next run of the job."""
        self.change(
            mode=mode, state=JobState.IMPORTING, run=self.job.run + 1, ended_at=None, counts=None
        )

    def _mortal(self, port: object) -> Any:  # noqa: ANN401 - stands for any port
        return Mortal(port, self.life)

    def split(self) -> SplitImportFile:
        """Return the use case of the first function."""
        return SplitImportFile(
            self._mortal(self.jobs),
            self._mortal(self.files),
            self.formats,
            self.clock,
            CountingPause(),
        )

    def import_chunk(self) -> ImportChunk:
        """Return the use case of the second function."""
        imports = ImportOrders(
            self.orders,
            self._mortal(self.order_ids),
            FakeSettings({"demo": StoredSettings(settings(), 1)}),
            PublishTriggers(self._mortal(self.publisher), self._mortal(self.receipts)),
            self.clock,
            CountingPause(3),
            FakeCatalogue(),
        )
        return ImportChunk(self.chunk_runs(), self.formats, imports, CountingPause())

    def undo_chunk(self) -> UndoChunk:
        """Return the use case of the second function for a job that undoes another one."""
        return UndoChunk(
            self.chunk_runs(),
            self.stores(),
            PublishTriggers(self._mortal(self.publisher), self._mortal(self.receipts)),
            lambda _order: TriggerForm(None),
            CountingPause(3),
        )

    def settle_chunks(self) -> SettleChunks:
        """Return what finds the results of chunks whose attempts were cut off."""
        return SettleChunks(self.chunk_runs(), self.stores(), self.formats)

    def chunk_runs(self) -> ChunkRuns:
        """Return what runs the attempts at chunks."""
        return ChunkRuns(
            self._mortal(self.jobs),
            self._mortal(self.files),
            RepeatRequests(
                self._mortal(self.records),
                self.receipts,
                WriterLifetime(timedelta(seconds=27)),
                self._new_request_id,
                self.clock,
                self.clock.sleep,
                CHUNK_REQUESTS_KEPT,
            ),
            self.clock,
        )

    def stores(self) -> UndoneStores:
        """Return the stores of orders that an undo reads and writes."""
        return UndoneStores(
            self.orders,
            self._mortal(FakeOrderIndex(self.orders)),
            self._mortal(FakeOrderChanges(self.orders)),
            self._mortal(self.history),
        )

    def finish(self) -> FinishImportJob:
        """Return the use case of the third function."""
        return FinishImportJob(
            self._mortal(self.jobs),
            self._mortal(self.files),
            self.formats,
            self._mortal(self.triggers),
            self.settle_chunks(),
            WriterLifetime(timedelta(seconds=27)),
            self.clock,
            self.clock.sleep,
            CountingPause(),
        )

    def run(self) -> Job:
        """Run the job as the state machine does: each step is repeated until it succeeds."""
        run = self.job.run
        if self.job.state is JobState.SPLITTING:
            self._retried(lambda _: self.split()("demo", JOB_ID, run, DEADLINE))
        error = None
        for number in range(self.job.chunks or 0):
            try:
                self.work(number)
            except StorageUnavailableError:
                # The map tolerates failed chunks.
                continue
        self._retried(lambda _: self.finish()("demo", JOB_ID, run, error, DEADLINE))
        return self.job

    def work(self, number: int) -> ChunkResult | None:
        """Import a chunk with all attempts."""
        run = self.job.run
        result: ChunkResult | None = self._retried(
            lambda is_last: self.import_chunk()(
                ChunkCommand("demo", JOB_ID, run, number, is_last), DEADLINE
            )
        )
        return result

    def _retried(self, call: Callable[[bool], Any]) -> Any:  # noqa: ANN401 - what the call returns
        fault: Exception | None = None
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return call(attempt == ATTEMPTS)
            except KilledError:
                self.life.is_dead = False
            except StorageUnavailableError as error:
                fault = error
            self.clock.sleep(10 * attempt)
        raise fault or AssertionError("the process was killed too often")

    def _new_request_id(self) -> str:
        self.requests += 1
        milliseconds = int(self.clock().timestamp() * 1000)
        return f"{milliseconds << 80 | 7 << 76 | 2 << 62 | self.requests:032x}"

    def notes(self, name: str, run: int | None = None) -> list[str]:
        """Return what a result file notes of each record: row, code, path and message.

        A result without records has no file.
        """
        if name not in self.result_files(run or self.job.run):
            return []
        data = self.result_file(name, run or self.job.run)
        head, *lines, tail = data.decode().splitlines()
        assert (head, tail) == ("head", "tail")
        return [line.rpartition("} ")[2] for line in lines]

    def result_files(self, run: int = 1, job_id: str = JOB_ID) -> set[str]:
        """Return the names of the result files of a run."""
        return {each.name for each in self.files.links("demo", job_id, run)}

    def result_file(self, name: str, run: int = 1) -> bytes:
        """Return the bytes of a result file."""
        return self.files.files[f"demo/{JOB_ID}/runs/{run}/{name}.jsonl"]

    def result_of(self, number: int) -> ChunkResult:
        """Return the result of a chunk in the first run."""
        return self.files.results[f"demo/{JOB_ID}/1/{number}"]

    def chunks(self) -> list[Chunk]:
        """Return the chunks of the file."""
        return sorted(self.files.chunks.values(), key=lambda each: each.number)

    def versions(self) -> Counter[int]:
        """Return how many orders have each version."""
        return Counter(order.version for order in self.orders.orders.values())
