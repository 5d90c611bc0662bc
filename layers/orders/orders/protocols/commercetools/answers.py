"""Answers, and the one place where whatever went wrong becomes one."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from orders.application.errors import StorageUnavailableError
from orders.protocols.commercetools.errors import (
    ApiError,
    RequestRefusedError,
    error_body,
    general,
    invalid_input,
    invalid_json_input,
    over_capacity,
)
from orders.protocols.http import Answered, BodyRefusedError, HttpAnswer, HttpRequest
from orders.protocols.json_text import write_json

CORRELATION_HEADER = "X-Correlation-ID"
_CORRELATION = re.compile(r"[!-~]{1,256}", re.ASCII)
_RETRY_AFTER_SECONDS = "5"
_UNAVAILABLE = 503
_TOO_LARGE = 413


def guarded(head: HttpRequest, work: Callable[[], Answered]) -> Answered:
    """Do the work; answer its refusal or fault in the protocol's shape. Never raises.

    The answer carries the request's correlation id, or one of ours.
    """
    return _done(work).with_headers({CORRELATION_HEADER: _correlation_id(head)})


def answer(
    status: int, tree: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> HttpAnswer:
    """Answer with a body."""
    content = {"Content-Type": "application/json; charset=utf-8"}
    return HttpAnswer(status, write_json(tree), content | dict(headers or {}))


def bare(answered: Answered) -> Answered:
    """Return the answer to a HEAD request: its status and headers."""
    return replace(answered, answer=replace(answered.answer, body=b""))


def refuse(refusal: RequestRefusedError) -> HttpAnswer:
    """Answer a refusal."""
    body = error_body(refusal.status, refusal.errors, refusal.oauth)
    retry = {"Retry-After": _RETRY_AFTER_SECONDS} if refusal.status == _UNAVAILABLE else {}
    return answer(refusal.status, body, retry)


def _done(work: Callable[[], Answered]) -> Answered:
    try:
        return work()
    except RequestRefusedError as refusal:
        return Answered(refuse(refusal))
    except BodyRefusedError as refusal:
        return Answered(refuse(_of_body(refusal)))
    except StorageUnavailableError:
        return Answered(refuse(over_capacity()))
    except Exception as fault:  # noqa: BLE001 - every fault must be answered in the protocol
        return Answered(refuse(general()), fault=fault)


def _of_body(refusal: BodyRefusedError) -> RequestRefusedError:
    if refusal.status == _TOO_LARGE:
        return RequestRefusedError(_TOO_LARGE, ApiError("ContentTooLarge", refusal.text))
    if refusal.status == _BAD:
        return RequestRefusedError(_BAD, invalid_json_input(refusal.text))
    return RequestRefusedError(refusal.status, invalid_input(refusal.text))


_BAD = 400


def _correlation_id(head: HttpRequest) -> str:
    sent = head.headers.get(CORRELATION_HEADER.lower(), "")
    return sent if _CORRELATION.fullmatch(sent) else f"market-orders-{uuid4()}"
