"""The jobs that undo import jobs: when they may begin, one at a time, and how they end."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from orders.application.chunk_runs import ChunkCommand
from orders.application.errors import StorageError, StorageUnavailableError
from orders.application.get_import_job import JobAddress
from orders.application.import_job_progress import JobProgress
from orders.application.ports import WriteOutcome
from orders.application.start_import_job import (
    StartImportJob,
    StartImportJobCommand,
    StartRefusal,
)
from orders.application.undo_import_job import (
    UndoImportJob,
    UndoImportJobCommand,
    UndoJobRefusal,
    UndoJobReport,
)
from orders.domain.file_records import FileOptions
from orders.domain.import_jobs import Counts, Job, JobKind, JobMode, JobState, Undone
from orders.domain.importing import Write
from orders.domain.order import Cause
from tests.support.deadlines import DEADLINE
from tests.support.file_job_worlds import JOB_ID, Engine
from tests.support.import_jobs import (
    NOW,
    FakeImportJobs,
    FakeJobEngine,
    FakeJobFiles,
    SteppingClock,
    import_job,
    job_id_at,
)

IMPORT = job_id_at(number=1)
ENDED: Mapping[str, Any] = {
    "state": JobState.COMPLETED,
    "mode": JobMode.IMPORT,
    "run": 2,
    "chunks": 3,
    "orders": 1200,
    "options": FileOptions("json_lines"),
    "started_at": NOW,
    "ended_at": NOW,
}


@dataclass
class World:
    """The use cases, and an import job that has ended."""

    jobs: FakeImportJobs = field(default_factory=FakeImportJobs)
    files: FakeJobFiles = field(default_factory=FakeJobFiles)
    engine: FakeJobEngine = field(default_factory=FakeJobEngine)
    clock: SteppingClock = field(default_factory=SteppingClock)

    def __post_init__(self) -> None:
        self.put(import_job(**ENDED))

    def put(self, job: Job) -> None:
        self.jobs.jobs[job.account, job.job_id] = job

    def job(self, job_id: str = IMPORT) -> Job:
        return self.jobs.jobs["demo", job_id]

    def change(self, job_id: str = IMPORT, **members: Any) -> None:  # noqa: ANN401 - of any type
        self.put(replace(self.job(job_id).following(self.clock()), **members))

    @property
    def start(self) -> StartImportJob:
        return StartImportJob(self.jobs, self.files, self.engine, self.clock)

    def undo(
        self, number: int = 2, *, dry_run: bool = False, account: str = "demo", of: str = IMPORT
    ) -> UndoJobReport:
        command = UndoImportJobCommand(
            JobAddress(account, of),
            job_id_at(number=number),
            "console",
            dry_run,
            skip_triggers=False,
        )
        return UndoImportJob(self.jobs, self.start, self.clock)(command, DEADLINE)

    def start_again(self, number: int, mode: JobMode = JobMode.IMPORT) -> StartRefusal | None:
        address = JobAddress("demo", job_id_at(number=number))
        return self.start(StartImportJobCommand(address, mode), DEADLINE).refusal


def _job_of(progress: JobProgress | None) -> Job:
    assert progress is not None
    return progress.job


@pytest.fixture
def world() -> World:
    return World()


def test_an_undo_is_a_job_of_its_own_over_the_same_chunks(world: World) -> None:
    undo = _job_of(world.undo().progress)
    assert (undo.kind, undo.state, undo.mode, undo.run) == (
        JobKind.UNDO,
        JobState.IMPORTING,
        JobMode.IMPORT,
        1,
    )
    assert (undo.undoes, undo.client, undo.skip_triggers) == (IMPORT, "console", False)
    assert (undo.chunks, undo.orders, undo.options) == (3, 1200, FileOptions("json_lines"))
    assert (undo.file, undo.upload, undo.stop_above_percent) == (None, None, 100)
    assert world.engine.runs == {(undo.job_id, 1): False}
    assert f"demo/{undo.job_id}/manifests/1.jsonl" in world.files.files
    assert (world.job().undoing, world.job().undone_by) == (undo.job_id, None)


@pytest.mark.parametrize(
    "state", [JobState.COMPLETED, JobState.STOPPED, JobState.CANCELLED, JobState.FAILED]
)
def test_an_import_that_ended_can_be_undone(world: World, state: JobState) -> None:
    world.change(state=state)
    assert world.undo().refusal is None


@pytest.mark.parametrize(
    ("members", "refusal"),
    [
        ({"state": JobState.IMPORTING, "ended_at": None}, UndoJobRefusal.NOT_ENDED),
        ({"state": JobState.FINISHING, "ended_at": None}, UndoJobRefusal.NOT_ENDED),
        ({"state": JobState.CREATED}, UndoJobRefusal.NOTHING_IMPORTED),
        ({"state": JobState.PREVIEWED, "mode": JobMode.PREVIEW}, UndoJobRefusal.NOTHING_IMPORTED),
        ({"state": JobState.CANCELLED, "ended_at": None}, UndoJobRefusal.ENDING),
        ({"state": JobState.STOPPED, "ended_at": None}, UndoJobRefusal.ENDING),
        (
            {"state": JobState.CANCELLED, "mode": JobMode.PREVIEW},
            UndoJobRefusal.NOTHING_IMPORTED,
        ),
        ({"state": JobState.CANCELLED, "run": 0}, UndoJobRefusal.NOTHING_IMPORTED),
        ({"state": JobState.FAILED, "chunks": None}, UndoJobRefusal.NOTHING_IMPORTED),
        ({"kind": JobKind.UNDO}, UndoJobRefusal.IS_UNDO),
    ],
)
def test_a_job_that_may_still_write_or_never_did_is_not_undone(
    world: World, members: Mapping[str, Any], refusal: UndoJobRefusal
) -> None:
    world.change(**members)
    report = world.undo()
    assert (report.progress, report.undone, report.refusal) == (None, world.job(), refusal)
    assert world.engine.runs == {}
    assert len(world.jobs.jobs) == 1


def test_the_job_of_another_account_does_not_exist(world: World) -> None:
    assert world.undo(account="other") == UndoJobReport(None)
    assert world.undo(of=job_id_at(number=9)) == UndoJobReport(None)


def test_only_one_job_at_a_time_undoes_an_import(world: World) -> None:
    first = _job_of(world.undo(2).progress)
    report = world.undo(3)
    assert (report.refusal, report.other) == (UndoJobRefusal.OTHER_UNDO, world.job(first.job_id))
    assert world.engine.runs == {(first.job_id, 1): False}
    world.change(first.job_id, state=JobState.CANCELLED, ended_at=None)
    assert world.undo(4).refusal is UndoJobRefusal.OTHER_UNDO
    world.change(first.job_id, state=JobState.CANCELLED, ended_at=NOW)
    assert world.undo(5).refusal is None
    assert world.job().undoing == job_id_at(number=5)


def test_a_repeated_request_returns_the_same_job(world: World) -> None:
    first = world.undo(2)
    assert world.undo(2).progress == first.progress
    assert len(world.jobs.jobs) == 2


def test_the_preview_of_an_undo_can_be_started_for_real(world: World) -> None:
    undo = _job_of(world.undo(2, dry_run=True).progress)
    assert undo.mode is JobMode.PREVIEW
    world.change(undo.job_id, state=JobState.PREVIEWED, ended_at=NOW)
    assert world.start_again(2) is None
    assert world.engine.runs == {(undo.job_id, 1): False, (undo.job_id, 2): False}
    assert f"demo/{undo.job_id}/manifests/2.jsonl" in world.files.files


def test_a_previewed_undo_waits_for_another_one_that_runs(world: World) -> None:
    previewed = _job_of(world.undo(2, dry_run=True).progress)
    world.change(previewed.job_id, state=JobState.PREVIEWED, ended_at=NOW)
    assert world.undo(3).refusal is None
    assert world.start_again(2) is StartRefusal.OTHER_UNDO
    world.change(job_id_at(number=3), state=JobState.COMPLETED, ended_at=NOW)
    assert world.start_again(2) is None


def test_an_undo_that_was_never_started_gives_way(world: World) -> None:
    world.put(replace(import_job(2, **ENDED), kind=JobKind.UNDO, state=JobState.CREATED))
    world.change(undoing=job_id_at(number=2))
    assert world.undo(3).refusal is None
    assert world.job(job_id_at(number=2)).state is JobState.CANCELLED
    assert world.start_again(2) is StartRefusal.ENDED


@pytest.mark.parametrize("calls", range(12))
def test_an_undo_that_a_fault_cut_off_is_completed_by_its_repetition(
    world: World, calls: int
) -> None:
    world.jobs.faults.left = calls
    try:
        world.undo(2)
    except StorageError:
        assert world.undo(2).refusal is None
    world.jobs.faults.left = None
    assert world.job(job_id_at(number=2)).state is JobState.IMPORTING
    assert world.job().undoing == job_id_at(number=2)
    assert world.engine.runs == {(job_id_at(number=2), 1): False}


def test_an_engine_that_does_not_answer_is_started_by_the_repetition(world: World) -> None:
    world.engine.faults.left = 0
    with pytest.raises(StorageUnavailableError):
        world.undo(2)
    assert world.undo(2).refusal is None
    assert len(world.engine.runs) == 1


def _begin_undo(engine: Engine, mode: JobMode) -> str:
    """Begin a job that undoes the job of the engine; return its id."""
    imported = engine.job
    undo = replace(
        import_job(2, **ENDED),
        kind=JobKind.UNDO,
        state=JobState.IMPORTING,
        mode=mode,
        run=1,
        undoes=JOB_ID,
        ended_at=None,
        file=None,
        options=imported.options,
        chunks=imported.chunks,
        orders=imported.orders,
    )
    return engine.jobs.create(undo, DEADLINE).job_id


@pytest.mark.parametrize("mode", [JobMode.PREVIEW, JobMode.IMPORT])
def test_an_undone_file_is_gone_but_for_later_changes_which_the_kept_file_has(
    mode: JobMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.application.split_import_file.MAX_CHUNK_ORDERS", 2)
    engine = Engine()
    names = ("A", "B", "C")
    engine.add_job(b"".join(b'{"id": "%s", "text": "x"}\n' % each.encode() for each in names))
    assert engine.run().counts == Counts(created=3, triggers=0)
    order = engine.orders["demo", "B"]
    later = order.next_version(Cause("r" * 32, "shop", engine.clock()))
    assert engine.orders.commit(Write(later, 1, None)) is WriteOutcome.COMMITTED
    undo_id = _begin_undo(engine, mode)
    for chunk in range(engine.job.chunks or 0):
        assert engine.undo_chunk()(ChunkCommand("demo", undo_id, 1, chunk), DEADLINE)
    job = engine.finish()("demo", undo_id, 1, None, DEADLINE)
    assert job is not None
    assert job.undone == Undone(deleted=2, kept=1)
    assert job.counts == Counts(updated=2, unchanged=1)
    assert [(each.code, each.count) for each in job.groups] == [("changed_since", 1)]
    is_real = mode is JobMode.IMPORT
    assert job.state is (JobState.COMPLETED if is_real else JobState.PREVIEWED)
    assert engine.job.undone_by == (undo_id if is_real else None)
    assert {name for _, name in engine.orders.orders} == ({"B"} if is_real else {*names})
    files = {
        each.name: engine.files.files[
            f"demo/{undo_id}/runs/1/{each.url.partition('?')[0].rpartition('/')[2]}"
        ]
        for each in engine.files.links("demo", undo_id, 1)
    }
    assert files.keys() == {"kept"}
    assert b'{"id": "B", "text": "x"}' in files["kept"]
    assert b"changed_since" in files["kept"]
    assert b'"A"' not in files["kept"]
