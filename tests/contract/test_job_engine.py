"""Both engines of import jobs start runs, and finish those that were interrupted."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from orders.adapters.aws_clients import create_client
from orders.adapters.step_functions_engine import StepFunctionsEngine
from orders.application.errors import StorageUnavailableError
from orders.application.import_job_ports import JobEngine
from orders.domain.import_jobs import Job
from tests.support.deadlines import CountingPause, FixedDeadline
from tests.support.import_jobs import FakeJobEngine, import_job

JOB = replace(import_job(), run=2, version=7)
DEFINITION = '{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}'


@dataclass
class World:
    """An engine. `end` ends all that works on a job, as an operator does."""

    engine: JobEngine
    end: Callable[[Job], None]
    started: Callable[[], int]


@pytest.fixture(params=["fake", "step_functions"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        fake = FakeJobEngine()
        yield World(fake, fake.end, lambda: len(fake.runs) + len(fake.finishing))
        return
    with mock_aws():
        client: Any = boto3.client("stepfunctions")
        created = client.create_state_machine(
            name="files", definition=DEFINITION, roleArn="arn:aws:iam::123456789012:role/files"
        )
        arn = created["stateMachineArn"]

        def executions() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = client.list_executions(stateMachineArn=arn)["executions"]
            return found

        def end(job: Job) -> None:
            for each in executions():
                if each["name"].startswith(job.job_id):
                    client.stop_execution(executionArn=each["executionArn"])

        engine = StepFunctionsEngine(create_client("stepfunctions"), arn, "bucket", CountingPause())
        yield World(engine, end, lambda: len(executions()))


def test_a_run_is_worked_on_until_its_end(world: World) -> None:
    assert not world.engine.is_working(JOB)
    world.engine.start(JOB, split=True)
    assert world.engine.is_working(JOB)
    # The job is saved while the run goes on.
    assert world.engine.is_working(replace(JOB, version=8))
    assert not world.engine.is_working(replace(JOB, run=3))
    world.end(JOB)
    assert not world.engine.is_working(JOB)


def test_a_run_is_finished_after_its_end(world: World) -> None:
    world.engine.start(JOB, split=True)
    world.end(JOB)
    world.engine.finish(JOB)
    assert world.engine.is_working(JOB)
    world.engine.finish(JOB)
    assert world.started() == 2


def test_a_finish_that_failed_is_followed_by_that_of_the_next_version(world: World) -> None:
    world.engine.finish(JOB)
    world.end(JOB)
    assert not world.engine.is_working(JOB)
    following = replace(JOB, version=8)
    assert not world.engine.is_working(following)
    world.engine.finish(following)
    assert world.engine.is_working(following)
    assert world.started() == 2


def test_no_call_is_made_after_the_deadline(world: World) -> None:
    with pytest.raises(StorageUnavailableError):
        world.engine.within(FixedDeadline(0)).is_working(JOB)
