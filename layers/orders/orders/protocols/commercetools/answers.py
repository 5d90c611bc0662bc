"""Answers, also to errors, in the shapes of the HTTP API."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from uuid import uuid4

from orders.application.errors import StorageUnavailableError
from orders.protocols.commercetools.errors import (
    METHOD_NOT_ALLOWED,
    ApiError,
    RequestRefusedError,
    bad_request,
    content_too_large,
    error_body,
    general,
    invalid_input,
    invalid_json_input,
    invalid_operation,
    over_capacity,
)
from orders.protocols.http import (
    RETRY_AFTER_SECONDS,
    BodyRefusedError,
    HttpAnswer,
    HttpRequest,
    MethodNotAllowedError,
)
from orders.protocols.idempotency import KeyRefusedError
from orders.protocols.json_text import write_json

CORRELATION_HEADER = "X-Correlation-ID"
_CORRELATION = re.compile(r"[!-~]{1,256}", re.ASCII)


def answer_error(error: Exception, _request: HttpRequest) -> HttpAnswer:
    """Return the answer to an error. Only messages that are written for clients are shown."""
    match error:
        case RequestRefusedError():
            return refuse(error)
        case BodyRefusedError():
            return refuse(_of_body(error))
        case KeyRefusedError():
            return refuse(RequestRefusedError(error.status, _of_key(error)))
        case MethodNotAllowedError():
            return answer(HTTPStatus.METHOD_NOT_ALLOWED, METHOD_NOT_ALLOWED)
        case StorageUnavailableError():
            return refuse(over_capacity())
        case _:
            return refuse(general())


def correlation(request: HttpRequest) -> Mapping[str, str]:
    """Return the header of every answer: the correlation id of the request, or a new one."""
    sent = request.headers.get(CORRELATION_HEADER.lower(), "")
    is_usable = _CORRELATION.fullmatch(sent) is not None
    return {CORRELATION_HEADER: sent if is_usable else f"market-orders-{uuid4()}"}


def answer(status: int, tree: object, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    """Return an answer with this value as its JSON body."""
    content = {"Content-Type": "application/json; charset=utf-8"}
    return HttpAnswer(status, write_json(tree), content | dict(headers or {}))


def refuse(refusal: RequestRefusedError) -> HttpAnswer:
    """Return the answer to a rejected request."""
    body = error_body(refusal.status, refusal.errors, refusal.oauth)
    seconds = _retry_after(refusal)
    return answer(refusal.status, body, {"Retry-After": seconds} if seconds else {})


def _retry_after(refusal: RequestRefusedError) -> str:
    if refusal.retry_after is not None:
        return str(refusal.retry_after)
    return RETRY_AFTER_SECONDS if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE else ""


def _of_key(refusal: KeyRefusedError) -> ApiError:
    if refusal.status == HTTPStatus.CONFLICT:
        return invalid_operation(f"{refusal.text}.")
    return invalid_input(f"{refusal.text}.")


def _of_body(refusal: BodyRefusedError) -> RequestRefusedError:
    if refusal.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return content_too_large(refusal.text)
    if refusal.status == HTTPStatus.BAD_REQUEST:
        return bad_request(invalid_json_input(refusal.text))
    return RequestRefusedError(refusal.status, invalid_input(refusal.text))
