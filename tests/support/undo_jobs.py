"""Import jobs whose chunks are requests of an UndoWorld, and the jobs that undo them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

from orders.application.chunk_requests import CHUNK_REQUESTS_KEPT, chunk_key
from orders.application.chunk_runs import ChunkCommand, ChunkRuns
from orders.application.errors import StorageError
from orders.application.import_job_ports import Chunk, ImportJobs, JobFiles
from orders.application.ports import Deadline, RequestRecords
from orders.application.publish_triggers import PublishTriggers
from orders.application.repeat_requests import RepeatRequests
from orders.application.settle_chunks import SettleChunks
from orders.application.undo_chunk import UndoChunk
from orders.application.undo_ports import UndoneStores
from orders.domain.file_records import Record
from orders.domain.import_jobs import (
    ChunkResult,
    ChunkSummary,
    Counts,
    Job,
    JobKind,
    JobMode,
    JobState,
    RecordResult,
)
from orders.domain.relaying import WriterLifetime
from orders.domain.repeats import RequestRecord
from orders.domain.triggers import TriggerForm
from orders.protocols.altcraft.documents import LINES
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.fakes import FakeReceipts, FakeRequestRecords
from tests.support.file_jobs import LineFormats
from tests.support.undoing import WRITER, Change, UndoWorld, request_at

IMPORT, UNDO = "import-job", "undo-job"


@dataclass
class MemoryJobs:
    """The part of ImportJobs that chunks of an undo need."""

    jobs: dict[str, Job] = field(default_factory=dict)
    kept: dict[tuple[str, int, int], ChunkSummary] = field(default_factory=dict)

    def find(self, account: str, job_id: str, _deadline: Deadline) -> Job | None:
        job = self.jobs.get(job_id)
        return job if job is not None and job.account == account else None

    def add_summary(
        self, _account: str, job_id: str, run: int, summary: ChunkSummary, _deadline: Deadline
    ) -> None:
        self.kept.setdefault((job_id, run, summary.number), summary)

    def summaries(
        self, _account: str, job_id: str, run: int, _deadline: Deadline
    ) -> Sequence[ChunkSummary]:
        return [each for key, each in sorted(self.kept.items()) if key[:2] == (job_id, run)]


@dataclass
class MemoryFiles:
    """The part of JobFiles that chunks of an undo need."""

    chunks: dict[int, Chunk] = field(default_factory=dict)
    results: dict[tuple[str, int, int], ChunkResult] = field(default_factory=dict)

    def chunk(self, _account: str, _job_id: str, number: int) -> Chunk:
        return self.chunks[number]

    def add_result(self, _account: str, job_id: str, run: int, result: ChunkResult) -> ChunkResult:
        return self.results.setdefault((job_id, run, result.summary.number), result)

    def result(self, _account: str, job_id: str, run: int, number: int) -> ChunkResult | None:
        return self.results.get((job_id, run, number))


@dataclass
class JobWorld:
    """An import job, whose chunks were imported by requests of a world, and jobs that undo it."""

    world: UndoWorld
    records: RequestRecords = field(default_factory=FakeRequestRecords)
    receipts: Any = field(default_factory=FakeReceipts)
    jobs: Any = field(default_factory=MemoryJobs)
    files: Any = field(default_factory=MemoryFiles)

    def __post_init__(self) -> None:
        world = self.world
        self.jobs.jobs[IMPORT] = Job(
            world.account,
            IMPORT,
            "shop",
            JobKind.IMPORT,
            JobState.COMPLETED,
            JobMode.IMPORT,
            world.now,
            world.now,
            run=2,
        )

    def import_chunk(
        self,
        number: int,
        changes: Mapping[str, Change | None],
        *,
        lost: Collection[str] = (),
        result: bool = True,
    ) -> str:
        """Import a chunk of records, by external id. A record without a change is unchanged.

        The records `lost` count as unprocessed, although they were written. Without a result, the
        import was cut off after its writes.
        """
        world = self.world
        found = {name: world.found(name).order for name in changes if world.exists(name)}
        request_id = world.request(*(each for each in changes.values() if each is not None))
        record = RequestRecord("f", request_id, request_id, world.now)
        self.records.claim(
            chunk_key(self.jobs.jobs[IMPORT], number),
            record,
            world.now,
            world.now + CHUNK_REQUESTS_KEPT,
            DEADLINE,
        )
        rows = [Record(row, name, name.encode()) for row, name in enumerate(changes, start=1)]
        self.files.chunks[number] = Chunk(number, tuple(rows))
        if not result:
            return request_id
        results = []
        for row, (name, change) in enumerate(changes.items(), start=1):
            if name in lost:
                results.append(RecordResult(row, name, "unprocessed"))
                continue
            if change is None and name not in found:
                results.append(RecordResult(row, name, "failed", code="missing"))
                continue
            order = world.found(name).order
            outcome = "unchanged"
            if change is not None:
                outcome = "updated" if name in found else "created"
            results.append(RecordResult(row, name, outcome, order.order_id, order.version))
        summary = ChunkSummary(number, Counts(), request_id)
        self.jobs.add_summary(world.account, IMPORT, 2, summary, DEADLINE)
        self.files.add_result(world.account, IMPORT, 2, ChunkResult(summary, tuple(results)))
        return request_id

    def begin(
        self,
        *,
        mode: JobMode = JobMode.IMPORT,
        skip_triggers: bool = True,
        job_id: str = UNDO,
        later: timedelta = timedelta(minutes=5),
    ) -> None:
        """Begin a job that undoes the import."""
        self.world.now += later
        now = self.world.now
        self.jobs.jobs[IMPORT] = replace(self.jobs.jobs[IMPORT], ended_at=now)
        self.jobs.jobs[job_id] = Job(
            self.world.account,
            job_id,
            "console",
            JobKind.UNDO,
            JobState.IMPORTING,
            mode,
            now,
            now,
            run=1,
            undoes=IMPORT,
            skip_triggers=skip_triggers,
        )

    def undo_chunk(
        self,
        number: int,
        *,
        job_id: str = UNDO,
        deadline: Deadline = DEADLINE,
        is_last: bool = False,
    ) -> ChunkResult | None:
        """Make one attempt at a chunk of the undo; unless it crashed, the history is written."""
        command = ChunkCommand(self.world.account, job_id, 1, number, is_last)
        try:
            result = self.use_case(command, deadline)
        except StorageError:
            self.world.stream()
            raise
        self.world.stream()
        return result

    def undo(self, number: int = 0, **more: Any) -> dict[str, tuple[str, str]]:  # noqa: ANN401 - of any type
        """Undo a chunk; return the outcome and the code of each record."""
        result = self.undo_chunk(number, **more)
        assert result is not None
        return {str(each.external_id): (each.outcome, each.code) for each in result.records}

    def settle(self, number: int) -> ChunkResult | None:
        """Find the result of a chunk of the undo, whose attempts were cut off."""
        use_case = self.use_case
        settle = SettleChunks(use_case.runs, use_case.stores, LineFormats())
        return settle(self.jobs.jobs[UNDO], self.files.chunks[number], DEADLINE)

    def change_undo(self, **members: Any) -> None:  # noqa: ANN401 - of any type
        """Change the record of the undo job."""
        self.jobs.jobs[UNDO] = replace(self.jobs.jobs[UNDO], **members)

    @property
    def use_case(self) -> UndoChunk:
        world = self.world
        return UndoChunk(
            ChunkRuns(
                cast("ImportJobs", self.jobs),
                cast("JobFiles", self.files),
                RepeatRequests(
                    self.records,
                    self.receipts,
                    WriterLifetime(WRITER),
                    lambda: request_at(world.now),
                    lambda: world.now,
                    lambda _seconds: None,
                    kept=CHUNK_REQUESTS_KEPT,
                ),
                lambda: world.now,
            ),
            UndoneStores(world.store.orders, world.store.index, world.changes, world.history),
            PublishTriggers(world.publisher, self.receipts),
            lambda _order: TriggerForm(LINES),
            CountingPause(5),
        )
