"""Refusals of a whole request, in the shape of every Altcraft answer."""

from orders.domain.problems import Code, Problem

# What Altcraft's clients find as `error` in an answer or in an order's entry of it.
CODES = {
    Code.STALE: 409,
    Code.OTHER_PROTOCOL: 409,
    Code.CONFLICT: 409,
    Code.ORDER_TOO_LARGE: 413,
    Code.NOT_STORABLE: 500,
    Code.STORAGE_UNAVAILABLE: 503,
}
BAD_REQUEST = 400
UNAUTHENTICATED = 401
FORBIDDEN = 403
TOO_LARGE = 413
UNSUPPORTED_MEDIA_TYPE = 415
INTERNAL = 500
UNAVAILABLE = 503


class RequestRefusedError(Exception):
    """The request cannot be processed; `status` is the HTTP status and the `error` of the body."""

    def __init__(self, status: int, text: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.problems = problems


def code_of(problem: Problem) -> int:
    """Return the `error` number of one order's problem."""
    return CODES.get(problem.code, BAD_REQUEST)
