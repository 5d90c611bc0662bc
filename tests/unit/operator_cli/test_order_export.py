"""An export continues after an interruption without a lost, doubled or broken row."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from operator_cli.errors import OperatorError, UnavailableError, UsageError
from operator_cli.hub_reads import OrderFilters
from operator_cli.order_export import Export, ExportPlan, Format
from tests.support.hub_worlds import LATER, World, fault_after, memory_hub, memory_world

ORDERS = 450
PAGES = 3
JSONL = ExportPlan("memory", Format.JSONL, OrderFilters(newest_first=False))
CSV = replace(JSONL, format=Format.CSV)


def _nothing(_count: int, _part: float) -> None:
    pass


@pytest.fixture(scope="module")
def world() -> World:
    """Return a world with several pages of orders, one of them with a line feed in a cell."""
    world = memory_world()
    world.create_many(ORDERS - 1)
    world.create("Z", endpoint='a "b"\nc')
    return world


@pytest.fixture(autouse=True)
def _no_faults(world: World) -> None:
    memory_hub(world).before = lambda _request: None


def _export(world: World, file: Path, plan: ExportPlan = JSONL) -> Export:
    return Export(world.reads, file, plan, lambda: LATER)


def _names(file: Path) -> list[str]:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".csv":
        return [row["external_id"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    return [json.loads(line)["external_id"] for line in text.splitlines()]


EXPECTED = [*(f"A-{number}" for number in range(ORDERS - 1)), "Z"]


@pytest.mark.parametrize("plan", [JSONL, CSV], ids=lambda plan: plan.format)
def test_an_export_has_every_order_once_the_oldest_first(
    world: World, tmp_path: Path, plan: ExportPlan
) -> None:
    file = tmp_path / f"orders.{plan.format}"
    assert _export(world, file, plan).run(_nothing) == ORDERS
    assert _names(file) == EXPECTED
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("plan", [JSONL, CSV], ids=lambda plan: plan.format)
@pytest.mark.parametrize("pages", range(PAGES))
@pytest.mark.parametrize("tail", [b"", b'{"half', b"A-1,x\r\n" * 6000])
def test_an_interrupted_export_continues_behind_its_complete_rows(
    world: World, tmp_path: Path, plan: ExportPlan, pages: int, tail: bytes
) -> None:
    file = tmp_path / f"orders.{plan.format}"
    memory_hub(world).before = fault_after(pages)
    with pytest.raises(UnavailableError):
        _export(world, file, plan).run(_nothing)
    with file.open("ab") as opened:
        opened.write(tail)
    memory_hub(world).before = lambda _request: None
    later = replace(_export(world, file, plan), clock=lambda: LATER.replace(year=2030))
    assert later.run(_nothing) == ORDERS
    assert _names(file) == EXPECTED
    assert not later.state_file.exists()


def test_an_export_can_be_interrupted_at_every_page(world: World, tmp_path: Path) -> None:
    file = tmp_path / "orders.jsonl"
    for _ in range(PAGES - 1):
        memory_hub(world).before = fault_after(1, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            _export(world, file).run(_nothing)
    memory_hub(world).before = lambda _request: None
    _export(world, file).run(_nothing)
    assert _names(file) == EXPECTED


def test_a_crash_between_the_rows_and_the_state_repeats_no_row(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "orders.csv"
    states: list[bytes] = []

    def crash(path: Path, data: bytes) -> None:
        states.append(data)
        if len(states) == 3:
            raise KeyboardInterrupt
        path.write_bytes(data)

    with monkeypatch.context() as patch:
        patch.setattr("operator_cli.order_export.write_atomically", crash)
        with pytest.raises(KeyboardInterrupt):
            _export(world, file, CSV).run(_nothing)
    _export(world, file, CSV).run(_nothing)
    assert _names(file) == EXPECTED


def test_orders_that_are_created_after_the_export_began_are_left_out(tmp_path: Path) -> None:
    world = memory_world()
    world.create_many(2)
    file = tmp_path / "orders.jsonl"
    early = replace(_export(world, file), clock=lambda: world.named("A-1").created_at)
    early.run(_nothing)
    assert _names(file) == ["A-0"]


def test_an_export_of_nothing_is_an_empty_file_or_a_header(tmp_path: Path) -> None:
    world = memory_world()
    for plan in (JSONL, CSV):
        file = tmp_path / f"orders.{plan.format}"
        assert _export(world, file, plan).run(_nothing) == 0
        assert _names(file) == []
        assert bool(file.read_bytes()) is (plan is CSV)


def test_a_file_of_another_export_is_not_overwritten(world: World, tmp_path: Path) -> None:
    file = tmp_path / "orders.jsonl"
    file.write_text("mine")
    with pytest.raises(UsageError, match="exists: choose another file"):
        _export(world, file).run(_nothing)
    assert file.read_text() == "mine"
    _export(world, file).run(_nothing, overwrite=True)
    assert _names(file) == EXPECTED


@pytest.mark.parametrize(
    ("plan", "named"),
    [
        (CSV, "the format"),
        (replace(JSONL, source="elsewhere"), 'the source, "memory",'),
        (replace(JSONL, filters=OrderFilters(status=("new",), newest_first=False)), "--status"),
    ],
    ids=["format", "source", "filter"],
)
def test_an_unfinished_export_continues_with_the_same_plan_only(
    world: World, tmp_path: Path, plan: ExportPlan, named: str
) -> None:
    file = tmp_path / "orders.jsonl"
    memory_hub(world).before = fault_after(1)
    with pytest.raises(UnavailableError):
        _export(world, file).run(_nothing)
    before = file.read_bytes()
    with pytest.raises(UsageError) as raised:
        _export(world, file, plan).run(_nothing)
    assert named in str(raised.value)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "state", [b"", b"[]", b"{}", b'{"state_version":2}', b'{"state_version":1}']
)
def test_a_state_file_that_cannot_be_read_is_reported(
    world: World, tmp_path: Path, state: bytes
) -> None:
    file = tmp_path / "orders.jsonl"
    _export(world, file).state_file.write_bytes(state)
    with pytest.raises(UsageError, match="cannot be read: delete it"):
        _export(world, file).run(_nothing)


def test_a_file_that_lost_rows_since_is_reported(world: World, tmp_path: Path) -> None:
    file = tmp_path / "orders.jsonl"
    memory_hub(world).before = fault_after(1)
    with pytest.raises(UnavailableError):
        _export(world, file).run(_nothing)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(UsageError, match="was changed after"):
        _export(world, file).run(_nothing)


def test_a_folder_that_does_not_exist_is_reported(world: World, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="cannot be written: No such file or directory"):
        _export(world, tmp_path / "no" / "orders.jsonl").run(_nothing)


def test_the_progress_rises_to_the_whole(world: World, tmp_path: Path) -> None:
    seen: list[tuple[int, float]] = []
    _export(world, tmp_path / "orders.jsonl").run(lambda count, part: seen.append((count, part)))
    assert [count for count, _ in seen] == [200, 400, 450, 450]
    parts = [part for _, part in seen]
    assert parts == sorted(parts)
    assert parts[-1] == 1.0
