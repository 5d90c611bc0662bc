"""Reference expansion (commercetools, Reference Expansion).

The hub stores no referenced objects. It knows the id and the key of those whose key was sent, and
returns these two as the object. Any other reference stays unexpanded, as the protocol does with
objects that do not exist.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# A step is a member name, and for an array `[*]` or a position.
_STEP = re.compile(r"(?:`(?P<quoted>[^`]+)`|(?P<name>[\w-]+))(?P<places>(?:\[(?:\*|\d{1,9})\])*)")
_PLACE = re.compile(r"\[(\*|\d+)\]")
_ALL = "*"


@dataclass(frozen=True, slots=True)
class Name:
    """A step to a member of an object."""

    name: str


@dataclass(frozen=True, slots=True)
class Place:
    """A step into an array. `position` is None for all elements."""

    position: int | None


type Path = tuple[Name | Place, ...]


def read_paths(sent: Iterable[str]) -> tuple[Path, ...]:
    """Read the values of `expand`. One that is not a path has no effect, like an unknown path."""
    return tuple(path for path in dict.fromkeys(map(_path, sent)) if path)


def expanded[T](value: T, paths: Iterable[Path]) -> T:
    """Return a copy of the value in which the references at the paths have their `obj`."""
    for path in paths:
        value = _expanded(value, path)
    return value


def _path(sent: str) -> Path:
    steps: list[Name | Place] = []
    at = 0
    while match := _STEP.match(sent, at):
        steps.append(Name(match["quoted"] or match["name"]))
        places = _PLACE.findall(match["places"])
        steps += [Place(None if each == _ALL else int(each)) for each in places]
        at = match.end() + 1
        if match.end() == len(sent):
            return tuple(steps)
        if sent[match.end()] != ".":
            break
    return ()


def _expanded(value: Any, path: Path) -> Any:  # noqa: ANN401 - whatever JSON holds
    if not path:
        return _with_object(value)
    step, rest = path[0], path[1:]
    if isinstance(value, dict) and isinstance(step, Name) and step.name in value:
        return {**value, step.name: _expanded(value[step.name], rest)}
    if isinstance(value, list) and isinstance(step, Place):
        return [
            _expanded(each, rest) if step.position in {None, position} else each
            for position, each in enumerate(value)
        ]
    return value


def _with_object(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(value, dict) or "obj" in value:
        return value
    known = {name: value.get(name) for name in ("id", "key")}
    is_reference = all(isinstance(each, str) for each in (value.get("typeId"), *known.values()))
    return {**value, "obj": known} if is_reference else value
