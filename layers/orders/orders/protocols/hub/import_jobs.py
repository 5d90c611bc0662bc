"""Import jobs: files that are imported in the background."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from orders.application.cancel_import_job import CancelImportJob, CancelRefusal
from orders.application.create_import_job import CreateImportJob, CreateImportJobCommand
from orders.application.errors import UnknownMappingError
from orders.application.get_import_job import GetImportJob, JobAddress
from orders.application.import_job_progress import JobProgress
from orders.application.keep_mapping import FindMapping
from orders.application.list_import_files import ListImportFiles
from orders.application.list_import_jobs import ListImportJobs
from orders.application.ports import Deadline
from orders.application.start_import_job import (
    StartImportJob,
    StartImportJobCommand,
    StartRefusal,
    StartReport,
)
from orders.application.undo_import_job import may_be_undone
from orders.domain.clients import Client
from orders.domain.file_records import FileOptions
from orders.domain.identifiers import request_id_of
from orders.domain.import_jobs import UPLOAD_LIFETIME, Job, JobMode, JobState, OnDuplicate
from orders.domain.problems import pointer, shown
from orders.domain.times import format_time
from orders.protocols.cursors import Part, write_cursor
from orders.protocols.http import EndpointResult, HttpRequest
from orders.protocols.hub.access import WriteAccess
from orders.protocols.hub.answers import answer_ok
from orders.protocols.hub.cursors import read_cursor
from orders.protocols.hub.errors import (
    Fault,
    RequestRefusedError,
    conflict,
    invalid_body,
    not_found,
)
from orders.protocols.hub.import_job_answers import file_of, job_of, summary_of
from orders.protocols.hub.import_job_requests import ImportJobBody, read_import_job, read_start
from orders.protocols.hub.previews import expect_no_dry_run
from orders.protocols.hub.queries import expect_only, read_limit

type MappingFault = Callable[[str, Mapping[str, object]], str | None]

DEFAULT_JOBS, MAX_JOBS = 20, 100
_MAX_SHOWN_PARTS = 20
# An id has 128 bits, and a part of a cursor fewer than 64.
_ID_PARTS, _PART_BITS = 3, 48


@dataclass(frozen=True, slots=True)
class CreateImportJobEndpoint:
    """`POST /hub/v1/import_jobs`. A repeated request must get the same id again.

    `mapping_fault` returns why a mapping cannot be used for a format, which may be unknown.
    """

    access: WriteAccess
    create_import_job: CreateImportJob
    formats: Collection[str]
    new_job_id: Callable[[], str]
    find_mapping: FindMapping
    mapping_fault: MappingFault

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Create a job, and return it with the links to which its file is sent."""
        client = self.access(request, deadline)
        expect_only(request, ())
        expect_no_dry_run(request, "send the mode preview")
        body = read_import_job(request, self.formats)
        options = body.file_options(self._kept_mapping(client, body, deadline))
        self._expect_mapping(options)
        command = CreateImportJobCommand(
            client.account,
            client.client_id,
            self.new_job_id(),
            body.file.info(),
            options,
            JobMode(body.mode),
            body.skip_triggers,
            body.stop_above_percent,
            OnDuplicate(body.on_duplicate),
        )
        progress = self.create_import_job(command, deadline)
        return EndpointResult(answer_ok(job_of(progress), HTTPStatus.CREATED))

    def _expect_mapping(self, options: FileOptions | None) -> None:
        """Raise RequestRefusedError (400) if the file could not be read with its mapping."""
        text = self.mapping_fault(options.format, options.mapping) if options else None
        if text is not None:
            raise invalid_body([Fault(text, pointer=pointer("options", "mapping"))])

    def _kept_mapping(
        self, client: Client, body: ImportJobBody, deadline: Deadline
    ) -> Mapping[str, object] | None:
        """Return the mapping that the body names. Raises RequestRefusedError (400)."""
        if body.mapping_name is None:
            return None
        try:
            return self.find_mapping(client.account, body.mapping_name, deadline)
        except UnknownMappingError as error:
            raise invalid_body(
                [Fault(str(error), pointer=pointer("options", "mapping"))]
            ) from error


@dataclass(frozen=True, slots=True)
class ListImportJobsEndpoint:
    """`GET /hub/v1/import_jobs`."""

    access: WriteAccess
    list_import_jobs: ListImportJobs

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return one page of jobs, the newest first."""
        client = self.access(request, deadline)
        expect_only(request, ("limit", "after"))
        limit = read_limit(request, DEFAULT_JOBS, MAX_JOBS)
        list_name = f"import_jobs\n{client.account}"
        after = request.query.get("after")
        before = None if after is None else _id_of(read_cursor(after, list_name, _ID_PARTS))
        listed = self.list_import_jobs(client.account, limit, before, deadline)
        following = listed.next_before
        tree = {
            "jobs": [summary_of(each) for each in listed.jobs],
            "next": None if following is None else write_cursor(list_name, _parts_of(following)),
        }
        return EndpointResult(answer_ok(tree))


@dataclass(frozen=True, slots=True)
class GetImportJobEndpoint:
    """`GET /hub/v1/import_jobs/{job_id}`."""

    access: WriteAccess
    get_import_job: GetImportJob

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return a job, and the links to which the missing parts of its file are sent."""
        client = self.access(request, deadline)
        expect_only(request, ())
        address = read_address(request, client)
        progress = self.get_import_job(address, deadline)
        return EndpointResult(answer_ok(job_of(_known(progress, address))))


@dataclass(frozen=True, slots=True)
class StartImportJobEndpoint:
    """`POST /hub/v1/import_jobs/{job_id}/start`."""

    access: WriteAccess
    start_import_job: StartImportJob

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Start a run of a job, or return the job if it runs."""
        client = self.access(request, deadline)
        expect_only(request, ())
        expect_no_dry_run(request, "send the mode preview")
        address = read_address(request, client)
        command = StartImportJobCommand(address, read_start(request))
        report = self.start_import_job(command, deadline)
        progress = _known(report.progress, address)
        if report.refusal is not None:
            raise _start_refusal(report.refusal, report, progress.job)
        return EndpointResult(answer_ok(job_of(progress)))


@dataclass(frozen=True, slots=True)
class CancelImportJobEndpoint:
    """`DELETE /hub/v1/import_jobs/{job_id}`."""

    access: WriteAccess
    cancel_import_job: CancelImportJob

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Cancel a job, and return it."""
        client = self.access(request, deadline)
        expect_only(request, ())
        expect_no_dry_run(request, "a job is cancelled at once")
        address = read_address(request, client)
        report = self.cancel_import_job(address, deadline)
        progress = _known(report.progress, address)
        match report.refusal:
            case CancelRefusal.FINISHING:
                raise conflict(f"{_named(progress.job)} is finishing; nothing is left to cancel")
            case CancelRefusal.ENDED:
                raise conflict(_ended(progress.job))
        return EndpointResult(answer_ok(job_of(progress)))


@dataclass(frozen=True, slots=True)
class ListImportFilesEndpoint:
    """`GET /hub/v1/import_jobs/{job_id}/files`."""

    access: WriteAccess
    list_import_files: ListImportFiles

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return links to the result files of the last run."""
        client = self.access(request, deadline)
        expect_only(request, ())
        address = read_address(request, client)
        report = self.list_import_files(address, deadline)
        if report is None:
            raise unknown_job(address)
        if report.expires_at is None:
            raise conflict(_no_files(report.job))
        tree = {
            "run": report.job.run,
            "files": [file_of(each) for each in report.links],
            "samples": [dict(each) for each in report.samples],
            "expires_at": format_time(report.expires_at),
        }
        return EndpointResult(answer_ok(tree))


def read_address(request: HttpRequest, client: Client) -> JobAddress:
    """Return the address of the job in the path. Raises RequestRefusedError (404)."""
    sent = request.path.get("job_id", "")
    job_id = request_id_of(sent)
    if job_id is None:
        raise not_found(f"Import job {shown(sent)} does not exist")
    return JobAddress(client.account, job_id)


def _known(progress: JobProgress | None, address: JobAddress) -> JobProgress:
    if progress is None:
        raise unknown_job(address)
    return progress


def unknown_job(address: JobAddress) -> RequestRefusedError:
    """Return the 404 error of a job that the account does not have."""
    return not_found(f"Import job {address.job_id} does not exist")


def _start_refusal(reason: StartRefusal, report: StartReport, job: Job) -> RequestRefusedError:
    name = _named(job)
    match reason:
        case StartRefusal.RUNS_IN_OTHER_MODE:
            return conflict(f"{name} is running with mode {job.mode}; start it when it has ended")
        case StartRefusal.ENDED:
            return conflict(f"{name} has ended; its state is {job.state}. Create another job")
        case StartRefusal.UPLOAD_EXPIRED:
            return conflict(
                f"The upload of the file has expired after {UPLOAD_LIFETIME.days} days; create "
                "another job"
            )
        case StartRefusal.OTHER_UNDO:
            return other_undo(report.other)
        case StartRefusal.PARTS_MISSING:
            return conflict(
                f"The file is not complete; upload {_parts(report.missing)}, and start the "
                "job again"
            )


def other_undo(other: Job | None) -> RequestRefusedError:
    """Return the 409 error of an undo while another one of the same job runs."""
    name = "Another job" if other is None else _named(other)
    return conflict(f"{name} undoes the same import at this time; try again when it has ended")


def _parts(missing: Sequence[int]) -> str:
    more = len(missing) - _MAX_SHOWN_PARTS
    text = ", ".join(map(str, missing[:_MAX_SHOWN_PARTS]))
    noun = "part" if len(missing) == 1 else "parts"
    return f"the {noun} {text} and {more} more" if more > 0 else f"the {noun} {text}"


def _no_files(job: Job) -> str:
    if job.run == 0:
        return f"{_named(job)} has no result files: it was never started"
    if job.state is JobState.CANCELLED:
        return f"{_named(job)} is cancelled; its result files are written in a moment"
    return f"{_named(job)} is running; its result files are written when it ends"


def _named(job: Job) -> str:
    return f"Import job {job.job_id}"


def _ended(job: Job) -> str:
    hint = ". Undo it to take back what it imported" if may_be_undone(job) else ""
    return f"{_named(job)} has ended; its state is {job.state}{hint}"


def _parts_of(job_id: str) -> Sequence[Part]:
    number = int(job_id, 16)
    return [number >> shift & (1 << _PART_BITS) - 1 for shift in (96, 48, 0)]


def _id_of(parts: Sequence[Part]) -> str | None:
    number = 0
    for each in parts:
        if each is None or each >> _PART_BITS:
            return None
        number = number << _PART_BITS | each
    return f"{number:032x}"
