"""The documented tree of errors is the tree of the classes."""

import inspect
from collections.abc import Iterator

from orders.application import errors
from orders.application.errors import (
    InvalidRequestError,
    NotFoundError,
    OrderIdsExhaustedError,
    OrdersError,
)


def _tree(error: type[OrdersError], depth: int = 0) -> Iterator[tuple[int, str]]:
    yield depth, error.__name__
    for child in error.__subclasses__():
        yield from _tree(child, depth + 1)


def _documented() -> Iterator[tuple[int, str]]:
    for line in str(errors.__doc__).splitlines():
        name = line.split()[0] if line.strip() else ""
        if name.endswith("Error"):
            yield (len(line) - len(line.lstrip())) // 4, name


def test_the_docstring_shows_every_error_in_its_place() -> None:
    assert list(_documented()) == list(_tree(OrdersError))


def test_every_error_belongs_to_the_tree() -> None:
    defined = [each for _, each in inspect.getmembers(errors, inspect.isclass)]
    own = [each for each in defined if each.__module__ == errors.__name__]
    assert all(issubclass(each, OrdersError) for each in own)


def test_callers_may_rely_on_the_standard_errors() -> None:
    assert issubclass(NotFoundError, LookupError)
    assert issubclass(InvalidRequestError, ValueError)
    assert issubclass(OrderIdsExhaustedError, OverflowError)
