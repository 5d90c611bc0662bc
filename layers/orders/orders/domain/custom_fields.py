"""Custom fields: their definitions, and the values in orders."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Self

from orders.domain.problems import MAX_PROBLEMS, Code, Problem, listed, shown
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
            return _Enum.of(self).read(sent)
        return _READERS[self.value_type](sent)


@dataclass(frozen=True, slots=True)
class _Enum:
    """The values of an enum by what may be sent: their names, or else their numbers."""

    names: Collection[str]
    numbers: Mapping[int, str]
    allowed: str

    @classmethod
    def of(cls, definition: CustomField) -> Self:
        values = definition.enum_values
        numbers = {number: name for name, number in reversed(list(values.items()))}
        allowed = listed([f"{name} ({number})" for name, number in values.items()])
        return cls(values.keys(), numbers, allowed)

    def read(self, sent: object) -> str:
        text = _spelled(sent)
        for name in (text, text.strip()):
            if name in self.names:
                return name
        number = parse_whole_number(sent)
        named = None if number is None else self.numbers.get(number)
        if named is None:
            raise ValueError(f"one of {self.allowed}")
        return named


# Entities in the plural, for messages.
_OWNERS: Mapping[EntityType, str] = {
    EntityType.PRODUCT: "products",
    EntityType.SKU: "SKUs",
    EntityType.ORDER: "orders",
    EntityType.LINE_ORDER: "lines",
}


@dataclass(frozen=True, slots=True)
class FieldSet:
    """The definitions of one kind of object, prepared once for all objects of a request.

    `by_id` holds all of them, `required` the ids of those that every object must have, and
    `defaults` the default values of the others. For messages, `owner` names the kind of object,
    `other_owners` those that have another field of this id, and `known` the ids of the fields.
    """

    by_id: Mapping[str, CustomField]
    required: tuple[str, ...]
    defaults: Mapping[str, FieldValue]
    enums: Mapping[str, _Enum]
    owner: str
    other_owners: Mapping[str, str]
    known: str

    @classmethod
    def of(cls, entity: EntityType, all_fields: Iterable[CustomField]) -> Self:
        """Prepare the definitions of an entity from those of all entities."""
        by_id: dict[str, CustomField] = {}
        others: dict[str, list[str]] = {}
        for each in all_fields:
            if each.entity_type is entity:
                by_id[each.external_id] = each
            else:
                others.setdefault(each.external_id, []).append(_OWNERS[each.entity_type])
        fields = by_id.values()
        return cls(
            by_id=by_id,
            required=tuple(each.external_id for each in fields if each.required),
            defaults={
                each.external_id: each.default_value
                for each in fields
                if not each.required and each.default_value is not None
            },
            enums={
                each.external_id: _Enum.of(each)
                for each in fields
                if each.value_type is ValueType.ENUM
            },
            owner=_OWNERS[entity],
            other_owners={name: " and ".join(owners) for name, owners in others.items()},
            known=listed(sorted(by_id)),
        )

    def read(self, definition: CustomField, sent: object) -> FieldValue:
        """Return a sent value in its stored form, as `CustomField.read` does."""
        enum = self.enums.get(definition.external_id)
        return definition.read(sent) if enum is None else enum.read(sent)


def read_values(
    definitions: FieldSet, sent: Mapping[str, object], at_most: int = MAX_PROBLEMS
) -> tuple[dict[str, FieldValue], list[Problem]]:
    """Check the sent values of an object against their definitions.

    Returns the values by field id, and the problems, of which the first `at_most` are looked for.
    The paths of the problems start at the object that contains the values. If a field of another
    kind of object was sent, the problem says so.
    """
    values: dict[str, FieldValue] = {}
    problems: dict[str, Problem] = {}
    for name, value in sent.items():
        definition = definitions.by_id.get(name)
        if definition is None:
            problems[name] = _unknown(name, definitions)
        elif not _is_absent(definition, value):
            try:
                values[name] = definitions.read(definition, value)
            except ValueError as allowed:
                problems[name] = _misfit(definition, value, str(allowed))
        if len(problems) >= at_most:
            return values, list(problems.values())
    for name in definitions.required:
        if name not in values and name not in problems:
            problems[name] = Problem(
                Code.REQUIRED, (name,), f"Custom field {shown(name)} is required"
            )
            if len(problems) >= at_most:
                break
    return values, list(problems.values())


def defaults_for(
    definitions: FieldSet, values: Mapping[str, FieldValue]
) -> Mapping[str, FieldValue]:
    """Return the defaults of the optional fields that have no value."""
    if not values:
        return definitions.defaults
    # Copying all and removing some is far faster than looking at each, if there are many.
    defaults = dict(definitions.defaults)
    for name in values:
        defaults.pop(name, None)
    return defaults


def _is_absent(definition: CustomField, value: object) -> bool:
    """Return whether a value counts as absent: null, or a blank one in a field that is not text."""
    if definition.value_type is ValueType.UNICODE:
        return value is None
    return value is None or (isinstance(value, str) and not value.strip())


def _unknown(name: str, definitions: FieldSet) -> Problem:
    others = definitions.other_owners.get(name)
    fault = f"is a field of {others}, not" if others else "is not defined as a field"
    return Problem(
        Code.UNKNOWN_CUSTOM_FIELD,
        (name,),
        f"Custom field {shown(name)} {fault} of {definitions.owner}; "
        f"use one of: {definitions.known}",
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
