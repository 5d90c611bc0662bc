"""Runs import jobs through the real functions, in the order in which the state machine calls them.

The modules of the hub are imported when the environment variables are set.
"""

import itertools
import logging
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from types import ModuleType
from typing import Any

from botocore.config import Config

from orders.adapters import aws_clients
from orders.adapters.dynamodb_import_jobs import DynamoImportJobs
from orders.application.deadlines import NoDeadline
from orders.domain.import_jobs import FileInfo, Job, JobMode, JobState
from orders.runtime.composition import connect
from orders.runtime.composition.import_files import job_files, job_records
from tests.support.generated_exports import Export
from tests.support.import_jobs import import_job
from tests.support.lambda_context import Context
from tools.bench.files.exports import write
from tools.bench.files.folder_bucket import BUCKET, ENDPOINT, FolderBucket
from tools.bench.world import ACCOUNT, handle

type Tree = dict[str, Any]
SPLIT, IMPORT, FINISH = "split_import_file", "import_chunk", "finish_import_job"
# The milliseconds of the steps. A chunk has more of them than on Lambda, because the engine of
# DynamoDB shares the machine.
_MILLIS: Mapping[str, int] = {SPLIT: 900_000, IMPORT: 120_000, FINISH: 900_000}
# A call to an engine that shares the machine may take so long.
_CALL_SECONDS = 60
# The results of a run are as good as the orders were.
_ENDED = {"completed", "previewed"}


@dataclass(slots=True)
class Seconds:
    """What a step took in all its calls: seconds of the clock and of the CPU of this process."""

    calls: int = 0
    wall: float = 0.0
    cpu: float = 0.0

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Add what the context takes."""
        cpu, wall = time.process_time(), time.perf_counter()
        yield
        self.cpu += time.process_time() - cpu
        self.wall += time.perf_counter() - wall
        self.calls += 1


@dataclass(frozen=True, slots=True)
class JobSeconds:
    """What the steps of a job took."""

    split: Seconds = field(default_factory=Seconds)
    chunks: Seconds = field(default_factory=Seconds)
    finish: Seconds = field(default_factory=Seconds)

    @property
    def cpu(self) -> float:
        """Return the CPU seconds of the whole job."""
        return self.split.cpu + self.chunks.cpu + self.finish.cpu


@dataclass(slots=True)
class Functions:
    """The functions of the state machine, with the bucket and the jobs that they use."""

    bucket: FolderBucket
    jobs: DynamoImportJobs
    _modules: dict[str, ModuleType] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def add_job(self, export: Export, orders: int, mode: JobMode = JobMode.IMPORT) -> Job:
        """Write a file, and store its job as a start leaves it."""
        job = import_job(
            next(self._numbers),
            account=ACCOUNT,
            run=1,
            state=JobState.SPLITTING,
            mode=mode,
            file=None,
            upload=None,
        )
        size = write(export, orders, self.bucket.path(f"{ACCOUNT}/{job.job_id}/file"))
        job = replace(job, file=FileInfo(export.name, size))
        return self.jobs.create(job, NoDeadline())

    def run(self, job: Job) -> JobSeconds:
        """Run a job to its end. Raises RuntimeError unless all its orders were imported."""
        seconds = JobSeconds()
        with seconds.split.counting():
            split = self.call(SPLIT, event_of(job))
        for number in range(split["chunks"]):
            with seconds.chunks.counting():
                self.call(IMPORT, event_of(job) | {"chunk": number})
        with seconds.finish.counting():
            self.call(FINISH, event_of(job) | {"error": ""})
        self.expect_imported(job)
        return seconds

    def call(self, name: str, event: Tree) -> Tree:
        """Call a function, and discard its log."""
        if name not in self._modules:
            self._modules[name] = import_module(f"functions.{name}.handler")
        return handle(self._modules[name], event, Context(millis=_MILLIS[name]))

    def expect_imported(self, job: Job) -> None:
        """Raise RuntimeError unless a job has ended, and all its orders are new."""
        ended = self.stored(job)
        created = ended.counts.created if ended.counts else 0
        if ended.state not in _ENDED or created != ended.orders:
            raise RuntimeError(f"The job has not imported its file: {ended}")

    def forget(self, job: Job) -> None:
        """Delete the files of a job."""
        shutil.rmtree(self.bucket.path(f"{job.account}/{job.job_id}"))

    def stored(self, job: Job) -> Job:
        """Return the stored state of a job."""
        found = self.jobs.find(job.account, job.job_id, NoDeadline())
        if found is None:
            raise RuntimeError("The job is not stored")
        return found


def event_of(job: Job) -> Tree:
    """Return what all steps of a run receive."""
    return {"account": job.account, "job_id": job.job_id, "run": job.run}


def wait_longer() -> None:
    """Let calls take longer than on AWS. This must come before the first client is created."""
    patient = Config(read_timeout=_CALL_SECONDS)
    aws_clients.CLIENT_CONFIG = aws_clients.CLIENT_CONFIG.merge(patient)
    aws_clients.CALL_SECONDS = _CALL_SECONDS


@contextmanager
def functions(bucket: FolderBucket) -> Iterator[Functions]:
    """Connect the functions with a bucket, for the time of the context."""
    os.environ |= {"IMPORT_FILES_BUCKET": BUCKET, "AWS_ENDPOINT_URL_S3": ENDPOINT}
    with bucket.answering(job_files(connect()).client), _causes_shown():
        yield Functions(bucket, job_records(connect()))


@contextmanager
def _causes_shown() -> Iterator[None]:
    """Print why a step failed. Its caller only gets a reference to the log."""
    from orders.runtime.observability import logger  # noqa: PLC0415 - reads the environment

    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    loggers = (logging.getLogger("orders"), logging.getLogger(logger.name))
    for each in loggers:
        each.addHandler(handler)
    try:
        yield
    finally:
        for each in loggers:
            each.removeHandler(handler)
