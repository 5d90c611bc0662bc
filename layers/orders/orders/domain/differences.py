"""The differences between two values of JSON, member by member, for people to read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from orders.domain.problems import cut, pointer

# The most differences that are listed of one order.
MAX_DIFFERENCES = 20

# The value of a member that does not exist. No JSON value is equal to it.
ABSENT = object()

type Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A member that differs: its JSON pointer, and its values. One of them may be ABSENT.

    A value is a text, a number, a boolean or null, or an empty object or array. A long text is cut.
    """

    pointer: str
    before: object
    after: object

    def without_before(self) -> "Difference":
        """Return the difference for a reader that may not see the value before."""
        return replace(self, before=ABSENT)


@dataclass(frozen=True, slots=True)
class Differences:
    """The first differences between two values. `is_cut` says whether there are more."""

    found: tuple[Difference, ...] = ()
    is_cut: bool = False


def differences(before: object, after: object, at_most: int = MAX_DIFFERENCES) -> Differences:
    """Return the first differences, at most `at_most`. Elements of arrays compare by position."""
    found = list(islice(_differing(before, after, ()), at_most + 1))
    return Differences(tuple(found[:at_most]), len(found) > at_most)


def _differing(before: object, after: object, path: Path) -> Iterator[Difference]:
    if before is not ABSENT and after is not ABSENT and _is_same(before, after):
        return
    old, new = _parts(before), _parts(after)
    if not old and not new:
        yield Difference(pointer(*path), _shown(before), _shown(after))
        return
    # One side may be a plain value where the other has parts, or be absent.
    if before is not ABSENT and not old and not _is_container(before):
        yield Difference(pointer(*path), _shown(before), ABSENT)
    for name in (*old, *(each for each in new if each not in old)):
        yield from _differing(old.get(name, ABSENT), new.get(name, ABSENT), (*path, name))
    if after is not ABSENT and not new and not _is_container(after):
        yield Difference(pointer(*path), ABSENT, _shown(after))


def _parts(value: object) -> Mapping[str | int, Any]:
    """Return the members of an object or the elements of an array, by name or position."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, Sequence) and not isinstance(value, str):
        return dict(enumerate(value))
    return {}


def _is_container(value: object) -> bool:
    return isinstance(value, Mapping | Sequence) and not isinstance(value, str)


def _is_same(one: object, other: object) -> bool:
    """Return whether two values without parts are equal in JSON, where true differs from 1."""
    if _is_container(one) and _is_container(other):
        are_empty = not _parts(one) and not _parts(other)
        return are_empty and isinstance(one, Mapping) == isinstance(other, Mapping)
    if _is_container(one) or _is_container(other):
        return False
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _shown(value: object) -> object:
    return cut(value) if isinstance(value, str) else value
