"""Files with tokens and orders can be read by their owner only, from their creation on."""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.local_stack.children import Children
from tools.local_stack.endpoint import Endpoint, write_endpoint
from tools.local_stack.interruption import Interruption
from tools.local_stack.private_files import private_file, private_folder
from tools.local_stack.settings import StackSettings
from tools.local_stack.state import StateFolder

ENDPOINT = Endpoint(
    *("http://127.0.0.1:1", "demo", "token", "demo", "http://127.0.0.1:1/oauth/token", "id"),
    *("secret", 1001, "key", "triggers.jsonl", "http://127.0.0.1:1"),
)


@pytest.fixture(autouse=True)
def careless() -> Iterator[None]:
    """Let new files be readable by everybody, as on many machines."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_private_from_its_creation_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []

    def open_and_note(descriptor: int, mode: str) -> Any:  # noqa: ANN401
        modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return open(descriptor, mode)

    monkeypatch.setattr(os, "fdopen", open_and_note)
    private_file(tmp_path / "file").close()
    assert modes == [0o600]


def test_a_file_that_others_could_read_is_replaced(tmp_path: Path) -> None:
    old = tmp_path / "file"
    old.write_text("old")
    old.chmod(0o644)
    with old.open() as reader:
        with private_file(old) as file:
            file.write(b"new")
        assert reader.read() == "old"
    assert (mode_of(old), old.read_text()) == (0o600, "new")


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("untouched")
    (tmp_path / "file").symlink_to(elsewhere)
    private_file(tmp_path / "file").close()
    assert elsewhere.read_text() == "untouched"
    assert not (tmp_path / "file").is_symlink()


def test_an_open_folder_becomes_private(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "scratch"
    folder.mkdir(parents=True, mode=0o755)
    private_folder(folder)
    private_folder(tmp_path / "new" / "scratch")
    assert mode_of(folder) == mode_of(tmp_path / "new" / "scratch") == 0o700


def test_the_files_of_a_stack_are_private(tmp_path: Path) -> None:
    settings = StackSettings(state=tmp_path)
    settings.events_log.write_text("a trigger of an earlier stack")
    StateFolder(settings).prepare()
    write_endpoint(ENDPOINT, tmp_path)
    program = [sys.executable, "-c", "print('a line')"]
    Children("mark", settings.logs, Interruption()).run("sam build", program, {})
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {
        *("endpoint.json", "endpoint.env", "triggers.jsonl", "sam-build.log"),
    }
    assert {mode_of(path) for path in files} == {0o600}
    assert mode_of(settings.scratch) == mode_of(settings.logs) == 0o700
