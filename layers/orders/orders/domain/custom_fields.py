"""Custom fields: their definitions, and the values in orders."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Self

from orders.domain.problems import MAX_PROBLEMS, Code, Problem, listed, shown
from orders.domain.times import ALLOWED as TIMES_ALLOWED
from orders.domain.times import format_time, parse_date

MAX_INT = 2**63 - 1
MAX_ZEROS = 40


class EntityType(StrEnum):
    """The kind of object that has the field (Altcraft v74: `line_order` is an order line)."""

    PRODUCT = "product"
    SKU = "sku"
    ORDER = "order"
    LINE_ORDER = "line_order"


class ValueType(StrEnum):
    """The type of a custom field's value (Altcraft v74)."""

    UNICODE = "unicode"
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    ENUM = "enum"
    DATE = "date"


type FieldValue = str | int | float | bool


@dataclass(frozen=True, slots=True)
class CustomField:
    """The definition of a custom field. `default_value` is None if the field has no default."""

    external_id: str
    name: str
    entity_type: EntityType
    value_type: ValueType
    required: bool = False
    default_value: FieldValue | None = None
    enum_values: Mapping[str, int] = field(default_factory=dict)

    def conflict_with(self, stored: CustomField) -> str:
        """Return why values stored under the definition `stored` would not fit, "" if they fit."""
        if self.value_type is not stored.value_type:
            return (
                f"must keep value_type {stored.value_type}, because stored orders may use it; "
                f"got {self.value_type}"
            )
        for name, number in stored.enum_values.items():
            if self.enum_values.get(name) != number:
                return (
                    f"must keep the enum value {shown(name)} with the number {number}, "
                    "because stored orders may use it"
                )
        return ""

    def with_default(self, sent: object) -> CustomField:
        """Return the definition with this default value. Raises ValueError if its type is wrong."""
        if sent is None:
            return self
        try:
            return replace(self, default_value=self.read(sent))
        except ValueError as allowed:
            raise ValueError(f"default_value must be {allowed}; got {shown(sent)}") from None

    def read(self, sent: object) -> FieldValue:
        """Return a sent value in its stored form.

        A value may also be sent as text, because XML has only text. The same order is stored
        equally from JSON and XML. Raises ValueError with the accepted values as its text.
        """
        if self.value_type is ValueType.ENUM:
            return _Enum.of(self).read(sent)
        return _READERS[self.value_type](sent)


@dataclass(frozen=True, slots=True)
class _Enum:
    """The values of an enum by the texts that may be sent: their names, then their numbers."""

    names: Mapping[str, str]
    allowed: str

    @classmethod
    def of(cls, definition: CustomField) -> Self:
        values = definition.enum_values
        names = {str(number): name for name, number in reversed(list(values.items()))}
        allowed = listed([f"{name} ({number})" for name, number in values.items()])
        return cls({**names, **{name: name for name in values}}, allowed)

    def read(self, sent: object) -> str:
        name = self.names.get(_spelled(sent))
        if name is None:
            raise ValueError(f"one of {self.allowed}")
        return name


@dataclass(frozen=True, slots=True)
class FieldSet:
    """The definitions of one kind of object, prepared once for all objects of a request.

    `by_id` holds all of them, `expected` those that matter to an object that leaves them out,
    and `known` their names for a message.
    """

    by_id: Mapping[str, CustomField]
    expected: tuple[CustomField, ...]
    known: str
    enums: Mapping[str, _Enum]

    @classmethod
    def of(cls, definitions: Mapping[str, CustomField]) -> Self:
        """Prepare the definitions."""
        fields = definitions.values()
        return cls(
            definitions,
            tuple(each for each in fields if each.required or each.default_value is not None),
            listed(sorted(definitions)),
            {
                each.external_id: _Enum.of(each)
                for each in fields
                if each.value_type is ValueType.ENUM
            },
        )

    def read(self, definition: CustomField, sent: object) -> FieldValue:
        """Return a sent value in its stored form, as `CustomField.read` does."""
        enum = self.enums.get(definition.external_id)
        return definition.read(sent) if enum is None else enum.read(sent)


def fill_in(
    definitions: FieldSet, sent: Mapping[str, object], at_most: int = MAX_PROBLEMS
) -> tuple[dict[str, FieldValue], list[Problem]]:
    """Check sent values against their definitions, and add the default values of absent fields.

    Returns the values by field id, and the problems, of which the first `at_most` are looked for.
    The paths of the problems start at the object that contains the values.
    """
    values: dict[str, FieldValue] = {}
    problems: dict[str, Problem] = {}
    for name, value in sent.items():
        definition = definitions.by_id.get(name)
        if definition is None:
            problems[name] = _unknown(name, definitions.known)
        elif not _is_absent(definition, value):
            try:
                values[name] = definitions.read(definition, value)
            except ValueError as allowed:
                problems[name] = _misfit(definition, value, str(allowed))
        if len(problems) >= at_most:
            return values, list(problems.values())
    for definition in definitions.expected:
        name = definition.external_id
        if name in values or name in problems:
            continue
        if not definition.required and definition.default_value is not None:
            values[name] = definition.default_value
        else:
            problems[name] = Problem(
                Code.REQUIRED, (name,), f"Custom field {shown(name)} is required"
            )
            if len(problems) >= at_most:
                break
    return values, list(problems.values())


def _is_absent(definition: CustomField, value: object) -> bool:
    """Return whether a value counts as absent: null, or "" in a field that is not text."""
    return value is None or (value == "" and definition.value_type is not ValueType.UNICODE)


def _unknown(name: str, known: str) -> Problem:
    return Problem(
        Code.UNKNOWN_CUSTOM_FIELD,
        (name,),
        f"Custom field {shown(name)} is not defined; use one of: {known}",
    )


def _misfit(definition: CustomField, value: object, allowed: str) -> Problem:
    return Problem(
        Code.WRONG_TYPE,
        (definition.external_id,),
        f"Custom field {shown(definition.external_id)} of type {definition.value_type} "
        f"must be {allowed}; got {shown(value)}",
    )


def _spelled(sent: object) -> str:
    """Return a value as XML writes it, "" for an array, an object or a very long number."""
    if isinstance(sent, bool):
        return "true" if sent else "false"
    if isinstance(sent, Decimal) and _is_plain(sent):
        return f"{sent:f}"
    return str(sent) if isinstance(sent, str | int) else ""


def _is_plain(number: Decimal) -> bool:
    """Return whether a number is short in plain notation. 1e999999 would fill the memory."""
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and abs(exponent) <= MAX_ZEROS


def _read_unicode(sent: object) -> str:
    if isinstance(sent, str | int) or (isinstance(sent, Decimal) and _is_plain(sent)):
        return _spelled(sent)
    raise ValueError("a string")


_INTEGER = re.compile(r"[+-]?\d{1,19}", re.ASCII)


def _read_int(sent: object) -> int:
    text = str(sent) if isinstance(sent, int) and not isinstance(sent, bool) else sent
    if isinstance(text, str) and _INTEGER.fullmatch(text.strip()) and abs(int(text)) <= MAX_INT:
        return int(text)
    raise ValueError("a whole number of at most 64 bits")


_FLOAT = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,3})?", re.ASCII)


def _read_float(sent: object) -> float:
    number = isinstance(sent, int | float | Decimal) and not isinstance(sent, bool)
    text = str(sent) if number else sent
    if isinstance(text, str) and _FLOAT.fullmatch(text.strip()):
        value = float(text)
        if Decimal(repr(value)) == Decimal(text.strip()):
            return value + 0.0
    raise ValueError("a number that a 64-bit float stores exactly (at most 15 digits always fit)")


_BOOLEANS: Mapping[str, bool] = {"true": True, "1": True, "false": False, "0": False}


def _read_bool(sent: object) -> bool:
    if isinstance(sent, bool):
        return sent
    if isinstance(sent, str | int) and str(sent).strip().lower() in _BOOLEANS:
        return _BOOLEANS[str(sent).strip().lower()]
    raise ValueError("true or false")


def _read_date(sent: object) -> str:
    try:
        moment: date = parse_date(sent)
    except ValueError:
        raise ValueError(TIMES_ALLOWED) from None
    return format_time(moment)


_READERS: Mapping[ValueType, Callable[[object], FieldValue]] = {
    ValueType.UNICODE: _read_unicode,
    ValueType.INT: _read_int,
    ValueType.FLOAT: _read_float,
    ValueType.BOOL: _read_bool,
    ValueType.DATE: _read_date,
}
