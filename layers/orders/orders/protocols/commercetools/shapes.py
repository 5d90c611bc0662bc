"""Reads JSON by declared shapes, with the protocol's error texts (detailedErrorMessage).

A shape is a function of a value and its location. It returns the value to store, or None after it
reported a fault to the location. Shapes raise only what the findings raise. A null member counts as
absent, and members that no shape declares are dropped. Composed shapes are data, so that
tools/api_contract can derive the published contract from them.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from orders.domain.importing import MAX_DOCUMENT_BYTES
from orders.domain.whole_numbers import parse_whole_number
from orders.protocols.commercetools.errors import ApiError, invalid_field

type Tree = dict[str, Any]

MISSING = "Missing required value"
MIN_LONG, MAX_LONG = -(2**63), 2**63 - 1
MAX_INT = 2**31 - 1
MAX_RATE_DIGITS = 20
# Bounds the answer's size and the work for a draft with many faults.
MAX_FAULTS = 20
MAX_STEPS, MAX_STEP = 12, 60
# What the smallest element of an array, a member and a custom field's value take of an order. An
# empty delivery or parcel takes less, but with its id and its time an answer holds fewer of them.
_ELEMENT_BYTES, _MEMBER_BYTES, _VALUE_BYTES = 6, 4, 2
# The JSON encoder cannot write values that are nested much deeper.
MAX_DEPTH = 100
_DOUBLE_EXPONENTS = range(-324, 309)


class EnoughFaultsError(Exception):
    """MAX_FAULTS faults are found, so that the rest of the document need not be read."""


class TooManyPartsError(Exception):
    """The document has more parts than an order that can be stored."""


@dataclass(slots=True)
class Findings:
    """The faults of a document's shape, and the errors of values that have the right shape."""

    faults: list[str] = field(default_factory=list)
    errors: list[ApiError] = field(default_factory=list)
    least_bytes: int = 0

    def count(self, least_bytes: int) -> None:
        """Count bytes of what is stored. Raises TooManyPartsError beyond those of an order."""
        self.least_bytes += least_bytes
        if self.least_bytes > MAX_DOCUMENT_BYTES:
            raise TooManyPartsError


def trail(steps: Sequence[str]) -> str:
    """Return the way to a value as the protocol writes it, with long steps cut."""
    more = ["…"] if len(steps) > MAX_STEPS else []
    return " -> ".join([*(step[:MAX_STEP] for step in steps[:MAX_STEPS]), *more])


@dataclass(frozen=True, slots=True)
class Location:
    """The place of a value: member names from the root, without positions in arrays."""

    account: str
    findings: Findings
    path: tuple[str, ...] = ()

    def member(self, name: str) -> "Location":
        """Return the location of a member."""
        return Location(self.account, self.findings, (*self.path, name))

    def fault(self, reason: str) -> None:
        """Report a wrong shape. Raises EnoughFaultsError after the last fault that is reported."""
        steps = trail(self.path)
        self.findings.faults.append(f"{steps}: {reason}" if steps else reason)
        if len(self.findings.faults) >= MAX_FAULTS:
            raise EnoughFaultsError

    def refuse(self, value: object, why: str) -> None:
        """Report an invalid value. `why` is a sentence that names the rule."""
        if len(self.findings.errors) < MAX_FAULTS:
            self.error(invalid_field(".".join(self.path), value, why=why))

    def error(self, error: ApiError) -> None:
        """Report an error of the values."""
        if len(self.findings.errors) < MAX_FAULTS:
            self.findings.errors.append(error)


type Shape = Callable[[object, Location], Any]


def text(value: object, location: Location) -> str | None:
    """Read a string."""
    if isinstance(value, str):
        return value
    location.fault("JSON String expected.")
    return None


@dataclass(frozen=True, slots=True)
class Matching:
    """Reads a string that `fits` accepts. `rule` is the rule in words, `pattern` as a regex."""

    fits: Callable[[str], object]
    rule: str
    pattern: str | None = None

    def __call__(self, value: object, location: Location) -> str | None:
        """Return the string, None if the value is faulty."""
        read_text = text(value, location)
        if read_text is not None and not self.fits(read_text):
            location.refuse(read_text, f"It must be {self.rule}.")
        return read_text


def patterned(pattern: re.Pattern[str], rule: str) -> Matching:
    """Declare a string that the whole pattern must match. `rule` is the pattern in words."""
    return Matching(pattern.fullmatch, rule, pattern.pattern)


def boolean(value: object, location: Location) -> bool | None:
    """Read true or false."""
    if isinstance(value, bool):
        return value
    location.fault("JSON Boolean expected")
    return None


def long(value: object, location: Location) -> int | None:
    """Read a 64-bit integer."""
    return _whole(value, location, MAX_LONG, "Long")


def integer(value: object, location: Location) -> int | None:
    """Read a 32-bit integer."""
    return _whole(value, location, MAX_INT, "Int")


def rate(value: object, location: Location) -> Decimal | None:
    """Read a number from 0 to 1. It keeps its digits."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        location.fault("JSON Number in the range of a Double expected.")
        return None
    exponent = Decimal(value).as_tuple().exponent
    if not 0 <= value <= 1 or not isinstance(exponent, int) or abs(exponent) > MAX_RATE_DIGITS:
        location.refuse(
            str(value)[:60],
            f"It must be a number from 0 to 1 with at most {MAX_RATE_DIGITS} fraction digits.",
        )
        return None
    return abs(Decimal(value))


@dataclass(frozen=True, slots=True)
class OneOf:
    """Reads one of the allowed strings."""

    allowed: tuple[str, ...]

    def __call__(self, value: object, location: Location) -> str | None:
        """Return the string, None if the value is faulty."""
        read_text = text(value, location)
        if read_text is None or read_text in self.allowed:
            return read_text
        choices = ",".join(f"'{each}'" for each in self.allowed)
        location.fault(f"Invalid enum value: '{read_text[:60]}'. Expected one of: {choices}")
        return None


def one_of(*allowed: str) -> OneOf:
    """Declare one of the allowed strings."""
    return OneOf(allowed)


def anything(value: object, location: Location) -> object:
    """Read any JSON value. Members are sorted, so that equal values have equal text."""
    return _free(value, location, MAX_DEPTH)


def _free(value: object, location: Location, depth: int) -> object:
    if isinstance(value, dict | list) and depth == 0:
        location.fault("The value is nested too deeply.")
        return None
    if isinstance(value, dict | list):
        location.findings.count(_VALUE_BYTES * len(value))
    if isinstance(value, dict):
        return {name: _free(value[name], location, depth - 1) for name in sorted(value)}
    if isinstance(value, list):
        return [_free(each, location, depth - 1) for each in value]
    if isinstance(value, Decimal) and value.adjusted() not in _DOUBLE_EXPONENTS:
        location.fault("JSON Number in the range of a Double expected.")
    return value


@dataclass(frozen=True, slots=True)
class Array:
    """Reads an array whose elements have one shape."""

    shape: Shape

    def __call__(self, value: object, location: Location) -> list[Any] | None:
        """Return the array, None if the value is not an array."""
        if not isinstance(value, list):
            location.fault("JSON Array expected.")
            return None
        shape = self.shape
        location.findings.count(_least_bytes(shape) * len(value))
        return [shape(each, location) for each in value]


def _least_bytes(shape: Shape) -> int:
    """Return what the smallest element of this shape takes of a stored order, with a comma."""
    members = shape.members if isinstance(shape, Record) else ()
    return _ELEMENT_BYTES + sum(len(each.name) + _MEMBER_BYTES for each in members if each.required)


@dataclass(frozen=True, slots=True)
class MapOf:
    """Reads an object with any member names, whose values have one shape. Sorts the members."""

    shape: Shape

    def __call__(self, value: object, location: Location) -> Tree | None:
        """Return the object, None if the value is faulty."""
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
    """A member of a record. A member with a default is always present in what is read."""

    name: str
    shape: Shape
    required: bool = False
    default: Any = None


def required(name: str, shape: Shape) -> Member:
    """Declare a required member."""
    return Member(name, shape, required=True)


def optional(name: str, shape: Shape, default: object = None) -> Member:
    """Declare an optional member."""
    return Member(name, shape, default=default)


@dataclass(frozen=True, slots=True)
class Record:
    """Reads an object's declared members, in the order of their declaration."""

    members: Sequence[Member]

    def __call__(self, value: object, location: Location) -> Tree | None:
        """Return the object, None if the value is faulty."""
        if not isinstance(value, dict):
            location.fault("JSON object expected.")
            return None
        return _read_members(self.members, value, location)


@dataclass(frozen=True, slots=True)
class Tagged:
    """Reads an object by the shape that its member `tag` selects."""

    tag: str
    shapes: dict[str, Record]

    def __call__(self, value: object, location: Location) -> Tree | None:
        """Return the object, None if the value is faulty."""
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
            # commercetools reads an empty object as an absent one.
            value = None
        if member.shape is text and isinstance(value, str):
            # Many members are so. They need no location.
            tree[member.name] = value
        elif value is not None:
            tree[member.name] = member.shape(value, location.member(member.name))
        elif member.required:
            location.member(member.name).fault(MISSING)
        elif member.default is not None:
            tree[member.name] = member.default
    return tree


def _whole(value: object, location: Location, limit: int, name: str) -> int | None:
    number = None if isinstance(value, str) else parse_whole_number(value)
    if number is not None and -limit - 1 <= number <= limit:
        return number
    location.fault(f"JSON Number in the range of a {name} expected.")
    return None
