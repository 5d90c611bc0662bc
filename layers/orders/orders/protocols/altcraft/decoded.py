"""What both codecs make of a request's bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orders.domain.problems import Problem, Steps

type LineOf = Callable[[Steps], int | None]


def no_line(_path: Steps) -> int | None:
    """Name no line: what a format does whose lines mean nothing."""
    return None


@dataclass(frozen=True, slots=True)
class Decoded:
    """A request as plain data: objects, arrays, texts, and in JSON numbers and booleans too.

    Numbers are int or Decimal. `faults` is what does not fit plain data, such as a member sent
    twice. `line_of` returns the line of the source that a path leads to, where the format has
    lines worth naming.
    """

    tree: dict[str, Any]
    faults: tuple[Problem, ...] = ()
    line_of: LineOf = no_line
