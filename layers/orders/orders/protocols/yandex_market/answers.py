"""Answers, also to errors, in the shapes of the Partner API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

from orders.application.errors import StorageUnavailableError
from orders.domain.rate_limit import Allowance
from orders.protocols.http import (
    RETRY_AFTER_SECONDS,
    BodyRefusedError,
    HttpAnswer,
    HttpRequest,
    MethodNotAllowedError,
    WrappedError,
)
from orders.protocols.idempotency import KeyRefusedError
from orders.protocols.json_text import write_json
from orders.protocols.yandex_market.errors import (
    INTERNAL,
    UNAVAILABLE,
    RequestRefusedError,
    bad_request,
    method_not_supported,
    unsupported_media_type,
)


class CountedError(WrappedError):
    """An error of a rate-limited request, and the rate-limit headers of its answer."""

    def __init__(self, error: Exception, headers: Mapping[str, str]) -> None:
        super().__init__(error)
        self.headers = headers


@contextmanager
def errors_answered_with(headers: Mapping[str, str]) -> Iterator[None]:
    """Wrap every error that is raised inside, so that its answer has these headers."""
    try:
        yield
    except Exception as error:
        raise CountedError(error, headers) from error


def answer_error(error: Exception, request: HttpRequest) -> HttpAnswer:
    """Return the answer to an error. Only messages that are written for clients are shown."""
    if isinstance(error, CountedError):
        return answer_error(error.error, request).with_headers(error.headers)
    match error:
        case RequestRefusedError():
            return refuse(error)
        case BodyRefusedError() | KeyRefusedError():
            return refuse(_of_request(error))
        case MethodNotAllowedError():
            return refuse(method_not_supported(error.method))
        case StorageUnavailableError():
            return refuse(UNAVAILABLE)
        case _:
            return refuse(INTERNAL)


def answer_ok(members: Mapping[str, Any]) -> HttpAnswer:
    """Return a 200 answer with these members."""
    return _answer(HTTPStatus.OK, members)


def refuse(refusal: RequestRefusedError) -> HttpAnswer:
    """Return the answer to a rejected request."""
    error = {"code": refusal.code, "message": refusal.message}
    answer = _answer(refusal.status, {"status": "ERROR", "errors": [error]})
    if refusal.status == UNAVAILABLE.status:
        return answer.with_headers({"Retry-After": RETRY_AFTER_SECONDS})
    return answer


def rate_limit_headers(allowance: Allowance) -> dict[str, str]:
    """Return the headers with the limit and what is left of it (Partner API, limits page)."""
    return {
        "X-RateLimit-Resource-Limit": str(allowance.limit),
        "X-RateLimit-Resource-Remaining": str(allowance.remaining),
        "X-RateLimit-Resource-Until": format_datetime(allowance.until, usegmt=True),
    }


def _answer(status: int, members: Mapping[str, Any]) -> HttpAnswer:
    return HttpAnswer(
        status, write_json(members), {"Content-Type": "application/json; charset=utf-8"}
    )


def _of_request(refusal: BodyRefusedError | KeyRefusedError) -> RequestRefusedError:
    if isinstance(refusal, KeyRefusedError):
        code = HTTPStatus(refusal.status).name
        return RequestRefusedError(refusal.status, code, refusal.text)
    if refusal.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return bad_request(f"The request is too big: {refusal.text}")
    if refusal.status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
        return RequestRefusedError(refusal.status, unsupported_media_type("").code, refusal.text)
    return bad_request(f"JSON: {refusal.text}")
