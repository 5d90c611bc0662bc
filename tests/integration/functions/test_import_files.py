"""The functions of the state machine import files, on DynamoDB Local and a bucket of moto."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ReadTimeoutError
from mypy_boto3_dynamodb.client import DynamoDBClient
from mypy_boto3_s3.client import S3Client

from operator_cli.demo import TOKEN
from orders.application.finish_import_job import FinishImportJob
from orders.domain.clients import Role
from orders.domain.import_jobs import Counts, FileInfo, Job, JobMode, JobState
from orders.runtime.composition import connect
from orders.runtime.composition.import_files import job_files, job_records
from orders.runtime.serve_step import StepFailedError
from tests.support.deadlines import DEADLINE
from tests.support.functions import Function, Tenant, deployed, sample
from tests.support.import_jobs import import_job
from tests.support.lambda_context import Context
from tests.support.routes import RouteRequest
from tests.support.samples import order

SETTINGS: dict[str, Any] = {
    "currencies": ["USD"],
    "endpoints": [{"external_id": "website"}],
    "regions": [{"external_id": "region_YnCrJj8Y1"}],
}
type Tree = dict[str, Any]


@dataclass
class Machine:
    """The functions, called as the state machine calls them."""

    get: Callable[[str], Function]
    s3: S3Client = field(default_factory=lambda: boto3.client("s3"))

    def add(self, number: int, content: bytes, **members: Any) -> Job:  # noqa: ANN401 - of a job
        """Upload a file, and start its job."""
        job = import_job(
            number,
            run=1,
            state=JobState.SPLITTING,
            mode=JobMode.IMPORT,
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
            file=FileInfo("orders.jsonl", len(content)),
            **members,
        )
        job_records(connect()).create(job, DEADLINE)
        key = f"demo/{job.job_id}/file"
        self.s3.put_object(Bucket="import-files", Key=key, Body=content)
        return job

    def run(self, job: Job, *, attempt: int = 0) -> Tree:
        """Run the job, and return the results of the steps."""
        event = {"account": job.account, "job_id": job.job_id, "run": job.run}
        split = self._step("split_import_file", event)
        chunks = [
            self._step("import_chunk", {**item, "attempt": attempt})
            for item in self.items(split["manifest"])
        ]
        # The state machine names no error as an empty text.
        finished = self._step("finish_import_job", {**event, "error": ""})
        return {"split": split, "chunks": chunks, "finished": finished}

    def split_and_import(self, job: Job, *, chunks: int) -> None:
        """Run the first steps of a job."""
        event = {"account": job.account, "job_id": job.job_id, "run": job.run}
        split = self._step("split_import_file", event)
        for item in self.items(split["manifest"])[:chunks]:
            self._step("import_chunk", item)

    def ask(self, method: str, action: str, job: Job) -> tuple[int, Tree]:
        """Send a request of the shop about a job."""
        sent = RouteRequest(
            (method, f"/hub/v1/import_jobs/{{job_id}}{action}"),
            {"job_id": job.job_id},
            headers={"Authorization": f"Bearer {TOKEN}"},
            body={} if method == "POST" else None,
        )
        answer = self.get("manage_import_jobs").invoke(sent.event())
        return answer["statusCode"], json.loads(answer["body"])

    def inputs_of_executions(self) -> list[Tree]:
        """Return the inputs of all executions."""
        states: Any = boto3.client("stepfunctions")
        arn = os.environ["IMPORT_FILES_STATE_MACHINE_ARN"]
        found = states.list_executions(stateMachineArn=arn)["executions"]
        return [
            json.loads(states.describe_execution(executionArn=each["executionArn"])["input"])
            for each in found
        ]

    def items(self, manifest: str | None) -> list[Tree]:
        """Return the items of the map."""
        return (
            [json.loads(line) for line in self.content(manifest).splitlines()] if manifest else []
        )

    def _step(self, folder: str, event: Tree) -> Tree:
        """Call a function, again and again as long as it fails."""
        millis = 27_000 if folder == "import_chunk" else 900_000
        for _ in range(3):
            try:
                return self.get(folder).invoke(event, millis)
            except StepFailedError:
                continue
        return self.get(folder).invoke(event, millis)

    def content(self, key: str) -> bytes:
        """Return an object of the bucket."""
        return self.s3.get_object(Bucket="import-files", Key=key)["Body"].read()

    def job(self, job: Job) -> Job:
        """Return the stored job."""
        found = job_records(connect()).find(job.account, job.job_id, DEADLINE)
        assert found is not None
        return found


@pytest.fixture
def machine(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    tenants = (Tenant("demo", TOKEN, (Role.ORDERS_WRITE,)),)
    with deployed(dynamodb, monkeypatch, SETTINGS, tenants) as get:
        yield Machine(get)


def _lines(*orders: Tree) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in orders)


FILE = _lines(
    order(external_id="A"), order(external_id="B", currency="XXX"), order(external_id="C")
)


def test_a_file_is_imported(machine: Machine) -> None:
    job = machine.add(1, FILE)
    results = machine.run(job)
    assert machine.job(job).failure is None
    manifest = f"demo/{job.job_id}/manifests/1.jsonl"
    assert results == {
        "split": {"state": "importing", "chunks": 1, "manifest": manifest},
        "chunks": [{"chunk": 0, "processed": 3}],
        "finished": {"state": "completed"},
    }
    done = machine.job(job)
    assert (done.counts, done.orders) == (Counts(created=2, failed=1), 3)
    assert done.options is not None
    assert done.options.format == "json_lines"
    assert machine.get("import_chunk").stored("A") is not None
    [group] = done.groups
    assert (group.code, group.path, group.count) == ("unknown_currency", "/currency", 1)
    links = {each.name: each.size for each in job_files(connect()).links("demo", job.job_id, 1)}
    assert set(links) == {"success", "failed"}
    failed = machine.content(f"demo/{job.job_id}/runs/1/failed.jsonl")
    assert FILE.splitlines()[1].rstrip(b"}") in failed


def test_the_corrected_failed_file_completes_the_import(machine: Machine) -> None:
    job = machine.add(1, FILE)
    machine.run(job)
    failed = machine.content(f"demo/{job.job_id}/runs/1/failed.jsonl")
    again = machine.add(2, failed.replace(b"XXX", b"USD"))
    assert machine.run(again)["finished"] == {"state": "completed"}
    assert machine.job(again).counts == Counts(created=1)


def test_a_file_that_cannot_be_read_has_no_chunks(machine: Machine) -> None:
    job = machine.add(1, b"\x00\x01")
    results = machine.run(job)
    assert results == {
        "split": {"state": "failed", "chunks": 0, "manifest": None},
        "chunks": [],
        "finished": {"state": "failed"},
    }
    assert machine.job(job).failure


def test_steps_of_an_unknown_job_do_nothing(machine: Machine) -> None:
    assert machine.run(import_job(9, run=1)) == {
        "split": {"state": "unknown", "chunks": 0, "manifest": None},
        "chunks": [],
        "finished": {"state": "unknown"},
    }


def _ended_execution(job: Job, status: str) -> Tree:
    """Return the event of the execution of a job."""
    event = sample("finish_import_job", "aborted")
    names = {"account": job.account, "job_id": job.job_id, "run": job.run}
    return {**event, "detail": {**event["detail"], "status": status, "input": json.dumps(names)}}


def test_the_event_of_an_aborted_execution_ends_its_job(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing is being imported that the finish must wait for.
    monkeypatch.setattr(FinishImportJob, "_wait_for_writers", lambda _self, _job: None)
    monkeypatch.setattr("orders.application.split_import_file.MAX_CHUNK_ORDERS", 2)
    job = machine.add(1, FILE)
    machine.split_and_import(job, chunks=1)
    event = _ended_execution(job, "ABORTED")
    finish = machine.get("finish_import_job")
    assert finish.invoke(event, 900_000) == {"state": "failed"}
    done = machine.job(job)
    assert done.counts == Counts(created=1, failed=1, unprocessed=1)
    assert done.failure == (
        "The operator of the hub stopped the job; send the unprocessed orders again"
    )
    unprocessed = machine.content(f"demo/{job.job_id}/runs/1/unprocessed.jsonl")
    assert FILE.splitlines()[2].rstrip(b"}") in unprocessed
    # EventBridge delivers an event once or more.
    assert finish.invoke(event, 900_000) == {"state": "failed"}
    assert machine.job(job) == done


def test_the_event_of_an_execution_that_failed_after_the_end_changes_nothing(
    machine: Machine,
) -> None:
    job = machine.add(1, FILE)
    machine.run(job)
    done = machine.job(job)
    event = _ended_execution(job, "FAILED")
    assert machine.get("finish_import_job").invoke(event, 900_000) == {"state": "completed"}
    assert machine.job(job) == done


def test_the_shop_ends_an_interrupted_job_and_undoes_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FinishImportJob, "_wait_for_writers", lambda _self, _job: None)
    job = machine.add(1, FILE)
    machine.split_and_import(job, chunks=1)
    stuck = machine.job(job)
    finishing = replace(stuck.following(stuck.updated_at), state=JobState.FINISHING)
    assert job_records(connect()).save(finishing, DEADLINE)
    assert machine.ask("POST", "/undo", job)[0] == 409
    status, shown = machine.ask("DELETE", "", job)
    assert (status, shown["state"], shown["ended_at"]) == (200, "finishing", None)
    # The execution that was started works now.
    status, refused = machine.ask("DELETE", "", job)
    assert (status, refused["detail"]) == (
        409,
        f"Import job {job.job_id} is finishing; nothing is left to cancel",
    )
    [sent] = machine.inputs_of_executions()
    step = {**sent, "error": sent.pop("fault")["Error"]}
    assert machine.get("finish_import_job").invoke(step, 900_000) == {"state": "completed"}
    status, shown = machine.ask("GET", "", job)
    assert (shown["state"], shown["counts"]["created"]) == ("completed", 2)
    assert shown["ended_at"] is not None
    assert machine.ask("POST", "/undo", job)[0] == 201


def test_a_step_that_fails_is_logged_with_its_cause(
    machine: Machine, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = machine.add(1, FILE)
    monkeypatch.delenv("IMPORT_FILES_BUCKET")
    job_files.cache_clear()
    event = {"account": "demo", "job_id": job.job_id, "run": 1}
    with pytest.raises(StepFailedError, match="see the log of the function") as raised:
        machine.get("split_import_file").module.lambda_handler(event, Context())
    [record] = [each for each in caplog.records if each.getMessage() == "splitting failed"]
    assert record.exc_info is not None
    assert record.exc_info[0] is RuntimeError
    # Lambda itself logs the error that is raised.
    assert raised.value.__suppress_context__


# So many runs together lose each answer once.
RUNS = 7


@dataclass
class LostAnswers:
    """Loses the answer of every call of some clients that has this remainder."""

    remainder: int
    calls: int = 0

    def __call__(self, **_rest: object) -> None:
        self.calls += 1
        if self.calls % RUNS == self.remainder:
            raise ReadTimeoutError(endpoint_url="aws")


def test_each_order_is_imported_once_if_answers_are_lost(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.application.split_import_file.MAX_CHUNK_ORDERS", 2)
    aws = connect()
    clients: tuple[BaseClient, ...] = (aws.dynamodb, aws.events, job_files(aws).client)
    for remainder in range(RUNS):
        names = [f"{remainder}-{each}" for each in "ABC"]
        content = _lines(*(order(external_id=name) for name in names))
        job = machine.add(remainder, content, skip_triggers=False)
        lost = LostAnswers(remainder)
        for client in clients:
            client.meta.events.register("after-call", lost)
        machine.run(job)
        for client in clients:
            client.meta.events.unregister("after-call", lost)
        assert lost.calls > 20
        done = machine.job(job)
        assert (done.state, done.counts) == (JobState.COMPLETED, Counts(created=3, triggers=3))
        stored = [machine.get("import_chunk").stored(name) for name in names]
        assert [each.version for each in stored if each] == [1, 1, 1]
