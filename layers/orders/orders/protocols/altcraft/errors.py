"""Errors that reject a whole request, and the `error` numbers of Altcraft's answers."""

from http import HTTPStatus

from orders.application.errors import TransactionTooLargeError
from orders.domain.importing import ErrorPolicy
from orders.domain.problems import Code, Problem

# The `error` of a failed order's entry. Codes that are not listed give 400.
CODES = {
    Code.STALE: HTTPStatus.CONFLICT,
    Code.OTHER_PROTOCOL: HTTPStatus.CONFLICT,
    Code.CONFLICT: HTTPStatus.CONFLICT,
    Code.ORDER_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Code.ENTRY_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Code.TRANSACTION_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Code.OTHERS_FAILED: HTTPStatus.FAILED_DEPENDENCY,
    Code.NOT_STORABLE: HTTPStatus.INTERNAL_SERVER_ERROR,
    Code.STORAGE_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}


class RequestRefusedError(Exception):
    """The whole request is rejected. `status` is the HTTP status and the body's `error`."""

    def __init__(self, status: int, text: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.problems = problems


def bad_request(text: str, *problems: Problem) -> RequestRefusedError:
    """Return the 400 error of a request that breaks a rule of the contract."""
    return RequestRefusedError(HTTPStatus.BAD_REQUEST, text, problems)


def not_found(text: str) -> RequestRefusedError:
    """Return the 404 error of an order, or of a path, that does not exist."""
    return RequestRefusedError(HTTPStatus.NOT_FOUND, text)


def too_large_together(error: TransactionTooLargeError) -> RequestRefusedError:
    """Return the 413 error of orders that are written together and are too many or too large."""
    text = f"{error}; send fewer orders, or error_policy {ErrorPolicy.IMPORT_VALID}"
    problem = Problem(Code.TRANSACTION_TOO_LARGE, ("data",), text)
    return RequestRefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text, (problem,))


def unsupported_media_type(text: str) -> RequestRefusedError:
    """Return the 415 error of an unsupported media type or charset."""
    return RequestRefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, text)


def unavailable() -> RequestRefusedError:
    """Return the 503 error: the order store did not answer in time, and nothing was written."""
    return RequestRefusedError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The order store is not available; nothing was written. Send the request again",
        (Problem(Code.STORAGE_UNAVAILABLE, (), "Nothing was written"),),
    )


def internal_error() -> RequestRefusedError:
    """Return the 500 error of an unexpected fault. The message does not describe the fault."""
    return RequestRefusedError(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Internal error. It was logged; you can send the request again",
    )


def code_of(problem: Problem) -> int:
    """Return the `error` number of a failed order by its first problem."""
    return CODES.get(problem.code, HTTPStatus.BAD_REQUEST)
