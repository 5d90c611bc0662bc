"""The commands of the Makefile announce what they do and name missing programs in one sentence."""

import hashlib
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
BASICS = ("sh", "sed", "mkdir", "touch", "ln", "make", "command")


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """Return a folder for PATH that contains only the basic tools."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in BASICS:
        if program := shutil.which(name):
            (folder / name).symlink_to(program)
    return folder


def make(path: Path, *arguments: str) -> str:
    """Run a target that must fail; return its error output."""
    environment = {
        "PATH": str(path),
        "HOME": str(path),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(path / "cache")),
    }
    result = subprocess.run(  # noqa: S603  # the tests define the commands
        [path / "make", "--no-print-directory", *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    return result.stderr


def test_missing_java_is_named(bare_path: Path) -> None:
    assert "Java 17 or later is missing: install it" in make(bare_path, "require-java")


def test_an_old_java_is_rejected(bare_path: Path) -> None:
    java = bare_path / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)
    assert "Java 17 or later is missing: install it" in make(bare_path, "require-java")


def test_missing_npm_is_named(bare_path: Path) -> None:
    output = make(bare_path, "-W", "package.json", "node_modules/.package-lock.json")
    assert "npm is missing: install Node.js 18 or later" in output


def test_missing_uv_and_pip_are_named(bare_path: Path) -> None:
    own = bare_path / "own"
    output = make(bare_path, f"UV={bare_path / 'uv'}", f"OWN_UV={own}", str(bare_path / "uv"))
    assert "uv is missing, and no Python with pip was found to install it" in output


def test_missing_python_is_named(bare_path: Path) -> None:
    output = make(bare_path, "-W", "uv.lock", ".local/sam/.synced")
    assert "Python 3.13 is missing and could not be downloaded: install Python 3.13" in output


def test_a_python_shim_that_does_not_run_is_ignored(bare_path: Path) -> None:
    shim = bare_path / "python3.13"
    shim.write_text("#!/bin/sh\necho 'version 3.13 is not enabled' >&2\nexit 127\n")
    shim.chmod(0o755)
    output = make(bare_path, "-W", "uv.lock", ".local/sam/.synced")
    assert "Python 3.13 is missing and could not be downloaded: install Python 3.13" in output


STAMPS = {
    ".venv/.synced": "Installing the packages of the project into .venv ...",
    ".local/sam/.synced": "Installing the SAM CLI into .local/sam ...",
    ".local/emulator/.synced": "Installing the embedded AWS into .local/emulator ...",
    ".local/checkov/.synced": "Installing checkov into .local/checkov ...",
}


def program(path: Path, script: str) -> Path:
    """Write a shell script that replaces a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def fresh_clone(tmp_path: Path) -> Path:
    """Return a folder with the files that the Makefile reads, and nothing installed."""
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in ("Makefile", "uv.lock", "pyproject.toml", "package.json", "package-lock.json"):
        shutil.copy(PROJECT / name, clone)
    return clone


def make_in(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a target in a clone; scripts that print their name replace uv, Python and npm."""
    programs = clone.parent / "programs"
    uv = program(programs / "uv", 'mkdir -p "$UV_PROJECT_ENVIRONMENT"; echo "uv $1" >&2')
    program(programs / "python3.13", 'case "$2" in *print*) echo "$0" ;; esac')
    program(programs / "npm", 'mkdir -p node_modules; echo "npm $1" >&2')
    return subprocess.run(  # noqa: S603  # the tests define the commands
        ["make", "--no-print-directory", f"UV={uv}", *arguments],  # noqa: S607  # make from PATH
        cwd=clone,
        env=os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("stamp", STAMPS)
def test_an_installation_is_announced_before_it_starts(fresh_clone: Path, stamp: str) -> None:
    ended = make_in(fresh_clone, stamp)
    assert ended.stderr.splitlines() == [STAMPS[stamp], "uv sync"]
    assert ended.stdout == ""
    assert (fresh_clone / stamp).exists()


def test_an_installed_environment_is_not_installed_again(fresh_clone: Path) -> None:
    make_in(fresh_clone, ".venv/.synced")
    assert make_in(fresh_clone, ".venv/.synced").stderr == ""


def test_the_installation_of_node_packages_is_announced(fresh_clone: Path) -> None:
    lines = make_in(fresh_clone, "node_modules/.package-lock.json").stderr.splitlines()
    assert lines[0].startswith("Installing DynamoDB Local and the JavaScript tools")
    assert lines[1:] == ["npm ci"]


def test_a_slow_installation_is_reported(fresh_clone: Path) -> None:
    program(fresh_clone.parent / "slow", "mkdir -p .venv; sleep 3")
    slow = [f"UV={fresh_clone.parent / 'slow'}", "REPORT_SECONDS=1", ".venv/.synced"]
    ended = make_in(fresh_clone, *slow)
    assert ended.stdout == ""
    assert ended.stderr.splitlines()[:2] == [
        STAMPS[".venv/.synced"],
        "  uv has been running for 1 seconds ...",
    ]


def test_the_download_of_python_is_announced(bare_path: Path, fresh_clone: Path) -> None:
    program(bare_path / "uv", '[ "$1 $2" != "python install" ] || echo installs >&2; exit 1')
    environment = {"PATH": str(bare_path), "HOME": str(bare_path)}
    ended = subprocess.run(  # noqa: S603  # the tests define the commands
        [bare_path / "make", f"UV={bare_path / 'uv'}", ".venv/.synced"],
        cwd=fresh_clone,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = ended.stderr.splitlines()
    assert lines[:3] == [STAMPS[".venv/.synced"], "Downloading Python 3.13 ...", "installs"]


def test_the_installation_of_uv_is_announced(fresh_clone: Path) -> None:
    program(fresh_clone.parent / "programs" / "python3", 'echo "$0"; echo pip >&2; exit 1')
    uv = fresh_clone / "own" / "bin" / "uv"
    lines = make_in(fresh_clone, f"OWN_UV={uv.parents[1]}", str(uv)).stderr.splitlines()
    assert lines[0].startswith("Installing uv ")


def wheel(folder: Path) -> str:
    """Write a package `uv` that pip can install; return its hash."""
    info = "uv-1.0.dist-info"
    files = {
        "uv-1.0.data/scripts/uv": "#!/bin/sh\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: uv\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    path = folder / "uv-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("is_right", [True, False])
def test_uv_is_installed_only_with_the_right_hash(fresh_clone: Path, *, is_right: bool) -> None:
    right = wheel(fresh_clone)
    requirements = fresh_clone / "uv.txt"
    requirements.write_text(f"uv==1.0 --hash=sha256:{right if is_right else '0' * 64}\n")
    own = fresh_clone / "own"
    ended = subprocess.run(  # noqa: S603  # the tests define the commands
        ["make", f"OWN_UV={own}", f"UV_REQUIREMENTS={requirements}", str(own / "bin" / "uv")],  # noqa: S607  # make from PATH
        cwd=fresh_clone,
        env=os.environ | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(fresh_clone)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (own / "bin" / "uv").exists() is is_right, ended.stderr
    assert ("DO NOT MATCH THE HASHES" in ended.stderr) is not is_right


def test_the_requirement_of_uv_has_a_version_and_hashes() -> None:
    text = (PROJECT / "tools" / "uv.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert re.fullmatch(r"uv==[0-9.]+ \\", lines[0])
    assert all(re.fullmatch(r" +--hash=sha256:[0-9a-f]{64}( \\)?", line) for line in lines[1:])
    assert len(lines) > 10


def test_unit_tests_need_neither_java_nor_npm(bare_path: Path, fresh_clone: Path) -> None:
    (bare_path / "uv").symlink_to(program(fresh_clone.parent / "uv", "exit 0"))
    program(fresh_clone / ".venv" / "bin" / "pytest", 'echo "pytest $*"')
    (fresh_clone / ".venv" / ".synced").touch()
    ended = subprocess.run(  # noqa: S603  # the tests define the commands
        [bare_path / "make", f"UV={bare_path / 'uv'}", "unit"],
        cwd=fresh_clone,
        env={"PATH": str(bare_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.endswith("pytest -n 2 --dist worksteal tests/unit\n")


def test_clean_keeps_sources_and_installed_environments(fresh_clone: Path) -> None:
    kept = {
        *(".local/bin/uv", ".local/uv/bin/uv", ".local/sam/bin/sam", ".local/endpoint.json"),
        *(".venv/lib/a/__pycache__/a.pyc", "node_modules/a/.some_cache/a", "tools/a.py"),
        *(".git/HEAD", "samconfig.toml", "any_cache/a.py"),
    }
    removed = {
        *(".aws-sam/build/a", ".local/bench/results.json", ".local/a new one/a", ".coverage"),
        *("tools/__pycache__/a.pyc", "tools/a/b/__pycache__/a.pyc", ".ruff_cache/a"),
        *(".hypothesis/a", ".schemathesis/a", "a new one/.new_cache/a"),
    }
    for name in kept | removed:
        path = fresh_clone / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert make_in(fresh_clone, "clean").returncode == 0
    assert {name for name in kept | removed if (fresh_clone / name).exists()} == kept
    assert make_in(fresh_clone, "clean").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "variables", "architecture"),
    [
        (["deploy"], {}, ""),
        (["deploy", "ARCHITECTURE=x86_64"], {}, "x86_64"),
        (["deploy"], {"ARCHITECTURE": "x86_64"}, "x86_64"),
    ],
)
def test_a_deployment_takes_the_processor_and_the_region_of_the_operator(
    fresh_clone: Path, arguments: list[str], variables: dict[str, str], architecture: str
) -> None:
    program(fresh_clone / ".venv" / "bin" / "python", 'echo "$* in <$AWS_DEFAULT_REGION>"')
    for name in (*STAMPS, "node_modules/.package-lock.json"):
        (fresh_clone / name).parent.mkdir(parents=True, exist_ok=True)
        (fresh_clone / name).touch()
    others = {name: value for name, value in os.environ.items() if name != "AWS_DEFAULT_REGION"}
    ended = subprocess.run(  # noqa: S603  # the tests define the commands
        ["make", "--no-print-directory", f"UV={fresh_clone / 'uv.lock'}", *arguments],  # noqa: S607  # make from PATH
        cwd=fresh_clone,
        env=others | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    expected = f"-m tools.deployment deploy --architecture {architecture} in <>"
    assert ended.stdout.strip() == expected, ended.stderr
