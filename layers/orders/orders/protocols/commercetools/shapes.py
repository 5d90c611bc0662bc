"""Reading JSON by a declared shape, with the protocol's reasons (detailedErrorMessage).

A shape is a function from a value and its place to what is kept of it. It never raises: faults are
noted at the place. A member that is null counts as absent; what no shape names is not kept. Shapes
that are made of others, or of a rule, are data, so that the published contract is read off them.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from orders.protocols.commercetools.errors import ApiError, invalid_field

type Tree = dict[str, Any]

MISSING = "Missing required value"
MIN_LONG, MAX_LONG = -(2**63), 2**63 - 1
MAX_INT = 2**31 - 1
MAX_RATE_DIGITS = 20
# So that a hopeless draft costs neither an answer larger than itself nor the time to make it.
MAX_FAULTS = 20
MAX_STEP = 60
# Deeper values could not be written any more.
MAX_DEPTH = 100
_DOUBLE_EXPONENTS = range(-324, 309)


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong with a document: its shape, and its values where the shape is right."""

    faults: list[str] = field(default_factory=list)
    errors: list[ApiError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Location:
    """Where a value stands: member names from the root; positions in arrays are not told."""

    account: str
    findings: Findings
    path: tuple[str, ...] = ()

    def member(self, name: str) -> "Location":
        """Return the place of a member."""
        return Location(self.account, self.findings, (*self.path, name))

    def fault(self, reason: str) -> None:
        """Note that the shape is wrong."""
        if len(self.findings.faults) < MAX_FAULTS:
            steps = " -> ".join(step[:MAX_STEP] for step in self.path)
            self.findings.faults.append(f"{steps}: {reason}" if steps else reason)

    def refuse(self, value: object, why: str) -> None:
        """Note that the value is wrong."""
        self.error(invalid_field(".".join(self.path), value, why=why))

    def error(self, error: ApiError) -> None:
        """Note what is wrong with the values."""
        if len(self.findings.errors) < MAX_FAULTS:
            self.findings.errors.append(error)


type Shape = Callable[[object, Location], Any]


def text(value: object, location: Location) -> str | None:
    """Keep a string."""
    if isinstance(value, str):
        return value
    location.fault("JSON String expected.")
    return None


@dataclass(frozen=True, slots=True)
class Matching:
    """Keeps a string that fits; `rule` says which do, `pattern` too where an expression can."""

    fits: Callable[[str], object]
    rule: str
    pattern: str | None = None

    def __call__(self, value: object, location: Location) -> str | None:
        """Keep a string."""
        read_text = text(value, location)
        if read_text is not None and not self.fits(read_text):
            location.refuse(read_text, f"It takes {self.rule}.")
        return read_text


def patterned(pattern: re.Pattern[str], rule: str) -> Matching:
    """Declare a string that matches as a whole; `rule` says the same in words."""
    return Matching(pattern.fullmatch, rule, pattern.pattern)


def boolean(value: object, location: Location) -> bool | None:
    """Keep true or false."""
    if isinstance(value, bool):
        return value
    location.fault("JSON Boolean expected")
    return None


def long(value: object, location: Location) -> int | None:
    """Keep a whole number of 64 bits."""
    return _whole(value, location, MAX_LONG, "Long")


def integer(value: object, location: Location) -> int | None:
    """Keep a whole number of 32 bits."""
    return _whole(value, location, MAX_INT, "Int")


def rate(value: object, location: Location) -> Decimal | None:
    """Keep a number from 0 to 1, with its digits."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        location.fault("JSON Number in the range of a Double expected.")
        return None
    exponent = Decimal(value).as_tuple().exponent
    if not 0 <= value <= 1 or not isinstance(exponent, int) or abs(exponent) > MAX_RATE_DIGITS:
        location.refuse(
            str(value)[:60],
            f"It takes a number from 0 to 1 with at most {MAX_RATE_DIGITS} digits after the point.",
        )
        return None
    return abs(Decimal(value))


@dataclass(frozen=True, slots=True)
class OneOf:
    """Keeps one of the strings."""

    allowed: tuple[str, ...]

    def __call__(self, value: object, location: Location) -> str | None:
        """Keep a string."""
        read_text = text(value, location)
        if read_text is None or read_text in self.allowed:
            return read_text
        choices = ",".join(f"'{each}'" for each in self.allowed)
        location.fault(f"Invalid enum value: '{read_text[:60]}'. Expected one of: {choices}")
        return None


def one_of(*allowed: str) -> OneOf:
    """Declare one of the strings."""
    return OneOf(allowed)


def anything(value: object, location: Location) -> object:
    """Keep whatever it is, an object's members by their names: equal values are equal text."""
    return _free(value, location, MAX_DEPTH)


def _free(value: object, location: Location, depth: int) -> object:
    if isinstance(value, dict | list) and depth == 0:
        location.fault("The value is nested too deeply.")
        return None
    if isinstance(value, dict):
        return {name: _free(value[name], location, depth - 1) for name in sorted(value)}
    if isinstance(value, list):
        return [_free(each, location, depth - 1) for each in value]
    if isinstance(value, Decimal) and value.adjusted() not in _DOUBLE_EXPONENTS:
        location.fault("JSON Number in the range of a Double expected.")
    return value


@dataclass(frozen=True, slots=True)
class Array:
    """Keeps an array of what the shape keeps."""

    shape: Shape

    def __call__(self, value: object, location: Location) -> list[Any] | None:
        """Keep an array."""
        if not isinstance(value, list):
            location.fault("JSON Array expected.")
            return None
        shape = self.shape
        return [shape(each, location) for each in value]


@dataclass(frozen=True, slots=True)
class MapOf:
    """Keeps an object with whatever names, sorted, and what the shape keeps of each value."""

    shape: Shape

    def __call__(self, value: object, location: Location) -> Tree | None:
        """Keep an object."""
        if not isinstance(value, dict):
            location.fault("JSON object expected.")
            return None
        return {
            name: self.shape(value[name], location.member(name))
            for name in sorted(value)
            if value[name] is not None
        }


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a record. One that has a default is never left out."""

    name: str
    shape: Shape
    required: bool = False
    default: Any = None


def required(name: str, shape: Shape) -> Member:
    """Declare a member that must be there."""
    return Member(name, shape, required=True)


def optional(name: str, shape: Shape, default: object = None) -> Member:
    """Declare a member that may be left out."""
    return Member(name, shape, default=default)


@dataclass(frozen=True, slots=True)
class Record:
    """Keeps an object's declared members, in the order of their declaration."""

    members: Sequence[Member]

    def __call__(self, value: object, location: Location) -> Tree | None:
        """Keep an object."""
        if not isinstance(value, dict):
            location.fault("JSON object expected.")
            return None
        return _read_members(self.members, value, location)


@dataclass(frozen=True, slots=True)
class Tagged:
    """Keeps an object by the one of the shapes that its member `tag` names."""

    tag: str
    shapes: dict[str, Record]

    def __call__(self, value: object, location: Location) -> Tree | None:
        """Keep an object."""
        if not isinstance(value, dict):
            location.fault("JSON object expected.")
            return None
        if value.get(self.tag) is None:
            location.member(self.tag).fault(MISSING)
            return None
        kind = OneOf(tuple(self.shapes))(value[self.tag], location.member(self.tag))
        return None if kind is None else self.shapes[kind](value, location)


def record(*members: Member) -> Record:
    """Declare an object with these members."""
    return Record(members)


def _read_members(members: Sequence[Member], sent: dict[str, Any], location: Location) -> Tree:
    tree: Tree = {}
    for member in members:
        value = sent.get(member.name)
        if value == {} and isinstance(member.shape, Record) and not member.required:
            # The protocol's own reader takes an empty object for none.
            value = None
        if value is not None:
            tree[member.name] = member.shape(value, location.member(member.name))
        elif member.required:
            location.member(member.name).fault(MISSING)
        elif member.default is not None:
            tree[member.name] = member.default
    return tree


def _whole(value: object, location: Location, limit: int, name: str) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and -limit - 1 <= value <= limit:
        return value
    location.fault(f"JSON Number in the range of a {name} expected.")
    return None
