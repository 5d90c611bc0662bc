import sys
from pathlib import Path

import pytest

from tools.local_stack import children
from tools.local_stack.children import Children
from tools.local_stack.interruption import Interruption

SLEEP = [sys.executable, "-c", "import time; time.sleep(0.5)"]


def test_a_process_that_takes_long_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "REPORT_SECONDS", 0.1)
    reports: list[str] = []
    Children("mark", tmp_path, Interruption(), reports.append).run("sam build", SLEEP, {})
    assert reports
    assert reports[0] == "  sam build has been running for 0 seconds …"


def test_a_short_process_is_not_reported(tmp_path: Path) -> None:
    reports: list[str] = []
    Children("mark", tmp_path, Interruption(), reports.append).run("sam build", SLEEP, {})
    assert reports == []
