"""Runs of import jobs as executions of a state machine.

The name of an execution is that of its run, so that a run is started once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from orders.adapters.aws_faults import call_patiently
from orders.adapters.s3_job_files import manifest_key
from orders.application.deadlines import NoDeadline
from orders.application.errors import StorageRefusedError
from orders.application.ports import Deadline, Pause
from orders.application.retries import pause_with_jitter
from orders.domain.import_jobs import Job

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

_STARTED_BEFORE = "ExecutionAlreadyExists"
_NEVER_STARTED = "ExecutionDoesNotExist"


@dataclass(frozen=True, slots=True)
class StepFunctionsEngine:
    """Implements JobEngine with a state machine. `bucket` is that of the files of jobs."""

    client: SFNClient
    machine_arn: str
    bucket: str
    pause: Pause = pause_with_jitter
    deadline: Deadline = field(default_factory=NoDeadline)

    def within(self, deadline: Deadline) -> StepFunctionsEngine:
        """Return the engine with a deadline."""
        return replace(self, deadline=deadline)

    def start(self, job: Job, *, split: bool) -> None:
        """Start the execution of a run."""
        work = {
            "account": job.account,
            "job_id": job.job_id,
            "run": job.run,
            "split": split,
            "bucket": self.bucket,
            "manifest": manifest_key(job.account, job.job_id, job.run),
        }
        try:
            call_patiently(
                lambda: self.client.start_execution(
                    stateMachineArn=self.machine_arn, name=_name_of(job), input=json.dumps(work)
                ),
                self.deadline,
                self.pause,
            )
        except StorageRefusedError as refusal:
            if str(refusal) != _STARTED_BEFORE:
                raise

    def stop(self, job: Job) -> None:
        """Stop the execution of the present run, if there is one."""
        machine = self.machine_arn.replace(":stateMachine:", ":execution:")
        try:
            call_patiently(
                lambda: self.client.stop_execution(executionArn=f"{machine}:{_name_of(job)}"),
                self.deadline,
                self.pause,
            )
        except StorageRefusedError as refusal:
            if str(refusal) != _NEVER_STARTED:
                raise


def _name_of(job: Job) -> str:
    return f"{job.job_id}-{job.run}"
