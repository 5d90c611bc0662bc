"""Refusals of a whole request, and the numbers that every Altcraft answer names errors by."""

from http import HTTPStatus

from orders.domain.problems import Code, Problem

# What Altcraft's clients find as `error` in an order's entry of an answer.
CODES = {
    Code.STALE: HTTPStatus.CONFLICT,
    Code.OTHER_PROTOCOL: HTTPStatus.CONFLICT,
    Code.CONFLICT: HTTPStatus.CONFLICT,
    Code.ORDER_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Code.NOT_STORABLE: HTTPStatus.INTERNAL_SERVER_ERROR,
    Code.STORAGE_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}


class RequestRefusedError(Exception):
    """The request cannot be processed; `status` is the HTTP status and the `error` of the body."""

    def __init__(self, status: int, text: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.problems = problems


def bad_request(text: str, *problems: Problem) -> RequestRefusedError:
    """Return the refusal of a request that cannot be processed as it was sent."""
    return RequestRefusedError(HTTPStatus.BAD_REQUEST, text, problems)


def unsupported_media_type(text: str) -> RequestRefusedError:
    """Return the refusal of a body in a format or charset that is not supported."""
    return RequestRefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, text)


def unavailable() -> RequestRefusedError:
    """Return the refusal of a request that the order store did not answer in time."""
    return RequestRefusedError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The order store is not available; nothing was imported. Send the request again",
        (Problem(Code.STORAGE_UNAVAILABLE, (), "Nothing was imported"),),
    )


def internal_error() -> RequestRefusedError:
    """Return the answer to a request that met a fault; it says nothing of the fault."""
    return RequestRefusedError(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Internal error; it is logged. The orders can be sent again",
    )


def code_of(problem: Problem) -> int:
    """Return the `error` number of one order's problem."""
    return CODES.get(problem.code, HTTPStatus.BAD_REQUEST)
