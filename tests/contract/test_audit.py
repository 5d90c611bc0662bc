"""`make audit` and `make check` report known vulnerabilities of the locked packages."""

import json
import os
import shlex
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

PROJECT = Path(__file__).parents[2]
UV = PROJECT / ".local" / "bin" / "uv"
STRICT, LENIENT = "audit", "check-advisories"

type Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ended:
    """The result and the output of a command."""

    succeeded: bool
    output: str


def make(target: str, script: str, folder: Path) -> Ended:
    """Run a target with a shell script in place of uv."""
    replacement = folder / "uv"
    replacement.write_text(f"#!/bin/sh\n{script}\n")
    replacement.chmod(0o755)
    result = subprocess.run(  # noqa: S603 - the test defines the command
        ["make", "--no-print-directory", f"UV={replacement}", target],  # noqa: S607 - make from PATH
        cwd=PROJECT,
        env=os.environ | {"UV_HTTP_RETRIES": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Ended(result.returncode == 0, result.stdout)


@pytest.mark.parametrize("target", [STRICT, LENIENT])
def test_a_vulnerability_fails_the_audit(target: str, tmp_path: Path) -> None:
    ended = make(target, "echo 'six 1.17.0 has 1 known vulnerability'; exit 1", tmp_path)
    assert not ended.succeeded
    assert "six 1.17.0 has 1 known vulnerability" in ended.output
    assert "NOT AUDITED" not in ended.output


@pytest.mark.parametrize("target", [STRICT, LENIENT])
def test_an_audit_without_findings_passes(target: str, tmp_path: Path) -> None:
    ended = make(target, "exit 0", tmp_path)
    assert ended.succeeded
    assert "NOT AUDITED" not in ended.output


@pytest.mark.parametrize(("target", "succeeds"), [(STRICT, False), (LENIENT, True)])
def test_an_audit_without_an_answer_is_reported(
    target: str, *, succeeds: bool, tmp_path: Path
) -> None:
    ended = make(target, "echo 'error: Request failed' >&2; exit 2", tmp_path)
    assert ended.succeeded is succeeds
    assert "error: Request failed" in ended.output
    assert "NOT AUDITED: the advisory service gave no answer" in ended.output


def test_lint_ends_with_the_audit() -> None:
    result = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "lint"],  # noqa: S607 - make from PATH
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ".local/bin/uv audit --frozen" in result.stdout.splitlines()[-1]


class Advisories(BaseHTTPRequestHandler):
    """An advisory service like OSV with one vulnerable package."""

    vulnerable: ClassVar[str] = "six"
    asked: ClassVar[set[str]] = set()

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        names = [query["package"]["name"] for query in sent["queries"]]
        self.asked.update(names)
        found = {"vulns": [{"id": "TEST-1", "modified": "2026-01-01T00:00:00Z"}]}
        self._answer({"results": [found if name == self.vulnerable else {} for name in names]})

    def do_GET(self) -> None:
        events = [{"introduced": "0"}, {"fixed": "99"}]
        affected = {
            "package": {"name": self.vulnerable, "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": events}],
        }
        published = {"modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z"}
        self._answer({"id": "TEST-1", "summary": "weak", "affected": [affected], **published})

    def _answer(self, tree: Tree) -> None:
        body = json.dumps(tree).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Print nothing."""


@pytest.fixture
def advisories() -> Iterator[str]:
    """Return the URL of an advisory service."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Advisories)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def real(service: str) -> str:
    """Return a script that runs the real uv with the given advisory service."""
    return f'exec {shlex.quote(str(UV))} "$@" --service-url {service}'


@pytest.mark.parametrize("target", [STRICT, LENIENT])
def test_uv_finds_a_vulnerable_package_of_the_lock(
    target: str, advisories: str, tmp_path: Path
) -> None:
    ended = make(target, real(advisories), tmp_path)
    assert not ended.succeeded
    assert "has 1 known vulnerability" in ended.output
    assert "Fixed in: 99" in ended.output
    # One package of each group: functions, tests, SAM CLI, embedded AWS, checkov.
    assert Advisories.asked >= {"pydantic", "pytest", "aws-sam-cli", "ministack", "checkov"}


def test_uv_passes_a_lock_without_vulnerable_packages(
    advisories: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Advisories, "vulnerable", "no such package")
    assert make(STRICT, real(advisories), tmp_path).succeeded


@pytest.mark.parametrize(("target", "succeeds"), [(STRICT, False), (LENIENT, True)])
def test_an_unreachable_advisory_service_is_reported(
    target: str, *, succeeds: bool, tmp_path: Path
) -> None:
    ended = make(target, real("http://127.0.0.1:9/"), tmp_path)
    assert ended.succeeded is succeeds
    assert "NOT AUDITED: the advisory service gave no answer" in ended.output
