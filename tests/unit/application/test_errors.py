"""The documented tree of errors matches the classes."""

import inspect
from collections.abc import Iterator

from orders.application import errors
from orders.application.errors import (
    InvalidRequestError,
    NotFoundError,
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


def test_the_docstring_lists_all_errors_as_a_tree() -> None:
    assert list(_documented()) == list(_tree(OrdersError))


def test_every_error_has_the_common_base_class() -> None:
    defined = [each for _, each in inspect.getmembers(errors, inspect.isclass)]
    own = [each for each in defined if each.__module__ == errors.__name__]
    assert all(issubclass(each, OrdersError) for each in own)


def test_errors_have_the_documented_standard_base_classes() -> None:
    assert issubclass(NotFoundError, LookupError)
    assert issubclass(InvalidRequestError, ValueError)
