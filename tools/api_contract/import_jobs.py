"""The contract of import jobs, a part of the hub's own API."""

from collections.abc import Mapping

from orders.domain.import_jobs import MAX_SAMPLES, JobKind, JobMode, JobState, OnDuplicate
from orders.file_formats.registry import NAMES
from orders.protocols.hub.import_job_requests import (
    ImportJobBody,
    StartBody,
    UndoJobBody,
)
from orders.protocols.hub.import_jobs import DEFAULT_JOBS, MAX_JOBS
from tools.api_contract.keys import OUTSTANDING, RETRY_IF_OUTSTANDING
from tools.api_contract.models import schema_of_model
from tools.api_contract.operations import (
    JSON,
    Operation,
    Section,
    Tree,
    answer,
    array,
    parameter,
    record,
    reference,
    response,
    strings,
)

_TEXT: Tree = {"type": "string"}
_NULLABLE: Tree = {"type": ["string", "null"]}
_MOMENT: Tree = {"type": "string", "format": "date-time"}
_NULLABLE_MOMENT: Tree = {"type": ["string", "null"], "format": "date-time"}
_COUNT: Tree = {"type": "integer", "minimum": 0}
_NUMBER: Tree = {"type": "integer", "minimum": 1}
_FLAG: Tree = {"type": "boolean"}
_JOB_ID: Tree = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_PATH = parameter("path", "job_id", _JOB_ID, "The job's id")
_JOBS = "/hub/v1/import_jobs"
_JOB = f"{_JOBS}/{{job_id}}"


def import_jobs(tag: str, problem: str, security: tuple[Tree, ...]) -> Section:
    """Return the part about import jobs. `problem` is the media type of errors."""
    return Section(
        tag={},
        operations=_operations(tag, security),
        schemas=_schemas(),
        responses=_responses({problem: reference("HubProblem")}),
    )


def _operations(tag: str, security: tuple[Tree, ...]) -> tuple[Operation, ...]:
    refusals: Mapping[str, Tree] = {
        status: response(f"Hub{status}") for status in ("400", "401", "403")
    }
    missing = {"404": response("Hub404Job")}
    conflict = {"409": response("Hub409Job")}
    unread = {"413": response("Hub413"), "415": response("Hub415")}
    faults: Mapping[str, Tree] = {
        "429": response("Gateway429"),
        "500": response("Hub500"),
        "502": response("Gateway502"),
        "503": response("Hub503"),
        "504": response("Gateway504"),
    }
    return (
        Operation(
            "post",
            _JOBS,
            "createImportJob",
            tag,
            "Create a job that imports a file",
            {"201": response("HubNewImportJob"), **refusals, **unread, **faults},
            "Send each part of the file with PUT to its own URL in `upload.parts`, which needs no "
            "token, then start the job.",
            body=_body("HubImportJobRequest"),
            security=security,
        ),
        Operation(
            "get",
            _JOBS,
            "listImportJobs",
            tag,
            "List the import jobs of the account, the newest first",
            {"200": response("HubImportJobs"), **refusals, **faults},
            parameters=(
                parameter(
                    "query",
                    "limit",
                    {**_NUMBER, "maximum": MAX_JOBS, "default": DEFAULT_JOBS},
                    "Maximum number of jobs",
                ),
                parameter("query", "after", _TEXT, "`next` of the previous answer"),
            ),
            security=security,
        ),
        Operation(
            "get",
            _JOB,
            "getImportJob",
            tag,
            "Return a job with its progress",
            {"200": response("HubImportJob"), **refusals, **missing, **faults},
            "While the state is `created`, the parts that were not uploaded have new URLs.",
            parameters=(_PATH,),
            security=security,
        ),
        Operation(
            "delete",
            _JOB,
            "cancelImportJob",
            tag,
            "Cancel a job",
            {"200": response("HubImportJob"), **refusals, **missing, **conflict, **faults},
            "Orders that were imported stay imported. A cancelled job does not change. A run that "
            "was interrupted in the hub is finished: the job is cancelled or keeps its state, and "
            "has `ended_at` and its result files within minutes.",
            parameters=(_PATH,),
            security=security,
        ),
        Operation(
            "post",
            f"{_JOB}/start",
            "startImportJob",
            tag,
            "Start the preview or the import of an uploaded file",
            {
                "200": response("HubImportJob"),
                **refusals,
                **missing,
                **conflict,
                **unread,
                **faults,
            },
            "A job that was previewed can be started once more, as an import. A job that runs in "
            "the same mode does not change.",
            parameters=(_PATH,),
            body={**_body("HubImportJobStart"), "required": False},
            security=security,
        ),
        Operation(
            "get",
            f"{_JOB}/files",
            "listImportFiles",
            tag,
            "Return URLs of the result files",
            {"200": response("HubImportFiles"), **refusals, **missing, **conflict, **faults},
            "The files have the format of the imported file, with its original bytes.",
            parameters=(_PATH,),
            security=security,
        ),
        Operation(
            "post",
            f"{_JOB}/undo",
            "undoImportJob",
            tag,
            "Take back what a job did, or show what that would do",
            {
                "201": response("HubNewImportJob"),
                **refusals,
                **missing,
                **conflict,
                **unread,
                **faults,
            },
            "The undo is a job of its own. An order that was changed since is kept.",
            parameters=(_PATH,),
            body={**_body("HubImportJobUndo"), "required": False},
            security=security,
        ),
    )


def _body(name: str) -> Tree:
    return {"content": {JSON: {"schema": reference(name)}}, "required": True}


def _responses(problem: Tree) -> Tree:
    pages = {
        "HubNewImportJob": ("The new job", "HubImportJob"),
        "HubImportJob": ("The job", "HubImportJob"),
        "HubImportJobs": ("One page of jobs", "HubImportJobs"),
        "HubImportFiles": ("The result files of the last run", "HubImportFiles"),
    }
    return {
        **{name: answer(text, {JSON: reference(schema)}) for name, (text, schema) in pages.items()},
        "Hub404Job": answer("The account has no such job", problem),
        "Hub409Job": answer(
            f"The present state of the job does not allow the call, or {OUTSTANDING}",
            problem,
            **RETRY_IF_OUTSTANDING,
        ),
    }


def _schemas() -> Tree:
    return {
        **_request(),
        **schema_of_model(StartBody, "HubImportJobStart"),
        **schema_of_model(UndoJobBody, "HubImportJobUndo"),
        "HubImportJob": record(
            _of_every_job()
            | {"problems": array(reference("HubImportProblem")), "upload": _upload()},
        ),
        "HubListedImportJob": record(_of_every_job()),
        "HubImportJobs": record(
            {
                "jobs": array(reference("HubListedImportJob")),
                "next": {**_NULLABLE, "description": "`after` of the next page, null if none"},
            }
        ),
        "HubImportProblem": record(
            {
                "code": _TEXT,
                "path": {**_TEXT, "description": "Positions are `*`"},
                "count": _NUMBER,
                "samples": array(
                    record({"row": _COUNT, "external_id": _NULLABLE, "message": _TEXT}),
                    maxItems=MAX_SAMPLES,
                ),
            },
            description="Failed orders with the same code and path",
        ),
        "HubImportPart": record(
            {
                "number": _NUMBER,
                "offset": _COUNT,
                "size": _NUMBER,
                "uploaded": _FLAG,
                "url": {
                    **_NULLABLE,
                    "description": "Accepts the part with PUT, without a token; null if uploaded",
                },
            }
        ),
        "HubImportFiles": record(
            {
                "run": _NUMBER,
                "files": array(
                    record(
                        {
                            "name": strings("success", "failed", "unprocessed", "kept"),
                            "size": _COUNT,
                            "url": {**_TEXT, "description": "Returns the file without a token"},
                        }
                    )
                ),
                "samples": array(
                    record(
                        {
                            "row": _COUNT,
                            "external_id": _NULLABLE,
                            "outcome": _TEXT,
                            "changed": array({"type": "object"}),
                        },
                        ["changed"],
                    ),
                    description=(
                        "The first orders with each outcome of a preview. `changed` has the "
                        "differences of an order that would be updated or restored"
                    ),
                ),
                "expires_at": _MOMENT,
            }
        ),
    }


def _request() -> Tree:
    schemas = schema_of_model(
        ImportJobBody,
        "HubImportJobRequest",
        {"FileBody": "HubImportedFile", "OptionsBody": "HubFileOptions"},
    )
    format_name = schemas["HubImportJobRequest"]["properties"]["format"]
    format_name["enum"] = [*NAMES, None]
    return schemas


def _of_every_job() -> Tree:
    return {
        "job_id": _JOB_ID,
        "kind": strings(*JobKind),
        "state": strings(*JobState),
        "mode": strings(*JobMode),
        "run": {**_COUNT, "description": "How many times the job was started"},
        "created_at": _MOMENT,
        "started_at": _NULLABLE_MOMENT,
        "updated_at": _MOMENT,
        "ended_at": _NULLABLE_MOMENT,
        "client": _TEXT,
        "file": _or_null(record({"name": _TEXT, "size": _COUNT, "sha256": _NULLABLE})),
        "options": _or_null(_options()),
        "skip_triggers": _FLAG,
        "stop_above_percent": {"type": "integer", "minimum": 0, "maximum": 100},
        "on_duplicate": strings(*OnDuplicate),
        "undoes": {**_NULLABLE, "description": "The job that this one undoes"},
        "undone_by": {**_NULLABLE, "description": "The last job that undoes this one"},
        "orders": {"type": ["integer", "null"], "description": "Null until the file is split"},
        "counts": _counts(),
        "undone": _or_null(
            record(
                dict.fromkeys(("deleted", "restored", "unchanged", "kept", "failed"), _COUNT),
                description="The outcomes of an undo",
            )
        ),
        "rate": {"type": ["number", "null"], "description": "Orders per second while it runs"},
        "estimated_end": _NULLABLE_MOMENT,
        "failure": {**_NULLABLE, "description": "Why the job failed or stopped"},
    }


def _options() -> Tree:
    return record(
        {
            "format": _NULLABLE,
            "compression": {"enum": ["none", "gzip", "zip", None]},
            "charset": _NULLABLE,
            "delimiter": _NULLABLE,
            "decimal_comma": {"type": ["boolean", "null"]},
            "date_form": _NULLABLE,
            "mapping": {"type": "object"},
            "guessed": array(_TEXT, description="The options that were not chosen"),
        },
        description="How the file is read. What was not chosen is null until the file was read",
    )


def _counts() -> Tree:
    outcomes = ("received", "created", "updated", "unchanged", "failed", "unprocessed")
    triggers = {
        **_COUNT,
        "description": "How many triggers were published, or would be after a preview",
    }
    return record(
        {**dict.fromkeys(outcomes, _COUNT), "triggers": triggers},
        description="How many orders had each outcome; `received` is the sum of the others",
    )


def _upload() -> Tree:
    return _or_null(
        record(
            {
                "part_bytes": _NUMBER,
                "expires_at": _MOMENT,
                "parts": array(reference("HubImportPart")),
            },
            description="The parts of the file, while the state is `created`",
        )
    )


def _or_null(schema: Tree) -> Tree:
    return {"anyOf": [schema, {"type": "null"}]}
