"""Answers of all calls: the documented shapes, with details of imports that want them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from orders.application.errors import (
    DefinitionsRefusedError,
    ForbiddenError,
    SettingsTooLargeError,
    StorageUnavailableError,
    UnauthenticatedError,
    UnknownMembersRefusedError,
)
from orders.domain.importing import OrderResult, Outcome
from orders.domain.problems import MAX_PROBLEMS, Problem, cut
from orders.protocols.altcraft.decoded import LineOf, no_line
from orders.protocols.altcraft.errors import (
    RequestRefusedError,
    bad_request,
    code_of,
    internal_error,
    unavailable,
)
from orders.protocols.altcraft.failed_documents import failed_members
from orders.protocols.altcraft.media_types import CONTENT_TYPES, Format, accepted_format
from orders.protocols.altcraft.previews import Preview, without_changes
from orders.protocols.altcraft.unknown_members import Notice
from orders.protocols.http import (
    MAX_ANSWER_BYTES,
    RETRY_AFTER_SECONDS,
    BodyRefusedError,
    HttpAnswer,
    HttpRequest,
    MethodNotAllowedError,
    WrappedError,
    fits_answer,
    sent_size,
)
from orders.protocols.idempotency import KeyRefusedError
from orders.protocols.json_text import write_json, written_json

if TYPE_CHECKING:
    from orders.application.import_catalogue import CatalogueReport
    from orders.application.import_orders import ImportReport
    from orders.domain.catalogue_entries import EntryResult

type Tree = dict[str, Any]
type _Result = OrderResult | EntryResult

_SUCCESS: Tree = {"error": 0, "error_text": ""}


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """How to write an answer.

    `details` adds counts, outcomes and all warnings. `line_of` returns the line of a problem. An
    answer of more than `room` bytes is shortened. `failed_of` is the request of an import whose
    failed orders the answer returns, None without.
    """

    format: Format
    details: bool = False
    line_of: LineOf = no_line
    room: int = MAX_ANSWER_BYTES
    failed_of: HttpRequest | None = None


class FormattedError(WrappedError):
    """An error, and the answer options that the request's body asks for."""

    def __init__(self, error: Exception, options: AnswerOptions) -> None:
        super().__init__(error)
        self.options = options


@contextmanager
def errors_answered_with(options: AnswerOptions) -> Iterator[None]:
    """Wrap every error that is raised inside, so that its answer has these options."""
    try:
        yield
    except Exception as error:
        raise FormattedError(error, options) from error


def answer_error(error: Exception, request: HttpRequest) -> HttpAnswer:
    """Return the answer to an error. Only messages that are written for clients are shown."""
    if isinstance(error, FormattedError):
        return answer_refusal(_refusal_of(error.error), error.options)
    return answer_refusal(_refusal_of(error), AnswerOptions(accepted_format(request)))


# Errors whose message is written for the client.
_STATUSES: Mapping[type[Exception], HTTPStatus] = {
    UnauthenticatedError: HTTPStatus.UNAUTHORIZED,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    MethodNotAllowedError: HTTPStatus.METHOD_NOT_ALLOWED,
    SettingsTooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}


def _refusal_of(error: Exception) -> RequestRefusedError:
    status = _STATUSES.get(type(error))
    if status is not None:
        return RequestRefusedError(status, str(error))
    match error:
        case RequestRefusedError():
            return error
        case BodyRefusedError() | KeyRefusedError():
            return RequestRefusedError(error.status, error.text)
        case DefinitionsRefusedError() | UnknownMembersRefusedError():
            return bad_request(error.problems[0].message, *error.problems)
        case StorageUnavailableError():
            return unavailable()
        case _:
            return internal_error()


def answer_report(
    report: ImportReport | CatalogueReport,
    options: AnswerOptions,
    warnings: Sequence[Problem] = (),
    what: str = "orders",
    preview: Preview | None = None,
) -> HttpAnswer:
    """Return the answer to a processed import: 200, or 503 if faults let nothing be written.

    `warnings` are about the request as a whole. `what` was imported, for messages. With `preview`,
    nothing was imported.
    """
    failures = [result for result in report.results if result.outcome is Outcome.FAILED]
    status = HTTPStatus.SERVICE_UNAVAILABLE if report.unavailable else HTTPStatus.OK
    tree: Tree = {
        "error": _outer_error(failures),
        "error_text": _outer_text(failures, len(report.results), what),
        "result": [_entry(result, options) for result in report.results],
    }
    if options.details:
        tree["counts"] = {
            "received": len(report.results),
            **{str(outcome): report.count(outcome) for outcome in Outcome},
        }
    tree |= _warnings(warnings, options)
    shortenings = [_without_details, _with_short_ids]
    if preview is not None:
        tree = preview.of_report(tree, report)
        shortenings.insert(0, without_changes)
    body = _encode(tree, options.format)
    for shorten in shortenings:
        if len(body) <= options.room and fits_answer(body):
            break
        tree = shorten(tree)
        body = _encode(tree, options.format)
    if options.failed_of is not None and failures:
        positions = [each.position for each in failures]
        tree |= failed_members(options.failed_of, positions, options.format, sent_size(body))
        body = _encode(tree, options.format)
    return _answer(status, body, options.format)


def answer_call(
    members: Mapping[str, Any], options: AnswerOptions, warnings: Sequence[Problem] = ()
) -> HttpAnswer:
    """Return the answer to a call that succeeded. `warnings` are about its body."""
    tree = {**_SUCCESS, **members, **_warnings(warnings, options)}
    return _answer(HTTPStatus.OK, _encode(tree, options.format), options.format)


def written_order(tree: Mapping[str, Any], answer_format: Format) -> bytes:
    """Return an order as it stands in the `result` of a list."""
    if answer_format is Format.JSON:
        return write_json(tree)
    from orders.protocols.altcraft import xml_codec  # noqa: PLC0415

    return xml_codec.encode_element("result", tree)


def answer_list(
    orders: Sequence[bytes],
    next_from_id: str,
    options: AnswerOptions,
    warnings: Sequence[Problem] = (),
) -> HttpAnswer:
    """Return a page of written orders."""
    tree = {**_SUCCESS, "next_from_id": next_from_id, **_warnings(warnings, options)}
    if options.format is Format.JSON:
        body = write_json({**tree, "result": [written_json(each) for each in orders]})
    else:
        from orders.protocols.altcraft import xml_codec  # noqa: PLC0415

        body = xml_codec.encode(tree, orders)
    return _answer(HTTPStatus.OK, body, options.format)


def answer_unfinished_list(next_from_id: str, options: AnswerOptions) -> HttpAnswer:
    """Return the answer to a list whose next order was not found in time.

    An empty page would say that the list is at its end.
    """
    status = HTTPStatus.SERVICE_UNAVAILABLE
    text = (
        "The next order of the endpoint was not found in time. Send the request again with the "
        "next_from_id of this answer"
    )
    tree = {"error": status, "error_text": text, "next_from_id": next_from_id, "result": []}
    return _answer(status, _encode(tree, options.format), options.format)


def answer_refusal(refusal: RequestRefusedError, options: AnswerOptions) -> HttpAnswer:
    """Return the answer to a request that is rejected as a whole."""
    tree: Tree = {"error": refusal.status, "error_text": refusal.text, "result": []}
    if refusal.problems:
        tree["errors"] = [_problem(each, options) for each in refusal.problems[:MAX_PROBLEMS]]
    return _answer(refusal.status, _encode(tree, options.format), options.format)


def _outer_error(failures: Sequence[_Result]) -> int:
    """Return 0 if no order failed, 503 if a retry may import all that failed, else 400."""
    if not failures:
        return 0
    all_retryable = all(failure.retryable for failure in failures)
    return HTTPStatus.SERVICE_UNAVAILABLE if all_retryable else HTTPStatus.BAD_REQUEST


def _outer_text(failures: Sequence[_Result], received: int, what: str) -> str:
    return f"{len(failures)} of {received} {what} failed; see result" if failures else ""


def _entry(result: _Result, options: AnswerOptions) -> Tree:
    entry: Tree = {"error": 0, "external_id": result.external_id}
    if result.outcome is Outcome.FAILED:
        first, *others = result.problems
        place = f" ({first.pointer})" if first.path else ""
        more = f" and {len(others)} more" if others else ""
        entry |= {
            "error": code_of(first),
            "error_text": first.message + place + more,
            "errors": [_problem(problem, options) for problem in result.problems],
        }
        if result.retryable:
            entry["retryable"] = True
    if options.details:
        entry["outcome"] = str(result.outcome)
        if isinstance(result, OrderResult) and result.order_id is not None:
            entry |= {
                "order_id": result.order_id,
                "version": result.version,
                "digest": result.digest,
            }
    return entry | _warnings(result.warnings, options)


def _warnings(warnings: Sequence[Problem], options: AnswerOptions) -> Tree:
    """Return the warnings as a member: all with details, else the notices, if there are any."""
    if not options.details:
        warnings = [each for each in warnings if isinstance(each, Notice)]
        if not warnings:
            return {}
    return {"warnings": [_problem(warning, options) for warning in warnings]}


def _problem(problem: Problem, options: AnswerOptions) -> Tree:
    tree: Tree = {
        "code": str(problem.code),
        "path": problem.pointer,
        "message": problem.message,
    }
    line = options.line_of(problem.path)
    return tree if line is None else {**tree, "line": line}


def _without_details(tree: Mapping[str, Any]) -> Tree:
    """Keep one entry for each order. A failed one has the code of its first error as its text."""
    return {
        **tree,
        "result": [_shortened_entry(entry) for entry in tree["result"]],
        "details_omitted": True,
    }


def _with_short_ids(tree: Mapping[str, Any]) -> Tree:
    """Cut long external ids: the entries have the order of the request."""
    return {
        **tree,
        "result": [
            {**entry, "external_id": entry["external_id"] and cut(entry["external_id"])}
            for entry in tree["result"]
        ],
    }


def _shortened_entry(entry: Mapping[str, Any]) -> Tree:
    short = {name: value for name, value in entry.items() if name not in {"errors", "warnings"}}
    return short | {"error_text": entry["errors"][0]["code"]} if "errors" in entry else short


def _encode(tree: Mapping[str, Any], answer_format: Format) -> bytes:
    if answer_format is Format.JSON:
        return write_json(tree)
    # Most requests are JSON, and importing lxml would slow down cold starts.
    from orders.protocols.altcraft import xml_codec  # noqa: PLC0415

    return xml_codec.encode(tree)


def _answer(status: int, body: bytes, answer_format: Format) -> HttpAnswer:
    headers = {"Content-Type": CONTENT_TYPES[answer_format]}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = RETRY_AFTER_SECONDS
    return HttpAnswer(status, body, headers)
