"""What is missing on the machine is named in one sentence."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
BASICS = ("sh", "sed", "mkdir", "touch", "ln", "make", "command")


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """Return a folder for PATH that holds no more than the basic tools."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in BASICS:
        if program := shutil.which(name):
            (folder / name).symlink_to(program)
    return folder


def make(path: Path, *arguments: str) -> str:
    """Run a target that is to fail; return what it says."""
    environment = {
        "PATH": str(path),
        "HOME": str(path),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(path / "cache")),
    }
    result = subprocess.run(  # noqa: S603  # the commands are ours
        [path / "make", "--no-print-directory", *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    return result.stderr


def test_missing_java(bare_path: Path) -> None:
    assert "Java 17 or later is missing: install it" in make(bare_path, "require-java")


def test_old_java(bare_path: Path) -> None:
    java = bare_path / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)
    assert "Java 17 or later is missing: install it" in make(bare_path, "require-java")


def test_missing_npm(bare_path: Path) -> None:
    said = make(bare_path, "-W", "package.json", "node_modules/.package-lock.json")
    assert "npm is missing: install Node.js 18 or later" in said


def test_missing_uv_and_pip(bare_path: Path) -> None:
    own = bare_path / "own"
    said = make(bare_path, f"UV={bare_path / 'uv'}", f"OWN_UV={own}", str(bare_path / "uv"))
    assert "uv is missing, and so is a Python with pip to install it" in said


def test_missing_python(bare_path: Path) -> None:
    said = make(bare_path, "-W", "uv.lock", ".local/sam/.synced")
    assert "Python 3.13 is missing and could not be downloaded: install Python 3.13" in said


def test_a_shim_that_does_not_run_is_no_python(bare_path: Path) -> None:
    shim = bare_path / "python3.13"
    shim.write_text("#!/bin/sh\necho 'version 3.13 is not switched on' >&2\nexit 127\n")
    shim.chmod(0o755)
    said = make(bare_path, "-W", "uv.lock", ".local/sam/.synced")
    assert "Python 3.13 is missing and could not be downloaded: install Python 3.13" in said
