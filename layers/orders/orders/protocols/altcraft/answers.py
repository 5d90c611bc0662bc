"""Answers of the orders import: the documented shape by default, more when it is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orders.application.import_orders import ImportReport
from orders.domain.importing import OrderResult, Outcome
from orders.domain.problems import Problem
from orders.protocols.altcraft.decoded import LineOf, no_line
from orders.protocols.altcraft.errors import (
    BAD_REQUEST,
    UNAVAILABLE,
    RequestRefusedError,
    code_of,
)
from orders.protocols.altcraft.formats import CONTENT_TYPES, Format
from orders.protocols.altcraft.requests import MAX_PROBLEMS
from orders.protocols.http import HttpAnswer
from orders.protocols.json_text import write_json

RETRY_AFTER_SECONDS = 5
# Lambda answers at most 6 MB, in which every quote of the body is escaped.
MAX_ANSWER_BYTES = 4 * 1024 * 1024

type Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Style:
    """How an answer is written: its format, with details or without, with lines of the source."""

    format: Format
    details: bool = False
    line_of: LineOf = no_line


def answer_report(
    report: ImportReport, style: Style, warnings: Sequence[Problem] = ()
) -> HttpAnswer:
    """Answer a processed import: 200, or 503 if faults kept orders out and nothing was written.

    `warnings` are those about the request as a whole.
    """
    failures = [result for result in report.results if result.outcome is Outcome.FAILED]
    status = UNAVAILABLE if report.unavailable else 200
    tree: Tree = {
        "error": _outer_error(failures),
        "error_text": _outer_text(failures, len(report.results)),
        "result": [_entry(result, style) for result in report.results],
    }
    if style.details:
        tree["counts"] = {
            "received": len(report.results),
            **{str(outcome): report.count(outcome) for outcome in Outcome},
        }
        tree["warnings"] = [_problem(warning, style) for warning in warnings]
    body = _encode(tree, style.format)
    if len(body) > MAX_ANSWER_BYTES:
        body = _encode(_shortened(tree), style.format)
    return _answer(status, body, style.format)


def answer_refusal(refusal: RequestRefusedError, style: Style) -> HttpAnswer:
    """Answer a request that was refused whole."""
    tree: Tree = {"error": refusal.status, "error_text": refusal.text, "result": []}
    if refusal.problems:
        tree["errors"] = [_problem(each, style) for each in refusal.problems[:MAX_PROBLEMS]]
    return _answer(refusal.status, _encode(tree, style.format), style.format)


def _outer_error(failures: Sequence[OrderResult]) -> int:
    """Return 0 only if every order was imported; a 503 says that sending again is all it takes."""
    if not failures:
        return 0
    return UNAVAILABLE if all(failure.retryable for failure in failures) else BAD_REQUEST


def _outer_text(failures: Sequence[OrderResult], received: int) -> str:
    return f"{len(failures)} of {received} orders failed; see result" if failures else ""


def _entry(result: OrderResult, style: Style) -> Tree:
    entry: Tree = {"error": 0, "external_id": result.external_id}
    if result.outcome is Outcome.FAILED:
        first, *others = result.problems
        place = f" ({first.pointer})" if first.path else ""
        more = f" and {len(others)} more" if others else ""
        entry |= {
            "error": code_of(first),
            "error_text": first.message + place + more,
            "errors": [_problem(problem, style) for problem in result.problems],
        }
        if result.retryable:
            entry["retryable"] = True
    if style.details:
        entry["outcome"] = str(result.outcome)
        if result.order_id is not None:
            entry |= {"order_id": result.order_id, "version": result.version}
        entry["warnings"] = [_problem(warning, style) for warning in result.warnings]
    return entry


def _problem(problem: Problem, style: Style) -> Tree:
    tree: Tree = {
        "code": str(problem.code),
        "path": problem.pointer,
        "message": problem.message,
    }
    line = style.line_of(problem.path)
    return tree if line is None else {**tree, "line": line}


def _shortened(tree: Mapping[str, Any]) -> Tree:
    """Leave every order its entry, and a failed one the code of its first error for a text."""
    return {
        **tree,
        "result": [_shortened_entry(entry) for entry in tree["result"]],
        "details_omitted": True,
    }


def _shortened_entry(entry: Mapping[str, Any]) -> Tree:
    short = {name: value for name, value in entry.items() if name not in {"errors", "warnings"}}
    return short | {"error_text": entry["errors"][0]["code"]} if "errors" in entry else short


def _encode(tree: Mapping[str, Any], answer_format: Format) -> bytes:
    if answer_format is Format.JSON:
        return write_json(tree)
    # Imports cost start-up, and most clients never speak XML.
    from orders.protocols.altcraft import xml_codec  # noqa: PLC0415

    return xml_codec.encode(tree)


def _answer(status: int, body: bytes, answer_format: Format) -> HttpAnswer:
    headers = {"Content-Type": CONTENT_TYPES[answer_format]}
    if status == UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return HttpAnswer(status, body, headers)
