"""How large definitions may be, so that they make neither orders nor settings too large."""

import json
from collections.abc import Iterable, Iterator, Mapping

from orders.domain.custom_fields import CustomField, EntityType, FieldValue

MAX_NAME_CHARACTERS = 255
MAX_DEFAULT_CHARACTERS = 255
MAX_ENUM_VALUES = 1000
# What the defaults may add to an order, and to each of its lines, as JSON in UTF-8. An order may
# hold 388 KB.
MAX_DEFAULTS_BYTES: Mapping[EntityType, int] = {
    EntityType.ORDER: 16 * 1024,
    EntityType.LINE_ORDER: 1024,
}
# What imports may fill of an account's settings (390 KB): the rest is left for the operator.
MAX_DEFINITIONS_BYTES = 256 * 1024
# The names of the members of one definition, and their punctuation.
_FRAME_BYTES = 160


def excess_of_name(name: str) -> str:
    """Say how the name of a definition is too long; "" if it is not."""
    if len(name) <= MAX_NAME_CHARACTERS:
        return ""
    return f"name must have at most {MAX_NAME_CHARACTERS} characters; got {len(name)}"


def excess_of_field(field: CustomField) -> Iterator[tuple[str, str]]:
    """Yield the members of a custom field that are too long, with a message for each."""
    if excess_of_name(field.name):
        yield "name", excess_of_name(field.name)
    default = field.default_value
    if isinstance(default, str) and len(default) > MAX_DEFAULT_CHARACTERS:
        limit = f"at most {MAX_DEFAULT_CHARACTERS} characters; got {len(default)}"
        yield "default_value", f"default_value must have {limit}"
    if len(field.enum_values) > MAX_ENUM_VALUES:
        limit = f"at most {MAX_ENUM_VALUES} names; got {len(field.enum_values)}"
        yield "enum_values", f"enum_values must have {limit}"
    if any(len(name) > MAX_NAME_CHARACTERS for name in field.enum_values):
        limit = f"at most {MAX_NAME_CHARACTERS} characters"
        yield "enum_values", f"Each name in enum_values must have {limit}"


def defaults_bytes(fields: Iterable[CustomField], entity: EntityType) -> int:
    """Return how many bytes the defaults add to an order, or to a line, that leaves all out."""
    return sum(
        _bytes({field.external_id: field.default_value})
        for field in fields
        if field.entity_type is entity and not field.required and field.default_value is not None
    )


def definitions_bytes(fields: Iterable[CustomField], statuses: Iterable[tuple[str, str]]) -> int:
    """Return about how many bytes of settings they take; `statuses` are ids and names."""
    sizes = [
        _bytes([field.external_id, field.name, field.default_value, dict(field.enum_values)])
        for field in fields
    ]
    sizes += [_bytes(status) for status in statuses]
    return sum(sizes) + _FRAME_BYTES * len(sizes)


def _bytes(value: Mapping[str, FieldValue | None] | Iterable[object]) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))
