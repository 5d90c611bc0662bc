"""The errors that end a command."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

from orders.application.errors import InvalidRequestError, NotFoundError

# The exit codes that are no failure of the command.
DIFFERENCES: Final = 1
INTERRUPTED: Final = 130
EXIT_CODES = (
    "Exit codes: 0 success; 1 the command failed, or `reconcile` found differences; 2 the command "
    "line or a file is invalid; 3 the hub or AWS did not answer, or rejected the request; 4 the "
    "cursor of `changes` expired; 130 interrupted."
)


class OperatorError(Exception):
    """The command failed. The text tells the operator why and, where possible, what to do."""

    exit_code: ClassVar[int] = 1


class UsageError(OperatorError):
    """The command line, or a file that it names, is invalid."""

    exit_code = 2


class UnavailableError(OperatorError):
    """The hub or AWS did not answer, or rejected the request.

    `may_pass` says whether the same request may succeed later.
    """

    exit_code = 3

    def __init__(self, text: str, *, may_pass: bool = False) -> None:
        super().__init__(text)
        self.may_pass = may_pass


class CursorExpiredError(OperatorError):
    """The changes after a cursor are no longer known completely."""

    exit_code = 4


@contextmanager
def refusals() -> Iterator[None]:
    """Turn a rejection by a use case into an OperatorError with the same text."""
    try:
        yield
    except (NotFoundError, InvalidRequestError) as error:
        raise OperatorError(f"{error}.") from error
