"""Answers, and the one place where whatever went wrong becomes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import format_datetime
from typing import Any

from orders.application.errors import StorageUnavailableError
from orders.domain.rate_limit import Allowance
from orders.protocols.http import Answered, BodyRefusedError, HttpAnswer
from orders.protocols.json_text import write_json
from orders.protocols.yandex_market.errors import (
    INTERNAL,
    UNAVAILABLE,
    RequestRefusedError,
    bad_request,
    unsupported_media_type,
)

_TOO_LARGE = 413
_UNSUPPORTED = 415
_RETRY_AFTER_SECONDS = "5"


def guarded(work: Callable[[], Answered]) -> Answered:
    """Do the work; answer its refusal or fault in the protocol's shape. Never raises."""
    try:
        return work()
    except RequestRefusedError as refusal:
        return Answered(refuse(refusal))
    except BodyRefusedError as refusal:
        return Answered(refuse(_of_body(refusal)))
    except StorageUnavailableError:
        return Answered(refuse(UNAVAILABLE))
    except Exception as fault:  # noqa: BLE001 - every fault must be answered in the protocol
        return Answered(refuse(INTERNAL), fault=fault)


def answer_ok(members: Mapping[str, Any]) -> HttpAnswer:
    """Answer with 200."""
    return _answer(200, members)


def refuse(refusal: RequestRefusedError) -> HttpAnswer:
    """Answer a refusal."""
    error = {"code": refusal.code, "message": refusal.message}
    answer = _answer(refusal.status, {"status": "ERROR", "errors": [error]})
    if refusal.status == UNAVAILABLE.status:
        return replace(answer, headers={**answer.headers, "Retry-After": _RETRY_AFTER_SECONDS})
    return answer


def rate_limit_headers(allowance: Allowance) -> dict[str, str]:
    """Return the headers that tell a client how far it has come (limits page)."""
    return {
        "X-RateLimit-Resource-Limit": str(allowance.limit),
        "X-RateLimit-Resource-Remaining": str(allowance.remaining),
        "X-RateLimit-Resource-Until": format_datetime(allowance.until, usegmt=True),
    }


def _answer(status: int, members: Mapping[str, Any]) -> HttpAnswer:
    return HttpAnswer(
        status, write_json(members), {"Content-Type": "application/json; charset=utf-8"}
    )


def _of_body(refusal: BodyRefusedError) -> RequestRefusedError:
    if refusal.status == _TOO_LARGE:
        return bad_request(f"The request is too big: {refusal.text}")
    if refusal.status == _UNSUPPORTED:
        return RequestRefusedError(refusal.status, unsupported_media_type("").code, refusal.text)
    return bad_request(f"JSON: {refusal.text}")
