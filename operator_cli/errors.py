"""The errors that end a command."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from orders.application.errors import InvalidRequestError, NotFoundError


class OperatorError(Exception):
    """The command failed. The text tells the operator why and, where possible, what to do."""

    exit_code: ClassVar[int] = 1


class UsageError(OperatorError):
    """The command line is invalid."""

    exit_code = 2


@contextmanager
def refusals() -> Iterator[None]:
    """Turn a rejection by a use case into an OperatorError with the same text."""
    try:
        yield
    except (NotFoundError, InvalidRequestError) as error:
        raise OperatorError(f"{error}.") from error
