"""The undo of an import job, on the fakes and on DynamoDB Local: both must do the same."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.adapters.dynamodb_receipts import DynamoReceipts
from orders.adapters.dynamodb_request_records import DynamoRequestRecords
from orders.domain.import_jobs import Undone
from tests.support.deadlines import DEADLINE
from tests.support.undo_jobs import UNDO, JobWorld
from tests.support.undoing import (
    KINDS,
    Change,
    Snapshot,
    UndoWorld,
    create,
    delete,
    later,
    memory_world,
    possible,
    rename,
    table_world,
    update,
)


@pytest.fixture(params=["memory", "dynamodb"])
def jobs(request: pytest.FixtureRequest) -> JobWorld:
    if request.param == "memory":
        return JobWorld(memory_world())
    client = request.getfixturevalue("dynamodb")
    table = request.getfixturevalue("table")
    return JobWorld(
        table_world(client, table),
        DynamoRequestRecords(client, table),
        DynamoReceipts(client, table),
    )


def test_an_undo_takes_back_all_but_later_changes(jobs: JobWorld) -> None:
    world = jobs.world
    names = [f"U{number:02}" for number in range(6)]
    world.request(*(create(name) for name in names))
    before = world.snapshot(names)
    jobs.import_chunk(0, {name: update(name, status="paid") for name in names})
    new = {f"N{number}": create(f"N{number}") for number in range(5)}
    jobs.import_chunk(1, new, lost=["N0"])
    world.request(update("U00", comment="later"), rename("U01", "V01"), delete("U02"), delete("N1"))
    kept = world.snapshot(["U00", "U01", "U02"])
    jobs.begin(skip_triggers=False)
    first, second = jobs.undo(0), jobs.undo(1)
    assert first == dict.fromkeys(names, ("restored", "")) | {
        "U00": ("kept", "changed_since"),
        "U01": ("kept", "changed_since"),
        "U02": ("kept", "deleted"),
    }
    assert second == dict.fromkeys(new, ("deleted", "")) | {"N1": ("unchanged", "")}
    changed = {"U00", "U01", "U02"}
    restored = {number: each for number, each in before.items() if each[0] not in changed}
    assert world.snapshot([*names, *new]) == {**restored, **kept}
    summaries = jobs.jobs.summaries(world.account, UNDO, 1, DEADLINE)
    assert [each.undone for each in summaries] == [
        Undone(restored=3, kept=3),
        Undone(deleted=4, unchanged=1),
    ]
    # An attempt that follows one without a result recognises what that one did.
    for number in range(2):
        del jobs.files.results[UNDO, 1, number]
    later(world, minutes=1)
    assert (jobs.undo(0), jobs.undo(1)) == (first, second)


_NAMES = "ABCDEF"
_LATER = ("A2", "B2", "C2", "D2", "E2", "F2")
_KINDS = st.sampled_from(sorted(KINDS))
# What an import does with an order; it renames and deletes none.
_IMPORTED = st.sampled_from(["update", "status", "guard", "none", "failed"])
_CHUNKS = st.lists(st.sampled_from(_NAMES), max_size=6, unique=True).flatmap(
    lambda names: st.tuples(
        st.fixed_dictionaries(dict.fromkeys(names, _IMPORTED)),
        st.sets(st.sampled_from(names or "A")),
        st.booleans(),
        st.integers(0, 6),
    )
)
_REQUESTS = st.lists(st.dictionaries(st.sampled_from(_NAMES), _KINDS, max_size=4), max_size=3)


def _made(world: UndoWorld, kinds: Mapping[str, str]) -> dict[str, Change]:
    made = {name: possible(world, name, kind) for name, kind in kinds.items() if kind in KINDS}
    return {name: change for name, change in made.items() if change is not None}


def _changed(before: Snapshot, after: Snapshot) -> set[int]:
    return {number for number in {*before, *after} if before.get(number) != after.get(number)}


@settings(max_examples=100, deadline=None)
@given(_REQUESTS, _CHUNKS, _REQUESTS)
def test_an_undo_restores_untouched_orders_and_leaves_touched_ones(
    earlier: Sequence[Mapping[str, str]],
    chunk: tuple[Mapping[str, str], set[str], bool, int],
    afterwards: Sequence[Mapping[str, str]],
) -> None:
    jobs = JobWorld(memory_world())
    world, names = jobs.world, [*_NAMES, *_LATER]
    for request in earlier:
        world.request(*_made(world, request).values())
    kinds, lost, has_result, cut = chunk
    before = world.snapshot(names)
    imported = [*kinds]
    # Two chunks: the second one may have no result, and the first one lost answers.
    for number, part in enumerate([imported[:cut], imported[cut:]]):
        changes = _made(world, {name: kinds[name] for name in part})
        records = {name: changes.get(name) for name in part}
        jobs.import_chunk(number, records, lost=lost, result=has_result or number == 0)
    present = world.snapshot(names)
    mine = _changed(before, present)
    now, touched = present, set[int]()
    for request in afterwards:
        world.request(*_made(world, request).values())
        following = world.snapshot(names)
        touched |= _changed(now, following)
        now = following
    versions = {number: world.stored(number) for number in now}
    jobs.begin()
    found = jobs.undo(1) | jobs.undo(0)
    undone = {number for number in mine if number in now and number not in touched}
    expected = {number: each for number, each in now.items() if number not in undone} | {
        number: before[number] for number in undone if number in before
    }
    assert world.snapshot(names) == expected
    for number in versions.keys() - undone:
        assert world.stored(number) == versions[number]
    assert found.keys() == kinds.keys()
    assert sum(outcome in {"deleted", "restored"} for outcome, _ in found.values()) == len(undone)
