"""What keeps a command from doing its work."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from orders.application.errors import InvalidRequestError, NotFoundError


class OperatorError(Exception):
    """What is wrong and, where there is a way, what to do: a sentence for the operator."""

    exit_code: ClassVar[int] = 1


class UsageError(OperatorError):
    """The command line itself is wrong."""

    exit_code = 2


@contextmanager
def refusals() -> Iterator[None]:
    """Turn a use case's refusal, whose text is meant for people, into an OperatorError."""
    try:
        yield
    except (NotFoundError, InvalidRequestError) as error:
        raise OperatorError(f"{error}.") from error
