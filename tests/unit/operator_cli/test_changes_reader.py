"""Changes are printed until the reader is interrupted, and the cursor is never ahead of them."""

import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from operator_cli.changes import ChangesReader, CursorFile
from operator_cli.errors import OperatorError, UnavailableError, UsageError
from operator_cli.hub import HubRequest
from tests.support.hub_worlds import World, fault_after, memory_hub, memory_world


def _reader(world: World, cursor: CursorFile, shown: list[str], **rest: Any) -> ChangesReader:  # noqa: ANN401
    return ChangesReader(
        world.reads, cursor, lambda each: shown.append(each["external_id"]), **rest
    )


def _stop_after(pauses: int, then: Callable[[], object] = lambda: None) -> Callable[[float], None]:
    """Return a pause that is interrupted after a number of them."""
    left = pauses

    def pause(_seconds: float) -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        then()

    return pause


def test_a_second_reading_begins_after_the_kept_cursor(tmp_path: Path) -> None:
    world = memory_world()
    world.create_many(250)
    path = tmp_path / "cursor"
    shown: list[str] = []
    _reader(world, CursorFile.of(None, path), shown).read_once()
    assert len(set(shown)) == len(shown) == 250
    world.create("new")
    again: list[str] = []
    _reader(world, CursorFile.of(None, path), again).read_once()
    assert again == ["new"]
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_reading_repeats_the_last_page_at_most(tmp_path: Path) -> None:
    world = memory_world()
    names = [each.external_id for each in world.create_many(450)]
    path = tmp_path / "cursor"
    shown: list[str] = []
    for count in (250, 10):
        printed = 0

        def show(each: dict[str, str], limit: int = count) -> None:
            nonlocal printed
            if printed == limit:
                raise KeyboardInterrupt
            printed += 1
            shown.append(each["external_id"])

        with pytest.raises(KeyboardInterrupt):
            ChangesReader(world.reads, CursorFile.of(None, path), show).read_once()
    _reader(world, CursorFile.of(None, path), shown).read_once()
    assert set(shown) == set(names)
    assert len(shown) == 250 + 10 + 250


def test_following_survives_faults_and_reports_each_once() -> None:
    world = memory_world()
    world.create("A")
    hub = memory_hub(world)
    shown: list[str] = []
    warned: list[str] = []
    faults = iter([3, 2, 1])

    def before(_request: HubRequest) -> None:
        if next(faults, 0):
            raise UnavailableError("The hub is away.", may_pass=True)

    hub.before = before
    reader = _reader(world, CursorFile(), shown, pause=_stop_after(4), warn=warned.append)
    with pytest.raises(KeyboardInterrupt):
        reader.follow(5)
    assert shown == ["A"]
    assert warned == [
        "The hub is away. Waiting for the hub; asking every 5 seconds.",
        "The hub answers again.",
    ]
    assert reader.cursor.cursor is not None


def test_following_finds_what_changes_meanwhile() -> None:
    world = memory_world()
    world.create("A")
    names = iter(["B", "C"])
    shown: list[str] = []
    pause = _stop_after(2, lambda: world.create(next(names)))
    with pytest.raises(KeyboardInterrupt):
        _reader(world, CursorFile(), shown, pause=pause).follow(60)
    assert shown == ["A", "B", "C"]


def test_following_ends_although_the_exception_of_its_signal_was_lost() -> None:
    world = memory_world()
    world.create("A")
    reader = _reader(world, CursorFile(), [], pause=_stop_after(0))

    def interrupt(_request: HubRequest) -> None:
        with suppress(KeyboardInterrupt):
            reader.interruption(signal.SIGINT, None)

    memory_hub(world).before = interrupt
    reader.follow(60)
    assert reader.cursor.cursor is not None


def test_following_ends_with_a_fault_that_will_not_pass() -> None:
    world = memory_world()
    memory_hub(world).before = fault_after(0, UnavailableError("The hub answers 401: no."))
    with pytest.raises(UnavailableError, match="401"):
        _reader(world, CursorFile(), [], pause=_stop_after(0)).follow(60)


def test_orders_are_added_if_they_are_asked_for() -> None:
    world = memory_world()
    world.create("A")
    seen: list[dict[str, Any]] = []
    ChangesReader(world.reads, CursorFile(), seen.append, with_orders=True).read_once()
    assert seen[0]["order"]["external_id"] == "A"


@pytest.mark.parametrize("content", [b"\xff", b"x" * 20_000])
def test_a_file_that_holds_no_cursor_is_rejected(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "cursor"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="cursor"):
        CursorFile.of(None, path)


def test_a_cursor_that_cannot_be_kept_is_reported(tmp_path: Path) -> None:
    cursor = CursorFile.of(None, tmp_path / "no" / "cursor")
    with pytest.raises(OperatorError, match="cannot be written: No such file"):
        cursor.keep("1.x")
