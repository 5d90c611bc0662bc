"""Custom fields: their definitions, and the values in orders."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from orders.domain.problems import Code, Problem, listed, shown
from orders.domain.times import ALLOWED as TIMES_ALLOWED
from orders.domain.times import format_time, parse_date
from orders.domain.whole_numbers import parse_whole_number

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

    def names_of_one_number(self) -> tuple[str, str] | None:
        """Return two names of the enum that have the same number, None if there are none."""
        first: dict[int, str] = {}
        for name, number in self.enum_values.items():
            if first.setdefault(number, name) != name:
                return first[number], name
        return None

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
            return self._read_enum(sent)
        return _READERS[self.value_type](sent)

    def _read_enum(self, sent: object) -> str:
        text = _spelled(sent)
        for name in (text, text.strip()):
            if name in self.enum_values:
                return name
        wanted = parse_whole_number(sent)
        for name, number in self.enum_values.items():
            if number == wanted:
                return name
        raise ValueError(f"one of {listed([f'{k} ({v})' for k, v in self.enum_values.items()])}")


def read_values(
    definitions: Mapping[str, CustomField],
    sent: Mapping[str, object],
    entity: EntityType = EntityType.ORDER,
    all_fields: Iterable[CustomField] = (),
) -> tuple[dict[str, FieldValue], list[Problem]]:
    """Check the sent values of an object of type `entity` against their definitions.

    Returns the values by field id, and the problems. The paths of the problems start at the object
    that contains the values. If a field of another entity was sent, which `all_fields` has, the
    problem says so.
    """
    values: dict[str, FieldValue] = {}
    problems: dict[str, Problem] = {}
    for name, value in sent.items():
        definition = definitions.get(name)
        if definition is None:
            problems[name] = _unknown(name, definitions, entity, all_fields)
        elif not _is_absent(definition, value):
            try:
                values[name] = definition.read(value)
            except ValueError as allowed:
                problems[name] = _misfit(definition, value, str(allowed))
    for name, definition in definitions.items():
        if definition.required and name not in values and name not in problems:
            problems[name] = Problem(
                Code.REQUIRED, (name,), f"Custom field {shown(name)} is required"
            )
    return values, list(problems.values())


def defaults_for(
    definitions: Mapping[str, CustomField], values: Mapping[str, FieldValue]
) -> dict[str, FieldValue]:
    """Return the defaults of the optional fields that have no value."""
    return {
        name: definition.default_value
        for name, definition in definitions.items()
        if name not in values and not definition.required and definition.default_value is not None
    }


def _is_absent(definition: CustomField, value: object) -> bool:
    """Return whether a value counts as absent: null, or a blank one in a field that is not text."""
    if definition.value_type is ValueType.UNICODE:
        return value is None
    return value is None or (isinstance(value, str) and not value.strip())


# Entities in the plural, for messages.
_OWNERS: Mapping[EntityType, str] = {
    EntityType.PRODUCT: "products",
    EntityType.SKU: "SKUs",
    EntityType.ORDER: "orders",
    EntityType.LINE_ORDER: "lines",
}


def _unknown(
    name: str,
    definitions: Mapping[str, CustomField],
    entity: EntityType,
    all_fields: Iterable[CustomField],
) -> Problem:
    others = [_OWNERS[each.entity_type] for each in all_fields if each.external_id == name]
    fault = f"is a field of {' and '.join(others)}, not" if others else "is not defined as a field"
    return Problem(
        Code.UNKNOWN_CUSTOM_FIELD,
        (name,),
        f"Custom field {shown(name)} {fault} of {_OWNERS[entity]}; "
        f"use one of: {listed(sorted(definitions))}",
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


def _read_int(sent: object) -> int:
    number = parse_whole_number(sent)
    if number is not None and abs(number) <= MAX_INT:
        return number
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


_BOOLEANS: Mapping[object, bool] = {"true": True, 1: True, "false": False, 0: False}


def parse_flag(sent: object) -> bool:
    """Return a boolean that may also be sent as text or as 1 or 0. Raises ValueError otherwise."""
    if isinstance(sent, bool):
        return sent
    word = sent.strip().lower() if isinstance(sent, str) else None
    flag = _BOOLEANS.get(word, _BOOLEANS.get(parse_whole_number(sent)))
    if flag is None:
        raise ValueError("true or false")
    return flag


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
    ValueType.BOOL: parse_flag,
    ValueType.DATE: _read_date,
}
