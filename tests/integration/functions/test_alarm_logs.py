"""From each alarm, the runbook leads to a log line that a provoked fault writes."""

import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.domain.clients import Role
from orders.runtime import observability
from orders.runtime.composition import connect
from orders.runtime.composition.relay_triggers import relay_triggers
from orders.runtime.serve_step import StepFailedError
from orders.runtime.serve_stream import StreamFailedError
from tests.hostile.corpus import SECRET
from tests.support.aws_faults import error_answer, failing
from tests.support.functions import Function, Tenant, Tree, deployed, sample
from tests.support.routes import RouteRequest
from tests.support.samples import IMPORT_RESOURCE, order, request
from tests.support.template_tables import load_template

RUNBOOK = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
ALARMS = {
    str(each["Properties"]["AlarmName"]["Sub"]).removeprefix("${AWS::StackName}-"): each[
        "Properties"
    ]
    for each in load_template()["Resources"].values()
    if each["Type"] == "AWS::CloudWatch::Alarm"
}
SETTINGS: Tree = {"currencies": ["USD"], "endpoints": [{"external_id": "website"}]}
READS = ("GetItem", "BatchGetItem", "Query")


@dataclass
class Stack:
    """The functions, and what they have logged."""

    get: Callable[[str], Function]
    stream: io.StringIO

    def lines(self) -> list[Tree]:
        """Return the lines that were logged since the last call."""
        text = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        return [json.loads(line) for line in text.splitlines()]

    def send(self, external_id: str, millis: int = 27_000) -> int:
        """Import one order; return the status of the answer."""
        sent = RouteRequest(
            ("POST", IMPORT_RESOURCE),
            headers={"Authorization": f"Bearer {SECRET}"},
            body=request(order(external_id=external_id)),
        )
        answer = self.get("import_orders").invoke(sent.event(), millis)
        status: int = answer["statusCode"]
        return status


@pytest.fixture(scope="module")
def stack(dynamodb: DynamoDBClient) -> Iterator[Stack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        stream = io.StringIO()
        patch.setattr(observability.logger.registered_handler, "stream", stream)
        tenants = (Tenant("demo", SECRET, (Role.ADMIN,), "shop"),)
        with deployed(dynamodb, patch, SETTINGS, tenants) as get:
            yield Stack(get, stream)


type Provoke = Callable[[Stack], list[str]]


def denied(stack: Stack) -> list[str]:
    """A role lost a permission."""
    with failing(connect().dynamodb, "BatchExecuteStatement", _deny):
        assert stack.send("denied") == 500
    return ["AccessDeniedException"]


def _deny(_number: int) -> Any:  # noqa: ANN401 - the answer of a hook
    return error_answer("AccessDeniedException")


def throttled(stack: Stack) -> list[str]:
    """The table throttles until the time is over."""
    code = "ProvisionedThroughputExceededException"
    with ExitStack() as faults:
        for name in (*READS, "BatchExecuteStatement", "UpdateItem"):
            faults.enter_context(
                failing(connect().dynamodb, name, lambda _number: error_answer(code))
            )
        assert stack.send("throttled", 13_500) == 503
    return [code]


def bus_is_closed(stack: Stack) -> list[str]:
    """The bus rejects every call."""
    with _refusing_bus("AccessDeniedException"):
        assert stack.send("unpublished") == 200
    return ["AccessDeniedException"]


def batch_fails(stack: Stack) -> list[str]:
    """A batch of the stream cannot be read at all."""
    with pytest.raises(StreamFailedError):
        stack.get("relay_triggers").invoke({"Records": [{"dynamodb": None}]})
    return []


def batch_is_retried(stack: Stack) -> list[str]:
    """The relay cannot read the receipts."""
    with failing(connect().dynamodb, "BatchGetItem", _deny):
        event = sample("relay_triggers", "interrupted_import")
        answer = stack.get("relay_triggers").invoke(event, 120_000)
    assert answer["batchItemFailures"]
    return ["AccessDeniedException"]


def parked(stack: Stack) -> list[str]:
    """A record cannot be read, and is parked."""
    stack.get("relay_triggers").invoke(sample("relay_triggers", "unreadable"), 120_000)
    return []


def step_fails(folder: str) -> Provoke:
    """Return what lets a step of an import job fail: its role lost a permission."""

    def provoke(stack: Stack) -> list[str]:
        with failing(connect().dynamodb, "GetItem", _deny), pytest.raises(StepFailedError):
            stack.get(folder).invoke(sample(folder, "first_run"))
        return ["AccessDeniedException"]

    provoke.__name__ = f"{folder}_fails"
    return provoke


class _refusing_bus(ExitStack):  # noqa: N801 - a context manager
    """Let the bus reject every call with a code."""

    def __init__(self, code: str) -> None:
        super().__init__()
        events, name = connect().events.meta.events, "before-send.events.PutEvents"

        def refuse(**_rest: object) -> Any:  # noqa: ANN401 - the answer of a hook
            return error_answer(code)

        events.register(name, refuse)
        self.callback(events.unregister, name, refuse)


# What provokes an alarm, by the end of its name, and the log line that the runbook names for it.
FAULTS: dict[str, tuple[Provoke, str]] = {
    "-faults": (denied, "request failed"),
    "api-server-errors": (throttled, "request failed"),
    "-unpublished": (bus_is_closed, "triggers were not published"),
    "relay-triggers-errors": (batch_fails, "batch failed"),
    "record-history-errors": (batch_fails, "batch failed"),
    "split-import-file-errors": (step_fails("split_import_file"), "splitting failed"),
    "import-chunk-errors": (step_fails("import_chunk"), "import of a chunk failed"),
    "finish-import-job-errors": (step_fails("finish_import_job"), "finishing failed"),
    "-age": (batch_is_retried, "batch will be delivered again"),
    "-parked": (parked, "parked"),
    "parked-triggers-queue": (parked, "parked"),
    "parked-records-queue": (parked, "parked"),
    "table-write-throttles": (throttled, "an AWS call failed"),
    "table-read-throttles": (throttled, "an AWS call failed"),
}
# Lambda itself ends or rejects these calls, so the functions log nothing: the runbook names metrics
# and Lambda's own lines.
OF_LAMBDA = ("-errors", "-throttles")
# Step Functions counts the executions that it ends, and no function runs then: the runbook names
# the execution. The alarms of the steps lead to the lines of the functions.
OF_STEP_FUNCTIONS = "AWS/States"


def fault_of(alarm: str) -> tuple[Provoke, str] | None:
    found = [fault for end, fault in FAULTS.items() if alarm == end or alarm.endswith(end)]
    if found:
        return found[0]
    is_of_aws = alarm.endswith(OF_LAMBDA) or ALARMS[alarm]["Namespace"] == OF_STEP_FUNCTIONS
    assert is_of_aws, f"{alarm} needs a fault that provokes it"
    return None


def look_first_at(alarm: str) -> str:
    rows = [line.split("|") for line in RUNBOOK.splitlines() if line.startswith("|")]
    [cell] = [cells[3] for cells in rows if f"`{alarm}`" in cells[1]]
    return cell


@pytest.mark.parametrize("alarm", [each for each in ALARMS if fault_of(each)])
def test_the_runbook_names_the_log_line_of_each_alarm(alarm: str) -> None:
    fault = fault_of(alarm)
    assert fault
    assert f"`{fault[1]}`" in look_first_at(alarm)


@pytest.mark.parametrize(
    "fault", dict.fromkeys(FAULTS.values()), ids=lambda fault: fault[0].__name__
)
def test_a_provoked_fault_writes_that_line_and_its_cause(
    stack: Stack, fault: tuple[Provoke, str]
) -> None:
    provoke, message = fault
    stack.lines()
    codes = provoke(stack)
    lines = stack.lines()
    assert message in {line["message"] for line in lines}
    causes = [line for line in lines if line["message"] == "an AWS call failed"]
    assert {line["code"] for line in causes} == set(codes)
    # The id of Lambda's request connects the two.
    assert all(line["function_request_id"] for line in lines)
    assert "request refused" not in {line["message"] for line in lines}


@pytest.mark.parametrize("folder", ["split_import_file", "import_chunk", "finish_import_job"])
def test_each_line_of_a_failed_step_names_its_job(stack: Stack, folder: str) -> None:
    stack.lines()
    step_fails(folder)(stack)
    lines = stack.lines()
    assert len(lines) == 2
    job_id = sample(folder, "first_run")["job_id"]
    assert [line.get("job_id") for line in lines] == [job_id, job_id]


def test_a_queue_that_rejects_a_message_is_named(stack: Stack) -> None:
    parking = relay_triggers().parking
    client: Any = parking.client  # type: ignore[attr-defined]

    def reject(parsed: Tree, **_rest: object) -> None:
        parsed["Failed"] = [{"Id": "0", "Code": "InternalError", "SenderFault": False}]

    stack.lines()
    client.meta.events.register("after-call.sqs.SendMessageBatch", reject)
    try:
        event = sample("relay_triggers", "unreadable")
        answer = stack.get("relay_triggers").invoke(event, 120_000)
    finally:
        client.meta.events.unregister("after-call.sqs.SendMessageBatch", reject)
    assert answer["batchItemFailures"]
    lines = {line["message"]: line for line in stack.lines()}
    assert lines["the queue rejected messages"]["codes"] == ["InternalError"]
    assert "batch will be delivered again" in lines
    assert "parked" not in lines


def test_a_parked_record_is_logged_without_its_keys(stack: Stack) -> None:
    stack.lines()
    parked(stack)
    [line] = [each for each in stack.lines() if each["message"] == "parked"]
    assert re.fullmatch("unreadable record: [A-Za-z]+", line["reason"])
    assert set(line["what"]) == {"sequence_number"}
    queue = boto3.client("sqs").get_queue_url(QueueName="parked")["QueueUrl"]
    answer = boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    assert all("keys" in json.loads(each["Body"]) for each in answer["Messages"])
