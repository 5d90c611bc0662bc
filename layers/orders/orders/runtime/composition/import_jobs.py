"""Composes the function of import jobs in the hub's own API."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from orders.adapters.aws_clients import create_client
from orders.adapters.dynamodb_import_jobs import DynamoImportJobs
from orders.adapters.dynamodb_tokens import DynamoTokens
from orders.adapters.s3_job_files import S3JobFiles
from orders.adapters.step_functions_engine import StepFunctionsEngine
from orders.application.cancel_import_job import CancelImportJob
from orders.application.create_import_job import CreateImportJob
from orders.application.get_import_job import GetImportJob
from orders.application.keep_mapping import FindMapping
from orders.application.list_import_files import ListImportFiles
from orders.application.list_import_jobs import ListImportJobs
from orders.application.ports import Deadline
from orders.application.start_import_job import StartImportJob
from orders.application.undo_import_job import UndoImportJob
from orders.file_formats.registry import NAMES
from orders.protocols.http import Endpoint, HttpRequest
from orders.protocols.hub.access import WriteAccess
from orders.protocols.hub.answers import answer_error
from orders.protocols.hub.import_jobs import (
    CancelImportJobEndpoint,
    CreateImportJobEndpoint,
    GetImportJobEndpoint,
    ListImportFilesEndpoint,
    ListImportJobsEndpoint,
    StartImportJobEndpoint,
)
from orders.protocols.hub.undo_import_job import UndoImportJobEndpoint
from orders.protocols.idempotency import Caller, Identify
from orders.runtime.composition import Aws, new_request_id, utc_now
from orders.runtime.composition.import_files import job_files, job_records
from orders.runtime.composition.stored_settings import settings_of
from orders.runtime.environment import ImportEngineEnvironment
from orders.runtime.serve import Route, Service

JOBS = "/hub/v1/import_jobs"
JOB = f"{JOBS}/{{job_id}}"
START = f"{JOB}/start"
FILES = f"{JOB}/files"
UNDO = f"{JOB}/undo"


@dataclass(frozen=True, slots=True)
class JobStores:
    """Where jobs and their files are, and what runs them."""

    jobs: DynamoImportJobs
    files: S3JobFiles
    engine: StepFunctionsEngine


def manage_import_jobs() -> Service:
    """Return the creation, the start, the reads and the cancellation of import jobs."""
    return Service(("/hub/",), _manage_import_jobs, answer_error, identify=_identify)


@cache
def job_stores(aws: Aws) -> JobStores:
    """Return the stores. They are created once per environment, at its first request."""
    files = job_files(aws)
    machine_arn = ImportEngineEnvironment.read(os.environ).machine_arn
    return JobStores(
        job_records(aws),
        files,
        StepFunctionsEngine(create_client("stepfunctions"), machine_arn, files.bucket),
    )


def _manage_import_jobs(aws: Aws) -> Mapping[Route, Endpoint]:
    access, stores = _access(aws), job_stores(aws)
    jobs, files, engine = stores.jobs, stores.files, stores.engine
    create = CreateImportJob(jobs, files, utc_now)
    start = StartImportJob(jobs, files, engine, utc_now)
    return {
        # All runs of a request with a key have its id, so that they create one job.
        ("POST", JOBS): CreateImportJobEndpoint(
            access, create, NAMES, new_request_id, FindMapping(settings_of(aws))
        ),
        ("GET", JOBS): ListImportJobsEndpoint(access, ListImportJobs(jobs, utc_now)),
        ("GET", JOB): GetImportJobEndpoint(access, GetImportJob(jobs, files, utc_now)),
        ("DELETE", JOB): CancelImportJobEndpoint(
            access, CancelImportJob(jobs, files, engine, utc_now)
        ),
        ("POST", START): StartImportJobEndpoint(access, start),
        ("POST", UNDO): UndoImportJobEndpoint(
            access, UndoImportJob(jobs, start, utc_now), new_request_id
        ),
        ("GET", FILES): ListImportFilesEndpoint(access, ListImportFiles(jobs, files, utc_now)),
    }


def _identify(aws: Aws) -> Identify:
    def identify(request: HttpRequest, deadline: Deadline) -> Caller:
        client = _access(aws)(request, deadline)
        return Caller(client.account, client.client_id)

    return identify


@cache
def _access(aws: Aws) -> WriteAccess:
    return WriteAccess(DynamoTokens(aws.dynamodb, aws.environment.table))
