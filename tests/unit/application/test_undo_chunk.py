"""The undo of the chunks of an import job: outcomes, repeated attempts, faults and triggers."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from orders.application.chunk_requests import chunk_key
from orders.application.errors import StorageUnavailableError
from orders.application.ports import WriteOutcome
from orders.application.undo_results import DETAILS
from orders.domain.changes import OrderChange
from orders.domain.import_jobs import JobMode, JobState, Undone
from orders.domain.order import Cause
from orders.domain.repeats import RequestRecord
from orders.domain.undoing import UndoReason
from tests.support.crashes import Death, KilledError, Mortal
from tests.support.deadlines import DEADLINE, FixedDeadline
from tests.support.fakes import FakeHistory
from tests.support.undo_jobs import IMPORT, UNDO, JobWorld
from tests.support.undoing import (
    StreamedChanges,
    create,
    delete,
    hide,
    later,
    lose,
    memory_world,
    rename,
    update,
)

DELETED, RESTORED = ("deleted", ""), ("restored", "")
UNCHANGED, CHANGED = ("unchanged", ""), ("kept", "changed_since")


@pytest.fixture
def jobs() -> JobWorld:
    return JobWorld(memory_world())


def test_a_chunk_is_taken_back_but_for_orders_that_were_changed_since(jobs: JobWorld) -> None:
    world = jobs.world
    world.request(*(create(name) for name in "ABCDE"))
    before = world.snapshot("ABCDEFG")
    jobs.import_chunk(
        0,
        {
            "A": update("A", status="paid"),
            "B": update("B", status="paid"),
            "C": None,
            "D": update("D", status="paid"),
            "F": create("F"),
            "G": create("G"),
            "H": create("H"),
            "bad": None,
        },
    )
    world.request(update("B", comment="x"), update("G", comment="x"), delete("D"), delete("H"))
    touched = world.snapshot("BG")
    jobs.begin()
    assert jobs.undo() == {
        "A": RESTORED,
        "B": CHANGED,
        "C": UNCHANGED,
        "D": ("kept", "deleted"),
        "F": DELETED,
        "G": CHANGED,
        "H": UNCHANGED,
        "bad": UNCHANGED,
    }
    number = world.found("D") if world.exists("D") else None
    assert number is None
    now = world.snapshot("ABCDEFG")
    assert now == {k: v for k, v in {**before, **touched}.items() if v[0] != "D"}
    [summary] = jobs.jobs.summaries(world.account, UNDO, 1, jobs.world)
    assert summary.undone == Undone(deleted=1, restored=1, unchanged=3, kept=3)
    assert (summary.counts.received, summary.counts.updated, summary.counts.triggers) == (8, 2, 0)


def test_a_record_names_its_order_the_reason_and_what_to_do(jobs: JobWorld) -> None:
    jobs.import_chunk(0, {"A": create("A")})
    jobs.world.request(update("A", comment="x"))
    number = jobs.world.found("A").order.order_id
    jobs.begin()
    result = jobs.undo_chunk(0)
    assert result is not None
    [record] = result.records
    assert (record.row, record.external_id, record.order_id, record.version) == (1, "A", number, 2)
    assert record.message == DETAILS[UndoReason.CHANGED_SINCE]


def test_each_reason_has_a_text() -> None:
    assert {*DETAILS} == {*UndoReason}


def test_a_preview_writes_nothing_and_shows_what_an_undo_would_do(jobs: JobWorld) -> None:
    world = jobs.world
    world.request(create("A"), create("B"))
    jobs.import_chunk(0, {"A": update("A", status="paid"), "B": None, "C": create("C")})
    before = {name: world.found(name) for name in "ABC"}
    jobs.begin(mode=JobMode.PREVIEW, skip_triggers=False)
    result = jobs.undo_chunk(0)
    assert result is not None
    assert [each.outcome for each in result.records] == ["restored", "unchanged", "deleted"]
    assert [each["outcome"] for each in result.samples] == ["restored", "unchanged", "deleted"]
    change = {"path": "/status", "before": "paid", "after": "new"}
    assert [each["changed"] for each in result.samples] == [[change], [], []]
    assert result.summary.counts.triggers == 2
    assert {name: world.found(name) for name in "ABC"} == before
    assert world.publisher.sent == []


def test_a_chunk_with_a_result_keeps_it(jobs: JobWorld) -> None:
    jobs.import_chunk(0, {"A": create("A")})
    jobs.begin()
    first = jobs.undo_chunk(0)
    jobs.jobs.kept.clear()
    assert jobs.undo_chunk(0) == first
    assert first is not None
    assert [*jobs.jobs.kept.values()] == [first.summary]


@pytest.mark.parametrize("state", [JobState.CANCELLED, JobState.STOPPED, JobState.FAILED])
def test_a_job_that_has_ended_undoes_nothing(jobs: JobWorld, state: JobState) -> None:
    jobs.import_chunk(0, {"A": create("A")})
    jobs.begin()
    jobs.change_undo(state=state)
    assert jobs.undo_chunk(0) is None
    assert jobs.world.exists("A")


def test_an_attempt_of_another_run_or_job_undoes_nothing(jobs: JobWorld) -> None:
    jobs.import_chunk(0, {"A": create("A")})
    jobs.begin()
    jobs.change_undo(run=2)
    assert jobs.undo_chunk(0) is None
    assert jobs.undo_chunk(0, job_id=IMPORT) is None
    assert jobs.undo_chunk(0, job_id="unknown") is None
    jobs.change_undo(run=1, undoes="gone")
    assert jobs.undo_chunk(0) is None
    assert jobs.world.exists("A")


@pytest.mark.parametrize("has_result", [True, False])
def test_writes_of_records_without_an_outcome_are_taken_back(
    jobs: JobWorld, *, has_result: bool
) -> None:
    world = jobs.world
    world.request(create("A"), create("B"), create("C"), create("D"))
    before = world.snapshot("ABCDE")
    jobs.import_chunk(
        0,
        {
            "A": update("A", status="paid"),
            "B": None,
            "C": update("C", status="paid"),
            "D": hide("D"),
            "E": create("E"),
            "\n": None,
        },
        lost=["A", "B", "C", "D", "E", "\n"],
        result=has_result,
    )
    world.request(update("C", comment="x"))
    jobs.begin()
    assert jobs.undo() == {
        "A": RESTORED,
        "B": UNCHANGED,
        "C": CHANGED,
        "D": RESTORED,
        "E": DELETED,
        "\n": UNCHANGED,
    }
    after = world.snapshot("ABCDE")
    assert {n: v for n, v in after.items() if v[0] != "C"} == {
        n: v for n, v in before.items() if v[0] != "C"
    }


def test_a_chunk_that_was_never_begun_is_unchanged(jobs: JobWorld) -> None:
    jobs.import_chunk(0, {"A": create("A")}, result=False)
    jobs.records = type(jobs.records)()
    jobs.begin()
    assert jobs.undo() == {"A": UNCHANGED}
    assert jobs.world.exists("A")


def test_two_records_of_one_order_have_one_result(jobs: JobWorld) -> None:
    world = jobs.world
    world.request(create("A"))
    world.request(rename("A", "B"))
    before = world.snapshot("B")
    jobs.import_chunk(0, {"A": update("A", status="paid"), "B": update("B", comment="x")})
    jobs.begin(skip_triggers=False)
    result = jobs.undo_chunk(0)
    assert result is not None
    assert [each.outcome for each in result.records] == ["restored", "restored"]
    assert result.summary.counts.triggers == len(world.publisher.sent) == 1
    assert world.snapshot("B") == before


@pytest.mark.parametrize("first", [0, 1])
def test_an_order_under_two_names_of_one_file_gets_the_content_from_before(
    jobs: JobWorld, first: int
) -> None:
    world = jobs.world
    world.request(create("A"))
    world.request(rename("A", "B"))
    before = world.snapshot("B")
    jobs.import_chunk(0, {"A": update("A", status="paid")})
    jobs.import_chunk(1, {"B": update("B", comment="x")})
    jobs.begin()
    assert jobs.undo(first) == {"AB"[first]: RESTORED}
    assert jobs.undo(1 - first) == {"BA"[first]: UNCHANGED}
    assert world.snapshot("B") == before


def test_an_order_that_one_request_created_and_changed_is_deleted(jobs: JobWorld) -> None:
    jobs.import_chunk(0, {"A": create("A")}, lost=["A"])
    request_id = jobs.import_chunk(1, {"B": None})
    cause = Cause(request_id, "shop", jobs.world.now)
    jobs.world.update_order("A", cause, status="paid")
    jobs.world.stream()
    jobs.begin()
    assert jobs.undo() == {"A": DELETED}


def test_a_change_of_the_same_client_during_the_import_is_no_part_of_it(jobs: JobWorld) -> None:
    world = jobs.world
    world.request(create("A"), create("B"))
    world.request(update("A", comment="before"))
    jobs.import_chunk(0, {"A": update("A", status="paid"), "B": update("B", status="paid")})
    world.request(update("B", comment="after"))
    jobs.begin(later=timedelta(seconds=1))
    assert jobs.undo() == {"A": RESTORED, "B": CHANGED}
    assert world.found("A").order.content()["comment"] == "before"


def test_triggers_are_published_unless_they_are_skipped(jobs: JobWorld) -> None:
    jobs.import_chunk(0, {"A": create("A")})
    jobs.import_chunk(1, {"B": create("B")})
    jobs.begin(skip_triggers=False)
    result = jobs.undo_chunk(0)
    assert result is not None
    assert [each.kind for each in jobs.world.publisher.sent] == ["OrderDeleted"]
    assert result.summary.counts.triggers == 1
    jobs.change_undo(skip_triggers=True)
    jobs.undo_chunk(1)
    assert len(jobs.world.publisher.sent) == 1


def test_a_history_that_is_not_written_is_retried_and_reported_at_last(jobs: JobWorld) -> None:
    world = jobs.world
    world.request(create("A"))
    world.lags = True
    jobs.import_chunk(0, {"A": update("A", status="paid"), "B": create("B")})
    jobs.begin()
    with pytest.raises(StorageUnavailableError):
        jobs.undo()
    assert not world.exists("B")
    assert jobs.undo(is_last=True) == {"A": ("failed", "history_pending"), "B": DELETED}


def test_the_next_attempt_completes_what_a_lagging_history_prevented(jobs: JobWorld) -> None:
    world = jobs.world
    world.request(create("A"))
    world.lags = True
    jobs.import_chunk(0, {"A": update("A", status="paid"), "B": create("B")})
    jobs.begin()
    with pytest.raises(StorageUnavailableError):
        jobs.undo()
    world.lags = False
    world.stream()
    assert jobs.undo() == {"A": RESTORED, "B": DELETED}


def test_an_expired_history_is_kept_at_once(jobs: JobWorld) -> None:
    jobs.world.request(create("A"))
    jobs.import_chunk(0, {"A": update("A", status="paid")})
    assert isinstance(jobs.world.history, FakeHistory)
    jobs.world.history.versions.clear()
    jobs.begin(later=timedelta(days=2))
    assert jobs.undo() == {"A": ("kept", "history_expired")}


def test_an_attempt_without_time_leaves_the_rest_to_the_next_one(jobs: JobWorld) -> None:
    names = [f"N{number:03}" for number in range(60)]
    jobs.import_chunk(0, {name: create(name) for name in names})
    jobs.begin()
    with pytest.raises(StorageUnavailableError):
        jobs.undo(deadline=FixedDeadline(15.0, per_look=0.1))
    left = sum(jobs.world.exists(name) for name in names)
    assert 0 < left < 60
    assert jobs.undo() == dict.fromkeys(names, DELETED)


def test_a_lost_answer_is_recognised(jobs: JobWorld) -> None:
    world = jobs.world
    world.request(create("A"))
    jobs.import_chunk(0, {"A": update("A", status="paid"), "B": create("B")})
    world.changes.faults += [lose, lose]
    jobs.begin()
    assert jobs.undo() == {"A": RESTORED, "B": DELETED}


def test_an_attempt_waits_for_the_end_of_another_one(jobs: JobWorld) -> None:
    jobs.import_chunk(0, {"A": create("A")})
    jobs.begin()
    key, now = chunk_key(jobs.jobs.jobs[UNDO], 0), jobs.world.now
    other = RequestRecord(key.fingerprint, "0" * 32, "0" * 32, now + timedelta(seconds=20))
    jobs.records.claim(key, other, now, now + timedelta(days=1), DEADLINE)
    with pytest.raises(StorageUnavailableError):
        jobs.undo()
    assert jobs.world.exists("A")
    later(jobs.world, seconds=20)
    assert jobs.undo() == {"A": DELETED}


def _writing(
    write: Callable[[OrderChange], WriteOutcome],
) -> Callable[[StreamedChanges, OrderChange], WriteOutcome]:
    return lambda _changes, change: write(change)


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_chunk_that_crashed_at_any_call_is_completed_by_the_next_attempt(phase: str) -> None:
    for at in range(1, 60):
        jobs = JobWorld(memory_world())
        world = jobs.world
        world.request(create("A"), create("B"), create("C"))
        before = world.snapshot("ABCD")
        jobs.import_chunk(
            0,
            {"A": update("A", status="paid"), "B": rename("B", "B2"), "C": hide("C")}
            | {"D": create("D"), "E": create("E")},
            lost=["A", "E"],
        )
        jobs.begin()
        death = Death(at, phase)
        whole, files, kept = world.store, jobs.files, jobs.jobs
        history, write = world.history, death.around(world.changes.commit)
        world.store = replace(whole, index=Mortal(whole.index, death))
        world.history = Mortal(history, death)
        world.changes.faults += [_writing(write)] * 5
        jobs.files, jobs.jobs = Mortal(files, death), Mortal(kept, death)
        with suppress(KilledError):
            jobs.undo_chunk(0)
        world.store, world.history = whole, history
        jobs.files, jobs.jobs = files, kept
        world.changes.faults.clear()
        world.stream()
        # The first attempt has not released the chunk.
        later(world, minutes=1)
        assert jobs.undo() == {"A": RESTORED, "B": RESTORED, "C": RESTORED} | {
            "D": DELETED,
            "E": DELETED,
        }
        assert world.snapshot("ABCDE") == before
        [summary] = kept.summaries(world.account, UNDO, 1, DEADLINE)
        assert summary.undone == Undone(deleted=2, restored=3)
        if death.calls < at:
            assert at > 10
            return
    pytest.fail("the undo makes more calls than were tried")


def test_a_race_with_another_undo_leaves_the_order_restored(jobs: JobWorld) -> None:
    world = jobs.world
    world.request(create("A"))
    jobs.import_chunk(0, {"A": update("A", status="paid")})
    jobs.begin()

    def race(changes: StreamedChanges, change: OrderChange) -> WriteOutcome:
        other = replace(change.after.order, request_id="0" * 32)
        changes.commit(replace(change, after=replace(change.after, order=other)))
        return WriteOutcome.CONFLICT

    world.changes.faults.append(race)
    assert jobs.undo() == {"A": UNCHANGED}


def test_a_second_undo_finds_everything_as_it_was(jobs: JobWorld) -> None:
    world = jobs.world
    world.request(create("A"))
    jobs.import_chunk(0, {"A": update("A", status="paid"), "B": create("B")})
    jobs.begin()
    jobs.undo()
    jobs.begin(job_id="second")
    assert jobs.undo(job_id="second") == {"A": UNCHANGED, "B": UNCHANGED}
