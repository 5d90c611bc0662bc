"""Runs of import jobs as executions of a state machine.

The name of an execution is that of its run, so that a run is started once. The name of one that
only finishes a run has the version of the job too, so that one which fails is followed by another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
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
_WORKING = frozenset({"RUNNING", "PENDING_REDRIVE"})
# With an error in its input, the state machine begins with its last step. This one is not its own.
INTERRUPTED = "Interrupted"


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
        self._start(_name_of(job), work)

    def is_working(self, job: Job) -> bool:
        """Return whether an execution of the run, or of its finish, has not ended."""
        return any(self._status(name) in _WORKING for name in (_name_of(job), _finish_of(job)))

    def finish(self, job: Job) -> None:
        """Start an execution with the last step only."""
        work = {
            "account": job.account,
            "job_id": job.job_id,
            "run": job.run,
            "fault": {"Error": INTERRUPTED},
        }
        self._start(_finish_of(job), work)

    def _start(self, name: str, work: Mapping[str, object]) -> None:
        try:
            call_patiently(
                lambda: self.client.start_execution(
                    stateMachineArn=self.machine_arn, name=name, input=json.dumps(work)
                ),
                self.deadline,
                self.pause,
            )
        except StorageRefusedError as refusal:
            if str(refusal) != _STARTED_BEFORE:
                raise

    def _status(self, name: str) -> str | None:
        """Return the status of an execution, None if there is none."""
        machine = self.machine_arn.replace(":stateMachine:", ":execution:")
        try:
            answer = call_patiently(
                lambda: self.client.describe_execution(executionArn=f"{machine}:{name}"),
                self.deadline,
                self.pause,
            )
        except StorageRefusedError as refusal:
            if str(refusal) != _NEVER_STARTED:
                raise
            return None
        return answer["status"]


def _name_of(job: Job) -> str:
    return f"{job.job_id}-{job.run}"


def _finish_of(job: Job) -> str:
    return f"{_name_of(job)}-finish-{job.version}"
