"""The function of import jobs, with its table, its bucket and its state machine."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.domain.clients import Role
from orders.domain.import_jobs import PART_BYTES
from orders.runtime.composition import connect
from orders.runtime.composition.import_jobs import job_stores
from tests.support.functions import Function, Tenant, deployed
from tests.support.routes import RouteRequest

type Tree = dict[str, Any]

TOKEN = "mo_token-of-the-shop"
JOBS = "/hub/v1/import_jobs"
JOB = f"{JOBS}/{{job_id}}"
FILE = b"x" * (PART_BYTES + 3)
NEW = {"file": {"name": "orders.csv", "size": len(FILE)}, "mode": "import"}


@pytest.fixture(scope="module")
def function(dynamodb: DynamoDBClient) -> Iterator[Function]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        tenants = (Tenant("demo", TOKEN, (Role.ORDERS_WRITE,), "shop"),)
        with deployed(dynamodb, patch, {}, tenants) as get:
            yield get("manage_import_jobs")


def ask(
    function: Function,
    method: str,
    resource: str,
    job_id: str = "",
    *,
    body: object = None,
    key: str = "",
    millis: int = 27_000,
) -> tuple[int, Tree]:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    if key:
        headers["Idempotency-Key"] = key
    path = {"job_id": job_id} if job_id else {}
    sent = RouteRequest((method, resource), path, headers=headers, body=body)
    answer = function.invoke(sent.event(), millis)
    return answer["statusCode"], json.loads(answer["body"])


def upload(job: Tree) -> None:
    """Send the parts, as S3 receives what is put to their links."""
    s3: Any = boto3.client("s3")
    for part in job["upload"]["parts"]:
        link = urlsplit(part["url"])
        query = parse_qs(link.query)
        s3.upload_part(
            Bucket="import-files",
            Key=f"demo/{job['job_id']}/file",
            UploadId=query["uploadId"][0],
            PartNumber=int(query["partNumber"][0]),
            Body=FILE[part["offset"] : part["offset"] + part["size"]],
        )


def executions() -> list[Tree]:
    states: Any = boto3.client("stepfunctions")
    [machine] = states.list_state_machines()["stateMachines"]
    listed: list[Tree] = states.list_executions(stateMachineArn=machine["stateMachineArn"])[
        "executions"
    ]
    return listed


def test_a_file_is_uploaded_and_its_import_is_started(function: Function) -> None:
    status, job = ask(function, "POST", JOBS, body=NEW)
    assert (status, job["state"], len(job["upload"]["parts"])) == (201, "created", 2)
    job_id = job["job_id"]
    status, refused = ask(function, "POST", f"{JOB}/start", job_id)
    assert (status, refused["code"]) == (409, "conflict")
    upload(job)
    status, resumed = ask(function, "GET", JOB, job_id)
    assert [part["uploaded"] for part in resumed["upload"]["parts"]] == [True, True]
    status, started = ask(function, "POST", f"{JOB}/start", job_id)
    assert (status, started["state"], started["run"]) == (200, "splitting", 1)
    status, repeated = ask(function, "POST", f"{JOB}/start", job_id)
    assert (status, repeated["updated_at"]) == (200, started["updated_at"])
    assert [each["name"] for each in executions()].count(f"{job_id}-1") == 1
    status, refused = ask(function, "GET", f"{JOB}/files", job_id)
    assert (status, refused["code"]) == (409, "conflict")
    status, listed = ask(function, "GET", JOBS)
    assert listed["jobs"][0]["job_id"] == job_id
    status, cancelled = ask(function, "DELETE", JOB, job_id)
    assert (status, cancelled["state"]) == (200, "cancelled")
    status, repeated = ask(function, "DELETE", JOB, job_id)
    assert (status, repeated["updated_at"]) == (200, cancelled["updated_at"])


def test_a_request_with_a_key_creates_one_job(function: Function) -> None:
    first = ask(function, "POST", JOBS, body=NEW, key="one")
    assert ask(function, "POST", JOBS, body=NEW, key="one") == first
    other = ask(function, "POST", JOBS, body=NEW, key="two")
    assert other[1]["job_id"] != first[1]["job_id"]


def test_a_creation_whose_links_cannot_be_signed_is_repeated_as_the_same_job(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = job_stores(connect()).files
    list_parts: Callable[..., object] = files.client.list_parts

    def lose(**_params: object) -> object:
        raise ReadTimeoutError(endpoint_url="injected")

    monkeypatch.setattr(files.client, "list_parts", lose)
    before = ask(function, "GET", JOBS)[1]["jobs"]
    status, refused = ask(function, "POST", JOBS, body=NEW, key="cut-off")
    assert (status, refused["code"]) == (503, "unavailable")
    monkeypatch.setattr(files.client, "list_parts", list_parts)
    status, job = ask(function, "POST", JOBS, body=NEW, key="cut-off")
    assert (status, len(job["upload"]["parts"])) == (201, 2)
    after = ask(function, "GET", JOBS)[1]["jobs"]
    assert [each["job_id"] for each in after if each not in before] == [job["job_id"]]


def test_no_call_to_s3_begins_that_may_not_end_in_time(function: Function) -> None:
    before = ask(function, "GET", JOBS)
    # An answer of S3 may take ten seconds, and then the hub's own must be written.
    status, refused = ask(function, "POST", JOBS, body=NEW, millis=10_000)
    assert (status, refused["code"]) == (503, "unavailable")
    assert ask(function, "GET", JOBS) == before
