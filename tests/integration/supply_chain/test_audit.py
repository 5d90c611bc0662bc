"""The audit with pip-audit itself, asked of a vulnerability service on this machine."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from supply_chain.__main__ import audit, main

REQUIREMENTS = "six==1.17.0 --hash=sha256:" + "0" * 64 + "\n"
WEAKNESS = {
    "id": "TEST-1",
    "modified": "2026-01-01T00:00:00Z",
    "published": "2026-01-01T00:00:00Z",
    "summary": "weak",
    "details": "weak",
    "affected": [
        {
            "package": {"name": "six", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.18"}]}],
        }
    ],
}


class Service(BaseHTTPRequestHandler):
    """Knows one weak package."""

    weak: ClassVar[str] = "six"

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = {"vulns": [WEAKNESS]} if sent["package"]["name"] == self.weak else {}
        body = json.dumps(known).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture
def osv_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_weak_package_is_found(osv_url: str) -> None:
    report = audit(REQUIREMENTS, ["-s", "osv", "--osv-url", osv_url])
    assert [each.id for each in report.vulnerabilities] == ["TEST-1"]
    assert report.is_complete


def test_a_weak_package_of_the_lock_fails_the_check(
    osv_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--osv-url", osv_url]) == 1
    assert "the Lambdas: six 1.17.0: TEST-1; mended in 1.18" in capsys.readouterr().out


def test_a_lock_without_weak_packages_passes(osv_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Service, "weak", "no such package")
    assert main(["--strict", "--osv-url", osv_url]) == 0


def test_a_service_that_is_away_is_said_and_fails_a_strict_audit(
    capsys: pytest.CaptureFixture[str],
) -> None:
    away = ["--osv-url", "http://127.0.0.1:9/v1/query"]
    assert main(away) == 0
    assert "NOT AUDITED" in capsys.readouterr().out
    assert main(["--strict", *away]) == 1
