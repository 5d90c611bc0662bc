"""`orders import` of a small file: by requests, with AWS credentials and with a token."""

import csv
import errno
import gzip
import json
import re
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from market_orders_testing.http_server import Asked, Given
from operator_cli.composition import Connection
from operator_cli.errors import UnavailableError, UsageError
from operator_cli.hub import Hub, HubAnswer, HubRequest
from operator_cli.hub_on_table import HubOnTable
from operator_cli.hub_over_http import HubOverHttp
from orders.application.chunk_results import MAX_MESSAGE
from orders.domain.clients import Role
from tests.integration.operator_cli.conftest import Ended, Run
from tests.support.functions import Tenant, deployed
from tests.support.loopback_http import function_answers, served
from tests.support.samples import line, order

ROLES = (Role.ORDERS_WRITE, Role.ORDERS_READ)
SETTINGS = {"currencies": ["USD"], "endpoints": [{"external_id": "website", "name": "Website"}]}
TENANTS = (Tenant("demo", "shop-token", ROLES, settings=SETTINGS),)

type Before = Callable[[Asked], Given | None]


@pytest.fixture(params=["table", "api"])
def orders(
    request: pytest.FixtureRequest,
    run_bare: Run,
    monkeypatch: pytest.MonkeyPatch,
    dynamodb: DynamoDBClient,
) -> Iterator[Run]:
    """Yield a function that runs `orders import` with an account of a hub."""
    if request.param == "table":
        connection: Connection = request.getfixturevalue("connection")
        request.getfixturevalue("demo_account")
        request.getfixturevalue("services")
        where = ["--endpoint-url", str(connection.endpoint_url), "--stack", connection.stack]
        settings = request.getfixturevalue("tmp_path") / "settings.json"
        settings.write_text(json.dumps(SETTINGS))
        assert run_bare("settings", "apply", str(settings), *where).code == 0
        settings.unlink()
        yield lambda *words: run_bare("import", *words, *where)
        return
    with (
        deployed(dynamodb, monkeypatch, {}, TENANTS) as function,
        served(function_answers(function("import_orders"))) as url,
    ):
        where = ["--base-url", url, "--token", "shop-token"]
        yield lambda *words: run_bare("import", *words, *where)


@pytest.fixture
def api(
    run_bare: Run, monkeypatch: pytest.MonkeyPatch, dynamodb: DynamoDBClient
) -> Iterator[Callable[[Before], Run]]:
    """Yield a function that returns `orders import` with a hub that may answer differently."""
    monkeypatch.setattr("operator_cli.import_requests.sleep", lambda _seconds: None)
    monkeypatch.setattr("urllib3.util.retry.time.sleep", lambda _seconds: None)
    before: list[Before] = []
    with deployed(dynamodb, monkeypatch, {}, TENANTS) as function:
        answers = function_answers(function("import_orders"))
        with served(lambda asked: before[-1](asked) or answers(asked)) as url:

            def with_faults(fault: Before) -> Run:
                before.append(fault)
                return lambda *w: run_bare("import", *w, "--base-url", url, "--token", "shop-token")

            yield with_faults


def _lines(path: Path, *trees: object) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in trees))
    return path


def _printed(ended: Ended) -> list[str]:
    """Return what the command printed, without the metrics of the function behind the API."""
    return [each for each in ended.out.splitlines() if not each.startswith('{"_aws"')]


def test_a_file_is_previewed_imported_corrected_and_imported_again(
    orders: Run, tmp_path: Path
) -> None:
    good = [order(external_id=f"A-{number}") for number in range(12)]
    file = _lines(tmp_path / "a.jsonl", *good, order(external_id="B", currency="DOGE"), good[0])
    previewed = orders(str(file), "--preview")
    assert previewed.code == 1
    printed = _printed(previewed)
    assert "Preview of 14 orders. Nothing was written." in printed
    assert "  created               12" in printed
    assert "  failed                 2" in printed
    assert sum("  A-" in each for each in printed) == 10 + 1
    assert "  1 x unknown_currency at /currency" in printed
    assert list(tmp_path.iterdir()) == [file]

    ended = orders(str(file), "--yes")
    assert ended.code == 1
    assert "Imported 12 of 14 orders." in _printed(ended)
    failed = tmp_path / "a.failed.jsonl"
    first, second = failed.read_text().splitlines()
    mark = json.loads(first)["_import"]
    assert (mark["row"], mark["code"], mark["path"]) == (13, "unknown_currency", "/currency")
    mark = json.loads(second)["_import"]
    assert (mark["row"], mark["code"]) == (14, "duplicate")
    assert (tmp_path / "a.success.jsonl").read_text().count("\n") == 12
    assert not (tmp_path / "a.unprocessed.jsonl").exists()
    assert "To take the import back: orders undo --request " in ended.err

    failed.write_text(failed.read_text().replace("DOGE", "USD"))
    again = orders(str(failed), "--yes")
    assert again.code == 0
    assert {"  created                1", "  unchanged              1"} <= set(_printed(again))
    assert (tmp_path / "a.failed.success.jsonl").exists()


def test_a_preview_shows_what_changes_and_the_triggers(orders: Run, tmp_path: Path) -> None:
    file = _lines(tmp_path / "a.jsonl", order(external_id="A"))
    assert orders(str(file), "--yes").code == 0
    paid = order(external_id="A", status="paid")
    file = _lines(tmp_path / "a.jsonl", paid, order(external_id="B"))
    skipped = _printed(orders(str(file), "--preview"))
    assert '      /status: "new" -> "paid"' in skipped
    assert "  triggers that would be published: none; with --send-triggers at most 2" in skipped
    sent = orders(str(file), "--preview", "--send-triggers")
    assert "  triggers that would be published: 2" in _printed(sent)
    assert "  triggers published: 2" in _printed(orders(str(file), "--yes", "--send-triggers"))


def test_csv_is_imported_and_its_results_are_csv(orders: Run, tmp_path: Path) -> None:
    names = ["external_id", "email", "endpoint", "status", "currency", "total_price"]
    names += ["line.external_id", "line.sku", "line.count", "line.final_price_per_item", "note"]
    rows = [
        ["A", "a@example.com", "website", "new", "USD", "3.00", "1", "mug", "1", "1.00", "x"],
        ["A", "", "", "", "", "", "2", "cup", "2", "1.00", ""],
        ["B", "b@example.com", "website", "gone", "USD", "1.00", "1", "mug", "1", "1.00", ""],
    ]
    path = tmp_path / "a.csv.gz"
    with gzip.open(path, "wt", newline="") as opened:
        writer = csv.writer(opened, delimiter=";")
        writer.writerows([names, *rows])
    ended = orders(str(path), "--yes")
    assert ended.code == 1
    printed = _printed(ended)
    assert printed[0].endswith("bytes, altcraft_csv (guessed)")
    assert "delimiter ; (guessed)" in printed[1]
    assert printed[2] == "  ignored: note"
    assert any("(column status, row 4)" in each for each in printed)
    failed = (tmp_path / "a.failed.csv").read_text().splitlines()
    header, row = csv.reader(failed, delimiter=";")
    assert (header[-4:], row[-4:-1]) == (
        ["_row", "_code", "_path", "_message"],
        ["4", "unknown_status", "/status"],
    )
    assert len((tmp_path / "a.success.csv").read_text().splitlines()) == 3


def test_a_document_that_skips_triggers_does_so_in_a_file(orders: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"skip_triggers": True, "data": [order(external_id="A")]}))
    printed = _printed(orders(str(file), "--yes", "--send-triggers"))
    assert "Imported 1 of 1 order." in printed
    assert not any("triggers published" in each for each in printed)


def test_orders_that_skip_their_triggers_do_not_count(orders: Run, tmp_path: Path) -> None:
    trees = [order(external_id=each, skip_triggers=each < "C") for each in "ABCDE"]
    file = _lines(tmp_path / "a.jsonl", *trees)
    previewed = orders(str(file), "--preview", "--send-triggers")
    assert "  triggers that would be published: 3" in _printed(previewed)
    assert "  triggers published: 3" in _printed(orders(str(file), "--yes", "--send-triggers"))


def test_the_message_of_a_result_is_bounded(orders: Run, tmp_path: Path) -> None:
    lines = [line(external_id=str(number), count=-1) for number in range(100)]
    file = _lines(tmp_path / "a.jsonl", order(external_id="A", lines=lines))
    assert orders(str(file), "--yes", "--stop-above-percent", "100").code == 1
    message = json.loads((tmp_path / "a.failed.jsonl").read_text())["_import"]["message"]
    assert len(message) < MAX_MESSAGE + len("; and 100 more")
    assert re.search(r"; and \d+ more$", message)


def test_problems_of_a_record_are_all_shown(orders: Run, tmp_path: Path) -> None:
    file = _lines(tmp_path / "a.jsonl", order(external_id="A"))
    with file.open("a") as opened:
        opened.write("[1]\n")
        opened.write('{"external_id": "B", "status": "new", "status": "paid"}\n')
    ended = orders(str(file), "--preview")
    assert ended.code == 1
    groups = [each.split(" x ")[1] for each in _printed(ended) if " x " in each]
    # The hub's own rules are named too, so that one correction is enough.
    assert {"duplicate_member at /status", "wrong_type", "required at /currency"} <= set(groups)
    assert "row 3  B" in ended.out


def test_many_failures_stop_before_the_import(orders: Run, tmp_path: Path) -> None:
    bad = [order(external_id=f"A-{number}", currency="DOGE") for number in range(100)]
    file = _lines(tmp_path / "a.jsonl", *bad)
    ended = orders(str(file), "--yes")
    assert ended.code == 1
    assert "100 of 100 orders would fail, more than 10 percent; nothing was imported" in ended.err
    assert list(tmp_path.iterdir()) == [file]
    assert orders(str(file), "--yes", "--stop-above-percent", "100").code == 1
    assert (tmp_path / "a.failed.jsonl").exists()


def test_orders_go_out_in_several_requests(
    orders: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operator_cli.small_import.MAX_BATCH", 3)
    trees = [order(external_id=f"A-{number}", lines=[line()]) for number in range(10)]
    trees[7]["currency"] = "DOGE"
    ended = orders(str(_lines(tmp_path / "a.jsonl", *trees)), "--yes")
    assert ended.code == 1
    assert "Imported 9 of 10 orders." in _printed(ended)
    [failed] = (tmp_path / "a.failed.jsonl").read_text().splitlines()
    assert json.loads(failed)["_import"]["row"] == 8
    assert ended.err.count("--request") == 4


@pytest.mark.parametrize(
    ("content", "words", "text"),
    [
        (None, (), "cannot be read: No such file"),
        ("", (), "must contain orders"),
        ("hello", (), "The format of the file is not known"),
        ("{}", ("--format", "xlsx"), "format must be one of"),
        ("{}", ("--on-duplicate", "explode"), "--on-duplicate must be"),
        ("{}", ("--mapping", "no-such.yaml"), "no-such.yaml cannot be read"),
    ],
)
def test_an_invalid_file_or_option_ends_with_code_2(
    run: Run, tmp_path: Path, content: str | None, words: tuple[str, ...], text: str
) -> None:
    file = tmp_path / "a.jsonl"
    if content is not None:
        file.write_text(content)
    ended = run("import", str(file), "--yes", *words)
    assert ended.code == 2
    assert text in ended.err


@pytest.mark.parametrize(
    "content",
    [
        "external_id,email,endpoint,status,currency,total_price,line.external_id,line.sku\n",
        "[]",
        '{"data": []}',
        "<xml></xml>",
    ],
)
def test_a_file_without_orders_ends_with_code_2(
    run: Run, demo_account: str, tmp_path: Path, content: str
) -> None:
    del demo_account
    file = tmp_path / "orders"
    file.write_text(content)
    ended = run("import", str(file), "--yes")
    assert (ended.code, ended.err) == (2, f"{file}: The file has no orders.\n")


def test_a_folder_that_cannot_have_the_results_is_rejected(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operator_cli.import_file._is_writable", lambda _folder: False)
    ended = run("import", str(_lines(tmp_path / "a.jsonl", order())), "--yes")
    assert ended.code == 2
    assert "must be writable" in ended.err


@pytest.mark.parametrize("text", ["- a", "a: [", "\xff"])
def test_a_mapping_must_be_yaml(run: Run, tmp_path: Path, text: str) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(text, encoding="latin-1")
    file = _lines(tmp_path / "a.jsonl", order())
    ended = run("import", str(file), "--yes", "--mapping", str(mapping))
    assert ended.code == 2
    assert "mapping.yaml" in ended.err


@pytest.mark.parametrize("words", [("--on-duplicate", "skip"), ()])
def test_what_a_request_cannot_do_requires_the_api(
    run: Run, demo_account: str, tmp_path: Path, words: tuple[str, ...]
) -> None:
    del demo_account
    trees = [order(external_id=f"A-{number}") for number in range(1 if words else 1001)]
    ended = run("import", str(_lines(tmp_path / "a.jsonl", *trees)), "--yes", *words)
    assert ended.code == 2
    assert "require --base-url and --token" in ended.err


def _retryable(asked: Asked, attempts: list[Asked], times: int) -> Given | None:
    """Answer that a fault kept every order out, so many times."""
    if json.loads(asked.body)["dry_run"] or len(attempts) >= times:
        return None
    attempts.append(asked)
    problem = {"code": "storage_unavailable", "path": "", "message": "The store is away"}
    entries = [
        {
            "error": 503,
            "error_text": "The store is away",
            "external_id": each["external_id"],
            "errors": [problem],
            "retryable": True,
            "outcome": "failed",
        }
        for each in json.loads(asked.body)["data"]
    ]
    return Given(200, json.dumps({"error": 503, "error_text": "", "result": entries}).encode())


@pytest.mark.parametrize(("times", "code"), [(2, 0), (3, 1)])
def test_orders_that_a_fault_keeps_out_are_sent_again(
    api: Callable[[Before], Run], tmp_path: Path, times: int, code: int
) -> None:
    attempts: list[Asked] = []
    orders = api(lambda asked: _retryable(asked, attempts, times))
    ended = orders(str(_lines(tmp_path / "a.jsonl", order())), "--yes")
    assert ended.code == code
    assert len(attempts) == times
    name = "unprocessed" if code else "success"
    [written] = (tmp_path / f"a.{name}.jsonl").read_text().splitlines()
    assert json.loads(written)["_import"]["code"] == ("storage_unavailable" if code else "created")
    assert not (tmp_path / "a.failed.jsonl").exists()


def test_a_repetition_has_the_key_of_the_first_request(
    api: Callable[[Before], Run], tmp_path: Path
) -> None:
    asked: list[Asked] = []
    answers = [Given(503, b"{}"), Given(409, b'{"error":409,"error_text":"It is processed"}')]

    def before(request: Asked) -> Given | None:
        if json.loads(request.body)["dry_run"]:
            assert "idempotency-key" not in request.headers
            return None
        asked.append(request)
        return answers.pop(0) if answers else None

    ended = api(before)(str(_lines(tmp_path / "a.jsonl", order())), "--yes")
    assert ended.code == 0
    assert len(asked) == 3
    assert len({each.headers["idempotency-key"] for each in asked}) == 1


def test_a_hub_that_goes_away_leaves_the_rest_unprocessed(
    api: Callable[[Before], Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operator_cli.small_import.MAX_BATCH", 1)

    def before(asked: Asked) -> Given | None:
        tree = json.loads(asked.body)
        is_second = tree["data"][0]["external_id"] == "B"
        return Given(503, b"{}") if is_second and not tree["dry_run"] else None

    file = _lines(tmp_path / "a.jsonl", *(order(external_id=name) for name in "ABC"))
    ended = api(before)(str(file), "--yes")
    assert ended.code == 1
    assert "answers 503" in ended.err
    assert "Imported 1 of 3 orders." in ended.out
    assert (tmp_path / "a.unprocessed.jsonl").read_text().count("\n") == 2


class Faults:
    """Faults of the requests that import, by their numbers, when the hub has answered them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **faults: BaseException) -> None:
        self.faults = {int(name[1:]): fault for name, fault in faults.items()}
        self.asked = 0
        monkeypatch.setattr("operator_cli.import_requests.sleep", lambda _seconds: None)
        monkeypatch.setattr("operator_cli.small_import.MAX_BATCH", 2)
        for hub in (HubOnTable, HubOverHttp):
            monkeypatch.setattr(hub, "ask", self._faulty(hub.ask))

    def _faulty(self, ask: Callable[..., HubAnswer]) -> Callable[..., HubAnswer]:
        def asked(hub: Hub, request: HubRequest) -> HubAnswer:
            answer = ask(hub, request)
            if request.key is not None:
                self.asked += 1
                if self.asked in self.faults:
                    raise self.faults[self.asked]
            return answer

        return asked


def _five(tmp_path: Path) -> Path:
    return _lines(tmp_path / "a.jsonl", *(order(external_id=name) for name in "ABCDE"))


LOST = UnavailableError("The hub does not answer.", may_pass=True)


def test_an_answer_that_is_lost_is_asked_for_again(
    orders: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = Faults(monkeypatch, n2=LOST, n3=LOST)
    ended = orders(str(_five(tmp_path)), "--yes")
    assert ended.code == 0
    assert "  created                5" in _printed(ended)
    assert faults.asked == 5
    ids = ended.err.split("orders undo ")[1].split()[1::2]
    assert len(set(ids)) == 3


def test_orders_without_an_answer_may_be_imported(
    orders: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Faults(monkeypatch, n2=LOST, n3=LOST, n4=LOST)
    ended = orders(str(_five(tmp_path)), "--yes")
    assert ended.code == 1
    assert {"  created                2", "  unprocessed            3"} <= set(_printed(ended))
    assert "  2 x answer_lost" in ended.out
    assert "The hub did not answer about 2 orders with the code answer_lost" in ended.err
    assert ended.err.count("--request") == 1
    unprocessed = tmp_path / "a.unprocessed.jsonl"
    codes = [json.loads(each)["_import"]["code"] for each in unprocessed.read_text().splitlines()]
    assert codes == ["answer_lost", "answer_lost", "unprocessed"]
    again = orders(str(unprocessed), "--yes")
    assert again.code == 0
    assert {"  created                1", "  unchanged              2"} <= set(_printed(again))


def test_an_interruption_reports_what_was_imported(
    orders: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Faults(monkeypatch, n2=KeyboardInterrupt())
    ended = orders(str(_five(tmp_path)), "--yes")
    assert ended.code == 130
    # The answer to the last request is awaited.
    assert "Interrupted: waiting for the last answer" in ended.err
    assert {"  created                4", "  unprocessed            1"} <= set(_printed(ended))
    assert ended.err.count("--request") == 2
    assert "Interrupted. Repeat the command to import the rest." in ended.err
    assert (tmp_path / "a.success.jsonl").read_text().count("\n") == 4
    assert (tmp_path / "a.unprocessed.jsonl").read_text().count("\n") == 1
    again = orders(str(tmp_path / "a.jsonl"), "--yes")
    assert again.code == 0
    assert {"  created                1", "  unchanged              4"} <= set(_printed(again))


def test_a_signal_while_the_hub_works_loses_nothing(
    api: Callable[[Before], Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operator_cli.small_import.MAX_BATCH", 2)
    # The server prints that the first connection was closed.
    monkeypatch.setattr("socketserver.BaseServer.handle_error", lambda *_: None)
    imports: list[Asked] = []
    threads: list[threading.Thread] = []

    def before(asked: Asked) -> None:
        if json.loads(asked.body)["dry_run"]:
            return
        imports.append(asked)
        threads.append(threading.current_thread())
        if len(imports) == 2:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        if len(imports) == 3:
            # The thread of a connection ends after its last answer.
            threads[1].join(20)

    ended = api(before)(str(_five(tmp_path)), "--yes")
    assert ended.code == 130
    assert {"  created                4", "  unprocessed            1"} <= set(_printed(ended))
    assert ended.err.count("--request") == 2
    assert len({each.headers["idempotency-key"] for each in imports}) == 2


def test_a_second_interruption_ends_at_once(
    orders: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Faults(monkeypatch, n2=KeyboardInterrupt(), n3=KeyboardInterrupt())
    ended = orders(str(_five(tmp_path)), "--yes")
    assert ended.code == 130
    assert {"  created                2", "  unprocessed            3"} <= set(_printed(ended))
    assert ended.err.count("--request") == 1
    assert "The hub did not answer about 2 orders" in ended.err


def test_an_interruption_after_the_last_order_interrupts_nothing(
    orders: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Faults(monkeypatch, n3=KeyboardInterrupt())
    ended = orders(str(_five(tmp_path)), "--yes")
    assert ended.code == 0
    assert "Imported 5 of 5 orders." in _printed(ended)


def test_a_refusal_of_a_later_request_reports_what_was_imported(
    orders: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Faults(monkeypatch, n2=UsageError("The request is too large."))
    ended = orders(str(_five(tmp_path)), "--yes")
    assert ended.code == 1
    assert "Imported 2 of 5 orders." in _printed(ended)
    assert "The request is too large." in ended.err
    assert "To take the import back: orders undo --request" in ended.err


def test_results_that_cannot_be_written_leave_the_report_and_no_draft(
    orders: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _lines(tmp_path / "a.jsonl", order(external_id="A"))

    def full(_path: Path, _target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    ended = orders(str(file), "--yes")
    assert ended.code == 1
    assert "Imported 1 of 1 order." in _printed(ended)
    *_, undo, error = ended.err.splitlines()
    assert undo.startswith("To take the import back: orders undo --request")
    assert error == f"{tmp_path / 'a.success.jsonl'} cannot be written: No space left on device."
    assert not list(tmp_path.glob("a.success*"))


def test_a_hub_that_is_away_ends_with_code_2(api: Callable[[Before], Run], tmp_path: Path) -> None:
    file = _lines(tmp_path / "a.jsonl", order())
    ended = api(lambda _asked: Given(503, b"{}"))(str(file), "--yes")
    assert ended.code == 2
    assert "Nothing was imported." in ended.err
    is_import = api(lambda asked: None if json.loads(asked.body)["dry_run"] else Given(503, b"{}"))
    ended = is_import(str(file), "--yes")
    assert ended.code == 2
    assert "Some orders may be imported. Repeat the command" in ended.err
    assert list(tmp_path.iterdir()) == [file]


def test_a_token_without_the_role_ends_with_code_2(
    api: Callable[[Before], Run], tmp_path: Path
) -> None:
    answer = b'{"error":403,"error_text":"The client has not the role","result":[]}'
    file = _lines(tmp_path / "a.jsonl", order())
    ended = api(lambda _asked: Given(403, answer))(str(file), "--yes")
    assert (ended.code, ended.err.splitlines()[-1]) == (
        2,
        "The hub answers 403: The client has not the role.",
    )
