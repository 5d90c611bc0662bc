"""Answers of the hub's API. Errors are problem details (RFC 9457)."""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from orders.application.errors import (
    ChangesExpiredError,
    ForbiddenError,
    StorageUnavailableError,
)
from orders.protocols.http import (
    MAX_ANSWER_BYTES,
    RETRY_AFTER_SECONDS,
    BodyRefusedError,
    HttpAnswer,
    HttpRequest,
    MethodNotAllowedError,
    sent_size,
)
from orders.protocols.hub.errors import EXPIRED, INTERNAL, UNAVAILABLE, Fault, RequestRefusedError
from orders.protocols.idempotency import KeyRefusedError
from orders.protocols.json_text import write_json, written_json

type Tree = dict[str, Any]

# Room for what is around the entries of a page.
_PAGE_BYTES = 10_000
_BODY_CODES: Mapping[int, str] = {
    HTTPStatus.BAD_REQUEST: "invalid_body",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
}

# Errors whose message is written for the client.
_CLIENT_ERRORS: Mapping[type[Exception], tuple[int, str]] = {
    ForbiddenError: (HTTPStatus.FORBIDDEN, "forbidden"),
    MethodNotAllowedError: (HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed"),
}


def answer_error(error: Exception, _request: HttpRequest) -> HttpAnswer:
    """Return the answer to an error. Only messages that are written for clients are shown."""
    return refuse(_refusal_of(error))


def _refusal_of(error: Exception) -> RequestRefusedError:
    status, code = _CLIENT_ERRORS.get(type(error), (0, ""))
    if status:
        return RequestRefusedError(status, code, str(error))
    match error:
        case RequestRefusedError():
            return error
        case BodyRefusedError() | KeyRefusedError():
            code = _BODY_CODES.get(error.status, "invalid_body")
            if isinstance(error, KeyRefusedError):
                code = error.code
            return RequestRefusedError(error.status, code, error.text)
        case ChangesExpiredError():
            return EXPIRED
        case StorageUnavailableError():
            return UNAVAILABLE
        case _:
            return INTERNAL


def answer_ok(tree: Mapping[str, Any], status: int = HTTPStatus.OK) -> HttpAnswer:
    """Return a 200 answer, or one with another status of success, with these members."""
    return HttpAnswer(status, write_json(tree), {"Content-Type": "application/json; charset=utf-8"})


def refuse(refusal: RequestRefusedError) -> HttpAnswer:
    """Return the answer to a rejected request."""
    tree: Tree = {
        "type": "about:blank",
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.detail,
    }
    if refusal.faults:
        tree["errors"] = [_fault(each) for each in refusal.faults]
    headers = {"Content-Type": "application/problem+json"}
    if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = RETRY_AFTER_SECONDS
    return HttpAnswer(refusal.status, write_json(tree), headers)


def fitting[Entry](
    entries: Iterable[Entry], show: Callable[[Entry], Tree], size_of: Callable[[Entry], int]
) -> list[object]:
    """Return as JSON the first entries that are not too much for an answer, at least one.

    `size_of` returns the size of what `show` reads. Together they read hardly more than
    MAX_SHOWN_CHARACTERS.
    """
    parts: list[object] = []
    size = _PAGE_BYTES
    read = 0
    for entry in entries:
        if parts and read > MAX_SHOWN_CHARACTERS:
            break
        read += size_of(entry)
        part = write_json(show(entry))
        size += sent_size(part)
        if parts and size > MAX_ANSWER_BYTES:
            break
        parts.append(written_json(part))
    return parts


# The lines of a short document can take long to be shown.
MAX_SHOWN_CHARACTERS = 1024 * 1024


def _fault(fault: Fault) -> Tree:
    members = {"parameter": fault.parameter, "pointer": fault.pointer, "detail": fault.detail}
    return {name: value for name, value in members.items() if value is not None}
