"""`orders import` and the real use cases of jobs: a small file and a job have the same results."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from market_orders_testing.http_server import served
from tests.integration.operator_cli.conftest import Run
from tests.support.jobs_over_http import TOKEN, JobsOverHttp
from tests.support.samples import line, order


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[JobsOverHttp]:
    monkeypatch.setattr("operator_cli.import_source.MAX_SMALL_ORDERS", 0)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found = JobsOverHttp()
    with served(found) as url:
        found.url = url
        yield found


def test_a_file_is_imported_by_a_job(hub: JobsOverHttp, run_bare: Run, tmp_path: Path) -> None:
    where = ("--base-url", hub.url, "--token", TOKEN)
    trees = [order(external_id=f"A-{number}", lines=[line()]) for number in range(30)]
    trees[7]["currency"] = "DOGE"
    trees[8]["external_id"] = "A-0"
    file = tmp_path / "orders.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in trees))

    previewed = run_bare("import", str(file), "--preview", *where)
    assert previewed.code == 1
    for text in (
        "Preview of 30 orders. Nothing was written.",
        "  1 x unknown_currency at /currency",
        "  1 x duplicate at /external_id",
        "triggers that would be published: none; with --send-triggers at most 28",
        "row 1  A-0",
    ):
        assert text in previewed.out, text
    assert hub.engine.orders.orders == {}

    ended = run_bare("import", str(file), "--yes", *where)
    assert ended.code == 1
    assert "Imported 28 of 30 orders." in ended.out
    assert len(hub.engine.orders.orders) == 28
    lines = (tmp_path / "orders.failed.jsonl").read_text().splitlines()
    failed = [json.loads(each) for each in lines]
    assert [(each["_import"]["row"], each["_import"]["code"]) for each in failed] == [
        (8, "unknown_currency"),
        (9, "duplicate"),
    ]
    shown = run_bare("jobs", "show", hub.engine.job.job_id, *where)
    assert "import, import, completed" in shown.out
    assert "format json_lines (guessed)" in shown.out
    assert run_bare("jobs", "list", *where).code == 0
