"""Errors of the hub's API, as problem details (RFC 9457)."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from orders.domain.problems import MAX_PROBLEMS, shown


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a request: a query parameter, or the JSON pointer of a member of the body."""

    detail: str
    parameter: str | None = None
    pointer: str | None = None


class RequestRefusedError(Exception):
    """The request is rejected with this HTTP status, code and message for clients."""

    def __init__(self, status: int, code: str, detail: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.faults = tuple(faults[:MAX_PROBLEMS])


def invalid_parameter(name: str, detail: str) -> RequestRefusedError:
    """Return the 400 error of a query or path parameter."""
    fault = Fault(detail, parameter=name)
    return RequestRefusedError(HTTPStatus.BAD_REQUEST, "invalid_parameter", detail, [fault])


def malformed(name: str, rule: str, sent: str) -> RequestRefusedError:
    """Return the 400 error of a parameter that breaks a rule."""
    return invalid_parameter(name, f"{name} must {rule}; got {shown(sent)}")


def invalid_body(faults: Sequence[Fault]) -> RequestRefusedError:
    """Return the 400 error of a body that breaks rules."""
    first = faults[0]
    more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
    place = f" ({first.pointer})" if first.pointer else ""
    return RequestRefusedError(
        HTTPStatus.BAD_REQUEST, "invalid_body", first.detail + place + more, faults
    )


def unauthenticated(detail: str) -> RequestRefusedError:
    """Return the 401 error of a request without a valid token."""
    return RequestRefusedError(HTTPStatus.UNAUTHORIZED, "unauthenticated", detail)


def not_found(detail: str) -> RequestRefusedError:
    """Return the 404 error of an order that the account does not have."""
    return RequestRefusedError(HTTPStatus.NOT_FOUND, "not_found", detail)


def conflict(detail: str) -> RequestRefusedError:
    """Return the 409 error of a change that the present state of the order does not allow."""
    return RequestRefusedError(HTTPStatus.CONFLICT, "conflict", detail)


def too_large(detail: str, faults: Sequence[Fault] = ()) -> RequestRefusedError:
    """Return the 413 error of a request that is too large, or whose answer does not fit."""
    return RequestRefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", detail, faults)


UNAVAILABLE = RequestRefusedError(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "unavailable",
    "The order store is not available; send the request again",
)
OUTCOME_UNKNOWN = RequestRefusedError(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "unavailable",
    "The change may or may not be stored; send the request again",
)
INTERNAL = RequestRefusedError(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "internal_error",
    "Internal error. It was logged; you can send the request again",
)
EXPIRED = RequestRefusedError(
    HTTPStatus.GONE,
    "cursor_expired",
    "The cursor in after is older than 90 days, so deletions would be missing. Read the changes "
    "again without after, and delete the orders that are not among them",
)
