"""Members that the protocol does not have, and what an import reports of them under each policy.

Their values are not stored. A shop would not notice that a misspelt optional member is lost. So
under the default policy every answer warns of names that are one mistake away from a known one.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any, Self

from orders.domain.near_names import KnownNames
from orders.domain.problems import MAX_PROBLEMS, Code, Problem, Steps, shown
from orders.domain.settings import UnknownMembers
from orders.protocols.altcraft.requests import (
    DEFINITION_MEMBERS,
    LINE_MEMBERS,
    LINE_STATUS_MEMBERS,
    ORDER_MEMBERS,
    ROOT_MEMBERS,
)
from orders.protocols.altcraft.xml_shapes import Array, Record

MAX_NAME_CHARACTERS = 255
# So many unknown names of an order, or of the rest of a request, are compared with the known ones.
MAX_COMPARED = 1000
_ROOT = KnownNames.of(ROOT_MEMBERS)
_DEFINITIONS = {
    "custom_fields": KnownNames.of(DEFINITION_MEMBERS),
    "custom_line_statuses": KnownNames.of(LINE_STATUS_MEMBERS),
}
_ORDER = KnownNames.of(ORDER_MEMBERS)
_LINE = KnownNames.of(LINE_MEMBERS)


@dataclass(frozen=True, slots=True)
class Notice(Problem):
    """A warning that an answer has also if the request does not ask for details."""


@dataclass(frozen=True, slots=True)
class _Unknown:
    """An unknown member, and the known one that was probably meant."""

    path: Steps
    name: str
    meant: str | None

    def text(self, what: str) -> str:
        hint = f"; did you mean {self.meant}?" if self.meant else ""
        return f"Unknown member {shown(self.name)} {what}{hint}"

    def warning(self, policy: UnknownMembers) -> Problem:
        in_every_answer = policy is UnknownMembers.WARN or self.meant is not None
        kind = Notice if in_every_answer else Problem
        return kind(Code.UNKNOWN_MEMBER, self.path, self.text("was ignored"))

    def problem(self) -> Problem:
        what = f"must be removed (policy unknown_members: {UnknownMembers.REJECT})"
        return Problem(Code.UNKNOWN_MEMBER, self.path, self.text(what))


@dataclass(frozen=True, slots=True)
class Unknown:
    """Unknown members of a request or of an order, at most MAX_PROBLEMS. Near misses come first."""

    members: tuple[_Unknown, ...] = ()

    def warnings(self, policy: UnknownMembers) -> tuple[Problem, ...]:
        """Return the warnings of the members under a policy that accepts them."""
        if policy is UnknownMembers.IGNORE:
            return ()
        return tuple(member.warning(policy) for member in self.members)

    def problems(self, at_most: int = MAX_PROBLEMS) -> tuple[Problem, ...]:
        """Return the first problems of the members under a policy that rejects them."""
        return tuple(member.problem() for member in self.members[:at_most])


def unknown_of_request(root: Mapping[str, Any]) -> Unknown:
    """Return the unknown members of a request's root and of its definitions."""
    return _bounded(_Search().of_request(root))


def unknown_of_call(root: Mapping[str, Any], known: KnownNames) -> Unknown:
    """Return the unknown members of the root of a call that has only these."""
    return _bounded(_Search().of_object(root, known, ()))


def unknown_of_order(
    sent: Mapping[str, Any], prefix: Steps, at_most: int = MAX_PROBLEMS
) -> Unknown:
    """Return the unknown members of an order and of its lines, with paths below `prefix`.

    If the order may report only one of them, as the last ones of many, it is any of them.
    """
    search = _Search() if at_most > 1 else _Search(left=0)
    return _bounded(search.of_order(sent, prefix))


@dataclass(frozen=True, slots=True)
class KnownMembers:
    """The members of an object, and those of the objects in its arrays."""

    names: KnownNames
    arrays: Mapping[str, "KnownMembers"]

    @classmethod
    def of(cls, shape: Record) -> Self:
        """Return the members of a shape."""
        arrays = {
            name: cls.of(member.item)
            for name, member in shape.members.items()
            if isinstance(member, Array) and isinstance(member.item, Record)
        }
        return cls(KnownNames.of(shape.members), arrays)


def unknown_of_members(sent: Mapping[str, Any], known: KnownMembers, prefix: Steps) -> Unknown:
    """Return the unknown members of an object and of the objects in it."""
    return _bounded(_Search().of_members(sent, known, prefix))


@dataclass(slots=True)
class _Search:
    """Finds unknown members. `left` is how many names it may still compare."""

    left: int = MAX_COMPARED

    def of_request(self, root: Mapping[str, Any]) -> Iterator[_Unknown]:
        yield from self.of_object(root, _ROOT, ())
        for member, known in _DEFINITIONS.items():
            for position, each in _objects(root.get(member)):
                yield from self.of_object(each, known, (member, position))

    def of_order(self, sent: Mapping[str, Any], prefix: Steps) -> Iterator[_Unknown]:
        yield from self.of_object(sent, _ORDER, prefix)
        for position, line in _objects(sent.get("lines")):
            yield from self.of_object(line, _LINE, (*prefix, "lines", position))

    def of_members(
        self, sent: Mapping[str, Any], known: "KnownMembers", path: Steps
    ) -> Iterator[_Unknown]:
        yield from self.of_object(sent, known.names, path)
        for member, inner in known.arrays.items():
            for position, each in _objects(sent.get(member)):
                yield from self.of_members(each, inner, (*path, member, position))

    def of_object(
        self, sent: Mapping[str, Any], known: KnownNames, path: Steps
    ) -> Iterator[_Unknown]:
        """Yield the near misses of an object, then its others, at most MAX_PROBLEMS of each."""
        names = sent.keys() - known.names
        if not names:
            return
        compared = names if len(names) <= self.left else nsmallest(self.left, names)
        self.left -= len(compared)
        near = {name: meant for name in compared if (meant := known.meant_by(name)) is not None}
        for name in (*_first(near.keys()), *_first(names - near.keys())):
            # A longer name would make the answer as long as the request.
            at = (*path, name) if len(name) <= MAX_NAME_CHARACTERS else path
            yield _Unknown(at, name, near.get(name))


def _objects(sent: object) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for position, each in enumerate(sent if isinstance(sent, list) else ()):
        if isinstance(each, dict):
            yield position, each


def _first(names: Collection[str]) -> Sequence[str]:
    return sorted(names) if len(names) <= MAX_PROBLEMS else nsmallest(MAX_PROBLEMS, names)


def _bounded(found: Iterator[_Unknown]) -> Unknown:
    near: list[_Unknown] = []
    others: list[_Unknown] = []
    for each in found:
        kind = near if each.meant else others
        if len(kind) < MAX_PROBLEMS:
            kind.append(each)
        elif len(near) == MAX_PROBLEMS:
            break
    return Unknown((*near, *others)[:MAX_PROBLEMS]) if near or others else _NONE


_NONE = Unknown()
