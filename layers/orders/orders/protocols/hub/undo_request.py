"""`POST /hub/v1/undo`: the undo of a request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orders.application.ports import ChangePosition, Deadline
from orders.application.trace_request import TraceProgress
from orders.application.undo_report import UndoneOrder, UndoReport
from orders.application.undo_request import UndoCommand, UndoRequest
from orders.domain.undoing import UndoOutcome, UndoReason
from orders.protocols.cursors import microseconds, moment_of, write_cursor
from orders.protocols.dry_run import DRY_RUN_HEADER
from orders.protocols.http import EndpointResult, HttpRequest
from orders.protocols.hub import PROTOCOL
from orders.protocols.hub.access import WriteAccess
from orders.protocols.hub.answers import answer_ok
from orders.protocols.hub.cursors import read_cursor
from orders.protocols.hub.previews import asks_for_preview
from orders.protocols.hub.queries import expect_only
from orders.protocols.hub.requests import UndoBody, read_undo

type Tree = dict[str, Any]

_PARTS = 5
_DETAILS: Mapping[UndoReason, str] = {
    UndoReason.CHANGED_SINCE: "The order was changed after the request; it is kept",
    UndoReason.DELETED: "The order was deleted permanently and has no history; import it again",
    UndoReason.HISTORY_EXPIRED: (
        "The version before the request is no longer in the history; import the order again"
    ),
    UndoReason.HISTORY_PENDING: (
        "The version before the request is not in the history yet; send the undo again in a minute"
    ),
    UndoReason.RENAMED_WHILE_DELETED: (
        "The order cannot get another external id while it is softly deleted; revive it first"
    ),
    UndoReason.TOO_LARGE: (
        "The version before the request is too large to be restored with another external id; "
        "import the order again"
    ),
    UndoReason.UNAVAILABLE: "The order store did not answer in time; send the undo again",
    UndoReason.INTERNAL_ERROR: "Internal error. It was logged; you can send the undo again",
}


@dataclass(frozen=True, slots=True)
class UndoRequestEndpoint:
    """The undo endpoint. `new_request_id` must return a new id at every call."""

    access: WriteAccess
    undo_request: UndoRequest
    new_request_id: Callable[[], str]

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Undo the next orders of the body's request, or show what would be undone."""
        client = self.access(request, deadline)
        expect_only(request, ())
        by_header = asks_for_preview(request)
        body = read_undo(request)
        if by_header:
            body = body.model_copy(update={"dry_run": True})
        list_name = f"undo\n{client.account}\n{body.request_id}"
        command = UndoCommand(
            client.account,
            body.request_id,
            self.new_request_id(),
            client.client_id,
            PROTOCOL,
            body.limit,
            dry_run=body.dry_run,
            skip_triggers=body.skip_triggers,
            after=None if body.after is None else _read(body.after, list_name),
            run=None if body.dry_run else request.run,
        )
        report = self.undo_request(command, deadline)
        answer = answer_ok(_tree(body, command, report, list_name))
        if body.dry_run:
            return EndpointResult(answer, report).as_preview({DRY_RUN_HEADER: "true"})
        return EndpointResult(answer, report)


def _tree(body: UndoBody, command: UndoCommand, report: UndoReport, list_name: str) -> Tree:
    following = report.following
    return {
        "request_id": body.request_id,
        "undo_request_id": None if body.dry_run else command.request_id,
        "dry_run": body.dry_run,
        "counts": {str(each): report.count(each) for each in UndoOutcome},
        "orders": [_entry(each) for each in report.orders],
        "settled": report.is_settled,
        "next": None if following is None else _write(following, list_name),
    }


def _entry(undone: UndoneOrder) -> Tree:
    return {
        "order_id": undone.order_id,
        "external_id": undone.external_id,
        "version": undone.version,
        "outcome": str(undone.outcome),
        "restored_version": undone.restored,
        "reason": None if undone.reason is None else str(undone.reason),
        "detail": None if undone.reason is None else _DETAILS[undone.reason],
        "retryable": undone.outcome is UndoOutcome.FAILED,
    }


def _write(progress: TraceProgress, list_name: str) -> str:
    change = progress.change
    position = (
        (None, None) if change is None else (microseconds(change.changed_at), change.order_id)
    )
    parts = [
        microseconds(progress.until),
        int(progress.creations_done),
        progress.order_id,
        *position,
    ]
    return write_cursor(list_name, parts)


def _read(after: str, list_name: str) -> TraceProgress | None:
    until, is_done, order_id, at, changed_id = read_cursor(after, list_name, _PARTS)
    if until is None:
        return None
    change = None if at is None or changed_id is None else ChangePosition(moment_of(at), changed_id)
    return TraceProgress(moment_of(until), order_id, bool(is_done), change)
