"""`POST /hub/v1/import_jobs/{job_id}/undo`: the undo of an import job."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from orders.application.ports import Deadline
from orders.application.undo_import_job import (
    UndoImportJob,
    UndoImportJobCommand,
    UndoJobRefusal,
    UndoJobReport,
)
from orders.protocols.http import EndpointResult, HttpRequest
from orders.protocols.hub.access import WriteAccess
from orders.protocols.hub.answers import answer_ok
from orders.protocols.hub.errors import RequestRefusedError, conflict
from orders.protocols.hub.import_job_answers import job_of
from orders.protocols.hub.import_job_requests import read_undo_job
from orders.protocols.hub.import_jobs import other_undo, read_address, unknown_job
from orders.protocols.hub.previews import asks_for_preview
from orders.protocols.hub.queries import expect_only


@dataclass(frozen=True, slots=True)
class UndoImportJobEndpoint:
    """The undo endpoint. A repeated request must get the same id of a job again."""

    access: WriteAccess
    undo_import_job: UndoImportJob
    new_job_id: Callable[[], str]

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Begin the job that undoes the job of the path, or that previews this; return it.

        A preview is a job, too. So its answer is not that of a previewed request.
        """
        client = self.access(request, deadline)
        expect_only(request, ())
        address = read_address(request, client)
        by_header = asks_for_preview(request)
        body = read_undo_job(request)
        command = UndoImportJobCommand(
            address,
            self.new_job_id(),
            client.client_id,
            dry_run=body.dry_run or by_header,
            skip_triggers=body.skip_triggers,
        )
        report = self.undo_import_job(command, deadline)
        if report.undone is None:
            raise unknown_job(address)
        if report.progress is None:
            raise _refusal_of(report)
        return EndpointResult(answer_ok(job_of(report.progress), HTTPStatus.CREATED))


def _refusal_of(report: UndoJobReport) -> RequestRefusedError:
    job = report.undone
    name = "The job" if job is None else f"Import job {job.job_id}"
    state = "" if job is None else str(job.state)
    match report.refusal:
        case UndoJobRefusal.IS_UNDO:
            return conflict(f"{name} is an undo; only an import can be undone")
        case UndoJobRefusal.NOT_ENDED:
            return conflict(f"{name} has not ended; its state is {state}. Cancel it, or wait")
        case UndoJobRefusal.ENDING:
            return conflict(f"{name} is {state}, and its last orders are being imported; try again")
        case UndoJobRefusal.NOTHING_IMPORTED:
            return conflict(f"{name} has imported no orders; there is nothing to undo")
        case _:
            return other_undo(report.other)
