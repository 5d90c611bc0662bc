"""Import jobs are created, started, followed and cancelled. Each call can be repeated."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.application.cancel_import_job import CancelImportJob, CancelRefusal, CancelReport
from orders.application.create_import_job import CreateImportJob, CreateImportJobCommand
from orders.application.errors import StorageUnavailableError
from orders.application.get_import_job import GetImportJob, JobAddress
from orders.application.import_job_ports import LINK_LIFETIME
from orders.application.import_job_progress import JobProgress
from orders.application.list_import_files import (
    FilesReport,
    ListImportFiles,
    chunks_to_sample,
)
from orders.application.list_import_jobs import ListImportJobs
from orders.application.start_import_job import (
    StartImportJob,
    StartImportJobCommand,
    StartRefusal,
    StartReport,
)
from orders.domain.import_jobs import (
    ENDED,
    RUNNING,
    UPLOAD_LIFETIME,
    ChunkResult,
    ChunkSummary,
    Counts,
    Job,
    JobKind,
    JobMode,
    JobState,
    ProblemGroup,
    Undone,
)
from tests.support.deadlines import DEADLINE
from tests.support.import_jobs import (
    FILE,
    NOW,
    FakeImportJobs,
    FakeJobEngine,
    FakeJobFiles,
    Faults,
    SteppingClock,
    job_id_at,
    summary,
)

JOB_ID = job_id_at()
ADDRESS = JobAddress("demo", JOB_ID)
PREVIEW, IMPORT = JobMode.PREVIEW, JobMode.IMPORT


@dataclass
class World:
    """The use cases with their ports in memory."""

    jobs: FakeImportJobs = field(default_factory=FakeImportJobs)
    files: FakeJobFiles = field(default_factory=FakeJobFiles)
    engine: FakeJobEngine = field(default_factory=FakeJobEngine)
    clock: SteppingClock = field(default_factory=SteppingClock)

    def faults_of(self, port: str) -> Faults:
        faults: Faults = getattr(self, port).faults
        return faults

    @property
    def job(self) -> Job:
        return self.jobs.jobs["demo", JOB_ID]

    def create(self, mode: JobMode = PREVIEW) -> JobProgress:
        command = CreateImportJobCommand("demo", "shop", JOB_ID, FILE, mode=mode)
        return CreateImportJob(self.jobs, self.files, self.clock)(command, DEADLINE)

    def get(self) -> JobProgress:
        found = GetImportJob(self.jobs, self.files, self.clock)(ADDRESS, DEADLINE)
        assert found is not None
        return found

    def send_all(self) -> None:
        self.files.send_all(self.job.upload)

    def start(self, mode: JobMode | None = None) -> StartReport:
        start = StartImportJob(self.jobs, self.files, self.engine, self.clock)
        return start(StartImportJobCommand(ADDRESS, mode), DEADLINE)

    def cancel(self) -> CancelReport:
        cancel = CancelImportJob(self.jobs, self.files, self.engine, self.clock)
        return cancel(ADDRESS, DEADLINE)

    def results(self) -> FilesReport | None:
        return ListImportFiles(self.jobs, self.files, self.clock)(ADDRESS, DEADLINE)

    def change(self, **members: object) -> Job:
        """Change the job, as the engine does."""
        self.jobs.jobs["demo", JOB_ID] = replace(
            self.job.following(self.clock()),
            **members,  # type: ignore[arg-type]
        )
        return self.job

    def split(self) -> None:
        self.change(state=JobState.IMPORTING, chunks=2, orders=700)

    def end(self, state: JobState = JobState.COMPLETED, **counts: int) -> None:
        self.change(state=state, counts=Counts(**counts), ended_at=self.clock())


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def started(world: World) -> World:
    world.create()
    world.send_all()
    assert world.start().refusal is None
    return world


# Creation and upload


def test_a_new_job_waits_for_the_parts_of_its_file(world: World) -> None:
    created = world.create()
    assert (created.job.state, created.job.run, created.counts) == (
        JobState.CREATED,
        0,
        Counts(),
    )
    assert created.upload is not None
    assert created.upload.expires_at == NOW + LINK_LIFETIME
    assert [part.offset for part in created.upload.parts] == [0, 8388608, 16777216]
    assert sum(part.size for part in created.upload.parts) == FILE.size
    assert all(part.url for part in created.upload.parts)


def test_a_repeated_creation_returns_the_first_job_with_its_upload(world: World) -> None:
    first = world.create()
    world.clock.wait(minutes=1)
    assert first.upload is not None
    upload = replace(first.upload, expires_at=NOW + timedelta(minutes=61))
    assert world.create() == replace(first, upload=upload)
    assert len(world.jobs.jobs) == 1


def test_an_upload_resumes_with_links_to_the_missing_parts(world: World) -> None:
    upload = world.create().job.upload
    assert upload is not None
    world.files.sent[upload.upload_id] = {1: 8388608, 2: 17}
    resumed = world.get().upload
    assert resumed is not None
    assert [part.url is None for part in resumed.parts] == [True, False, False]


def test_no_part_can_be_sent_once_the_job_was_started(started: World) -> None:
    assert started.get().upload is None


def test_an_expired_upload_has_no_links_and_is_not_started(world: World) -> None:
    world.create()
    world.send_all()
    world.clock.wait(seconds=UPLOAD_LIFETIME.total_seconds())
    assert world.get().upload is None
    assert world.start().refusal is StartRefusal.UPLOAD_EXPIRED
    assert world.engine.runs == {}


# Start


def test_a_start_names_the_parts_that_are_missing_or_short(world: World) -> None:
    upload = world.create().job.upload
    assert upload is not None
    world.files.sent[upload.upload_id] = {1: 5, 3: 1}
    report = world.start()
    assert (report.refusal, report.missing) == (StartRefusal.PARTS_MISSING, [1, 2])
    assert (world.job.state, world.job.run, world.engine.runs) == (JobState.CREATED, 0, {})


def test_the_first_run_splits_the_file(world: World) -> None:
    world.create()
    world.send_all()
    world.clock.wait(minutes=5)
    report = world.start()
    assert report.progress is not None
    assert report.progress.job == world.job
    assert (world.job.state, world.job.run, world.job.mode) == (JobState.SPLITTING, 1, PREVIEW)
    assert world.job.started_at == NOW + timedelta(minutes=5)
    assert world.engine.runs == {(JOB_ID, 1): True}


def test_a_start_may_choose_another_mode_than_the_job_was_created_with(world: World) -> None:
    world.create(IMPORT)
    world.send_all()
    world.start(PREVIEW)
    assert world.job.mode is PREVIEW


def test_the_import_after_a_preview_works_on_the_same_chunks(started: World) -> None:
    started.split()
    group = ProblemGroup("required", "/currency", 1)
    started.change(groups=(group,), failure="earlier")
    started.end(JobState.PREVIEWED, created=700)
    started.clock.wait(minutes=1)
    assert started.start(IMPORT).refusal is None
    job = started.job
    assert (job.state, job.run, job.mode) == (JobState.IMPORTING, 2, IMPORT)
    assert (job.chunks, job.orders) == (2, 700)
    assert (job.counts, job.groups, job.failure, job.ended_at) == (None, (), None, None)
    assert job.started_at == started.clock()
    assert started.engine.runs == {(JOB_ID, 1): True, (JOB_ID, 2): False}
    assert f"demo/{JOB_ID}/manifests/2.jsonl" in started.files.files


def test_without_a_mode_a_previewed_job_is_previewed_again(started: World) -> None:
    started.split()
    started.end(JobState.PREVIEWED, created=700)
    started.start()
    assert (started.job.mode, started.job.run) == (PREVIEW, 2)


@pytest.mark.parametrize("state", sorted(RUNNING))
def test_a_repeated_start_returns_the_run_that_works(started: World, state: JobState) -> None:
    started.change(state=state, chunks=None if state is JobState.SPLITTING else 2)
    before = started.job
    report = started.start(PREVIEW)
    assert report.refusal is None
    assert (started.job, len(started.engine.runs)) == (before, 1)


def test_a_running_job_is_not_started_in_another_mode(started: World) -> None:
    assert started.start(IMPORT).refusal is StartRefusal.RUNS_IN_OTHER_MODE
    assert started.job.mode is PREVIEW


@pytest.mark.parametrize("state", sorted(ENDED))
def test_an_ended_job_is_not_started(started: World, state: JobState) -> None:
    started.end(state)
    report = started.start()
    assert report.refusal is StartRefusal.ENDED
    assert (started.job.run, len(started.engine.runs)) == (1, 1)


def test_an_undo_has_no_upload_and_is_not_split(started: World) -> None:
    started.change(
        state=JobState.CREATED, run=0, kind=JobKind.UNDO, upload=None, file=None, chunks=2
    )
    started.engine.runs.clear()
    started.start(IMPORT)
    assert started.job.state is JobState.IMPORTING
    assert started.engine.runs == {(JOB_ID, 1): False}


def test_a_start_after_a_fault_of_the_engine_starts_the_same_run(world: World) -> None:
    world.create()
    world.send_all()
    world.engine.faults.left = 0
    with pytest.raises(StorageUnavailableError):
        world.start()
    assert (world.job.state, world.engine.runs) == (JobState.SPLITTING, {})
    assert world.start().refusal is None
    assert (world.job.run, world.engine.runs) == (1, {(JOB_ID, 1): True})


def test_the_chunks_are_listed_before_the_engine_works_on_them(started: World) -> None:
    started.split()
    started.end(JobState.PREVIEWED, created=700)
    started.files.faults.left = 0
    with pytest.raises(StorageUnavailableError):
        started.start(IMPORT)
    assert len(started.engine.runs) == 1
    assert started.start(IMPORT).refusal is None
    assert f"demo/{JOB_ID}/manifests/2.jsonl" in started.files.files
    assert len(started.engine.runs) == 2


@given(st.integers(0, 6), st.sampled_from(["jobs", "files", "engine"]))
def test_a_start_that_is_cut_off_anywhere_can_be_repeated(calls: int, port: str) -> None:
    world = World()
    world.create()
    world.send_all()
    world.faults_of(port).left = calls
    try:
        world.start(IMPORT)
    except StorageUnavailableError:
        assert world.start(IMPORT).refusal is None
    assert (world.job.state, world.job.run) == (JobState.SPLITTING, 1)
    assert world.engine.runs == {(JOB_ID, 1): True}


def test_a_job_that_is_cancelled_meanwhile_is_not_started(world: World) -> None:
    world.create()
    world.send_all()
    world.jobs.meanwhile.append(world.cancel)
    assert world.start().refusal is StartRefusal.ENDED
    assert world.engine.runs == {}


def test_two_starts_at_once_start_one_run(world: World) -> None:
    world.create()
    world.send_all()
    world.jobs.meanwhile.append(lambda: world.start(IMPORT))
    world.clock.wait(seconds=1)
    assert world.start(IMPORT).refusal is None
    assert world.engine.runs == {(JOB_ID, 1): True}


def test_a_job_that_others_change_at_every_attempt_is_not_started(started: World) -> None:
    started.split()
    started.end(JobState.PREVIEWED)
    for call in (lambda: started.start(IMPORT), started.cancel):
        started.jobs.meanwhile = [lambda: started.change(client="other")] * 4
        with pytest.raises(StorageUnavailableError):
            call()


# Progress


def test_the_counts_of_a_run_are_summed_from_its_chunks(started: World) -> None:
    started.split()
    started.jobs.add_summary("demo", JOB_ID, 1, summary(0, created=90, failed=10), DEADLINE)
    started.jobs.add_summary("demo", JOB_ID, 7, summary(1, created=200), DEADLINE)
    started.clock.wait(seconds=10)
    found = started.get()
    assert found.counts == Counts(created=90, failed=10, unprocessed=600)
    assert (found.rate, found.estimated_end) == (10, started.clock() + timedelta(seconds=60))


def test_the_counts_of_an_ended_run_are_those_of_the_job(started: World) -> None:
    started.split()
    started.clock.wait(seconds=100)
    started.end(created=700)
    found = started.get()
    assert (found.counts, found.rate, found.estimated_end) == (Counts(created=700), 7, None)


def test_the_outcomes_of_an_undo_are_summed_too(started: World) -> None:
    started.split()
    started.change(kind=JobKind.UNDO)
    undone = Undone(deleted=5, kept=1)
    added = ChunkSummary(0, undone.counts(), "", undone)
    started.jobs.add_summary("demo", JOB_ID, 1, added, DEADLINE)
    started.jobs.add_summary("demo", JOB_ID, 1, replace(added, number=1), DEADLINE)
    assert started.get().undone == Undone(deleted=10, kept=2)


def test_jobs_are_listed_page_by_page(world: World) -> None:
    for number in range(1, 6):
        command = CreateImportJobCommand("demo", "shop", job_id_at(number=number), FILE)
        CreateImportJob(world.jobs, world.files, world.clock)(command, DEADLINE)
    list_jobs = ListImportJobs(world.jobs, world.clock)
    seen: list[str] = []
    before = None
    while True:
        page = list_jobs("demo", 2, before, DEADLINE)
        seen += [each.job.job_id for each in page.jobs]
        if page.next_before is None:
            break
        before = page.next_before
    assert seen == [job_id_at(number=number) for number in (5, 4, 3, 2, 1)]
    assert list_jobs("other", 2, None, DEADLINE).jobs == []


# Cancellation


def test_a_job_that_waits_is_cancelled_with_its_upload(world: World) -> None:
    upload = world.create().job.upload
    assert upload is not None
    assert world.cancel().refusal is None
    assert (world.job.state, world.job.ended_at) == (JobState.CANCELLED, NOW)
    assert upload.upload_id not in world.files.sent
    assert world.get().upload is None


@pytest.mark.parametrize("is_split", [False, True])
def test_the_engine_finishes_a_job_that_is_cancelled_while_it_runs(
    started: World, *, is_split: bool
) -> None:
    if is_split:
        started.split()
    assert started.cancel().refusal is None
    # The engine must still write the result files.
    assert (started.job.state, started.job.ended_at) == (JobState.CANCELLED, None)
    assert started.engine.finishing == []
    report = started.results()
    assert report is not None
    assert report.expires_at is None


def test_a_previewed_job_is_cancelled(started: World) -> None:
    started.split()
    started.end(JobState.PREVIEWED, created=700)
    ended_at = started.job.ended_at
    started.clock.wait(days=1)
    started.cancel()
    assert (started.job.state, started.job.ended_at) == (JobState.CANCELLED, ended_at)


def test_a_repeated_cancellation_changes_nothing(world: World) -> None:
    world.create()
    world.cancel()
    before = world.job
    assert world.cancel().refusal is None
    assert world.job == before


@pytest.mark.parametrize("state", sorted(ENDED - {JobState.CANCELLED}))
def test_an_ended_job_is_not_cancelled(started: World, state: JobState) -> None:
    started.end(state)
    assert started.cancel().refusal is CancelRefusal.ENDED
    assert started.job.state is state


def test_a_job_that_is_finishing_is_not_cancelled(started: World) -> None:
    started.change(state=JobState.FINISHING)
    assert started.cancel().refusal is CancelRefusal.FINISHING
    assert started.job.state is JobState.FINISHING
    assert started.engine.finishing == []


AFTER_CANCEL = {
    JobState.SPLITTING: JobState.CANCELLED,
    JobState.IMPORTING: JobState.CANCELLED,
    JobState.FINISHING: JobState.FINISHING,
    JobState.STOPPED: JobState.STOPPED,
    JobState.FAILED: JobState.FAILED,
    JobState.CANCELLED: JobState.CANCELLED,
}


@pytest.mark.parametrize("state", sorted(AFTER_CANCEL))
def test_an_interrupted_run_is_finished_by_a_cancellation(started: World, state: JobState) -> None:
    job = started.change(state=state)
    started.engine.end(job)
    report = started.cancel()
    assert report.refusal is None
    assert report.progress is not None
    assert report.progress.job == started.job
    assert (started.job.state, started.job.ended_at) == (AFTER_CANCEL[state], None)
    assert started.engine.finishing == [(JOB_ID, 1, job.version + 1)]


def test_a_run_that_never_began_is_finished_by_a_cancellation(started: World) -> None:
    started.engine.runs.clear()
    started.cancel()
    assert started.engine.finishing == [(JOB_ID, 1, started.job.version)]


def test_a_repeated_cancellation_waits_for_the_finish_that_works(started: World) -> None:
    started.engine.end(started.change(state=JobState.FINISHING))
    started.cancel()
    before = started.job
    assert started.cancel().refusal is CancelRefusal.FINISHING
    assert (started.job, len(started.engine.finishing)) == (before, 1)


def test_a_finish_that_failed_is_followed_by_another(started: World) -> None:
    started.split()
    started.engine.end(started.job)
    for count in (1, 2, 3):
        assert started.cancel().refusal is None
        assert len(started.engine.finishing) == count
        started.engine.end(started.job)


def test_a_finished_run_is_not_finished_again(started: World) -> None:
    started.split()
    started.end(JobState.CANCELLED)
    started.engine.end(started.job)
    before = started.job
    assert started.cancel().refusal is None
    assert (started.job, started.engine.finishing) == (before, [])


@given(calls=st.integers(0, 4), port=st.sampled_from(["jobs", "engine"]))
def test_the_finish_of_an_interrupted_run_can_be_repeated(*, calls: int, port: str) -> None:
    world = World()
    world.create()
    world.send_all()
    world.start()
    world.engine.end(world.change(state=JobState.FINISHING))
    world.faults_of(port).left = calls
    try:
        world.cancel()
    except StorageUnavailableError:
        world.faults_of(port).left = None
        world.cancel()
    assert world.engine.finishing[-1] == (JOB_ID, 1, world.job.version)


@given(
    calls=st.integers(0, 4),
    port=st.sampled_from(["jobs", "files", "engine"]),
    is_started=st.booleans(),
)
def test_a_cancellation_that_is_cut_off_anywhere_can_be_repeated(
    *, calls: int, port: str, is_started: bool
) -> None:
    world = World()
    world.create()
    if is_started:
        world.send_all()
        world.start()
    world.faults_of(port).left = calls
    try:
        world.cancel()
    except StorageUnavailableError:
        assert world.cancel().refusal is None
    assert world.job.state is JobState.CANCELLED
    assert world.engine.finishing == []
    if not is_started:
        assert world.files.sent == {}


# Result files


def test_result_files_have_links_that_expire(started: World) -> None:
    started.split()
    parts = iter([b"rows"])
    started.files.write_result_file("demo", JOB_ID, 1, "success.csv", parts)
    started.end(created=700)
    report = started.results()
    assert report is not None
    assert [(each.name, each.size) for each in report.links] == [("success", 4)]
    assert report.expires_at == NOW + LINK_LIFETIME


def test_a_run_that_works_has_no_result_files(started: World) -> None:
    started.split()
    started.end(JobState.PREVIEWED)
    started.start(IMPORT)
    report = started.results()
    assert report is not None
    assert (report.links, report.expires_at) == ((), None)


def _previewed(world: World, *outcomes: str) -> None:
    """Preview chunks, each with twelve samples of one outcome."""
    for number, outcome in enumerate(outcomes):
        counted = summary(number, **{outcome: 12})
        samples = tuple({"row": row, "outcome": outcome, "changed": []} for row in range(12))
        world.jobs.add_summary("demo", JOB_ID, 1, counted, DEADLINE)
        world.files.add_result("demo", JOB_ID, 1, ChunkResult(counted, (), samples))
    world.change(state=JobState.PREVIEWED, chunks=len(outcomes), ended_at=NOW)


def test_a_preview_has_ten_samples_of_each_outcome(started: World) -> None:
    _previewed(started, "created", "created", "updated", "created", "failed")
    report = started.results()
    assert report is not None
    outcomes = [each["outcome"] for each in report.samples]
    assert outcomes == ["created"] * 10 + ["updated"] * 10 + ["failed"] * 10


def test_few_chunks_are_read_for_samples(started: World) -> None:
    assert chunks_to_sample([summary(number, created=500) for number in range(2000)]) == [0]
    rare = [summary(number, created=500, updated=number % 2) for number in range(2000)]
    assert len(chunks_to_sample(rare)) == 8
    _previewed(started, "created")
    started.files.results.clear()
    report = started.results()
    assert report is not None
    assert report.samples == []


def test_an_import_has_no_samples(started: World) -> None:
    _previewed(started, "created")
    started.change(mode=IMPORT)
    report = started.results()
    assert report is not None
    assert report.samples == ()


def test_a_job_of_another_account_does_not_exist(started: World) -> None:
    other = JobAddress("other", JOB_ID)
    jobs, files, engine, clock = started.jobs, started.files, started.engine, started.clock
    assert GetImportJob(jobs, files, clock)(other, DEADLINE) is None
    assert ListImportFiles(jobs, files, clock)(other, DEADLINE) is None
    assert CancelImportJob(jobs, files, engine, clock)(other, DEADLINE).progress is None
    command = StartImportJobCommand(other, IMPORT)
    assert StartImportJob(jobs, files, engine, clock)(command, DEADLINE).progress is None
    assert started.job.state is JobState.SPLITTING
