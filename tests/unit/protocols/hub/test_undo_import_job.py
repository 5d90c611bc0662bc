"""The undo of import jobs in the hub's own API."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from orders.application.start_import_job import StartImportJob
from orders.application.undo_import_job import UndoImportJob
from orders.domain.clients import Role
from orders.domain.file_records import FileOptions
from orders.domain.import_jobs import JobKind, JobMode, JobState
from orders.protocols.http import HttpAnswer, HttpRequest
from orders.protocols.hub.access import WriteAccess
from orders.protocols.hub.answers import answer_error
from orders.protocols.hub.undo_import_job import UndoImportJobEndpoint
from tests.support.fakes import FakeTokens, client
from tests.support.http import answered
from tests.support.hub import problem
from tests.support.import_jobs import (
    NOW,
    FakeImportJobs,
    FakeJobEngine,
    FakeJobFiles,
    SteppingClock,
    import_job,
    job_id_at,
)

IMPORT, UNDO = job_id_at(number=1), job_id_at(number=2)


@dataclass
class Console:
    """A client of the route, and an import job that has ended."""

    jobs: FakeImportJobs = field(default_factory=FakeImportJobs)
    engine: FakeJobEngine = field(default_factory=FakeJobEngine)

    def __post_init__(self) -> None:
        job = import_job(
            state=JobState.COMPLETED,
            mode=JobMode.IMPORT,
            run=1,
            chunks=3,
            orders=1200,
            options=FileOptions("json_lines"),
            started_at=NOW,
            ended_at=NOW,
        )
        self.jobs.jobs[job.account, job.job_id] = job

    def change(self, **members: Any) -> None:  # noqa: ANN401 - of any type
        job = self.jobs.jobs["demo", IMPORT]
        self.jobs.jobs["demo", IMPORT] = replace(job, **members)

    def ask(
        self,
        body: bytes = b"",
        *,
        sender: str = "writer",
        job_id: str = IMPORT,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        clock = SteppingClock()
        tokens = FakeTokens(
            {
                "reader": client("demo", Role.ORDERS_READ),
                "writer": client("demo", Role.ORDERS_WRITE),
                "stranger": client("other", Role.ORDERS_WRITE),
            }
        )
        start = StartImportJob(self.jobs, FakeJobFiles(), self.engine, clock)
        endpoint = UndoImportJobEndpoint(
            WriteAccess(tokens), UndoImportJob(self.jobs, start, clock), lambda: UNDO
        )
        request = HttpRequest(
            {
                "authorization": f"Bearer {sender}",
                "content-type": "application/json",
                **(headers or {}),
            },
            path={"job_id": job_id},
            method="POST",
            read_body=lambda: body,
        )
        return answered(endpoint, request, answer_error).answer


@pytest.fixture
def console() -> Console:
    return Console()


def _tree(answer: HttpAnswer) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(answer.body)
    return tree


@pytest.mark.parametrize("body", [b'{"dry_run":false}', b'{"dry_run":false,"skip_triggers":true}'])
def test_an_undo_begins_at_once_and_skips_triggers(console: Console, body: bytes) -> None:
    answer = console.ask(body)
    assert answer.status == 201
    tree = _tree(answer)
    assert (tree["job_id"], tree["kind"], tree["undoes"]) == (UNDO, "undo", IMPORT)
    assert (tree["state"], tree["mode"], tree["skip_triggers"]) == ("importing", "import", True)
    assert (tree["file"], tree["upload"], tree["orders"]) == (None, None, 1200)
    assert tree["undone"] == dict.fromkeys(
        ("deleted", "restored", "unchanged", "kept", "failed"), 0
    )
    assert console.engine.runs == {(UNDO, 1): False}


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_an_undo_of_a_job_is_a_preview_unless_the_body_says_otherwise(
    console: Console, body: bytes
) -> None:
    tree = _tree(console.ask(body))
    assert (tree["mode"], tree["skip_triggers"]) == ("preview", True)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b'{"dry_run":true,"skip_triggers":false}', {}),
        (b'{"dry_run":false}', {"x-dry-run": "true"}),
    ],
)
def test_a_preview_is_asked_for_in_the_body_or_the_header(
    console: Console, body: bytes, headers: Mapping[str, str]
) -> None:
    tree = _tree(console.ask(body, headers=headers))
    assert (tree["mode"], tree["skip_triggers"]) == ("preview", b"skip" not in body)


def test_a_body_with_other_members_is_rejected(console: Console) -> None:
    answer = console.ask(b'{"limit":5}')
    assert problem(answer)["code"] == "invalid_body"
    assert console.engine.runs == {}


def test_only_a_client_that_may_write_orders_of_the_account_undoes_a_job(console: Console) -> None:
    assert console.ask(sender="unknown").status == 401
    assert console.ask(sender="reader").status == 403
    for answer in (
        console.ask(sender="stranger"),
        console.ask(job_id=job_id_at(number=9)),
        console.ask(job_id="x"),
    ):
        assert (answer.status, problem(answer)["code"]) == (404, "not_found")
    assert console.engine.runs == {}


@pytest.mark.parametrize(
    ("members", "detail"),
    [
        ({"kind": JobKind.UNDO}, "is an undo; only an import can be undone"),
        (
            {"state": JobState.IMPORTING},
            "has not ended; its state is importing. Cancel it, or wait",
        ),
        (
            {"state": JobState.CANCELLED, "ended_at": None},
            "is cancelled, and its last orders are being imported; try again",
        ),
        ({"chunks": None}, "has imported no orders; there is nothing to undo"),
    ],
)
def test_a_job_that_cannot_be_undone_says_why(
    console: Console, members: Mapping[str, Any], detail: str
) -> None:
    console.change(**members)
    answer = console.ask()
    assert (answer.status, problem(answer)["code"]) == (409, "conflict")
    assert problem(answer)["detail"] == f"Import job {IMPORT} {detail}"


def test_a_second_undo_at_the_same_time_names_the_first(console: Console) -> None:
    other = replace(console.jobs.jobs["demo", IMPORT], job_id=job_id_at(number=7), ended_at=None)
    console.jobs.jobs["demo", other.job_id] = replace(other, state=JobState.IMPORTING)
    console.change(undoing=other.job_id)
    answer = console.ask()
    assert answer.status == 409
    assert problem(answer)["detail"] == (
        f"Import job {other.job_id} undoes the same import at this time; "
        "try again when it has ended"
    )
