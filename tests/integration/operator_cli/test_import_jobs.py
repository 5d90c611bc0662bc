"""`orders import` of a large file, and `orders jobs`: through jobs of the hub's API."""

import json
import signal
import stat
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from market_orders_testing.http_server import Asked, Given, served
from orders.domain.times import parse_time
from tests.integration.operator_cli.conftest import Ended, Run
from tests.support.import_jobs_api import END, RUNNING, JobsApi, StoredJob

EXPIRED = Given(403, b"<Error><Code>AccessDenied</Code></Error>", {"Content-Type": "text/xml"})


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[JobsApi]:
    """Yield the API of jobs. Every file is a large one, and no pause takes time."""
    monkeypatch.setattr("operator_cli.import_source.MAX_SMALL_ORDERS", 0)
    monkeypatch.setattr("operator_cli.job_import.sleep", lambda _seconds: None)
    monkeypatch.setattr("operator_cli.job_import._now", lambda: parse_time(END))
    monkeypatch.setattr("urllib3.util.retry.time.sleep", lambda _seconds: None)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found = JobsApi()
    with served(found) as url:
        found.url = url
        yield found


@pytest.fixture
def orders(api: JobsApi, run_bare: Run) -> Run:
    """Return a function that runs a command with the API."""

    def call(*words: str) -> Ended:
        ended = run_bare(*words, "--base-url", api.url, "--token", "shop-token")
        assert "shop-token" not in ended.out + ended.err
        assert "signature" not in ended.out + ended.err
        return ended

    return call


def _file(folder: Path, names: Sequence[str], name: str = "orders.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps({"external_id": each}) + "\n" for each in names))
    return path


def _states(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "state").rglob("*.json"))


def _let_end(orders: Run) -> None:
    """Let the run of a job enter its states, each of which ends when it was read."""
    for _ in RUNNING:
        orders("jobs", "show", "0000-1")


def _answer_no(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    monkeypatch.setattr("operator_cli.import_file.is_terminal", lambda: True)
    monkeypatch.setattr("operator_cli.jobs.is_terminal", lambda: True)

    def confirm(_question: str, *, err: bool) -> object:
        assert err
        if isinstance(answer, BaseException):
            raise answer
        return answer

    monkeypatch.setattr("typer.confirm", confirm)


def test_a_file_is_previewed_imported_and_its_results_are_written(
    api: JobsApi, orders: Run, tmp_path: Path
) -> None:
    api.known = {"A-1"}
    file = _file(tmp_path, ["A-1", "A-2", "bad-1"])
    ended = orders("import", str(file), "--yes")
    assert ended.code == 1
    for text in (
        "json_lines (guessed)",
        "Preview of 3 orders. Nothing was written.",
        "triggers that would be published: none; with --send-triggers at most 2",
        '      /status: "new" -> "paid"',
        "  1 x unknown_status at /status",
        "row 3  bad-1: status is bad",
        "less than 0.01 USD",
        "about 10 s",
        "Imported 2 of 3 orders.",
    ):
        assert text in ended.out, text
    assert "Upload of 71 bytes ..." in ended.err
    failed = tmp_path / "orders.failed.jsonl"
    assert failed.read_bytes() == b'{"external_id": "bad-1"}\n'
    assert len((tmp_path / "orders.success.jsonl").read_bytes().splitlines()) == 2
    assert f"Correct {failed}, and import it: orders import {failed}" in ended.err
    assert "To take the import back: orders jobs undo 0000-1" in ended.err
    assert api.only.tree["run"] == 2
    assert _states(tmp_path) == []
    assert {each.name for each in tmp_path.iterdir() if each.is_file()} == {
        "orders.jsonl",
        # A result without orders has no file.
        *(f"orders.{name}.jsonl" for name in ("success", "failed")),
    }


def test_the_results_of_another_run_are_not_overwritten(
    api: JobsApi, orders: Run, tmp_path: Path
) -> None:
    file = _file(tmp_path, ["A-1"])
    (tmp_path / "orders.failed.jsonl").write_text("mine")
    assert orders("import", str(file), "--yes").code == 0
    assert orders("import", str(file), "--yes").code == 0
    assert (tmp_path / "orders.failed.jsonl").read_text() == "mine"
    assert not (tmp_path / "orders.success.jsonl").exists()
    assert (tmp_path / "orders.success.2.jsonl").exists()
    assert (tmp_path / "orders.success.3.jsonl").exists()
    assert len(api.jobs) == 2


def test_the_options_are_those_of_the_job(api: JobsApi, orders: Run, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("order: {currency: {constant: USD}}\n")
    file = tmp_path / "orders.csv"
    header = "Name,Email,Created at,Lineitem quantity,Lineitem name,Lineitem price\n"
    file.write_text(f"{header}#1,a@example.com,2026-01-31,1,Mug,9.00\n")
    words = ["--format", "shopify_csv", "--mapping", str(mapping), "--charset", "utf-8"]
    words += ["--send-triggers", "--on-duplicate", "skip", "--stop-above-percent", "50"]
    assert orders("import", str(file), "--yes", *words).code == 0
    tree = api.only.tree
    assert (tree["skip_triggers"], tree["on_duplicate"]) == (False, "skip")
    assert tree["stop_above_percent"] == 50
    assert tree["options"] == {
        "format": "shopify_csv",
        "mapping": {"order": {"currency": {"constant": "USD"}}},
        "charset": "utf-8",
    }


def test_a_preview_imports_nothing_and_the_import_uses_its_upload(
    api: JobsApi, orders: Run, tmp_path: Path
) -> None:
    file = _file(tmp_path, ["A-1", "A-2"])
    assert orders("import", str(file), "--preview").code == 0
    assert (api.only.tree["state"], api.only.tree["run"]) == ("previewed", 1)
    [state] = _states(tmp_path)
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.parent.stat().st_mode) == 0o700
    sent = api.targets("PUT")
    # Settings may have changed, so the preview is made again.
    assert orders("import", str(file), "--dry-run").code == 0
    assert (api.only.tree["state"], api.only.tree["run"]) == ("previewed", 2)
    assert orders("import", str(file), "--yes").code == 0
    assert (api.only.tree["state"], api.only.tree["run"]) == ("completed", 4)
    assert api.targets("PUT") == sent


def test_other_options_make_another_job(api: JobsApi, orders: Run, tmp_path: Path) -> None:
    file = _file(tmp_path, ["A-1"])
    orders("import", str(file), "--preview")
    orders("import", str(file), "--preview", "--send-triggers")
    assert len(api.jobs) == 2


@pytest.mark.parametrize("column", ["Sum", "Number"])
def test_a_kept_mapping_that_was_corrected_makes_another_job(
    api: JobsApi, orders: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    def read(job: StoredJob, _lines: object) -> None:
        job.tree["orders"] = 1
        job.tree["counts"] |= {"received": 1, "created": 1}

    monkeypatch.setattr(api, "_import", read)
    file = tmp_path / "orders.csv"
    file.write_text("Number;Sum\n1;2.00\n")
    api.mappings["wholesale"] = {"group_by": "Number", "order": {"external_id": "Sum"}}
    words = ("import", str(file), "--mapping", "wholesale")
    assert orders(*words, "--preview").code == 0
    api.mappings["wholesale"] = {"group_by": "Number", "order": {"external_id": column}}
    assert orders(*words, "--yes").code == 0
    states = [each.tree["state"] for each in api.jobs.values()]
    assert (
        states
        == {
            "Sum": ["completed", "cancelled"],
            "Number": ["cancelled", "completed"],
        }[column]
    )
    [imported] = (each for each in api.jobs.values() if each.tree["state"] == "completed")
    assert imported.tree["options"]["mapping"] == api.mappings["wholesale"]
    assert _states(tmp_path) == []


def test_an_interrupted_upload_continues_with_the_missing_parts(
    api: JobsApi, orders: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _file(tmp_path, [f"A-{number}" for number in range(40)])
    ending = threading.Event()

    class OnePart(ThreadPoolExecutor):
        """Sends one part at a time, so that exactly one is on its way."""

        def __init__(self, _workers: int) -> None:
            super().__init__(1)

        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - the parameter is that of the class
            ending.set()
            super().shutdown(wait, cancel_futures=cancel_futures)

    def before(asked: Asked) -> None:
        if asked.method == "PUT" and asked.target.startswith("/links/0000-1/4"):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            assert ending.wait(20)

    api.before = before
    with monkeypatch.context() as patch:
        patch.setattr("operator_cli.file_transfer.ThreadPoolExecutor", OnePart)
        ended = orders("import", str(file), "--yes")
    api.before = lambda _asked: None
    assert ended.code == 130
    assert "Repeat the command to continue the upload of job 0000-1." in ended.err
    assert set(api.only.uploaded) == {1, 2, 3, 4}
    before_again = len(api.targets("PUT"))
    assert orders("import", str(file), "--yes").code == 0
    again = api.targets("PUT")[before_again:]
    assert sorted(again) == sorted(f"/links/0000-1/{n}" for n, _ in api.only.parts() if n > 4)
    assert api.only.content() == file.read_bytes()


def test_expired_links_are_replaced(api: JobsApi, orders: Run, tmp_path: Path) -> None:
    expired = 3

    def before(asked: Asked) -> Given | None:
        nonlocal expired
        if "/links/" in asked.target and expired:
            expired -= 1
            return EXPIRED
        return None

    api.before = before
    file = _file(tmp_path, [f"A-{number}" for number in range(20)])
    assert orders("import", str(file), "--yes").code == 0
    assert expired == 0


def test_an_expired_link_of_a_result_is_replaced(api: JobsApi, orders: Run, tmp_path: Path) -> None:
    expired = 1

    def before(asked: Asked) -> Given | None:
        nonlocal expired
        if asked.method == "GET" and "/links/" in asked.target and expired:
            expired -= 1
            return EXPIRED
        return None

    api.before = before
    assert orders("import", str(_file(tmp_path, ["A-1"])), "--yes").code == 0
    assert expired == 0
    assert (tmp_path / "orders.success.jsonl").read_bytes() == b'{"external_id": "A-1"}\n'


def test_an_upload_that_does_not_exist_any_more_begins_again(
    api: JobsApi, orders: Run, tmp_path: Path
) -> None:
    api.before = lambda asked: (
        Given(404, b"<Error/>", {"Content-Type": "text/xml"})
        if asked.target.startswith("/links/0000-1/")
        else None
    )
    assert orders("import", str(_file(tmp_path, ["A-1"])), "--yes").code == 0
    assert sorted(api.jobs) == ["0000-1", "0000-2"]


def test_an_upload_that_has_expired_begins_again(
    api: JobsApi, orders: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _file(tmp_path, ["A-1"])
    with monkeypatch.context() as patch:
        patch.setattr("operator_cli.file_transfer.FileTransfer.upload", _interrupt)
        assert orders("import", str(file), "--yes").code == 130
    monkeypatch.setattr(api, "has_expired", lambda job_id: job_id == "0000-1")
    assert orders("import", str(file), "--yes").code == 0
    assert [each.tree["state"] for each in api.jobs.values()] == ["created", "completed"]


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_preview_with_many_failures_ends_before_the_import(
    api: JobsApi, orders: Run, tmp_path: Path
) -> None:
    file = _file(tmp_path, [f"bad-{number}" for number in range(100)])
    ended = orders("import", str(file), "--yes")
    assert ended.code == 1
    assert ended.err.splitlines()[-1] == (
        "100 of 100 orders would fail, more than 10 percent; nothing was imported. Correct the "
        "file, or give a larger --stop-above-percent."
    )
    assert (api.only.tree["state"], api.only.tree["run"]) == ("previewed", 1)


def test_parts_that_the_hub_misses_are_sent_again(
    api: JobsApi, orders: Run, tmp_path: Path
) -> None:
    lost = False

    def before(asked: Asked) -> Given | None:
        nonlocal lost
        if asked.target.endswith("/start") and not lost:
            lost = True
            del api.only.uploaded[1]
        return None

    api.before = before
    file = _file(tmp_path, [f"A-{number}" for number in range(20)])
    assert orders("import", str(file), "--yes").code == 0
    assert api.only.content() == file.read_bytes()


def test_parts_are_sent_again_after_faults(api: JobsApi, orders: Run, tmp_path: Path) -> None:
    faults = [Given(500, b""), Given(503, b"")]
    api.before = lambda asked: faults.pop() if asked.method == "PUT" and faults else None
    file = _file(tmp_path, [f"A-{number}" for number in range(20)])
    assert orders("import", str(file), "--yes").code == 0
    assert api.only.content() == file.read_bytes()


def test_a_result_that_is_cut_off_continues(api: JobsApi, orders: Run, tmp_path: Path) -> None:
    cut = False

    def before(asked: Asked) -> Given | None:
        nonlocal cut
        if "/success?" in asked.target and not cut:
            cut = True
            data = api.only.files["success"]
            return Given(200, data[:5], {"Content-Length": str(len(data))})
        return None

    api.before = before
    file = _file(tmp_path, ["A-1", "A-2", "bad-1"])
    assert orders("import", str(file), "--yes", "--stop-above-percent", "100").code == 1
    good = b"".join(file.read_bytes().splitlines(keepends=True)[:2])
    assert (tmp_path / "orders.success.jsonl").read_bytes() == good
    # The next file is read from its beginning.
    assert api.asked[-1].headers.get("range") is None
    assert any(each.headers.get("range") == "bytes=5-" for each in api.asked)


@pytest.mark.parametrize(
    "reached",
    [("splitting", 1), ("importing", 1), ("finishing", 1), ("importing", 2), ("finishing", 2)],
    ids=str,
)
def test_an_interrupted_import_is_followed_by_the_same_command(
    api: JobsApi,
    orders: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    reached: tuple[str, int],
) -> None:
    file = _file(tmp_path, ["A-1", "A-2"])

    def pause(_seconds: float) -> None:
        if (api.only.tree["state"], api.only.tree["run"]) == reached:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("operator_cli.job_import.sleep", pause)
        ended = orders("import", str(file), "--yes")
    assert ended.code == 130
    assert "Job 0000-1 continues without the command. Repeat the command" in ended.err
    assert not (tmp_path / "orders.success.jsonl").exists()
    assert orders("import", str(file), "--yes").code == 0
    assert (tmp_path / "orders.success.jsonl").read_bytes() == file.read_bytes()
    assert len(api.jobs) == 1
    assert api.only.tree["run"] == 2
    assert _states(tmp_path) == []


@pytest.fixture
def left(api: JobsApi, orders: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file whose import was left with Ctrl-C, and has ended in the hub since."""
    file = _file(tmp_path, ["A-1", "A-2"])

    def pause(_seconds: float) -> None:
        if (api.only.tree["state"], api.only.tree["mode"]) == ("finishing", "import"):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("operator_cli.job_import.sleep", pause)
        assert orders("import", str(file), "--yes").code == 130
    assert "completed" in orders("jobs", "show", "0000-1").out
    return file


def test_the_results_of_an_import_that_ended_are_shown_once_as_such(
    api: JobsApi, orders: Run, left: Path
) -> None:
    ended = orders("import", str(left), "--yes")
    assert ended.code == 0
    assert (
        "Nothing was imported now: job 0000-1 imported this file before, and ended at "
        "2026-11-27T10:00:07Z. These are its results. Repeat the command to import the file again."
    ) in ended.out
    assert left.with_name("orders.success.jsonl").read_bytes() == left.read_bytes()
    again = orders("import", str(left), "--yes")
    assert again.code == 0
    assert "imported this file before" not in again.out
    assert [each.tree["state"] for each in api.jobs.values()] == ["completed", "completed"]


def test_an_import_that_was_undone_begins_anew(api: JobsApi, orders: Run, left: Path) -> None:
    assert orders("jobs", "undo", "0000-1", "--yes", "--to", str(left.parent)).code == 1
    ended = orders("import", str(left), "--yes")
    assert ended.code == 0
    assert "Job 0000-1 imported this file before, and was undone." in ended.out
    assert (api.jobs["0000-3"].tree["state"], api.jobs["0000-3"].tree["run"]) == ("completed", 2)


def test_results_that_cannot_be_fetched_are_fetched_by_the_same_command(
    api: JobsApi, orders: Run, tmp_path: Path
) -> None:
    file = _file(tmp_path, ["A-1"])
    away = Given(503, b"{}")
    api.before = lambda asked: away if "/success?" in asked.target else None
    ended = orders("import", str(file), "--yes")
    assert ended.code == 2
    assert "Imported 1 of 1 order." in ended.out
    assert "To take the import back: orders jobs undo 0000-1" in ended.err
    assert "Job 0000-1 has ended. Repeat the command to get its results." in ended.err
    assert [each.name for each in tmp_path.glob("orders.*")] == ["orders.jsonl"]
    api.before = lambda _asked: None
    assert orders("import", str(file), "--yes").code == 0
    assert (tmp_path / "orders.success.jsonl").read_bytes() == file.read_bytes()
    assert len(api.jobs) == 1


def test_a_preview_after_an_import_that_ended_is_a_new_one(
    api: JobsApi, orders: Run, left: Path
) -> None:
    ended = orders("import", str(left), "--preview")
    assert ended.code == 0
    assert "`orders jobs files 0000-1` gets its results." in ended.out
    assert "Preview of 2 orders. Nothing was written." in ended.out
    assert api.jobs["0000-2"].tree["state"] == "previewed"


def test_a_preview_that_failed_without_the_command_is_made_again(
    api: JobsApi, orders: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _file(tmp_path, ["A-1"])
    api.end = "failed"
    with monkeypatch.context() as patch:
        patch.setattr("operator_cli.job_import.sleep", _interrupt)
        assert orders("import", str(file), "--yes").code == 130
    _let_end(orders)
    api.end = None
    assert orders("import", str(file), "--yes").code == 0
    assert len(api.jobs) == 2


def test_an_import_that_has_not_ended_has_no_preview(
    api: JobsApi, orders: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _file(tmp_path, ["A-1"])

    def pause(_seconds: float) -> None:
        if api.only.tree["mode"] == "import":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("operator_cli.job_import.sleep", pause)
        assert orders("import", str(file), "--yes").code == 130
    ended = orders("import", str(file), "--preview")
    assert ended.code == 2
    assert "The import of this file has begun, and has not ended: repeat without" in ended.err


@pytest.mark.parametrize("age", [(1, 1), (6, 2)], ids=str)
def test_an_old_preview_is_not_shown_as_a_new_one(
    api: JobsApi,
    orders: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    age: tuple[int, int],
) -> None:
    minutes, runs = age
    file = _file(tmp_path, ["A-1"])
    with monkeypatch.context() as patch:
        patch.setattr("operator_cli.job_import.sleep", _interrupt)
        assert orders("import", str(file), "--preview").code == 130
    _let_end(orders)
    now = parse_time(END) + timedelta(minutes=minutes)
    monkeypatch.setattr("operator_cli.job_import._now", lambda: now)
    assert orders("import", str(file), "--preview").code == 0
    assert api.only.tree["run"] == runs


def test_an_answer_of_no_imports_nothing(
    api: JobsApi, orders: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _file(tmp_path, ["A-1"])
    _answer_no(monkeypatch, answer=False)
    ended = orders("import", str(file))
    assert (ended.code, ended.err.splitlines()[-1]) == (1, "Nothing was changed.")
    _answer_no(monkeypatch, KeyboardInterrupt())
    ended = orders("import", str(file))
    assert ended.code == 130
    assert "Nothing was imported. Repeat the command to continue job 0000-1." in ended.err
    assert api.only.tree["state"] == "previewed"
    _answer_no(monkeypatch, answer=True)
    assert orders("import", str(file)).code == 0


def test_a_question_requires_a_terminal(api: JobsApi, orders: Run, tmp_path: Path) -> None:
    ended = orders("import", str(_file(tmp_path, ["A-1"])))
    assert (ended.code, ended.err) == (2, "--yes or --preview is required without a terminal.\n")
    assert api.asked == []


def test_a_job_that_stops_is_reported(api: JobsApi, orders: Run, tmp_path: Path) -> None:
    file = _file(tmp_path, ["bad-1", "A-1"])
    orders("import", str(file), "--preview")
    api.end = "stopped"
    api.only.tree["failure"] = "1 of 2 orders failed"
    ended = orders("import", str(file), "--yes")
    assert ended.code == 1
    assert "1 of 2 orders failed." in ended.err
    assert _states(tmp_path) == []
    api.end = None
    assert orders("import", str(file), "--yes").code == 1
    assert len(api.jobs) == 2


def test_a_file_that_the_hub_cannot_read_is_a_usage_error(
    api: JobsApi, orders: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.end = "failed"

    def refuse(job: StoredJob, _lines: object) -> None:
        job.tree["failure"] = "Row 7 has no end"

    monkeypatch.setattr(api, "_import", refuse)
    ended = orders("import", str(_file(tmp_path, ["A-1"])), "--yes")
    assert (ended.code, ended.err.splitlines()[-1]) == (2, "Row 7 has no end (job 0000-1).")
    assert _states(tmp_path) == []


def test_a_job_that_was_cancelled_is_replaced(api: JobsApi, orders: Run, tmp_path: Path) -> None:
    file = _file(tmp_path, ["A-1"])
    orders("import", str(file), "--preview")
    ended = orders("jobs", "cancel", "0000-1")
    assert (ended.code, ended.out) == (0, "Job 0000-1 is cancelled.\n")
    assert orders("import", str(file), "--yes").code == 0
    assert sorted(api.jobs) == ["0000-1", "0000-2"]


def test_a_hub_that_is_away_ends_with_code_2_and_how_to_go_on(
    api: JobsApi, orders: Run, tmp_path: Path
) -> None:
    away = Given(503, b"{}")
    api.before = lambda asked: away if asked.method == "GET" else None
    file = _file(tmp_path, ["A-1"])
    ended = orders("import", str(file), "--yes")
    assert ended.code == 2
    assert "answers 503" in ended.err
    assert "Job 0000-1 continues without the command." in ended.err
    api.before = lambda _asked: None
    assert orders("import", str(file), "--yes").code == 0
    assert len(api.jobs) == 1


def test_an_unknown_token_ends_with_code_2(api: JobsApi, orders: Run, tmp_path: Path) -> None:
    api.token = "another"
    ended = orders("import", str(_file(tmp_path, ["A-1"])), "--yes")
    assert ended.code == 2
    assert "answers 401: The token is unknown." in ended.err


def test_jobs_require_the_api(run: Run) -> None:
    for command in (("list",), ("undo", "0000-1", "--yes")):
        ended = run("jobs", *command)
        assert ended.code == 2
        assert "--base-url and --token are required" in ended.err


def test_jobs_are_listed_and_shown(orders: Run, tmp_path: Path) -> None:
    for number in range(5):
        file = _file(tmp_path, [f"A-{number}", "bad-1"], f"{number}.jsonl")
        assert orders("import", str(file), "--yes").code == 1
    listed = orders("jobs", "list", "--limit", "3").out
    names = [line.split()[0] for line in listed.splitlines() if " 0000-" in f" {line.strip()}"]
    assert names == ["0000-5", "0000-4", "0000-3"]
    as_json = orders("jobs", "list", "--json").out.splitlines()
    assert len([json.loads(each) for each in as_json]) == 5
    shown = orders("jobs", "show", "0000-1").out
    assert "job 0000-1: import, import, completed" in shown
    assert "1 x unknown_status at /status" in shown
    tree = json.loads(orders("jobs", "show", "0000-1", "--json").out)
    assert (tree["state"], tree["upload"]) == ("completed", None)
    missing = orders("jobs", "show", "0000-9")
    assert (missing.code, missing.err) == (1, "The job does not exist.\n")
    ended = orders("jobs", "cancel", "0000-1")
    assert (ended.code, ended.err) == (1, "The job has ended.\n")


def test_the_files_of_a_job_are_written_to_a_folder(
    api: JobsApi, orders: Run, tmp_path: Path
) -> None:
    orders("import", str(_file(tmp_path, ["A-1", "bad-1"])), "--preview")
    api.only.tree["file"]["name"] = "../../elsewhere.jsonl"
    folder = tmp_path / "results"
    folder.mkdir()
    ended = orders("jobs", "files", "0000-1", "--to", str(folder))
    assert ended.code == 0
    assert sorted(each.name for each in folder.iterdir()) == [
        f"elsewhere.{name}.jsonl" for name in ("failed", "success")
    ]
    assert str(folder / "elsewhere.failed.jsonl") in ended.out


def test_an_undo_that_cannot_be_followed_names_its_job(
    api: JobsApi, orders: Run, tmp_path: Path
) -> None:
    orders("import", str(_file(tmp_path, ["A-1"])), "--yes")
    away = Given(503, b"{}")
    api.before = lambda asked: away if asked.method == "GET" else None
    ended = orders("jobs", "undo", "0000-1", "--yes")
    assert ended.code == 3
    assert "If job 0000-2 has begun, it continues: `orders jobs show 0000-2`" in ended.err


def test_an_undo_is_previewed_and_then_done(
    orders: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders("import", str(_file(tmp_path, ["A-1", "A-2", "kept"])), "--yes")
    previewed = orders("jobs", "undo", "0000-1", "--preview")
    assert previewed.code == 0
    assert "Preview of the undo. Nothing was written." in previewed.out
    assert "row 3  kept" in previewed.out
    asked = orders("jobs", "undo", "0000-1")
    assert (asked.code, asked.err) == (2, "--yes or --preview is required without a terminal.\n")
    _answer_no(monkeypatch, answer=False)
    assert orders("jobs", "undo", "0000-1", "--to", str(tmp_path)).code == 1
    _answer_no(monkeypatch, answer=True)
    done = orders("jobs", "undo", "0000-1", "--to", str(tmp_path))
    assert done.code == 1
    assert "The undo ended." in done.out
    assert done.err.splitlines()[-1] == "Not taken back: 1 order."
    assert (tmp_path / "orders.kept.jsonl").read_bytes() == b'{"external_id":"kept"}\n'
    # A result without orders has no file.
    assert not [*tmp_path.glob("*.unprocessed*"), *tmp_path.glob("*.failed*")]
