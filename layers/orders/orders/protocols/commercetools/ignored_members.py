"""The members of a draft that the import ignores, because the protocol's draft does not have them.

An import succeeds in spite of them, as in the protocol. The header tells the shop which values were
not stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from orders.domain.problems import Steps, pointer_part
from orders.protocols.commercetools.money_shapes import cent_money, money, rounded_money
from orders.protocols.commercetools.references import KeyReference, Reference
from orders.protocols.commercetools.requests import ORDER_IMPORT_DRAFT
from orders.protocols.commercetools.shapes import Array, Record, Shape, Tagged

HEADER = "X-Ignored-Members"
MAX_POINTERS = 20
# API Gateway permits about 10 KB for all headers.
MAX_CHARACTERS = 2000
_MORE = "..."
# RFC 3986 permits these characters in a fragment. A comma separates the pointers.
_PLAIN = "/~!$&'()*+;=:@?"


def ignored_members(sent: object, shape: Record = ORDER_IMPORT_DRAFT) -> Mapping[str, str]:
    """Return the header that lists the ignored members of a sent draft, nothing if there are none.

    `shape` has the members that are read.

    It has JSON pointers in their URI form (RFC 6901, section 6, without the `#`). The first member
    of each kind comes before those of other lines, and `...` is last if not all are listed.
    """
    found = _Found()
    found.look(sent, _members_of(shape), ())
    listed: list[str] = []
    room = MAX_CHARACTERS
    for steps in (*found.kinds.values(), *found.others)[:MAX_POINTERS]:
        text = _written(steps) if sum(map(len, map(str, steps))) <= room else None
        if text is not None and len(text) + 2 <= room:
            listed.append(text)
            room -= len(text) + 2
    if len(listed) < found.count:
        listed.append(_MORE)
    return {HEADER: ", ".join(listed)} if listed else {}


def _written(steps: Steps) -> str:
    return quote("".join(f"/{pointer_part(step)}" for step in steps), safe=_PLAIN, errors="replace")


@dataclass(frozen=True, slots=True)
class _Members:
    """The members of an object that are read. The value is None if it is read whatever it has."""

    known: Mapping[str, "_Node | None"]


@dataclass(frozen=True, slots=True)
class _Items:
    """An array."""

    item: "_Node"


@dataclass(frozen=True, slots=True)
class _Choice:
    """An object whose member `tag` selects its members, with those of `other` by default."""

    tag: str
    choices: Mapping[str, _Members]
    other: _Members


type _Node = _Members | _Items | _Choice

_NOTHING = _Members({})
_REFERENCE = _Members(dict.fromkeys(("typeId", "id", "key")))
_CENTS = _Members(dict.fromkeys(("type", "currencyCode", "centAmount", "fractionDigits")))
_PRECISE = _Members({**_CENTS.known, "preciseAmount": None})
_MONEY = _Choice("type", {"highPrecision": _PRECISE}, _CENTS)
_LEAVES: Mapping[object, _Node] = {
    money: _MONEY,
    cent_money: _MONEY,
    rounded_money: _MONEY,
}


_KNOWN: dict[int, _Members] = {}


def _members_of(shape: Record) -> _Members:
    """Return the members of a record. The records are constants, and are converted once."""
    if id(shape) not in _KNOWN:
        _KNOWN[id(shape)] = _of_record(shape)
    return _KNOWN[id(shape)]


def _of_record(shape: Record) -> _Members:
    return _Members({member.name: _of(member.shape) for member in shape.members})


def _of(shape: Shape) -> "_Node | None":
    match shape:
        case Record():
            return _of_record(shape)
        case Tagged(tag, shapes):
            choices = {name: _of_record(each) for name, each in shapes.items()}
            return _Choice(tag, choices, _NOTHING)
        case Array(item):
            node = _of(item)
            return None if node is None else _Items(node)
        case Reference() | KeyReference():
            return _REFERENCE
        case _:
            return _LEAVES.get(shape)


@dataclass(slots=True)
class _Found:
    """The ignored members of a draft: the first one of each kind, and others of the same kinds.

    Members of one name in objects of one type are of one kind. Both are bounded; `count` counts all
    members.
    """

    kinds: dict[tuple[int, str], Steps] = field(default_factory=dict)
    others: list[Steps] = field(default_factory=list)
    count: int = 0

    def look(self, value: Any, node: _Node, steps: Steps) -> None:  # noqa: ANN401 - any JSON value
        """Search a value that was read without an error."""
        match node:
            case _Members():
                self._look_at(value, node, steps)
            case _Items(item):
                for position, each in enumerate(value):
                    self.look(each, item, (*steps, position))
            case _Choice(tag, choices, other):
                self._look_at(value, choices.get(value.get(tag), other), steps)

    def _look_at(self, value: Mapping[str, Any], members: _Members, steps: Steps) -> None:
        known = members.known
        for name, each in value.items():
            if name in known:
                node = known[name]
                if node is not None and each is not None:
                    self.look(each, node, (*steps, name))
            elif each is not None and each not in ({}, []):
                # An empty value may be left out: nothing is lost.
                self._add((id(members), name), (*steps, name))

    def _add(self, kind: tuple[int, str], steps: Steps) -> None:
        self.count += 1
        if kind not in self.kinds and len(self.kinds) < MAX_POINTERS:
            self.kinds[kind] = steps
        elif len(self.others) < MAX_POINTERS:
            self.others.append(steps)
