"""The import jobs of the hub's own API."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.application.cancel_import_job import CancelImportJob
from orders.application.create_import_job import CreateImportJob
from orders.application.errors import StorageRefusedError
from orders.application.get_import_job import GetImportJob
from orders.application.keep_mapping import FindMapping
from orders.application.list_import_files import ListImportFiles
from orders.application.list_import_jobs import ListImportJobs
from orders.application.start_import_job import StartImportJob
from orders.domain.clients import Role
from orders.domain.file_records import FileOptions
from orders.domain.import_jobs import (
    MAX_FILE_BYTES,
    UPLOAD_LIFETIME,
    ChunkResult,
    Counts,
    JobMode,
    JobState,
    OnDuplicate,
    ProblemGroup,
    Sample,
    Undone,
)
from orders.domain.settings import Settings, StoredSettings
from orders.file_formats.registry import mapping_fault
from orders.protocols.cursors import write_cursor
from orders.protocols.http import Endpoint, HttpAnswer, HttpRequest
from orders.protocols.hub import import_jobs
from orders.protocols.hub.access import WriteAccess
from orders.protocols.hub.answers import answer_error
from orders.protocols.hub.import_job_requests import MAX_MAPPING_BYTES
from tests.support.deadlines import DEADLINE
from tests.support.fakes import FakeSettings, FakeTokens, client
from tests.support.files import CHARSETS
from tests.support.http import answered
from tests.support.hub import problem
from tests.support.import_jobs import (
    FILE,
    FakeImportJobs,
    FakeJobEngine,
    FakeJobFiles,
    Faults,
    SteppingClock,
    import_job,
    job_id_at,
    summary,
)

type Tree = dict[str, Any]

NEW = {"file": {"name": "orders.csv", "size": FILE.size}}
FORMATS = ("altcraft_csv", "json_lines", "mapped_csv", "shopify_csv")
KEPT = {"order": {"endpoint": {"constant": "outlet"}}}
KEEPING = Settings(mappings={"outlet": KEPT, "legacy-shop": {"group_by": "No"}})
CREATE, LIST, GET, START = "create", "list", "get", "start"
CANCEL, FILES = "cancel", "files"


@dataclass
class Console:
    """A client of the routes."""

    jobs: FakeImportJobs = field(default_factory=FakeImportJobs)
    files: FakeJobFiles = field(default_factory=FakeJobFiles)
    engine: FakeJobEngine = field(default_factory=FakeJobEngine)
    clock: SteppingClock = field(default_factory=SteppingClock)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        tokens = FakeTokens(
            {
                "reader": client("demo", Role.ORDERS_READ),
                "writer": client("demo", Role.ORDERS_WRITE),
                "stranger": client("other", Role.ORDERS_WRITE),
            }
        )
        access, jobs, files = WriteAccess(tokens), self.jobs, self.files
        engine, clock = self.engine, self.clock
        self.endpoints: Mapping[str, Endpoint] = {
            CREATE: import_jobs.CreateImportJobEndpoint(
                access,
                CreateImportJob(jobs, files, clock),
                FORMATS,
                lambda: job_id_at(number=next(self.numbers)),
                FindMapping(FakeSettings({"demo": StoredSettings(KEEPING, 1)})),
                mapping_fault,
            ),
            LIST: import_jobs.ListImportJobsEndpoint(access, ListImportJobs(jobs, clock)),
            GET: import_jobs.GetImportJobEndpoint(access, GetImportJob(jobs, files, clock)),
            START: import_jobs.StartImportJobEndpoint(
                access, StartImportJob(jobs, files, engine, clock)
            ),
            CANCEL: import_jobs.CancelImportJobEndpoint(
                access, CancelImportJob(jobs, files, engine, clock)
            ),
            FILES: import_jobs.ListImportFilesEndpoint(access, ListImportFiles(jobs, files, clock)),
        }

    def ask(
        self,
        route: str,
        job_id: str = "",
        body: object = None,
        token: str = "writer",  # noqa: S107 - a token of the test
        *,
        dry_run: str | None = None,
        **query: object,
    ) -> HttpAnswer:
        texts = {name: str(value) for name, value in query.items()}
        raw = b"" if body is None else json.dumps(body).encode()
        sent = HttpRequest(
            headers={
                "authorization": f"Bearer {token}",
                **({} if dry_run is None else {"x-dry-run": dry_run}),
            },
            query=texts,
            queries={name: (value,) for name, value in texts.items()},
            path={"job_id": job_id} if job_id else {},
            read_body=lambda: raw,
        )
        return answered(self.endpoints[route], sent, answer_error).answer

    def tree(self, route: str, job_id: str = "", body: object = None, **query: object) -> Tree:
        answer = self.ask(route, job_id, body, **query)  # type: ignore[arg-type]
        assert answer.status == (201 if route == CREATE else 200), answer.body
        tree: Tree = json.loads(answer.body)
        return tree

    def create(self, **members: object) -> Tree:
        return self.tree(CREATE, body={**NEW, **members})

    def refused(self, status: int, route: str, job_id: str = "", body: object = None) -> Tree:
        answer = self.ask(route, job_id, body)
        assert answer.status == status, answer.body
        return problem(answer)

    def started(self) -> str:
        """Create a job, upload its file and start it; return its id."""
        job_id: str = self.create()["job_id"]
        self.files.send_all(self.jobs.jobs["demo", job_id].upload)
        self.tree(START, job_id)
        return job_id

    def change(self, job_id: str, **members: object) -> None:
        """Change a job, as the engine does."""
        job = self.jobs.jobs["demo", job_id]
        changed = replace(job.following(self.clock()), **members)  # type: ignore[arg-type]
        self.jobs.jobs["demo", job_id] = changed


@pytest.fixture
def console() -> Console:
    return Console()


@pytest.mark.parametrize("route", [CREATE, START, CANCEL])
@pytest.mark.parametrize("sent", ["true", "yes"])
def test_a_write_that_asks_for_a_dry_run_does_nothing(
    console: Console, route: str, sent: str
) -> None:
    """A job has a mode of its own for this. A header that is ignored would write orders."""
    job_id = console.create()["job_id"]
    before = dict(console.jobs.jobs)
    answer = console.ask(route, job_id, NEW if route == CREATE else None, dry_run=sent)
    assert (answer.status, problem(answer)["errors"][0]["parameter"]) == (400, "X-Dry-Run")
    assert console.jobs.jobs == before


def test_a_write_that_does_not_want_a_dry_run_is_done(console: Console) -> None:
    assert console.ask(CREATE, body=NEW, dry_run="false").status == 201


def test_a_new_job_has_all_members(console: Console) -> None:
    digest = "AB" * 32
    created = console.create(
        file={"name": "orders.csv", "size": 10, "sha256": digest}, format="altcraft_csv"
    )
    job_id = job_id_at(number=1)
    assert created == {
        "job_id": job_id,
        "kind": "import",
        "state": "created",
        "mode": "preview",
        "run": 0,
        "created_at": "2026-11-26T12:00:00Z",
        "started_at": None,
        "updated_at": "2026-11-26T12:00:00Z",
        "ended_at": None,
        "client": "shop",
        "file": {"name": "orders.csv", "size": 10, "sha256": digest.lower()},
        "options": {
            "format": "altcraft_csv",
            "compression": None,
            "charset": None,
            "delimiter": None,
            "decimal_comma": None,
            "date_form": None,
            "mapping": {},
            "guessed": [],
        },
        "skip_triggers": True,
        "stop_above_percent": 10,
        "on_duplicate": "update",
        "undoes": None,
        "undone_by": None,
        "orders": None,
        "counts": dict.fromkeys(
            ("received", "created", "updated", "unchanged", "failed", "unprocessed", "triggers"), 0
        ),
        "undone": None,
        "rate": None,
        "estimated_end": None,
        "failure": None,
        "problems": [],
        "upload": {
            "part_bytes": 8388608,
            "expires_at": "2026-11-26T13:00:00Z",
            "parts": [
                {
                    "number": 1,
                    "offset": 0,
                    "size": 10,
                    "uploaded": False,
                    "url": f"https://s3/demo/{job_id}?1",
                }
            ],
        },
    }
    assert console.tree(GET, job_id) == created


def test_a_job_keeps_what_was_chosen(console: Console) -> None:
    options = {
        "compression": "gzip",
        "charset": "windows-1251",
        "delimiter": ";",
        "decimal_comma": True,
        "date_form": "dmy",
        "mapping": {"order": {"total_price": {"constant": 1.5}, "email": {"column": ["A", "B"]}}},
    }
    created = console.create(
        format="shopify_csv",
        options=options,
        mode="import",
        skip_triggers=False,
        stop_above_percent=100.0,
        on_duplicate="fail",
    )
    job = console.jobs.jobs["demo", created["job_id"]]
    assert job.options == FileOptions(format="shopify_csv", **options)  # type: ignore[arg-type]
    assert (job.mode, job.skip_triggers) == (JobMode.IMPORT, False)
    assert (job.stop_above_percent, job.on_duplicate) == (100, OnDuplicate.FAIL)
    assert created["options"] == {**options, "format": "shopify_csv", "guessed": []}


def test_a_job_stores_the_kept_mapping_that_it_names(console: Console) -> None:
    created = console.create(options={"mapping": "outlet"})
    job = console.jobs.jobs["demo", created["job_id"]]
    assert job.options is not None
    assert (job.options.mapping, created["options"]["mapping"]) == (KEPT, KEPT)


@pytest.mark.parametrize("charset", CHARSETS)
def test_a_charset_has_any_of_its_names(console: Console, charset: str) -> None:
    assert console.create(options={"charset": charset})["options"]["charset"] == charset


def test_what_was_not_chosen_will_be_guessed(console: Console) -> None:
    assert console.create()["options"] is None
    job_id = console.create(options={"charset": "windows-1251"})["job_id"]
    chosen = console.jobs.jobs["demo", job_id].options
    assert chosen is not None
    assert (chosen.format, chosen.charset) == ("", "windows-1251")
    guessed = ("format", "compression", "delimiter", "decimal_comma", "date_form")
    assert chosen.guessed == guessed
    shown = console.tree(GET, job_id)["options"]
    assert (shown["format"], shown["charset"], shown["delimiter"]) == (None, "windows-1251", None)
    assert shown["guessed"] == []
    detected = replace(chosen, format="altcraft_csv", delimiter=";")
    console.change(job_id, state=JobState.IMPORTING, chunks=1, orders=1, options=detected)
    shown = console.tree(GET, job_id)["options"]
    assert (shown["format"], shown["delimiter"]) == ("altcraft_csv", ";")
    assert shown["guessed"] == list(guessed)


def _with(**members: object) -> Tree:
    return {**NEW, **members}


def _of_file(**members: object) -> Tree:
    return {"file": {**NEW["file"], **members}}


@pytest.mark.parametrize(
    ("body", "pointer", "rule"),
    [
        ({}, "/file", "file is required"),
        ({"file": {"name": "a"}}, "/file/size", "size is required"),
        (_with(file="orders.csv"), "/file", "file must be an object"),
        (_of_file(size=0), "/file/size", "size must be the number of bytes, from 1; got 0"),
        (_of_file(size="1"), "/file/size", "size must be a whole number"),
        (_of_file(size=1.5), "/file/size", "size must be a whole number"),
        (_of_file(name=""), "/file/name", "name must have 1 to 255 characters"),
        (_of_file(name="a" * 256), "/file/name", "name must have 1 to 255 characters"),
        (_of_file(name="../orders.csv"), "/file/name", "without /"),
        (_of_file(name="a\nb"), "/file/name", "control characters"),
        (_of_file(sha256="ab"), "/file/sha256", "sha256 must have 64 hexadecimal digits"),
        (_of_file(path="x"), "/file/path", '"path" is unsupported'),
        (_with(formats="x"), "/formats", '"formats" is unsupported'),
        (_with(format="xlsx"), "/format", "format must be one of altcraft_csv, json_lines"),
        (_with(format=5), "/format", "format must be a string"),
        (_with(mode="try"), "/mode", 'mode must be one of preview, import; got "try"'),
        (_with(mode=None), "/mode", "mode must be a string; got null"),
        (_with(skip_triggers="yes"), "/skip_triggers", "skip_triggers must be true or false"),
        (_with(stop_above_percent=101), "/stop_above_percent", "from 0 to 100; got 101"),
        (_with(stop_above_percent=-1), "/stop_above_percent", "from 0 to 100; got -1"),
        (_with(on_duplicate="drop"), "/on_duplicate", "must be one of update, skip, fail"),
        (_with(options=[]), "/options", "options must be an object"),
        (_with(options={"encoding": "utf-8"}), "/options/encoding", "is unsupported"),
        (_with(options={"compression": "rar"}), "/options/compression", "one of none, gzip, zip"),
        (_with(options={"charset": "utf-7"}), "/options/charset", "includes ASCII; got"),
        (_with(options={"charset": "x" * 5000}), "/options/charset", "includes ASCII; got"),
        (_with(options={"delimiter": ";;"}), "/options/delimiter", "must be one character"),
        (_with(options={"delimiter": '"'}), "/options/delimiter", "must be one character"),
        (_with(options={"delimiter": "a"}), "/options/delimiter", "must be one character"),
        (_with(options={"decimal_comma": 1}), "/options/decimal_comma", "must be true or false"),
        (
            _with(options={"date_form": "DD.MM.YYYY"}),
            "/options/date_form",
            "date_form must be one of iso, mdy, dmy; got",
        ),
        (_with(format="mapped_csv"), "/options/mapping", "mapping is required for the format"),
        (
            _with(format="json_lines", options={"mapping": KEPT}),
            "/options/mapping",
            "must have a format with a mapping: shopify_csv, matrixify_csv",
        ),
        (
            _with(format="mapped_csv", options={"mapping": "outlet"}),
            "/options/mapping",
            "mapping must have group_by, order and line for the format mapped_csv",
        ),
        (
            _with(options={"mapping": {"order": {"mail": "E-Mail"}}}),
            "/options/mapping",
            "order must have only the members",
        ),
        (_with(options={"mapping": []}), "/options/mapping", "mapping must be an object"),
        (_with(options={"mapping": "my mapping"}), "/options/mapping", "1 to 64 letters, digits"),
        (
            _with(options={"mapping": "absent"}),
            "/options/mapping",
            'no mapping "absent"; those of the account are: legacy-shop, outlet',
        ),
        (
            _with(options={"mapping": {"a": "b" * MAX_MAPPING_BYTES}}),
            "/options/mapping",
            "mapping must have at most 64 KB; got an object",
        ),
    ],
)
def test_a_wrong_body_is_rejected(console: Console, body: Tree, pointer: str, rule: str) -> None:
    refused = console.refused(400, CREATE, body=body)
    assert refused["code"] == "invalid_body"
    assert refused["errors"][0]["pointer"] == pointer
    assert rule in refused["errors"][0]["detail"]
    assert console.jobs.jobs == {}


def test_all_faults_of_a_body_are_reported(console: Console) -> None:
    body = _with(file={"name": "", "size": 0}, mode="try", options={"charset": "x"})
    refused = console.refused(400, CREATE, body=body)
    pointers = {each["pointer"] for each in refused["errors"]}
    assert pointers == {"/file/name", "/file/size", "/mode", "/options/charset"}


def test_a_file_of_the_largest_size_is_accepted(console: Console) -> None:
    created = console.create(file={"name": "a", "size": MAX_FILE_BYTES})
    assert len(created["upload"]["parts"]) == 640
    refused = console.refused(413, CREATE, body=_of_file(size=MAX_FILE_BYTES + 1))
    assert refused["errors"][0]["pointer"] == "/file/size"
    assert refused["code"] == "too_large"
    assert refused["detail"].startswith("file.size must be at most 5 GB (5368709120 bytes); got")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~", ":", " "])
def test_usual_delimiters_are_accepted(console: Console, delimiter: str) -> None:
    created = console.create(options={"delimiter": delimiter})
    assert created["options"]["delimiter"] == delimiter


def test_a_job_is_started_without_a_body(console: Console) -> None:
    job_id = console.started()
    job = console.tree(GET, job_id)
    assert (job["state"], job["run"], job["mode"]) == ("splitting", 1, "preview")
    assert (job["started_at"], job["upload"]) == ("2026-11-26T12:00:00Z", None)
    assert console.tree(START, job_id, {"mode": "preview"}) == job


def test_a_start_is_refused_with_its_reason(console: Console) -> None:
    job_id: str = console.create()["job_id"]
    refused = console.refused(409, START, job_id)
    assert refused["code"] == "conflict"
    assert refused["detail"] == (
        "The file is not complete; upload the parts 1, 2, 3, and start the job again"
    )
    small: str = console.create(file={"name": "a", "size": 1})["job_id"]
    assert "; upload the part 1, and start" in console.refused(409, START, small)["detail"]
    large: str = console.create(file={"name": "a", "size": MAX_FILE_BYTES})["job_id"]
    assert "19, 20 and 620 more, and start" in console.refused(409, START, large)["detail"]
    running = console.started()
    assert console.refused(409, START, running, {"mode": "import"})["detail"] == (
        f"Import job {running} is running with mode preview; start it when it has ended"
    )
    console.change(running, state=JobState.COMPLETED, ended_at=console.clock())
    assert console.refused(409, START, running)["detail"] == (
        f"Import job {running} has ended; its state is completed. Create another job"
    )
    console.clock.wait(seconds=UPLOAD_LIFETIME.total_seconds())
    assert "has expired after 2 days" in console.refused(409, START, job_id)["detail"]


@pytest.mark.parametrize("body", [{"mode": "try"}, {"mode": 1}, {"modes": "import"}, []])
def test_a_wrong_start_is_rejected(console: Console, body: object) -> None:
    job_id: str = console.create()["job_id"]
    assert console.refused(400, START, job_id, body)["code"] == "invalid_body"


def test_a_job_shows_its_progress_and_its_problems(console: Console) -> None:
    job_id = console.started()
    console.change(job_id, state=JobState.IMPORTING, chunks=2, orders=400)
    added = summary(0, created=90, failed=10, triggers=90)
    console.jobs.add_summary("demo", job_id, 1, added, DEADLINE)
    console.clock.wait(seconds=7.5)
    shown = console.tree(GET, job_id)
    assert shown["counts"] == {
        "received": 400,
        "created": 90,
        "updated": 0,
        "unchanged": 0,
        "failed": 10,
        "unprocessed": 300,
        "triggers": 90,
    }
    assert (shown["rate"], shown["estimated_end"]) == (13.333, "2026-11-26T12:00:30Z")
    sample = Sample(3, "A-3", "currency must be known")
    console.change(
        job_id,
        state=JobState.STOPPED,
        counts=Counts(created=90, failed=10, unprocessed=300),
        groups=(ProblemGroup("unknown_currency", "/currency", 10, (sample,)),),
        failure="Too many orders failed",
        ended_at=console.clock(),
    )
    shown = console.tree(GET, job_id)
    assert (shown["state"], shown["failure"]) == ("stopped", "Too many orders failed")
    assert (shown["ended_at"], shown["estimated_end"]) == ("2026-11-26T12:00:07.5Z", None)
    assert shown["problems"] == [
        {
            "code": "unknown_currency",
            "path": "/currency",
            "count": 10,
            "samples": [{"row": 3, "external_id": "A-3", "message": "currency must be known"}],
        }
    ]
    console.change(job_id, undone=Undone(deleted=80, kept=10))
    assert console.tree(GET, job_id)["undone"] == {
        "deleted": 80,
        "restored": 0,
        "unchanged": 0,
        "kept": 10,
        "failed": 0,
    }


def test_jobs_are_listed_without_problems_and_uploads(console: Console) -> None:
    created = [console.create() for _ in range(5)]
    shown = [
        {name: value for name, value in each.items() if name not in {"problems", "upload"}}
        for each in reversed(created)
    ]
    first = console.tree(LIST, limit=2)
    assert first["jobs"] == shown[:2]
    second = console.tree(LIST, limit=2, after=first["next"])
    third = console.tree(LIST, limit=2, after=second["next"])
    assert [*second["jobs"], *third["jobs"]] == shown[2:]
    assert third["next"] is None
    assert console.tree(LIST) == {"jobs": shown, "next": None}
    assert console.tree(LIST, token="stranger") == {"jobs": [], "next": None}


def test_a_cursor_belongs_to_an_account(console: Console) -> None:
    for _ in range(2):
        console.create()
    following = console.tree(LIST, limit=1)["next"]
    for query in ({"after": following, "token": "stranger"}, {"after": "x"}, {"limit": 101}):
        answer = console.ask(LIST, **query)
        assert (answer.status, problem(answer)["code"]) == (400, "invalid_parameter")


@given(st.sets(st.integers(0, 2**128 - 1), min_size=2, max_size=4))
def test_a_page_begins_after_any_id(numbers: set[int]) -> None:
    console = Console()
    ids = [f"{number:032x}" for number in sorted(numbers, reverse=True)]
    for each in ids:
        console.jobs.create(import_job(job_id=each), DEADLINE)
    page = console.tree(LIST, limit=1)
    seen = [page["jobs"][0]["job_id"]]
    while page["next"]:
        page = console.tree(LIST, limit=1, after=page["next"])
        seen.append(page["jobs"][0]["job_id"])
    assert seen == ids


@pytest.mark.parametrize("parts", [[None, 1, 2], [1, 2, None], [2**48, 0, 0]])
def test_a_cursor_that_a_client_made_up_begins_anew(
    console: Console, parts: list[int | None]
) -> None:
    created = console.create()["job_id"]
    page = console.tree(LIST, after=write_cursor("import_jobs\ndemo", parts))
    assert [each["job_id"] for each in page["jobs"]] == [created]


def test_a_cancelled_job_is_returned(console: Console) -> None:
    job_id: str = console.create()["job_id"]
    shown = console.tree(CANCEL, job_id)
    assert (shown["state"], shown["upload"]) == ("cancelled", None)
    assert console.tree(CANCEL, job_id) == shown


@pytest.mark.parametrize(
    ("state", "detail"),
    [
        (JobState.COMPLETED, "has ended; its state is completed"),
        (JobState.FINISHING, "is finishing; nothing is left to cancel"),
    ],
)
def test_a_job_that_is_over_is_not_cancelled(
    console: Console, state: JobState, detail: str
) -> None:
    job_id = console.started()
    console.change(job_id, state=state)
    assert console.refused(409, CANCEL, job_id)["detail"] == f"Import job {job_id} {detail}"


def test_the_files_of_a_preview_have_samples(console: Console) -> None:
    job_id = console.started()
    changed = [{"path": "/status", "old": "new", "new": "paid"}]
    sample = {"row": 2, "external_id": "A", "outcome": "updated", "changed": changed}
    counted = summary(0, updated=1)
    console.jobs.add_summary("demo", job_id, 1, counted, DEADLINE)
    console.files.add_result("demo", job_id, 1, ChunkResult(counted, (), (sample,)))
    console.files.write_result_file("demo", job_id, 1, "success.csv", iter([b"rows"]))
    console.change(job_id, state=JobState.PREVIEWED, chunks=1, ended_at=console.clock())
    assert console.tree(FILES, job_id) == {
        "run": 1,
        "files": [
            {
                "name": "success",
                "size": 4,
                "url": f"https://s3/demo/{job_id}/runs/1/success.csv?signed",
            }
        ],
        "samples": [sample],
        "expires_at": "2026-11-26T13:00:00Z",
    }


def test_files_are_refused_until_the_run_has_ended(console: Console) -> None:
    job_id: str = console.create()["job_id"]
    assert "it was never started" in console.refused(409, FILES, job_id)["detail"]
    job_id = console.started()
    assert "is running" in console.refused(409, FILES, job_id)["detail"]
    console.change(job_id, state=JobState.IMPORTING, chunks=1)
    console.tree(CANCEL, job_id)
    assert "is cancelled; its result files" in console.refused(409, FILES, job_id)["detail"]


OF_ONE_JOB = (GET, START, CANCEL, FILES)


@pytest.mark.parametrize("route", OF_ONE_JOB)
@pytest.mark.parametrize("job_id", [job_id_at(number=9), "x", "a" * 32])
def test_an_unknown_job_does_not_exist(console: Console, route: str, job_id: str) -> None:
    refused = console.refused(404, route, job_id)
    assert refused["code"] == "not_found"
    assert job_id in refused["detail"]


@pytest.mark.parametrize("route", OF_ONE_JOB)
def test_the_job_of_another_account_does_not_exist(console: Console, route: str) -> None:
    job_id = console.started()
    before = dict(console.jobs.jobs)
    hidden = console.ask(route, job_id, token="stranger")
    unknown = console.ask(route, job_id_at(number=9), token="stranger")
    assert hidden.status == 404
    assert (
        problem(hidden)["detail"].replace(job_id, job_id_at(number=9))
        == (problem(unknown)["detail"])
    )
    assert console.jobs.jobs == before


@pytest.mark.parametrize("route", [CREATE, LIST, *OF_ONE_JOB])
def test_every_route_needs_the_role_that_writes_orders(console: Console, route: str) -> None:
    job_id: str = console.create()["job_id"]
    answer = console.ask(route, job_id, NEW, token="reader")
    assert (answer.status, problem(answer)["code"]) == (403, "forbidden")
    answer = console.ask(route, job_id, NEW, token="unknown")
    assert (answer.status, problem(answer)["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("route", [CREATE, LIST, *OF_ONE_JOB])
def test_unknown_parameters_are_rejected(console: Console, route: str) -> None:
    answer = console.ask(route, console.started(), None, page=2)
    assert (answer.status, problem(answer)["code"]) == (400, "invalid_parameter")


def test_an_id_with_hyphens_is_the_same_job(console: Console) -> None:
    job_id: str = console.create()["job_id"]
    bounds = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))
    hyphened = "-".join(job_id[start:end] for start, end in bounds)
    assert console.tree(GET, hyphened.upper())["job_id"] == job_id


@pytest.mark.parametrize("port", ["jobs", "files", "engine"])
@pytest.mark.parametrize("route", [CREATE, LIST, *OF_ONE_JOB])
@pytest.mark.parametrize("calls", range(3))
def test_a_fault_is_answered_with_503_and_the_request_can_be_repeated(
    console: Console, route: str, port: str, calls: int
) -> None:
    job_id: str = console.create()["job_id"]
    console.files.send_all(console.jobs.jobs["demo", job_id].upload)
    body = NEW if route == CREATE else None
    faults: Faults = getattr(console, port).faults
    faults.left = calls
    answer = console.ask(route, job_id, body)
    if answer.status == 503:
        assert answer.headers["Retry-After"]
        assert problem(answer)["code"] == "unavailable"
        faults.left = None
        answer = console.ask(route, job_id, body)
    assert answer.status in ({200, 409} if route == FILES else {200, 201})
    if route == START:
        assert console.engine.runs == {(job_id, 1): True}


def test_a_fault_of_the_stack_shows_no_details(console: Console) -> None:
    console.jobs.faults = Faults(0, StorageRefusedError)
    answer = console.ask(LIST)
    assert (answer.status, problem(answer)["code"]) == (500, "internal_error")
    assert b"injected" not in answer.body


def test_an_undo_is_shown_as_a_job_without_a_file(console: Console) -> None:
    undo = import_job(7, file=None, upload=None, kind="undo", undoes="earlier", mode=JobMode.IMPORT)
    console.jobs.create(undo, DEADLINE)
    shown = console.tree(GET, undo.job_id)
    assert (shown["kind"], shown["undoes"], shown["file"]) == ("undo", "earlier", None)
