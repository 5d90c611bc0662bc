"""What was written of a chunk whose attempts were cut off is counted, and can be undone."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import count
from typing import Any

import pytest

from orders.application.chunk_runs import ChunkCommand
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.ports import Deadline, WriteOutcome
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.deletions import Deletion
from orders.domain.history import OrderKey, ReplacedVersion
from orders.domain.import_jobs import ChunkResult, Counts, JobMode, JobState, Undone
from orders.domain.order import Cause
from orders.domain.order_numbers import EPOCH, first_number_of
from tests.support.crashes import Death, Mortal
from tests.support.crashes import KilledError as Killed
from tests.support.deadlines import DEADLINE
from tests.support.fakes import FakeOrderChanges
from tests.support.file_job_worlds import JOB_ID, Engine, KilledError
from tests.support.order_changes import deletion, soft_deletion
from tests.support.undo_jobs import UNDO, JobWorld
from tests.support.undoing import (
    StreamedChanges,
    create,
    delete,
    hide,
    later,
    memory_world,
    rename,
    update,
)

ENDS = (JobState.CANCELLED, JobState.STOPPED, JobState.FINISHING)
# A and B are new, C is updated, D is unchanged, the second A fails; E is in the next chunk.
ROWS = (("A", "x"), ("B", "x"), ("C", "new"), ("D", "x"), ("A", "again"), ("E", "x"))


def _file(*rows: tuple[str, str]) -> bytes:
    return b"".join(json.dumps({"id": n, "text": t}).encode() + b"\n" for n, t in rows)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.application.split_import_file.MAX_CHUNK_ORDERS", 5)


def _stored() -> Engine:
    """Return an engine whose hub has the orders C and D."""
    engine = Engine()
    _take_ids_of_now(engine)
    engine.add_job(_file(("C", "old"), ("D", "x")))
    assert engine.run().state is JobState.COMPLETED
    engine.clock.sleep(3600)
    _take_ids_of_now(engine)
    _forget(engine)
    return engine


def _take_ids_of_now(engine: Engine) -> None:
    engine.order_ids.last = first_number_of((engine.clock() - EPOCH) // timedelta(seconds=1))


def _forget(engine: Engine) -> None:
    """Leave only the orders of the jobs before."""
    engine.jobs.jobs.clear()
    engine.jobs.kept.clear()
    engine.records.records.clear()
    for kept in (engine.files.files, engine.files.chunks, engine.files.results):
        kept.clear()
    engine.orders.writes.clear()
    engine.publisher.sent.clear()


def _split(**members: Any) -> Engine:  # noqa: ANN401 - members of a job
    """Return an engine with a job for ROWS, whose file is split."""
    engine = _stored()
    engine.add_job(_file(*ROWS), **{"skip_triggers": False, **members})
    engine.split()("demo", JOB_ID, 1, DEADLINE)
    engine.life.steps = 0
    return engine


def _kill(engine: Engine, step: int) -> bool:
    """Kill the first attempt at the first chunk at a step; return whether it came so far."""
    engine.life.steps, engine.life.dies_at = 0, step
    with suppress(KilledError):
        engine.import_chunk()(ChunkCommand("demo", JOB_ID, 1, 0), DEADLINE)
    is_killed = engine.life.is_dead
    engine.life.is_dead, engine.life.dies_at = False, None
    return is_killed


def _written(engine: Engine) -> dict[str, str]:
    """Return the outcome of each order that the job has written."""
    own = {write.order.external_id: write for write in engine.orders.writes}
    return {
        name: "created" if write.base_version is None else "updated" for name, write in own.items()
    }


def _reported(engine: Engine) -> dict[str, str]:
    """Return the outcome of each written order that a result file has."""
    if "success" not in engine.result_files():
        return {}
    notes = [each.split("|")[1] for each in engine.notes("success")]
    lines = engine.result_file("success").splitlines()[1:-1]
    names = [json.loads(line.rpartition(b" ")[0])["id"] for line in lines]
    found = dict(zip(names, notes, strict=True))
    return {name: outcome for name, outcome in found.items() if outcome != "unchanged"}


@pytest.mark.parametrize("state", ENDS)
def test_a_job_that_ends_after_a_crash_counts_what_was_written(state: JobState) -> None:
    seen = set()
    for step in count(1):
        engine = _split()
        is_killed = _kill(engine, step)
        failure = "too many" if state is JobState.FINISHING else None
        engine.change(state=state, failure=failure)
        job = engine.run()
        written = _written(engine)
        assert _reported(engine) == written
        assert job.counts is not None
        assert (job.counts.created, job.counts.updated) == (
            sum(each == "created" for each in written.values()),
            sum(each == "updated" for each in written.values()),
        )
        assert job.counts.received == job.orders == 6
        assert job.counts.triggers == len(written)
        assert len(engine.notes("unprocessed")) == job.counts.unprocessed
        seen.add(len(written))
        if not is_killed:
            break
    assert seen == {0, 1, 2, 3}


def test_a_chunk_whose_attempts_all_crashed_counts_what_was_written() -> None:
    engine = _split()
    _kill_after_writes(engine)
    job = engine.finish()("demo", JOB_ID, 1, None, DEADLINE)
    assert job is not None
    assert (job.state, job.counts) == (
        JobState.FAILED,
        Counts(created=2, updated=1, failed=1, unprocessed=2, triggers=3),
    )
    assert [each.split("|")[:2] for each in engine.notes("failed")] == [["5", "duplicate"]]
    assert [each.split("|")[:2] for each in engine.notes("unprocessed")] == [
        ["4", "unprocessed"],
        ["6", "unprocessed"],
    ]


def _kill_after_writes(engine: Engine) -> None:
    """Kill the only attempt at the first chunk after its last write."""
    _kill(engine, _last_write())
    assert len(_written(engine)) == 3


@cache
def _last_write() -> int:
    for step in count(1):
        trial = _split()
        _kill(trial, step)
        if len(_written(trial)) == 3:
            return step
    raise AssertionError


def test_orders_that_a_fault_of_the_store_left_are_no_more_than_those_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first attempt writes a part, and the job is cancelled before the next one."""
    engine = _split()
    save = engine.orders.save

    def save_one(_account: str, writes: Any, deadline: Deadline) -> Any:  # noqa: ANN401 - as saved
        first, *rest = writes
        done = save("demo", [first], deadline)
        engine.orders.is_out = True
        return [*done, *([WriteOutcome.UNTRIED] * len(rest))]

    monkeypatch.setattr(engine.orders, "save", save_one)
    with pytest.raises(StorageUnavailableError):
        engine.import_chunk()(ChunkCommand("demo", JOB_ID, 1, 0), DEADLINE)
    engine.orders.is_out = False
    engine.change(state=JobState.CANCELLED)
    job = engine.run()
    assert job.counts == Counts(created=1, failed=1, unprocessed=4, triggers=1)


def test_a_settled_chunk_keeps_its_result_and_its_summary() -> None:
    engine = _split()
    _kill_after_writes(engine)
    engine.change(state=JobState.CANCELLED)
    first = engine.run()
    kept = engine.result_of(0)
    [summary] = engine.jobs.summaries("demo", JOB_ID, 1, DEADLINE)
    assert kept.summary == summary
    assert summary.request_id == engine.orders["demo", "A"].request_id
    # A finish that was cut off is repeated, whatever became of the orders since.
    engine.orders.orders.clear()
    engine.change(ended_at=None)
    again = engine.run()
    assert again.counts == first.counts


def test_a_finish_that_is_killed_at_any_step_settles_each_chunk_once() -> None:
    for step in count(1):
        engine = _split()
        _kill_after_writes(engine)
        engine.change(state=JobState.CANCELLED)
        engine.life.steps, engine.life.dies_at = 0, step
        job = engine.run()
        assert job.counts == Counts(created=2, updated=1, failed=1, unprocessed=2, triggers=3)
        if not engine.life.has_died():
            break
    assert step > 20


def test_an_attempt_that_may_still_write_is_waited_for() -> None:
    engine = _split()
    _kill(engine, 9)
    [(record, _)] = engine.records.records.values()
    engine.change(state=JobState.CANCELLED)
    engine.finish()("demo", JOB_ID, 1, None, DEADLINE)
    assert engine.clock() >= record.ends_at


def test_a_result_that_the_last_attempt_kept_meanwhile_remains() -> None:
    engine = _split()
    _kill_after_writes(engine)
    late: list[ChunkResult] = []
    sleep = engine.clock.sleep

    def finish_attempt(seconds: float) -> None:
        sleep(seconds)
        result = engine.import_chunk()(ChunkCommand("demo", JOB_ID, 1, 0, is_last=True), DEADLINE)
        assert result is not None
        late.append(result)
        engine.change(state=JobState.CANCELLED)

    engine.clock.sleep = finish_attempt  # type: ignore[method-assign]
    settle = engine.settle_chunks()
    assert settle(engine.job, engine.chunks()[0], DEADLINE) == late[0]
    assert late[0].summary.counts == Counts(created=2, updated=1, unchanged=1, failed=1, triggers=3)


def _change(engine: Engine, name: str, **members: object) -> None:
    """Let another request change an order, and write the history of that."""
    engine.clock.sleep(1)
    order = engine.orders["demo", name]
    replaced = ReplacedVersion(order, None, engine.clock())
    later = replace(
        order.next_version(Cause("r" * 32, "other", engine.clock())),
        **members,  # type: ignore[arg-type]
    )
    engine.orders.orders["demo", later.external_id] = later
    if later.external_id != name:
        del engine.orders.orders["demo", name]
    engine.history.keep([(replaced, 400)], DEADLINE)


def _delete(engine: Engine, name: str, plan: Callable[[StoredOrder], OrderChange]) -> None:
    """Let another request delete an order."""
    change = plan(engine.orders.as_stored(engine.orders["demo", name]))
    assert FakeOrderChanges(engine.orders).save(change, DEADLINE) is WriteOutcome.COMMITTED
    last = change.after.order
    if change.removes:
        engine.history.deletions[OrderKey("demo", last.order_id)] = Deletion(
            last.order_id, name, last.version, "hub", "hub", last.updated_at, "r" * 32, "other"
        )
    else:
        replaced = ReplacedVersion(change.before.order, None, engine.clock())
        engine.history.keep([(replaced, 400)], DEADLINE)


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda engine: _change(engine, "A", status="delivered"),
        lambda engine: _change(engine, "C", status="delivered"),
        lambda engine: _change(engine, "A", external_id="renamed"),
        lambda engine: _delete(engine, "A", soft_deletion),
        lambda engine: _delete(engine, "A", deletion),
    ],
    ids=["created, changed", "updated, changed", "renamed", "hidden", "deleted"],
)
def test_orders_that_other_requests_changed_since_count_as_written(
    meanwhile: Callable[[Engine], None],
) -> None:
    engine = _split()
    _kill_after_writes(engine)
    meanwhile(engine)
    engine.change(state=JobState.CANCELLED)
    job = engine.run()
    assert job.counts == Counts(created=2, updated=1, failed=1, unprocessed=2, triggers=3)


def test_the_finish_waits_for_the_history_of_an_order_that_was_changed_since() -> None:
    engine = _split()
    _kill_after_writes(engine)
    _change(engine, "C", status="delivered")
    engine.history.versions.clear()
    engine.change(state=JobState.CANCELLED)
    # Until then the attempt may still write.
    engine.clock.sleep(32)
    with pytest.raises(StorageUnavailableError):
        engine.finish()("demo", JOB_ID, 1, None, DEADLINE)
    job = engine.run()
    assert job.counts is not None
    assert (job.counts.created, job.ended_at is None) == (2, False)


def test_a_preview_and_a_chunk_that_was_never_begun_have_nothing_to_settle() -> None:
    engine = _split(mode=JobMode.PREVIEW)
    _kill(engine, 9)
    engine.change(state=JobState.CANCELLED)
    assert engine.run().counts == Counts(unprocessed=6)
    assert engine.files.results == {}


# Undo


@pytest.mark.parametrize("phase", ["before", "after"])
def test_an_undo_that_ends_after_a_crash_counts_what_was_written(phase: str) -> None:
    seen = set()
    for at in count(1):
        jobs = _imported()
        world = jobs.world
        before = world.snapshot("ABCDEF")
        death = Death(at, phase)
        write = death.around(world.changes.commit)
        world.changes.faults += [_writing(write)] * 5
        whole = world.store
        world.store = replace(whole, index=Mortal(whole.index, death))
        with suppress(Killed):
            jobs.undo_chunk(0)
        world.store = whole
        world.changes.faults.clear()
        world.stream()
        jobs.change_undo(state=JobState.CANCELLED)
        later(world, minutes=1)
        result = jobs.settle(0)
        after = world.snapshot("ABCDEF")
        assert result is not None
        changed = {name for name, found in before.items() if after.get(name) != found}
        reported = {
            each.order_id for each in result.records if each.outcome in {"deleted", "restored"}
        }
        assert reported == changed
        counts = result.summary.counts
        assert (counts.updated, counts.triggers) == (len(changed), len(changed))
        assert counts.received == 6
        seen.add(len(changed))
        if death.calls < at:
            break
    assert seen >= {0, 5}


def _writing(
    write: Callable[[OrderChange], WriteOutcome],
) -> Callable[[StreamedChanges, OrderChange], WriteOutcome]:
    return lambda _changes, change: write(change)


def _imported() -> JobWorld:
    """Return jobs of which one has imported a chunk, and another one undoes that."""
    jobs = JobWorld(memory_world())
    jobs.world.request(create("A"), create("B"), create("C"))
    jobs.import_chunk(
        0,
        {"A": update("A", status="paid"), "B": rename("B", "B2"), "C": hide("C")}
        | {"D": create("D"), "E": create("E"), "F": None},
        lost=["A", "E"],
    )
    jobs.begin(skip_triggers=False)
    return jobs


def test_a_restored_order_that_was_changed_since_counts_as_restored() -> None:
    jobs = _imported()
    _cut_off(jobs)
    jobs.world.request(update("A", comment="x"), delete("C"))
    result = jobs.settle(0)
    assert result is not None
    found = {each.external_id: (each.outcome, each.version) for each in result.records}
    # It is not known any more what became of C.
    assert found == {
        "A": ("restored", 2),
        "B": ("restored", 2),
        "C": ("unprocessed", 2),
        "D": ("deleted", 1),
        "E": ("deleted", 1),
        "F": ("unprocessed", None),
    }
    assert result.summary.undone == Undone(deleted=2, restored=2)
    assert result.summary.counts == Counts(updated=4, unprocessed=2, triggers=4)


def _cut_off(jobs: JobWorld) -> None:
    """Undo the chunk, and lose its result."""
    jobs.undo_chunk(0, is_last=True)
    jobs.files.results.pop((UNDO, 1, 0))
    jobs.jobs.kept.pop((UNDO, 1, 0))
    jobs.change_undo(state=JobState.CANCELLED)


def test_the_undo_of_a_job_that_is_gone_cannot_be_settled() -> None:
    jobs = _imported()
    _cut_off(jobs)
    jobs.change_undo(undoes="gone")
    with pytest.raises(StorageRefusedError):
        jobs.settle(0)
