"""The decoded body of a request, the same for JSON and XML."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orders.domain.problems import Problem, Steps

MAX_ORDERS = 10_000

type LineOf = Callable[[Steps], int | None]


def no_line(_path: Steps) -> int | None:
    """Return None: JSON bodies have no lines worth naming."""
    return None


@dataclass(frozen=True, slots=True)
class Decoded:
    """A request as plain data: objects, arrays and texts; from JSON also numbers and booleans.

    Numbers are int or Decimal. `faults` holds what plain data cannot express, such as a duplicate
    member. `line_of` returns the line of the source for a path, None if the format has no lines.
    """

    tree: dict[str, Any]
    faults: tuple[Problem, ...] = ()
    line_of: LineOf = no_line
