"""Runs of import jobs are executions of the state machine, each started once."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from moto import mock_aws

from orders.adapters.aws_clients import create_client
from orders.adapters.step_functions_engine import StepFunctionsEngine
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from tests.support.deadlines import CountingPause
from tests.support.import_jobs import import_job

JOB = replace(import_job(), run=2)
DEFINITION = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
LOST = ReadTimeoutError(endpoint_url="states")


@dataclass
class Machine:
    """A state machine and its engine."""

    engine: StepFunctionsEngine
    client: Any

    def executions(self) -> list[dict[str, Any]]:
        """Return all executions, with their inputs."""
        found = self.client.list_executions(stateMachineArn=self.engine.machine_arn)["executions"]
        return [self.client.describe_execution(executionArn=each["executionArn"]) for each in found]

    def lose_answers(self, *faults: Exception | None) -> None:
        """Lose the answers of the next calls."""
        left = list(faults)

        def lose(**_rest: object) -> None:
            if left and (fault := left.pop(0)):
                raise fault

        self.engine.client.meta.events.register("after-call.sfn", lose)


@pytest.fixture
def machine() -> Iterator[Machine]:
    with mock_aws():
        client = boto3.client("stepfunctions")
        created = client.create_state_machine(
            name="files", definition=DEFINITION, roleArn="arn:aws:iam::123456789012:role/files"
        )
        arn = created["stateMachineArn"]
        states = create_client("stepfunctions")
        yield Machine(StepFunctionsEngine(states, arn, "bucket", CountingPause()), client)


@pytest.mark.parametrize("split", [True, False])
def test_a_run_is_an_execution_with_its_name(machine: Machine, *, split: bool) -> None:
    machine.engine.start(JOB, split=split)
    [execution] = machine.executions()
    assert execution["name"] == f"{JOB.job_id}-2"
    assert json.loads(execution["input"]) == {
        "account": "demo",
        "job_id": JOB.job_id,
        "run": 2,
        "split": split,
        "bucket": "bucket",
        "manifest": f"demo/{JOB.job_id}/manifests/2.jsonl",
    }


def test_a_run_is_started_once(machine: Machine) -> None:
    machine.engine.start(JOB, split=True)
    machine.engine.start(JOB, split=True)
    # The input differs, which makes it another execution with the same name.
    machine.engine.start(JOB, split=False)
    assert len(machine.executions()) == 1
    machine.engine.start(replace(JOB, run=3), split=False)
    assert len(machine.executions()) == 2


def test_a_start_whose_answer_is_lost_starts_one_execution(machine: Machine) -> None:
    machine.lose_answers(LOST)
    machine.engine.start(JOB, split=True)
    assert len(machine.executions()) == 1


def test_an_engine_that_does_not_answer_is_unavailable(machine: Machine) -> None:
    machine.lose_answers(*[LOST] * 4)
    with pytest.raises(StorageUnavailableError):
        machine.engine.start(JOB, split=True)


def test_a_state_machine_that_does_not_exist_is_a_fault(machine: Machine) -> None:
    engine = replace(machine.engine, machine_arn=f"{machine.engine.machine_arn}-other")
    with pytest.raises(StorageRefusedError, match="StateMachineDoesNotExist"):
        engine.start(JOB, split=True)


def test_a_finish_is_an_execution_of_the_last_step(machine: Machine) -> None:
    machine.engine.finish(replace(JOB, version=7))
    [execution] = machine.executions()
    assert execution["name"] == f"{JOB.job_id}-2-finish-7"
    assert json.loads(execution["input"]) == {
        "account": "demo",
        "job_id": JOB.job_id,
        "run": 2,
        "fault": {"Error": "Interrupted"},
    }


def test_a_fault_does_not_hide_an_execution(machine: Machine) -> None:
    machine.engine.start(JOB, split=True)
    machine.lose_answers(*[LOST] * 4)
    with pytest.raises(StorageUnavailableError):
        machine.engine.is_working(JOB)
    engine = replace(machine.engine, machine_arn="files")
    with pytest.raises(StorageRefusedError, match="InvalidArn"):
        engine.is_working(JOB)
