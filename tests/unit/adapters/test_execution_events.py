"""The event of an execution that did not succeed names its run, and what ended it."""

import json
from typing import Any
from unittest.mock import Mock

import pytest

from orders.adapters.execution_events import read_ended_execution
from orders.adapters.step_functions_engine import StepFunctionsEngine
from orders.runtime.composition.import_files import read_finish
from tests.support.functions import sample
from tests.support.import_jobs import import_job

type Tree = dict[str, Any]
RUN = {"account": "demo", "job_id": "019b7e5c8a3f7d21b4c6e8f0a1b2c3d4", "run": 1}


def _event(**detail: object) -> Tree:
    event = sample("finish_import_job", "aborted")
    return {**event, "detail": {**event["detail"], **detail}}


@pytest.mark.parametrize(
    ("detail", "error"),
    [
        ({"status": "ABORTED"}, "Aborted"),
        # Whoever aborts an execution may give a reason of any kind.
        ({"status": "ABORTED", "error": "Jane Doe", "cause": "a wish"}, "Aborted"),
        ({"status": "TIMED_OUT"}, "States.Timeout"),
        ({"status": "FAILED", "error": "StepFailedError"}, "StepFailedError"),
        ({"status": "FAILED"}, "States.TaskFailed"),
    ],
)
def test_the_status_names_what_ended_a_run(detail: Tree, error: str) -> None:
    assert read_ended_execution(_event(**detail)) == {**RUN, "error": error}


@pytest.mark.parametrize("call", ["start", "finish"])
def test_every_execution_of_the_engine_can_be_read(call: str) -> None:
    client = Mock()
    engine = StepFunctionsEngine(client, "arn:aws:states:x:1:stateMachine:files", "bucket")
    job = import_job(run=3)
    if call == "start":
        engine.start(job, split=False)
    else:
        engine.finish(job)
    sent = client.start_execution.call_args.kwargs["input"]
    read = read_ended_execution(_event(input=sent))
    assert read == {"account": "demo", "job_id": job.job_id, "run": 3, "error": "Aborted"}


@pytest.mark.parametrize("sent", ["{}", json.dumps({"account": "demo"}), "no JSON"])
def test_an_execution_without_a_run_is_a_fault(sent: str) -> None:
    with pytest.raises((KeyError, ValueError)):
        read_ended_execution(_event(input=sent))


def test_the_last_step_is_called_by_the_state_machine_and_by_the_event() -> None:
    step = sample("finish_import_job", "after_fault")
    assert read_finish(step) == step
    assert read_finish(_event()) == {**RUN, "error": "Aborted"}
