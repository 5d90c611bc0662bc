"""The engine of import jobs: each order of a file is imported once, and counted truthfully."""

import copy
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from io import BytesIO
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.adapters.job_triggers import detail_of
from orders.application.chunk_results import MAX_MESSAGE
from orders.application.chunk_runs import ChunkCommand
from orders.application.errors import StorageUnavailableError
from orders.application.finish_import_job import ABORTED
from orders.application.split_import_file import SplitReport
from orders.domain.import_jobs import (
    MAX_CHUNK_BYTES,
    MAX_CHUNK_ORDERS,
    Counts,
    FileInfo,
    Job,
    JobMode,
    JobState,
    OnDuplicate,
)
from orders.domain.order import Order
from orders.file_formats.registry import Registry
from tests.support.deadlines import DEADLINE, FixedDeadline
from tests.support.fakes import FakeOrderIds
from tests.support.file_job_worlds import JOB_ID, Engine, Life
from tests.support.file_jobs import LineFormats


def _line(name: str, text: str = "x", *, bad: int = 0) -> bytes:
    """Return the line of an order, with so many errors."""
    tree = {"id": name, "text": text, **({"bad": bad} if bad else {})}
    return json.dumps(tree).encode() + b"\n"


def _small_chunks(monkeypatch: pytest.MonkeyPatch, orders: int = 2) -> None:
    monkeypatch.setattr("orders.application.split_import_file.MAX_CHUNK_ORDERS", orders)


def _split(engine: Engine) -> SplitReport | None:
    return engine.split()("demo", JOB_ID, engine.job.run, DEADLINE)


DIGEST = hashlib.sha256(_line("A")).hexdigest()
FILE = b"".join(
    [
        _line("A"),
        _line("B"),
        _line("bad", bad=2),
        _line("C", "new"),
        _line("A", "again"),
        _line("D"),
        _line("E"),
    ]
)
# A, B and E are new, C is updated, D is unchanged, the record with an error and the second A fail.
COUNTS = Counts(created=3, updated=1, unchanged=1, failed=2, triggers=4)


def _engine(**members: object) -> Engine:
    """Return the engine with a job for FILE, and the orders C and D in the hub."""
    engine = Engine(order_ids=FakeOrderIds(10))
    engine.orders.orders = dict(_stored())
    engine.add_job(FILE, **{"skip_triggers": False, **members})
    return engine


@cache
def _stored() -> Mapping[tuple[str, str], Order]:
    engine = Engine()
    engine.add_job(_line("C", "old") + _line("D"))
    assert engine.run().state is JobState.COMPLETED
    return engine.orders.orders


def test_a_job_imports_the_orders_and_writes_what_became_of_each() -> None:
    engine = _engine()
    job = engine.run()
    assert (job.state, job.counts, job.orders, job.failure) == (
        JobState.COMPLETED,
        COUNTS,
        7,
        None,
    )
    assert COUNTS.received == job.orders
    outcomes = [each.rstrip("|") for each in engine.notes("success")]
    assert outcomes == ["1|created", "2|created", "4|updated", "6|unchanged", "7|created"]
    assert engine.notes("failed") == [
        (
            "3|invalid_value|/lines/0/count|`count` must be positive; got 0; "
            "/lines/1/count: `count` must be positive; got 0"
        ),
        (
            '5|duplicate|/external_id|Row 5 has the external id "A" of row 1; '
            "an order must be in the file once, in adjacent rows"
        ),
    ]
    assert engine.result_files() == {"success", "failed"}
    assert engine.orders["demo", "A"].document == '{"text":"x"}'
    assert engine.triggers.published == [job]
    assert job.ended_at is not None


def test_problems_are_grouped_by_code_and_path_without_positions() -> None:
    job = _engine().run()
    found = [(each.code, each.path, each.count) for each in job.groups]
    assert found == [("invalid_value", "/lines/*/count", 2), ("duplicate", "/external_id", 1)]
    [sample] = job.groups[1].samples
    assert (sample.row, sample.external_id) == (5, "A")


def test_the_original_bytes_are_in_the_result_files() -> None:
    engine = _engine()
    engine.run()
    files = [engine.result_file(name) for name in engine.result_files()]
    kept = [line.rpartition(b" ")[0] for file in files for line in file.splitlines()]
    for line in FILE.splitlines():
        assert sum(each.startswith(line) for each in kept) == 1


def test_triggers_are_skipped_if_the_job_says_so() -> None:
    engine = _engine(skip_triggers=True)
    job = engine.run()
    assert job.counts == replace(COUNTS, triggers=0)
    assert engine.publisher.sent == []


def test_a_preview_writes_no_order_and_says_what_would_happen() -> None:
    engine = _engine(mode=JobMode.PREVIEW)
    before = copy.deepcopy(engine.orders.orders)
    job = engine.run()
    assert (job.state, job.counts) == (JobState.PREVIEWED, COUNTS)
    assert engine.orders.orders == before
    assert engine.triggers.published == []
    samples = engine.result_of(0).samples
    changed = [each for each in samples if each["outcome"] == "updated"]
    assert changed == [
        {
            "row": 4,
            "external_id": "C",
            "outcome": "updated",
            "changed": [{"path": "/text", "before": "old", "after": "new"}],
        }
    ]
    assert {each["outcome"] for each in samples} == {"created", "updated", "unchanged", "failed"}


def test_a_run_after_the_preview_uses_the_same_chunks_and_has_results_of_its_own() -> None:
    engine = _engine(mode=JobMode.PREVIEW)
    engine.run()
    engine.start_again(JobMode.IMPORT)
    job = engine.run()
    assert (job.state, job.counts, job.run) == (JobState.COMPLETED, COUNTS, 2)
    assert engine.notes("success", 1) == engine.notes("success", 2)


@pytest.mark.parametrize(
    ("on_duplicate", "counts"),
    [
        (OnDuplicate.SKIP, Counts(created=3, unchanged=2, failed=2, triggers=3)),
        (OnDuplicate.FAIL, Counts(created=3, failed=4, triggers=3)),
    ],
)
def test_an_order_that_the_hub_has_is_skipped_or_fails(
    on_duplicate: OnDuplicate, counts: Counts
) -> None:
    engine = _engine(on_duplicate=on_duplicate)
    job = engine.run()
    assert job.counts == counts
    assert engine.orders["demo", "C"].document == '{"text":"old"}'


# Splitting


def test_chunks_have_at_most_so_many_orders_and_bytes() -> None:
    large = b"x" * (MAX_CHUNK_BYTES // 2)
    lines = [_line(str(number)) for number in range(MAX_CHUNK_ORDERS + 1)]
    lines += [_line("large", large.decode()), _line("second", large.decode()), _line("last")]
    engine = Engine()
    engine.add_job(b"".join(lines))
    assert _split(engine) == SplitReport(JobState.IMPORTING, 3, f"demo/{JOB_ID}/manifests/1.jsonl")
    assert [len(each.records) for each in engine.chunks()] == [500, 2, 2]
    assert [each.number for each in engine.chunks()] == [0, 1, 2]
    assert b"".join(r.raw for each in engine.chunks() for r in each.records) == b"".join(lines)
    assert (engine.job.chunks, engine.job.orders) == (3, MAX_CHUNK_ORDERS + 4)


def test_the_options_that_were_guessed_are_kept_in_the_job() -> None:
    engine = Engine()
    engine.add_job(_line("A"))
    _split(engine)
    assert engine.job.options is not None
    assert engine.job.options.format == "lines"
    assert "format" in engine.job.options.guessed


def test_a_split_that_is_repeated_after_a_lost_answer_reports_the_same() -> None:
    engine = Engine()
    engine.add_job(FILE)
    first, before = _split(engine), engine.job
    assert (_split(engine), engine.job) == (first, before)


@pytest.mark.parametrize(
    ("content", "failure"),
    [
        (b"", "The file has no orders"),
        (b"?", "The file has no known format"),
        (_line("A") + b"!\n", "Row 2: The row must be JSON"),
    ],
)
def test_a_file_that_cannot_be_read_makes_the_job_fail(content: bytes, failure: str) -> None:
    engine = Engine()
    engine.add_job(content)
    assert _split(engine) == SplitReport(JobState.FAILED)
    job = engine.run()
    assert (job.state, job.failure, job.counts) == (JobState.FAILED, failure, Counts())
    assert job.ended_at is not None
    assert [*engine.files.files] == [f"demo/{JOB_ID}/file"]
    assert engine.triggers.published == [job]


@pytest.mark.parametrize(
    ("info", "failure"),
    [
        (FileInfo("a", 2), "The file must have 2 bytes, as announced; got 25"),
        (
            FileInfo("a", 25, "0" * 64),
            f"The file must have the SHA-256 {'0' * 64}; got {DIGEST}",
        ),
    ],
)
def test_a_file_that_is_not_the_announced_one_makes_the_job_fail(
    info: FileInfo, failure: str
) -> None:
    engine = Engine()
    engine.add_job(_line("A"), file=info)
    _split(engine)
    assert (engine.job.state, engine.job.failure) == (JobState.FAILED, failure)


def test_the_checksum_may_have_capital_letters() -> None:
    engine = Engine()
    digest = hashlib.sha256(FILE).hexdigest().upper()
    engine.add_job(FILE, file=FileInfo("a", len(FILE), digest))
    _split(engine)
    assert engine.job.state is JobState.IMPORTING


def test_a_file_that_takes_too_long_makes_the_job_fail() -> None:
    engine = Engine()
    engine.add_job(FILE)
    engine.split()("demo", JOB_ID, 1, FixedDeadline(30.0))
    assert (
        engine.job.failure == "The file is too large to be split in time; send it in several files"
    )


def test_a_job_that_is_cancelled_while_it_is_split_stays_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _small_chunks(monkeypatch, 1)
    monkeypatch.setattr("orders.application.split_import_file._CHUNKS_PER_LOOK", 2)
    for step in count(1):
        engine = Engine(Life())
        engine.add_job(FILE)
        engine.life.at_step = (step, lambda engine=engine: engine.change(state=JobState.CANCELLED))
        report = _split(engine)
        if engine.job.state is JobState.IMPORTING:
            break
        assert engine.job.state is JobState.CANCELLED
        assert report in {
            SplitReport(JobState.CANCELLED),
            SplitReport(JobState.IMPORTING, 7, f"demo/{JOB_ID}/manifests/1.jsonl"),
        }
    assert step > 10


@given(st.lists(st.sampled_from("ABCDEFGH")), st.data())
def test_a_key_that_was_in_the_file_before_names_its_first_row(
    names: list[str], data: st.DataObject
) -> None:
    size = data.draw(st.integers(1, 5))
    engine = Engine()
    content = b"".join(map(_line, ["first", *names]))
    engine.add_job(content)
    engine.files.open_file = lambda *_: _Slow(content, size)  # type: ignore[method-assign]
    _split(engine)
    records = [each for chunk in engine.chunks() for each in chunk.records]
    for record in records:
        before = [each.row for each in records if each.key == record.key and each.row < record.row]
        assert record.first_row == (before[0] if before else None)


class _Slow(BytesIO):
    """A stream that returns a few bytes at a time."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self._size = size

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(self._size, self._size if size is None or size < 0 else size))


# Kills


def _audit(engine: Engine) -> None:
    job = engine.job
    assert (job.state, job.counts) == (JobState.COMPLETED, COUNTS)
    written = {name: order.version for (_, name), order in engine.orders.orders.items()}
    assert written == {"A": 1, "B": 1, "C": 2, "D": 1, "E": 1}
    assert len({order.order_id for order in engine.orders.orders.values()}) == 5
    assert len(engine.notes("success")) == 5
    assert len(engine.notes("failed")) == 2
    assert {each.job_id for each in engine.triggers.published} == {JOB_ID}
    assert len({(each.run, each.ended_at) for each in engine.triggers.published}) == 1
    # Each trigger was published, or the relay publishes it: its request left no receipt.
    left = {key.request_id for key in engine.receipts.left}
    sent = {trigger.id for trigger in engine.publisher.sent}
    for write in engine.orders.writes:
        assert write.trigger is not None
        assert write.trigger.id in sent or write.order.request_id not in left


def _killed_at(step: int) -> Engine:
    engine = _engine()
    engine.life.steps, engine.life.dies_at = 0, step
    engine.run()
    return engine


def test_a_job_that_is_killed_at_any_step_imports_each_order_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _small_chunks(monkeypatch)
    for step in count(1):
        engine = _killed_at(step)
        _audit(engine)
        if not engine.life.has_died():
            break
    assert step > 100


def test_two_attempts_at_one_chunk_import_each_order_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _small_chunks(monkeypatch, 100)
    for step in count(1):
        engine = _engine()
        _split(engine)
        twins: list[bool] = []

        def twin(engine: Engine = engine, twins: list[bool] = twins) -> None:
            twins.append(True)
            command = ChunkCommand("demo", JOB_ID, 1, 0)
            try:
                engine.import_chunk()(command, DEADLINE)
            except StorageUnavailableError:
                return

        engine.life.steps, engine.life.at_step = 0, (step, twin)
        engine.work(0)
        if not twins:
            break
        engine.run()
        _audit(engine)
    assert step > 20


def test_a_job_that_is_cancelled_at_any_step_counts_what_was_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _small_chunks(monkeypatch)
    for step in count(1):
        engine = _engine()
        engine.life.steps = 0
        cancelled: list[bool] = []

        def cancel(engine: Engine = engine, cancelled: list[bool] = cancelled) -> None:
            if engine.job.state in {JobState.IMPORTING, JobState.SPLITTING, JobState.FINISHING}:
                engine.change(state=JobState.CANCELLED)
                cancelled.append(True)

        engine.life.at_step = (step, cancel)
        job = engine.run()
        if not cancelled:
            break
        assert job.state is JobState.CANCELLED
        assert job.counts is not None
        assert job.counts.received == (job.orders or 0)
        names = {name for _, name in engine.orders.orders}
        assert job.counts.created == len(names - {"C", "D"})
        assert job.ended_at is not None
        if job.chunks:
            assert len(engine.notes("unprocessed")) == job.counts.unprocessed
    assert step > 50


# Faults of the store


def test_orders_that_cannot_be_stored_are_tried_again_and_unprocessed_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _small_chunks(monkeypatch, 4)
    engine = _engine()
    _split(engine)
    engine.orders.is_out = True
    with pytest.raises(StorageUnavailableError):
        engine.import_chunk()(ChunkCommand("demo", JOB_ID, 1, 0), DEADLINE)
    engine.work(0)
    engine.orders.is_out = False
    job = engine.run()
    assert job.state is JobState.FAILED
    assert job.counts == Counts(created=1, unchanged=1, failed=2, unprocessed=3, triggers=1)
    assert job.failure == (
        "3 orders could not be processed because the order store did not answer in time; "
        "send the unprocessed orders again"
    )
    assert [each.partition("|")[2].partition("|")[0] for each in engine.notes("unprocessed")] == [
        "storage_unavailable"
    ] * 3


def test_an_attempt_long_after_the_first_one_is_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    _small_chunks(monkeypatch, 100)
    engine = _engine()
    _split(engine)
    engine.orders.is_out = True
    command = ChunkCommand("demo", JOB_ID, 1, 0)
    with pytest.raises(StorageUnavailableError):
        engine.import_chunk()(command, DEADLINE)
    engine.clock.sleep(120)
    result = engine.import_chunk()(command, DEADLINE)
    assert result is not None
    assert result.summary.counts.unprocessed == 5


def test_a_chunk_without_a_result_is_unprocessed(monkeypatch: pytest.MonkeyPatch) -> None:
    _small_chunks(monkeypatch)
    engine = _engine()
    _split(engine)
    engine.work(0)
    engine.finish()("demo", JOB_ID, 1, "States.Timeout", DEADLINE)
    job = engine.job
    assert (job.state, job.counts) == (
        JobState.FAILED,
        Counts(created=2, unprocessed=5, triggers=2),
    )
    assert job.failure == (
        "The job ended because of an internal error (States.Timeout), which is logged; "
        "send the unprocessed orders again"
    )
    assert [each.split("|")[1] for each in engine.notes("unprocessed")] == ["unprocessed"] * 5


def test_the_end_by_a_fault_waits_for_chunks_that_are_being_imported() -> None:
    engine = _engine()
    _split(engine)
    engine.finish()("demo", JOB_ID, 1, "States.Timeout", DEADLINE)
    assert 32 < engine.clock.slept < 34
    assert engine.work(0) is None
    assert engine.versions() == {1: 2}


# Too many errors


def test_a_finished_run_does_not_change() -> None:
    engine = _engine()
    job = engine.run()
    files = dict(engine.files.files)
    engine.files.files.clear()
    assert engine.finish()("demo", JOB_ID, 1, "States.Timeout", DEADLINE) == job
    assert (engine.job, engine.files.files, engine.clock.slept) == (job, {}, 0)
    assert files
    # The first finish may have been cut off before its trigger.
    first, second = map(detail_of, engine.triggers.published)
    assert first == second


@pytest.mark.parametrize(
    ("state", "is_split", "ended", "failure"),
    [
        (
            JobState.SPLITTING,
            False,
            JobState.FAILED,
            "The operator of the hub stopped the job; create another job for the file",
        ),
        (
            JobState.IMPORTING,
            True,
            JobState.FAILED,
            "The operator of the hub stopped the job; send the unprocessed orders again",
        ),
        (JobState.CANCELLED, True, JobState.CANCELLED, None),
        (JobState.CANCELLED, False, JobState.CANCELLED, None),
        (JobState.STOPPED, True, JobState.STOPPED, None),
    ],
)
def test_a_run_that_is_aborted_ends(
    *, state: JobState, is_split: bool, ended: JobState, failure: str | None
) -> None:
    engine = _engine()
    if is_split:
        _split(engine)
    engine.change(state=state)
    engine.finish()("demo", JOB_ID, 1, ABORTED, DEADLINE)
    job = engine.job
    assert (job.state, job.failure) == (ended, failure)
    assert job.counts == Counts(unprocessed=job.orders or 0)
    assert job.ended_at is not None
    assert [each.job_id for each in engine.triggers.published] == [JOB_ID]
    # Only chunks that may still be imported are waited for.
    assert (engine.clock.slept > 0) == is_split


def test_a_run_whose_last_step_failed_is_completed_by_the_next_one() -> None:
    engine = _engine()
    _split(engine)
    engine.work(0)
    engine.change(state=JobState.FINISHING)
    engine.finish()("demo", JOB_ID, 1, "StepFailedError", DEADLINE)
    assert (engine.state, engine.job.failure) == ("completed", None)


def test_two_finishes_at_once_end_a_run_once() -> None:
    for step in count(1):
        engine = _engine()
        _split(engine)
        engine.work(0)
        twins: list[Job | None] = []

        def twin(engine: Engine = engine, twins: list[Job | None] = twins) -> None:
            twins.append(engine.finish()("demo", JOB_ID, 1, None, DEADLINE))

        engine.life.steps, engine.life.at_step = 0, (step, twin)
        job = engine.finish()("demo", JOB_ID, 1, None, DEADLINE)
        if not twins:
            break
        assert twins == [job]
        assert len({each.ended_at for each in engine.triggers.published}) == 1
    assert step > 10


@pytest.mark.parametrize("first", [True, False])
def test_a_job_stops_when_too_many_orders_fail(
    monkeypatch: pytest.MonkeyPatch, *, first: bool
) -> None:
    """Small chunks before MIN_JUDGED_ORDERS also count, in any order."""
    _small_chunks(monkeypatch, 10)
    bad = [_line(f"bad{number}", bad=1) for number in range(20)]
    good = [_line(f"good{number}") for number in range(180)]
    lines = [*bad, *good] if first else [*good[:90], *bad, *good[90:]]
    engine = Engine()
    engine.add_job(b"".join(lines))
    job = engine.run()
    assert job.state is JobState.STOPPED
    failed = "20 of the first 100 orders failed" if first else "20 of the first 110 orders failed"
    assert job.failure == (
        f"{failed}, more than 10 percent; the other orders were not imported. "
        "Correct the file, or start another job with a larger stop_above_percent"
    )
    assert job.counts is not None
    assert job.counts.unprocessed == (100 if first else 90)
    assert job.counts.received == 200
    assert len(engine.notes("unprocessed")) == job.counts.unprocessed


@given(
    st.lists(st.integers(0, 10), min_size=1, max_size=40),
    st.integers(0, 100),
    st.permutations(range(40)),
)
def test_a_job_stops_exactly_when_the_share_of_all_exceeds_the_limit(
    bad_of_chunk: list[int], percent: int, order: list[int]
) -> None:
    """Chunks of ten orders end in any order."""
    lines = [
        _line(f"{number}-{each}", bad=int(each < bad))
        for number, bad in enumerate(bad_of_chunk)
        for each in range(10)
    ]
    engine = Engine()
    engine.add_job(b"".join(lines), stop_above_percent=percent)
    with pytest.MonkeyPatch.context() as monkeypatch:
        _small_chunks(monkeypatch, 10)
        # Only the first chunks may sum up without a reason.
        monkeypatch.setattr("orders.application.import_chunk.MIN_JUDGED_ORDERS", 10)
        _split(engine)
        failed = processed = 0
        for number in [each for each in order if each < len(bad_of_chunk)]:
            assert engine.state == "importing"
            engine.work(number)
            failed, processed = failed + bad_of_chunk[number], processed + 10
            is_left = processed < 10 * len(bad_of_chunk)
            if is_left and processed >= 100 and failed * 100 > percent * processed:
                assert engine.state == "stopped"
                return
    assert engine.state == "importing"


@pytest.mark.parametrize("state", [JobState.IMPORTING, JobState.STOPPED])
def test_a_job_of_which_no_order_is_left_is_completed(state: JobState) -> None:
    """A chunk may stop the job while others import the rest."""
    engine = Engine()
    engine.add_job(b"".join(_line(str(number), bad=int(number < 30)) for number in range(150)))
    _split(engine)
    engine.work(0)
    assert engine.state == "importing"
    engine.change(state=state, failure="too many" if state is JobState.STOPPED else None)
    job = engine.run()
    assert (job.state, job.failure) == (JobState.COMPLETED, None)
    assert job.counts == Counts(created=120, failed=30)


def test_a_preview_does_not_stop() -> None:
    engine = Engine()
    engine.add_job(b"".join(_line(str(n), bad=1) for n in range(200)), mode=JobMode.PREVIEW)
    job = engine.run()
    assert (job.state, job.counts) == (JobState.PREVIEWED, Counts(failed=200))


# Sums


_RECORDS = st.tuples(st.sampled_from("ABCDEFGHIJKLMNOP"), st.sampled_from(["x", "y", "bad"]))


@given(st.lists(_RECORDS, min_size=1, max_size=40), st.integers(1, 7), st.sampled_from(OnDuplicate))
def test_the_counts_are_those_of_the_orders_and_of_the_files(
    records: list[tuple[str, str]], size: int, on_duplicate: OnDuplicate
) -> None:
    engine = _engine()
    engine.jobs.jobs.clear()
    lines = [_line(name, text, bad=int(text == "bad")) for name, text in records]
    engine.add_job(b"".join(lines), on_duplicate=on_duplicate, stop_above_percent=100)
    with pytest.MonkeyPatch.context() as monkeypatch:
        _small_chunks(monkeypatch, size)
        job = engine.run()
    counts = job.counts
    assert counts is not None
    assert counts.received == job.orders == len(records)
    assert counts.created == len(engine.orders.orders) - 2
    assert len(engine.notes("failed")) == counts.failed
    assert len(engine.notes("success")) == counts.created + counts.updated + counts.unchanged
    assert job.state is JobState.COMPLETED


# Other runs


@pytest.mark.parametrize("call", ["split", "chunk", "finish"])
def test_nothing_is_done_for_a_job_or_a_run_that_does_not_exist(call: str) -> None:
    engine = _engine()
    before = copy.deepcopy(engine.jobs)
    calls: dict[str, Callable[[str, int], object]] = {
        "split": lambda job_id, run: engine.split()("demo", job_id, run, DEADLINE),
        "chunk": lambda job_id, run: engine.import_chunk()(
            ChunkCommand("demo", job_id, run, 0), DEADLINE
        ),
        "finish": lambda job_id, run: engine.finish()("demo", job_id, run, None, DEADLINE),
    }
    assert calls[call]("other", 1) is None
    assert calls[call](JOB_ID, 2) is None
    assert engine.jobs == before


# Hostile files


def test_a_file_without_a_chunk_for_too_long_makes_the_job_fail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(LineFormats, "_records", lambda _self, source: iter(source.read()[:0]))
    engine = Engine()
    engine.add_job(FILE)
    engine.split()("demo", JOB_ID, 1, FixedDeadline(30.0))
    assert engine.job.failure is not None
    assert "too large to be split in time" in engine.job.failure


def test_a_chunk_has_at_most_so_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.application.split_import_file.MAX_CHUNK_ROWS", 3)
    stores: dict[str, Any] = {"formats": Registry()}
    engine = Engine(**stores)
    engine.add_job(b"external_id,line.sku\nA,1\nA,2\nB,1\nB,2\nC,1\n")
    _split(engine)
    assert [len(each.records) for each in engine.chunks()] == [1, 2]


def test_a_long_message_says_how_many_problems_it_leaves_out() -> None:
    engine = Engine()
    engine.add_job(_line("A", bad=40))
    engine.run()
    [note] = engine.notes("failed")
    assert len(note) < MAX_MESSAGE + 100
    assert note.endswith("more")


def test_a_sample_shows_the_beginning_of_an_id_that_no_order_can_have() -> None:
    engine = Engine()
    engine.add_job(_line("\ud800" + "x" * 1000, bad=1))
    [group] = engine.run().groups
    assert group.samples[0].external_id == f"\\ud800{'x' * 59}…"
